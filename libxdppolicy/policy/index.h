/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_INDEX_H
#define XDP_POLICY_INDEX_H

#include <stdint.h>

#include "rule.h"

struct policy_bucket;

/*
 * The rules of all files in their order. Those that name programs without pattern characters are
 * found by name, so that the time of a decision does not grow with their number.
 */
struct policy_index {
	size_t n;
	const struct policy_rule **rule;
	struct policy_bucket *by_name;
	uint32_t *general; /* the rules that may match any program */
	size_t n_general;
};

/* Returns 0, or -ENOMEM with *index empty. The rules must outlive the index. */
int policy_index__build(struct policy_index *index, const struct policy_rules *const *sets,
			size_t n_sets);
void policy_index__free(struct policy_index *index);

/* Goes through the rules that may match a program, from the last to the first. */
struct policy_cursor {
	const struct policy_index *index;
	const uint32_t *named;
	size_t n_named, n_general, n_all;
};

/* program of NULL: all rules. */
void policy_cursor__start(struct policy_cursor *cursor, const struct policy_index *index,
			  const char *program);
const struct policy_rule *policy_cursor__next(struct policy_cursor *cursor);

#endif
