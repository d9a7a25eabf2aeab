/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_LOAD_H
#define XDP_POLICY_LOAD_H

/*
 * A chain from data on one interface: its programs are loaded, the policy decides, and one swap of
 * the dispatcher makes them run; or nothing is changed. Several interfaces can be changed together:
 * prepare all, swap all, settle all, and revert those that are swapped if one fails.
 *
 * A live program with the name, the tag and the maps' definitions of one that is wanted is kept,
 * with its id and its maps.
 *
 * In the network namespace of the interface, and under the lock of lock.h unless it stays at
 * preparing. Nothing here prints.
 */

#include "process.h"
#include "spec.h"
#include "swap.h"

struct policy;
struct policy_decision;
struct chain_load;

#define CHAIN_PROBLEM_SIZE 600

/* Why it did not work. */
struct chain_problem {
	int err;		       /* negative errno */
	int program;		       /* which one of the spec; -1: the chain as a whole */
	char text[CHAIN_PROBLEM_SIZE]; /* "found X, expected Y" */
	char *log; /* what the verifier had to say, in its own order; or NULL. To be freed. */
};
void chain_problem__clear(struct chain_problem *problem);
/*
 * The end of its log, where the reason is: whole lines, at most so many, and less than size bytes.
 */
const char *chain_problem__log_end(const struct chain_problem *problem, size_t lines, size_t size);

struct chain_load_opts {
	const struct policy *policy;
	const struct process_facts *facts; /* of whoever wants the chain */
	bool dry_run; /* leave nothing behind but what the kernel forgets: no pinned maps */
};

/*
 * Opens and loads what the spec names, plans the chain, and pins it beside the one that runs. spec
 * and opts must outlive *ret. Returns 0 with *ret to be freed, or a negative errno with *problem.
 */
int chain_load__prepare(const struct chain_load_opts *opts, const char *ifname, int ifindex,
			const struct chain_spec *spec, struct chain_problem *problem,
			struct chain_load **ret);

/*
 * Closes all descriptors, so that any number can be prepared together. Returns 0 or a negative
 * errno with *problem.
 */
int chain_load__shut(struct chain_load *load, struct chain_problem *problem);

/* The chain as it was found, and as it will be, or is by now. */
const struct chain *chain_load__before(const struct chain_load *load);
const struct chain *chain_load__after(const struct chain_load *load);
/* Whether there is anything to swap. */
bool chain_load__changes(const struct chain_load *load);
/* Which program of the spec one of the chain after is; -1 for one that was there and stays. */
int chain_load__spec_of(const struct chain_load *load, unsigned int slot);
/* What the policy decided for a program of the spec. */
const struct policy_decision *chain_load__decision(const struct chain_load *load,
						   unsigned int program);

/*
 * Makes the change, in one step; a chain that somebody else changes meanwhile is read and planned
 * again. Returns 0, or a negative errno with *problem: the interface is as it was.
 */
int chain_load__swap(struct chain_load *load, struct chain_problem *problem);

/* Takes the change back, which is to be settled even so. Returns 0 or a negative errno with
 * *problem. */
int chain_load__revert(struct chain_load *load, struct chain_problem *problem);

/*
 * Ends a change, or what turned out to be none: retires the old dispatcher, and keeps what the data
 * says for whoever looks at the programs later. Returns 0 or a negative errno with *problem; the
 * chain is live in any case. What is left over then is due to record__sweep() and
 * retired__collect().
 */
int chain_load__settle(struct chain_load *load, struct chain_problem *problem);

/* What is to be said of a change, beside that it was made; or empty. */
const char *chain_load__remark(const struct chain_load *load);

const struct chain_times *chain_load__times(const struct chain_load *load);

/* Frees all; a swap that is not settled is settled. NULL is allowed. */
void chain_load__free(struct chain_load *load);

#endif
