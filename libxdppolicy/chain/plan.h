/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_PLAN_H
#define XDP_POLICY_PLAN_H

/* What a chain is to become, and the programs that this takes. */

#include "live.h"

/* What a program of the chain shall have, at the same place as in struct chain. */
struct chain_want {
	uint32_t priority, actions;
	bool remove; /* it shall not be in the chain any more */
};

/* The chain as it would be with these values, in its new order, and with the id that it has now. */
void chain__plan(const struct chain *chain, const struct chain_want want[], struct chain *ret);

/*
 * Opens the programs of planned, in its order: those that the chain has by its pins; for others new
 * has descriptors, by their place in planned, which stay the caller's; it may be NULL. Returns 0
 * with fds to be closed, or a negative errno; -EAGAIN if the chain is not what was read any more.
 */
int chain_plan__open(const struct chain *chain, const struct chain *planned, const int new[],
		     int fds[]);

#endif
