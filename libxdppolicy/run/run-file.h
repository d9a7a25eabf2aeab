/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_RUN_FILE_H
#define XDP_POLICY_RUN_FILE_H

/*
 * Small files that are read and replaced as a whole. dir is the descriptor of their directory; a
 * file counts only if it belongs to whom the directory belongs to, and nobody else can write to it.
 * Who may own the directory is decided by whoever opens it.
 */

#include <stdbool.h>
#include <stddef.h>

/* What a file is called until it is written: its name, this, and a number. */
#define RUN_FILE_NEW ".new-"

/* Room for that. */
#define RUN_FILE_NAME_SIZE 64

/*
 * Reads a file of less than size bytes into buf. Returns its length; -EPERM if it does not count;
 * -EFBIG; another negative errno.
 */
int run_file__read(int dir, const char *name, char *buf, size_t size);

/*
 * Puts a file in place as a whole: never with a part of its text. Returns 0; -EEXIST if there is
 * something already and replace is not set; another negative errno.
 */
int run_file__put(int dir, const char *name, const char *text, size_t len, bool replace);

#endif
