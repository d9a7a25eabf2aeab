/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_JOURNAL_H
#define XDP_POLICY_JOURNAL_H

/*
 * The swaps that are under way: a file each, below /run/xdp-policy/journal, whose name says which.
 * In it stand the values that the programs had before, a line "id load-time priority actions" each.
 * What is found there under the lock of lock.h is of a process that was killed.
 */

#include "live.h"

struct journal_entry {
	uint64_t netns; /* inode of the network namespace */
	int ifindex;
	uint32_t old_id, new_id; /* dispatchers; no new one of a chain that is taken off: 0 */
};

/* Fills in all but the ids. Returns 0 or a negative errno. */
int journal__start(int ifindex, struct journal_entry *ret);

/* Each returns 0 or a negative errno. chain is the one before. */
int journal__add(const struct journal_entry *entry, const struct chain *chain);
int journal__remove(const struct journal_entry *entry);

/* The programs of an entry, with their ids, load times and values alone; n is 0 if it is not whole.
 */
void journal__read(const struct journal_entry *entry, struct chain *ret);

/* Calls fn for each entry of this network namespace. */
int journal__each(void (*fn)(void *ctx, const struct journal_entry *entry), void *ctx);

/*
 * Removes entries whose dispatchers both no longer exist, of any network namespace, but for those
 * of interfaces that are here.
 */
void journal__sweep(void);

#endif
