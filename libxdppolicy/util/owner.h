/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_OWNER_H
#define XDP_POLICY_OWNER_H

/* Who can change a file, or put another in its place. Linked into the shim, too. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Whether nobody but owner, and root, can write to it. */
bool owner__is_alone(const struct stat *st, uid_t owner);

/*
 * Looks at the directories of path that are longer than its first from bytes; with from of 0 at the
 * root directory, too. Returns whether nobody but owner can put another file in its place. If not,
 * and it is not NULL, *st is that of the directory, which the first *len bytes of path name.
 */
bool owner__has_path(const char *path, size_t from, uid_t owner, struct stat *st, size_t *len);

#endif
