/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_REPLACEMENT_H
#define XDP_POLICY_REPLACEMENT_H

/* A dispatcher that is built beside the one that runs, and takes its place in swap.h. */

#include "program.h"
#include "swap.h"

struct replacement {
	struct dispatcher_program dispatcher;
	unsigned int n; /* of links */
	int prog_fds[CHAIN_MAX], link_fds[CHAIN_MAX];
};

/* Nothing is open yet: replacement__close() may follow. */
void replacement__init(struct replacement *replacement);

/*
 * Loads a dispatcher of the chain's version and links the chain's programs to it, in its order.
 * prog_fds are theirs, and become the replacement's. Returns 0; or a negative errno with the reason
 * in why, nothing is changed then. Either way replacement__close() is due.
 */
int replacement__build(const struct chain *chain, const int prog_fds[], struct chain_times *times,
		       char why[CHAIN_WHY_SIZE], struct replacement *ret);

/* Closes all descriptors. Without pins the links are gone with them. */
void replacement__close(struct replacement *replacement);

#endif
