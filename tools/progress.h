/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_PROGRESS_H
#define XDP_POLICY_PROGRESS_H

/*
 * How far something long is, on standard error: a bar, if that is a terminal, and
 * nothing for what takes less than half a second.
 */

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

struct progress {
	const char *what; /* "compiling" */
	bool on_terminal, shown;
	struct timespec begin, last;
};

void progress__begin(struct progress *progress, const char *what);
/* ctx is a struct progress. To be called often; done of all. */
void progress__show(void *ctx, size_t done, size_t all);
void progress__end(struct progress *progress);

#endif
