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

/*
 * The path for this host of what is, or is to be, below root, so that it can be written there: root
 * with a path behind it that has no links, but for its last part unless that is followed, too.
 * Parts at its end may be missing, all if last is not to be followed. Returns what is to be freed,
 * or NULL with errno; ENOENT if a link leads to nothing.
 */
char *below__resolve(const char *root, const char *path, bool follow_last);

#endif
