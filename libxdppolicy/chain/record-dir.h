/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_RECORD_DIR_H
#define XDP_POLICY_RECORD_DIR_H

/* A directory of files, as in run/run-file.h, that are named after programs' ids. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads a file of at most size bytes into buf. Returns its length or a negative errno. */
int record_dir__read(int dir, uint32_t id, char *buf, size_t size);

/*
 * Puts a file in place as a whole: never with a part of its text. Returns 0; -EEXIST if there is
 * something already and replace is not set; another negative errno.
 */
int record_dir__put(int dir, uint32_t id, const char *text, size_t len, bool replace);

void record_dir__remove(int dir, uint32_t id);

/*
 * Removes the files of programs that are gone, by what gone() says of an id, and what writers have
 * left that were killed: of so many files at most, chosen at random if there are more.
 */
void record_dir__sweep(int dir, bool (*gone)(uint32_t id), size_t max);

#endif
