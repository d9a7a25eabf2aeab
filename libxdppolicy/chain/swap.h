/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_SWAP_H
#define XDP_POLICY_SWAP_H

/*
 * The atomic change of a live chain: a dispatcher of the same version is built beside the one that
 * runs, with the same programs in another order or with other actions, and takes its place in one
 * step. Everything happens by libxdp's own protocol, so that its users do not notice.
 *
 * A swap has three parts. chain__swap() ends when packets go through the new dispatcher.
 * chain_swap__settle() waits for packets that are inside the old one, once for all swaps that are
 * made before, and takes it out of use. What a libxdp needs that has just read its id stays until
 * retired__collect() of run/retired.h finds that nobody can be reading it: that is due to who has
 * settled a swap, and needs no lock of ours.
 *
 * All of it must happen under the lock of lock.h, and in the network namespace of the interface.
 */

#include "plan.h"

/* The work of a swap, in its order; how long each took, in nanoseconds. */
enum chain_phase {
	PHASE_READ, /* with what is decided; for the caller to fill in */
	PHASE_LOAD,
	PHASE_LINK,
	PHASE_PIN,
	PHASE_ATTACH,
	PHASE_GRACE,
	PHASE_UNPIN,
	N_PHASES
};
extern const char *const chain_phase_names[N_PHASES];
struct chain_times {
	uint64_t ns[N_PHASES];
};

/* Adds the time since *clock to a phase, and sets *clock to now. times may be NULL. */
void chain_times__add(struct chain_times *times, enum chain_phase phase, uint64_t *clock);
uint64_t chain_times__now(void);

struct chain_swap;

/*
 * Builds and pins planned beside the chain, or a first chain where there is none. fds are
 * descriptors of programs that the chain does not have yet, by their place in planned, and stay the
 * caller's; negative for one that it has. Returns 0 with *ret to be attached or dropped, or a
 * negative errno with the reason in why.
 */
int chain_swap__prepare(const struct chain *chain, const struct chain *planned, const int fds[],
			struct chain_times *times, char why[CHAIN_WHY_SIZE],
			struct chain_swap **ret);

/*
 * Puts what is prepared in place of the chain, which becomes what is live now. Returns 0, and it is
 * to be settled; -EAGAIN if the chain is not what it was any more; another negative errno with the
 * reason in why. On failure nothing has changed, and it is to be dropped.
 */
int chain_swap__attach(struct chain_swap *swap, struct chain *chain, struct chain_times *times,
		       char why[CHAIN_WHY_SIZE]);
void chain_swap__drop(struct chain_swap *swap);

/*
 * Both of it: puts the chain into the order and gives it the values that are wanted. chain is what
 * was read and becomes what is live now. Returns 0 with *ret to be settled; -EAGAIN if the chain is
 * not what was read any more; another negative errno with the reason in why. Nothing has changed on
 * failure. If nothing is left in the chain it is detached, which settles like any other swap.
 */
int chain__swap(struct chain *chain, const struct chain_want want[], struct chain_times *times,
		char why[CHAIN_WHY_SIZE], struct chain_swap **ret);

/* What is to be said of it, beside that it was done; or empty. */
const char *chain_swap__remark(const struct chain_swap *swap);

/*
 * Waits for packets, and retires the old dispatcher. Frees swap. Returns 0, or a negative errno
 * with the reason in why; the new chain stays live in any case.
 */
int chain_swap__settle(struct chain_swap *swap, struct chain_times *times,
		       char why[CHAIN_WHY_SIZE]);

/*
 * Puts back what was there before the swap, which is to be settled even so: then the new dispatcher
 * is what is retired. Returns 0 or a negative errno with the reason in why; the new chain is still
 * live then.
 */
int chain_swap__revert(struct chain_swap *swap, char why[CHAIN_WHY_SIZE]);

/*
 * Retires what swaps that were killed have left behind, in this network namespace: only
 * directories that a journal of ours names, and that are attached in no namespace. Where that
 * cannot be told they stay. Returns how many, or a negative errno.
 */
int chain__recover(void);

#endif
