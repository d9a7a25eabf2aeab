/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_UNDO_H
#define XDP_POLICY_UNDO_H

/*
 * What load has replaced, for load --undo to give it back: of each interface the chain before the
 * last load. A file below /run/xdp-policy/undo says what it was, and the programs that run there no
 * more are pinned below xdp-policy-undo in the BPF file system, so that they and their maps stay.
 *
 * A program is found again by its id and its load time, which no other has, and never by its pin:
 * so it does not matter who else can write to the BPF file system. What the policy asks of it is in
 * its record (chain/record.h), which stays as long as the program does.
 *
 * What is kept is of use as long as the programs that came in its place are there. When one of them
 * is gone, or the interface, undo__sweep() takes it away.
 *
 * Changes need the lock of chain/lock.h.
 */

#include <stdbool.h>

#include "chain/live.h"

/* Which interface: the inode of its network namespace, and its index there. */
struct undo_key {
	uint64_t netns;
	int ifindex;
};

struct undo {
	uint64_t run;	     /* which load it was: a later one has a greater number */
	struct chain before; /* of programs what proginfo__open() needs, the name and the values */
	unsigned int n_after;
	uint32_t after[CHAIN_MAX]; /* the ids of the programs that came in its place */
};

/* The number of a load that begins now. */
uint64_t undo__new_run(void);

/* The key of an interface of the network namespace that we are in. Returns 0 or a negative errno.
 */
int undo__here(int ifindex, struct undo_key *ret);

/* The file of an interface, for messages. */
#define UNDO_PATH_SIZE 64
void undo__path(const struct undo_key *key, char path[UNDO_PATH_SIZE]);

/*
 * Keeps the chain before a change, while its programs are still pinned somewhere, in place of what
 * was kept for the interface; that is given up in any case. Returns 0, or a negative errno with the
 * reason in why.
 */
#define UNDO_WHY_SIZE 300
int undo__keep(uint64_t run, const struct chain *before, const struct chain *after,
	       char why[UNDO_WHY_SIZE]);

/* Gives up what is kept for an interface of the network namespace that we are in. */
void undo__drop(int ifindex);

/*
 * Returns 0; -ENOENT if nothing is kept; -EPERM if others than root can write to the file; -EINVAL
 * if load has not written it; another negative errno.
 */
int undo__read(const struct undo_key *key, struct undo *ret);

/*
 * Calls fn for each interface for which something is kept, in any network namespace; NULL: for
 * none. Returns 0, or a negative errno of /run/xdp-policy/undo.
 */
int undo__each(void (*fn)(void *ctx, const struct undo_key *key), void *ctx);

/*
 * Takes away what is of no use any more: of interfaces that asked() is true of, and of some others
 * at random, so that more of them do not make each change slower.
 */
void undo__sweep(bool (*asked)(const void *ctx, int ifindex), const void *ctx);

#endif
