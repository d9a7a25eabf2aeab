/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_LOAD_INTERNAL_H
#define XDP_POLICY_LOAD_INTERNAL_H

/* What the two halves of load.h share: the plan of a chain, and what is done with it. */

#include "component.h"
#include "load.h"
#include "policy/policy.h"

/* Where a program of the planned chain comes from. */
struct slot {
	int spec;      /* -1: it is there and stays */
	bool new;      /* it joins the chain */
	bool recorded; /* by us */
};

struct chain_load {
	struct chain_load_opts opts;
	const char *ifname;
	char *altnames; /* if the policy asks for them */
	int ifindex;
	const struct chain_spec *spec;

	struct components components;
	struct policy_known app[CHAIN_MAX];
	struct policy_decision decision[CHAIN_MAX];
	struct chain before, after;
	struct component_record records[CHAIN_MAX]; /* of those before */
	struct slot slot[CHAIN_MAX];
	bool changes;

	struct chain_swap *swap; /* until it is settled or dropped */
	bool swapped, reverted;
	struct chain_times times;
};

/* Tells a problem; returns err. */
__attribute__((format(printf, 4, 5))) int chain_problem__set(struct chain_problem *problem,
							     int program, int err, const char *fmt,
							     ...);

/*
 * All that is known of a program of the spec; strings are load's and the spec's. driver is room for
 * the interface's, NULL if nobody asks for it.
 */
void chain_load__describe(const struct chain_load *load, unsigned int i, char *driver,
			  struct policy_subject *ret);

/* Asks the policy for each program. Returns 0 or a negative errno with *problem. */
int chain_load__decide(struct chain_load *load, struct chain_problem *problem);

/* Fills in the chain after, its slots, and whether it changes anything. As above. */
int chain_load__plan(struct chain_load *load, struct chain_problem *problem);

#endif
