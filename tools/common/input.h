/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_INPUT_H
#define XDP_POLICY_INPUT_H

/*
 * Files that a user named to be read. Opening one never waits: a FIFO that no process writes to is
 * refused in place of it.
 */

#include <stdbool.h>
#include <stddef.h>

#define INPUT_WHY_SIZE 160

/*
 * Whether what is there flows: standard input by "-", a character device, a FIFO, or a pipe, as
 * /dev/stdin and the <(...) of shells are.
 */
bool input__is_stream(const char *path);

/*
 * Opens a regular file, or what flows if that will do. Returns a descriptor, or a negative errno
 * with the reason in why.
 */
int input__open(const char *path, bool streams, char why[INPUT_WHY_SIZE]);

/*
 * Reads all of what is there, up to max bytes, whether it flows or not. Returns 0 with *text to be
 * freed, which has a NUL behind it, or a negative errno with the reason in why.
 */
int input__read(const char *path, size_t max, char **text, size_t *size, char why[INPUT_WHY_SIZE]);

#endif
