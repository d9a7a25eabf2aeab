// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* uthash would call exit(); a library does not */
#define HASH_NONFATAL_OOM	     1
#define uthash_nonfatal_oom(element) ((element)->failed = true)
#include <uthash.h>

#include "index.h"

struct policy_bucket {
	const char *name; /* the first rule's own text */
	uint32_t *rule;
	size_t n;
	bool failed;
	UT_hash_handle hh;
};

/* Makes room for one more in an array that grows by powers of two. */
static int grow(uint32_t **array, size_t n)
{
	uint32_t *more;

	if (n & (n - 1))
		return 0;
	more = reallocarray(*array, n ? n * 2 : 1, sizeof(**array));
	if (!more)
		return -ENOMEM;
	*array = more;
	return 0;
}

static int push(uint32_t **array, size_t *n, uint32_t value)
{
	if (grow(array, *n))
		return -ENOMEM;
	(*array)[(*n)++] = value;
	return 0;
}

static struct policy_bucket *get_bucket(struct policy_index *index, const char *name)
{
	struct policy_bucket *bucket;

	HASH_FIND_STR(index->by_name, name, bucket);
	if (bucket)
		return bucket;
	bucket = calloc(1, sizeof(*bucket));
	if (!bucket)
		return NULL;
	bucket->name = name;
	HASH_ADD_KEYPTR(hh, index->by_name, bucket->name, strlen(bucket->name), bucket);
	if (bucket->failed) {
		free(bucket);
		return NULL;
	}
	return bucket;
}

static int add_named(struct policy_index *index, const char *name, uint32_t i)
{
	struct policy_bucket *bucket = get_bucket(index, name);

	if (!bucket)
		return -ENOMEM;
	if (bucket->n && bucket->rule[bucket->n - 1] == i)
		return 0;
	return push(&bucket->rule, &bucket->n, i);
}

static int add_rule(struct policy_index *index, const struct policy_rule *rule)
{
	const struct policy_globs *program = rule->cond[COND_PROGRAM];
	uint32_t i = index->n;
	int rc = 0;

	index->rule[index->n++] = rule;
	if (!program || !program->literal)
		return push(&index->general, &index->n_general, i);
	for (unsigned int g = 0; g < program->n && !rc; g++)
		rc = add_named(index, program->glob[g].text, i);
	return rc;
}

int policy_index__build(struct policy_index *index, const struct policy_rules *const *sets,
			size_t n_sets)
{
	size_t n = 0;
	int rc = 0;

	*index = (struct policy_index){ 0 };
	for (size_t s = 0; s < n_sets; s++)
		n += sets[s]->n;
	index->rule = calloc(n ? n : 1, sizeof(*index->rule));
	if (!index->rule)
		return -ENOMEM;
	for (size_t s = 0; s < n_sets && !rc; s++)
		for (size_t r = 0; r < sets[s]->n && !rc; r++)
			rc = add_rule(index, &sets[s]->rule[r]);
	if (rc)
		policy_index__free(index);
	return rc;
}

void policy_index__free(struct policy_index *index)
{
	struct policy_bucket *bucket, *next;

	HASH_ITER(hh, index->by_name, bucket, next) {
		HASH_DEL(index->by_name, bucket);
		free(bucket->rule);
		free(bucket);
	}
	free(index->general);
	free(index->rule);
	*index = (struct policy_index){ 0 };
}

void policy_cursor__start(struct policy_cursor *cursor, const struct policy_index *index,
			  const char *program)
{
	struct policy_bucket *bucket = NULL;

	*cursor = (struct policy_cursor){ .index = index };
	if (!program) {
		cursor->n_all = index->n;
		return;
	}
	HASH_FIND_STR(index->by_name, program, bucket);
	if (bucket) {
		cursor->named = bucket->rule;
		cursor->n_named = bucket->n;
	}
	cursor->n_general = index->n_general;
}

const struct policy_rule *policy_cursor__next(struct policy_cursor *cursor)
{
	const struct policy_index *index = cursor->index;
	bool named;

	if (cursor->n_all)
		return index->rule[--cursor->n_all];
	if (!cursor->n_named && !cursor->n_general)
		return NULL;
	named = cursor->n_named &&
		(!cursor->n_general ||
		 cursor->named[cursor->n_named - 1] > index->general[cursor->n_general - 1]);
	return index->rule[named ? cursor->named[--cursor->n_named] :
				   index->general[--cursor->n_general]];
}
