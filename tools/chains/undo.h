/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_CHAINS_UNDO_H
#define XDP_POLICY_CHAINS_UNDO_H

/* Gives back what load has replaced: which interfaces that is about, and their jobs. */

#include "load-run.h"

struct given_back;
struct load_undo {
	/* given: interfaces; none: those that the last load has changed */
	char **names;
	int n_names;

	bool *found;		 /* which of the names, in any network namespace */
	bool has_last;		 /* it is known by now: before anything is changed */
	uint64_t last;		 /* number of the last load, of run/undo.h */
	bool any;		 /* there was something to undo */
	bool refused;		 /* what is kept cannot be read: told once */
	struct given_back *kept; /* until all is settled */
};

/*
 * In one network namespace, under the lock of chain/lock.h unless it is a dry run: all of them or
 * none. load_run__settle() is due, and load_undo__clear() behind it.
 */
void load_undo__do(struct load_undo *undo, struct load_run *run);
void load_undo__clear(struct load_undo *undo);

/* Tells if there was nothing to undo in any namespace; and of names that are nowhere. */
void load_undo__end(struct load_undo *undo, struct load_run *run);

#endif
