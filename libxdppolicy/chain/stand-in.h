/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_STAND_IN_H
#define XDP_POLICY_STAND_IN_H

/*
 * A dispatcher in place of one that libxdp has built and is about to attach: the same programs with
 * other values, and so perhaps in another order. What was built is attached nowhere yet, so there
 * is no grace to wait for, and the chain is right from the first packet.
 */

#include "plan.h"

struct stand_in;

/*
 * Builds it, pinned as libxdp would. chain is of chain__read_new(). Returns 0 with *ret, or a
 * negative errno with the reason in why, and nothing is changed.
 */
int stand_in__make(const struct chain *chain, const struct chain_want want[],
		   char why[CHAIN_WHY_SIZE], struct stand_in **ret);

/* What to attach. */
int stand_in__fd(const struct stand_in *stand_in);

/*
 * Takes away the pins of whichever of the two is not attached, and frees stand_in; NULL is allowed.
 */
void stand_in__end(struct stand_in *stand_in, bool attached);

#endif
