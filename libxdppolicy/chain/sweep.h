/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_SWEEP_H
#define XDP_POLICY_SWEEP_H

/*
 * Takes away dispatchers that run nowhere: those of interfaces and network namespaces that are
 * gone, and of processes that were killed. Their pins below bpffs hold them, their programs and
 * maps for ever, and no part of the kernel does.
 *
 * Which run nowhere: bpffs is shared by network namespaces, and what is not attached here may be
 * attached there, in one that nobody can list, to an interface that was moved or renamed. So
 * namespaces are not asked at all. An interface holds a reference of what is attached to it, as
 * does everything else by which a program could come to run or to be attached again: a bpf_link, a
 * pin, a descriptor, a map. Links of programs to a dispatcher hold one each, and can be counted. A
 * dispatcher that is held by those alone runs nowhere, whatever the namespace.
 *
 * - The links are counted before and after the references are read (prog-refs.h), and must be the
 *   same: one that went between would make up for an interface.
 * - It is looked at twice, with an RCU grace period between: packets that were inside of it when it
 *   was taken off have left. The second time is under libxdp's lock, like all changes of pins.
 * - libxdp, which reads an id, opens the dispatcher by it and then waits for the lock, has a
 *   descriptor of it. Then it is held, and stays; so do those that the preload and libxdp are about
 *   to attach. Our own swaps hold none, of what is not attached yet and of what may be put back:
 *   they have the lock of lock.h all the while, so whoever sweeps must have it.
 *
 * Nothing is swept of a dispatcher that is held otherwise, for whatever reason; that is none by its
 * name; whose directory is not called as libxdp does; and where the kernel does not tell: before
 * Linux 5.9, without its BTF, without privileges. Then one that the kernel does not know any more
 * is all that goes: an id that is not there is attached to nothing.
 *
 * A sweep looks at what it is asked about, and at some of all else, at random: so nothing stays
 * for ever, and what comes and goes costs the same beside few and beside many. That is why links
 * are counted by their pins, not in the kernel's list of all; whoever holds one that is not pinned
 * holds the dispatcher by it.
 *
 * It does not matter which network namespace the caller is in.
 *
 * What load keeps of such an interface, for load --undo, goes in the same way: see run/undo.h.
 */

#include <stdbool.h>

#include "prog-refs.h"

/* Between two steps at least. */
#define CHAIN_SWEEP_MS 1000

/* How many interfaces can be asked about; if there are more, all are looked at. */
#define CHAIN_SWEEP_GONE 64

/* Of zeros; chain_sweep__close() is due. */
struct chain_sweep {
	struct prog_refs refs;
	bool all;		    /* what is there is asked about */
	int gone[CHAIN_SWEEP_GONE]; /* or what these interfaces had */
	unsigned int n_gone;
	size_t n; /* what the last step has found */
	struct unused {
		uint32_t id;
		int ifindex;
	} * unused;
	uint64_t found_at; /* as chain_times__now() counts */
	int blind;	   /* why references can't be read; 0: they can, or need not be */
};

/*
 * With the lock of lock.h, and with no swap of one's own under way.
 *
 * Takes away what the last step has found, if it still runs nowhere, and finds what runs nowhere
 * now: then ret->n is not 0, and there should be another step, CHAIN_SWEEP_MS later. Returns how
 * many are gone, or a negative errno.
 */
int chain_sweep__step(struct chain_sweep *sweep);

/* That the next steps be about what an interface had; 0: about all. */
void chain_sweep__note(struct chain_sweep *sweep, int ifindex);

/* Both steps, which takes no time if there is nothing to take away. For commands. */
int chain_sweep__now(bool all);

void chain_sweep__close(struct chain_sweep *sweep);

/*
 * Whether a dispatcher runs nowhere and nobody has it in his hands, by what is said above; false if
 * that cannot be told. What is not under libxdp's lock may change. A packet may still be inside.
 */
bool chain__runs_nowhere(int ifindex, uint32_t id);

#endif
