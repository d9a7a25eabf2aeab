// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lint-index.h"

int lint_index__add(struct lint_index *index, int group, const char *word, size_t len,
		    uint32_t number)
{
	if (index->n == index->size) {
		size_t size = index->size ? 2 * index->size : 64;
		struct lint_index_entry *more =
			reallocarray(index->entry, size, sizeof(*index->entry));

		if (!more)
			return -ENOMEM;
		index->entry = more;
		index->size = size;
	}
	index->entry[index->n++] = (struct lint_index_entry){ group, len, word, number };
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct lint_index_entry *x = a, *y = b;
	int order = (x->group > y->group) - (x->group < y->group);

	if (!order)
		order = (x->len > y->len) - (x->len < y->len);
	if (!order)
		order = memcmp(x->word, y->word, x->len);
	return order ? order : (x->number > y->number) - (x->number < y->number);
}

void lint_index__sort(struct lint_index *index)
{
	if (index->n)
		qsort(index->entry, index->n, sizeof(*index->entry), compare);
}

void lint_index__free(struct lint_index *index)
{
	free(index->entry);
	*index = (struct lint_index){ 0 };
}

/* The first entry that does not come before key. */
static const struct lint_index_entry *lower_bound(const struct lint_index *index,
						  const struct lint_index_entry *key)
{
	const struct lint_index_entry *first = index->entry;
	size_t n = index->n;

	while (n) {
		size_t half = n / 2;

		if (compare(first + half, key) < 0) {
			first += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return first;
}

bool lint_lanes__add(struct lint_lanes *lanes, const struct lint_index *index, int group,
		     const char *word, size_t len, uint32_t first, uint32_t end)
{
	struct lint_index_entry key = { group, len, word, first };
	struct lint_lane lane;

	lane.first = lower_bound(index, &key);
	key.number = end;
	lane.end = lower_bound(index, &key);
	if (lane.first >= lane.end)
		return true;
	if (lanes->n == sizeof(lanes->lane) / sizeof(lanes->lane[0]))
		return false;
	lanes->lane[lanes->n++] = lane;
	return true;
}

bool lint_lanes__peek(const struct lint_lanes *lanes, uint32_t *ret)
{
	bool found = false;

	for (unsigned int i = 0; i < lanes->n; i++) {
		const struct lint_lane *lane = &lanes->lane[i];

		if (lane->end == lane->first || (found && lane->end[-1].number <= *ret))
			continue;
		*ret = lane->end[-1].number;
		found = true;
	}
	return found;
}

void lint_lanes__drop(struct lint_lanes *lanes, uint32_t number)
{
	for (unsigned int i = 0; i < lanes->n; i++) {
		struct lint_lane *lane = &lanes->lane[i];

		/* more than once if the word is twice in one list */
		while (lane->end > lane->first && lane->end[-1].number == number)
			lane->end--;
	}
}
