/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_BELOW_H
#define XDP_POLICY_BELOW_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Opens a regular file below root, "" for the host, for reading; its path without links, as it is
 * seen below root, goes to real. Returns a descriptor, or -1 with errno.
 */
int below__open(const char *root, const char *path, char *real, size_t size);

/* Whether there is anything of that path below root. */
bool below__exists(const char *root, const char *path);

#endif
