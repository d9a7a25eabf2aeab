/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_LIMIT_H
#define XDP_POLICY_LIMIT_H

/* Limits of a process that is not ours. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>

/*
 * Whether a file may become so long. A process that writes more than RLIMIT_FSIZE is killed by
 * SIGXFSZ; a memory file counts, too.
 */
static inline bool limit__may_write(size_t size)
{
	struct rlimit limit;

	return !getrlimit(RLIMIT_FSIZE, &limit) && size <= limit.rlim_cur;
}

#endif
