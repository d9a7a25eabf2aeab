/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_INDEX_H
#define XDP_POLICY_INDEX_H

#include <stdint.h>

#include "rule.h"

/*
 * The rules of all files in their order. Those that name programs without pattern characters are
 * found by name, so that the time of a decision hardly grows with their number: what a look-up
 * touches lies in two cache lines, one of the slots and one of the names.
 */
struct policy_index {
	size_t n;
	const struct policy_rule **rule;

	uint32_t *general; /* the rules that may match any program */
	size_t n_general;

	struct policy_slot *slot; /* open addressing; a power of two, at most half full */
	size_t n_slots;
	char *names; /* struct policy_named, one after the other */
	size_t names_size;
};

/* Returns 0, or -ENOMEM with *index empty. The rules must outlive the index. */
int policy_index__build(struct policy_index *index, const struct policy_rules *const *sets,
			size_t n_sets);
void policy_index__free(struct policy_index *index);

/* Goes through the rules that may match a program, from the last to the first. */
struct policy_cursor {
	const struct policy_index *index;
	const struct policy_named *named;
	size_t n_general, n_all;
	/* of the rule that was given last; without touching the rule itself if it can be helped */
	const struct policy_head *head;
	unsigned int conds; /* those that are still to be looked at */
	int position;	    /* of the program in the rule's order, from 0; -1: not known yet */
};

/* program of NULL: all rules. */
void policy_cursor__start(struct policy_cursor *cursor, const struct policy_index *index,
			  const char *program);
const struct policy_rule *policy_cursor__next(struct policy_cursor *cursor);

#endif
