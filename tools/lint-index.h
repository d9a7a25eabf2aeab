/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_LINT_INDEX_H
#define XDP_POLICY_LINT_INDEX_H

/* Numbers by words: which rules or claims have a word, from the last one to the first. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lint_index_entry {
	int group;
	uint32_t len;
	const char *word;
	uint32_t number;
};

struct lint_index {
	size_t n, size;
	struct lint_index_entry *entry;
};

/* Returns 0 or -ENOMEM. Words are not copied. */
int lint_index__add(struct lint_index *index, int group, const char *word, size_t len,
		    uint32_t number);
/* After the last one is added. */
void lint_index__sort(struct lint_index *index);
void lint_index__free(struct lint_index *index);

/* Goes through the numbers of several words together. */
struct lint_lanes {
	unsigned int n;
	struct lint_lane {
		const struct lint_index_entry *first, *end;
	} lane[64];
};

/* The numbers of a word from first to end - 1. False if there is no room for more words. */
bool lint_lanes__add(struct lint_lanes *lanes, const struct lint_index *index, int group,
		     const char *word, size_t len, uint32_t first, uint32_t end);
/* The greatest number; false at the end. */
bool lint_lanes__peek(const struct lint_lanes *lanes, uint32_t *ret);
/* Goes on behind it: a number with several words is given once. */
void lint_lanes__drop(struct lint_lanes *lanes, uint32_t number);

#endif
