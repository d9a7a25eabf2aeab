// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "index.h"

#define NONE UINT32_MAX

/* One program name of one rule. Rules of the same name are linked from the last to the first. */
struct policy_named {
	const struct policy_rule *rule;
	uint32_t order;
	uint32_t earlier; /* offset in names, or NONE */
	int32_t position; /* in the list */
	struct policy_head head;
	char name[];
};

struct policy_slot {
	uint32_t hash;
	uint32_t last; /* offset in names, or NONE */
};

/* FNV-1a */
static uint32_t hash_of(const char *name)
{
	uint32_t hash = 2166136261U;

	while (*name)
		hash = (hash ^ (unsigned char)*name++) * 16777619U;
	return hash;
}

static const struct policy_named *named_at(const struct policy_index *index, uint32_t offset)
{
	return offset == NONE ? NULL : (const void *)(index->names + offset);
}

/* The slot of a name, or the empty one where it would be. */
static struct policy_slot *find_slot(const struct policy_index *index, const char *name,
				     uint32_t hash)
{
	size_t mask = index->n_slots - 1;

	for (size_t i = hash & mask;; i = (i + 1) & mask) {
		struct policy_slot *slot = &index->slot[i];

		if (slot->last == NONE)
			return slot;
		if (slot->hash == hash && !strcmp(named_at(index, slot->last)->name, name))
			return slot;
	}
}

static bool is_named(const struct policy_rule *rule)
{
	return rule->cond[COND_PROGRAM] && policy_list__is_literal(rule->cond[COND_PROGRAM]);
}

static size_t size_of(const char *name)
{
	const size_t align = _Alignof(struct policy_named);

	return (sizeof(struct policy_named) + strlen(name) + align) & ~(align - 1);
}

/* Room for all names is there already. */
static void add_name(struct policy_index *index, const char *name, uint32_t order, int position)
{
	uint32_t hash = hash_of(name), offset = index->names_size;
	struct policy_slot *slot = find_slot(index, name, hash);
	struct policy_named *named = (void *)(index->names + offset);

	if (slot->last != NONE && named_at(index, slot->last)->order == order)
		return; /* twice in one list */
	named->rule = index->rule[order];
	named->head = named->rule->head;
	named->order = order;
	named->position = position;
	named->earlier = slot->last;
	strcpy(named->name, name);
	slot->hash = hash;
	slot->last = offset;
	index->names_size += size_of(name);
}

static void add_rule(struct policy_index *index, const struct policy_rule *rule)
{
	uint32_t order = index->n;
	int position = 0;

	index->rule[index->n++] = rule;
	if (!is_named(rule)) {
		index->general[index->n_general++] = order;
		return;
	}
	for_each_glob(name, rule->cond[COND_PROGRAM])
		add_name(index, name, order, position++);
}

/*
 * Counts first, so that there is nothing to grow, and no failure but at the start. Each list is
 * given the room that it takes if it has no patterns, each rule the room that it takes if it has.
 */
static int allocate(struct policy_index *index, const struct policy_rules *const *sets,
		    size_t n_sets)
{
	size_t n = 0, n_names = 0, size = 0;

	for (size_t s = 0; s < n_sets; s++) {
		n += sets[s]->n;
		for (size_t r = 0; r < sets[s]->n; r++) {
			for_each_glob(name, sets[s]->rule[r].cond[COND_PROGRAM]) {
				n_names++;
				size += size_of(name);
			}
		}
	}
	if (n >= NONE || size >= NONE)
		return -ENOMEM;
	for (index->n_slots = 2; index->n_slots < 2 * n_names;)
		index->n_slots *= 2;
	index->rule = calloc(n ? n : 1, sizeof(*index->rule));
	index->general = calloc(n ? n : 1, sizeof(*index->general));
	index->names = malloc(size ? size : 1);
	index->slot = malloc(index->n_slots * sizeof(*index->slot));
	if (!index->rule || !index->general || !index->names || !index->slot)
		return -ENOMEM;
	memset(index->slot, 0xff, index->n_slots * sizeof(*index->slot)); /* all NONE */
	return 0;
}

int policy_index__build(struct policy_index *index, const struct policy_rules *const *sets,
			size_t n_sets)
{
	int rc;

	*index = (struct policy_index){ 0 };
	rc = allocate(index, sets, n_sets);
	if (rc) {
		policy_index__free(index);
		return rc;
	}
	for (size_t s = 0; s < n_sets; s++)
		for (size_t r = 0; r < sets[s]->n; r++)
			add_rule(index, &sets[s]->rule[r]);
	return 0;
}

void policy_index__free(struct policy_index *index)
{
	free(index->slot);
	free(index->names);
	free(index->general);
	free(index->rule);
	*index = (struct policy_index){ 0 };
}

void policy_cursor__start(struct policy_cursor *cursor, const struct policy_index *index,
			  const char *program)
{
	*cursor = (struct policy_cursor){ .index = index };
	if (!program) {
		cursor->n_all = index->n;
		return;
	}
	cursor->named = named_at(index, find_slot(index, program, hash_of(program))->last);
	cursor->n_general = index->n_general;
}

static const struct policy_rule *give(struct policy_cursor *cursor, size_t order)
{
	const struct policy_rule *rule = cursor->index->rule[order];

	cursor->head = &rule->head;
	cursor->conds = rule->head.conds;
	cursor->position = -1;
	return rule;
}

const struct policy_rule *policy_cursor__next(struct policy_cursor *cursor)
{
	const struct policy_index *index = cursor->index;
	const struct policy_named *named = cursor->named;
	size_t n = cursor->n_general;

	if (cursor->n_all)
		return give(cursor, --cursor->n_all);
	if (named && (!n || named->order > index->general[n - 1])) {
		cursor->named = named_at(index, named->earlier);
		cursor->head = &named->head;
		cursor->conds = named->head.conds & ~(1U << COND_PROGRAM);
		cursor->position = named->position;
		return named->rule;
	}
	return n ? give(cursor, index->general[--cursor->n_general]) : NULL;
}
