/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_IN_ROOT_H
#define XDP_POLICY_IN_ROOT_H

/*
 * Files below another root directory as whoever lives there sees them: an absolute link, or one
 * with too many "..", leads to a place below that root, never to one of this host. A path has the
 * root in front, which is its first root_len bytes; 0 is this host. All set errno.
 */

#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

/* As open(2), with O_CLOEXEC; and below the open directory dir. */
int in_root__open(const char *path, size_t root_len, int flags);
int in_root__openat(int dir, const char *path, int flags);

/* As stat(2), lstat(2) and readlink(2). */
int in_root__stat(const char *path, size_t root_len, struct stat *st);
int in_root__lstat(const char *path, size_t root_len, struct stat *st);
ssize_t in_root__readlink(const char *path, size_t root_len, char *buf, size_t size);

#endif
