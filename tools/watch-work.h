/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_WATCH_WORK_H
#define XDP_POLICY_WATCH_WORK_H

/*
 * What watch does. Whatever happens leads to a look at everything; what has been done for a file
 * and an interface is remembered, and done again only if one of the two is another.
 */

#include <time.h>

#include "common/sweeper.h"
#include "load-run.h"
#include "said.h"

struct watched;
struct done;

struct watch_work {
	const char *root;
	struct load_run run;
	struct policy *policy;
	struct said said; /* a round is a look */

	size_t n_files, n_done;
	struct watched *file;
	struct done *done;
	unsigned int version;
	bool dir_refused; /* one of those of the files, in this look */
	bool failed;	  /* something in this look */

	/* told */
	uint64_t n_looks;
	bool failing;	     /* since some look not all chains are as their files say */
	bool pending;	     /* others did not let us look; it is tried again */
	time_t last_success; /* of a look; 0: none yet */

	struct sweeper *sweeper; /* for interfaces that had a chain and are gone */
};

/* Returns 0 or the exit status. */
int watch_work__open(struct watch_work *w, const struct tool_opts *opts);

/* At the next look all files are read and done again, whether they changed or not. */
void watch_work__reload(struct watch_work *w);

/* Returns 0, or -ETIMEDOUT if others did not let it: then it is to be called again. */
int watch_work__look(struct watch_work *w);
void watch_work__close(struct watch_work *w);

#endif
