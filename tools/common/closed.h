/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_CLOSED_H
#define XDP_POLICY_CLOSED_H

/* What keeps users other than the owner, such as a service's, out of files that they need. */

#include <stdbool.h>
#include <sys/types.h>

#include "policy/files.h"

typedef void (*closed_fn)(void *ctx, const char *part, mode_t mode);

/*
 * Calls fn for each part of a path below root ("" for the host) that they cannot search, if it is a
 * directory, or read; the last one must be both if it is a directory that is listed. Not for what
 * is not there.
 */
void closed__each(const char *root, const char *path, bool listed, closed_fn fn, void *ctx);

/* The same of all that a process looks at for the policy, once for each part. */
void closed__policy(const char *root, const struct policy_files *files, closed_fn fn, void *ctx);

/* "read" or "search" */
const char *closed__verb(mode_t mode);

#endif
