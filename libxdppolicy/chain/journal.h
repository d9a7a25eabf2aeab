/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_JOURNAL_H
#define XDP_POLICY_JOURNAL_H

/*
 * The swaps that are under way: an empty file each, below /run/xdp-policy/journal, whose name says
 * all. What is found there under the lock of lock.h is of a process that was killed.
 */

#include <stdint.h>

struct journal_entry {
	uint64_t netns; /* inode of the network namespace */
	int ifindex;
	uint32_t old_id, new_id; /* dispatchers; no new one of a chain that is taken off: 0 */
};

/* Fills in all but the ids. Returns 0 or a negative errno. */
int journal__start(int ifindex, struct journal_entry *ret);

/* Each returns 0 or a negative errno. */
int journal__add(const struct journal_entry *entry);
int journal__remove(const struct journal_entry *entry);

/* Calls fn for each entry of this network namespace. */
int journal__each(void (*fn)(void *ctx, const struct journal_entry *entry), void *ctx);

#endif
