// SPDX-License-Identifier: LGPL-2.1-or-later
/* Writes databases; apart from db.c, since an application does nothing but read them. */
#include <cdb.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db-format.h"
#include "db.h"

/* One program name of one rule. */
struct entry {
	const char *name;
	uint32_t hash; /* compared first: the names lie all over the memory */
	uint32_t number;
	uint32_t position; /* in the list */
	uint32_t place;	   /* of the rule */
};

/* A rule that may match any program. */
struct general {
	uint32_t number, place;
};

struct writer {
	struct cdb_make make;
	uint64_t size;	/* that the file will have */
	uint32_t place; /* of the next record */

	unsigned int conds;
	struct entry *entry;
	size_t n_entries;
	struct general *general;
	size_t n_rules, n_general;

	/* the value that is being made */
	unsigned char *value;
	size_t n, room;
	bool no_memory;

	void (*progress)(void *ctx, size_t done, size_t all);
	void *ctx;
	size_t done, all;
};

static void step_done(struct writer *w)
{
	size_t before = w->done++;

	if (w->progress && before * 100 / w->all < w->done * 100 / w->all)
		w->progress(w->ctx, w->done, w->all);
}

static void put(struct writer *w, const void *data, size_t n)
{
	if (w->n + n > w->room) {
		size_t room = 2 * (w->n + n);
		unsigned char *value = realloc(w->value, room);

		if (!value) {
			w->no_memory = true;
			return;
		}
		w->value = value;
		w->room = room;
	}
	memcpy(w->value + w->n, data, n);
	w->n += n;
}

static void put_number(struct writer *w, uint32_t number)
{
	unsigned char bytes[4];

	cdb_pack(number, bytes);
	put(w, bytes, sizeof(bytes));
}

static void put_text(struct writer *w, const char *text, size_t size)
{
	put_number(w, size);
	put(w, text, size);
}

/* Puts the value that was made under a key. Besides itself it takes two slots in a hash table. */
static int add(struct writer *w, const void *key, size_t key_size)
{
	size_t n = w->n;

	w->n = 0;
	if (w->no_memory)
		return -ENOMEM;
	w->size += DB_CDB_RECORD + key_size + n + 16;
	if (w->size > DB_MAX_SIZE)
		return -EFBIG;
	w->place += DB_CDB_RECORD + key_size + n;
	return cdb_make_add(&w->make, key, key_size, w->value, n) ? -errno : 0;
}

static void put_value(struct writer *w, const struct policy_value *value)
{
	if (value->relative)
		put_number(w, DB_RELATIVE | (uint32_t)value->del << DB_DEL_SHIFT | value->add);
	else
		put_number(w, value->num);
}

static int add_rule(struct writer *w, const struct policy_rule *rule, uint32_t number)
{
	unsigned char key[DB_RULE_KEY];
	uint32_t has = 0;

	for_each_attr(attr)
		has |= (uint32_t)rule->head.has[attr] << attr;
	put_number(w, rule->head.conds);
	put_number(w, rule->head.order_step);
	put_number(w, has);
	for_each_attr(attr)
		if (rule->head.has[attr])
			put_value(w, &rule->head.value[attr]);
	put_text(w, rule->name, strlen(rule->name) + 1);
	for (int c = 0; c < N_CONDS; c++)
		if (rule->head.conds & 1U << c)
			put_text(w, rule->cond[c], policy_list__size(rule->cond[c]));
	w->conds |= rule->head.conds;
	policy_db__rule_key(number, key);
	return add(w, key, sizeof(key));
}

static bool is_named(const struct policy_rule *rule)
{
	return rule->cond[COND_PROGRAM] && policy_list__is_literal(rule->cond[COND_PROGRAM]);
}

static void add_entries(struct writer *w, const char *list, uint32_t number, uint32_t place)
{
	uint32_t position = 0;

	for_each_glob(name, list) {
		struct entry *e = &w->entry[w->n_entries++];

		e->name = name;
		e->hash = cdb_hash(name, strlen(name));
		e->number = number;
		e->position = position++;
		e->place = place;
	}
}

static int add_rules(struct writer *w, const struct policy_rules *const *sets, size_t n_sets)
{
	for (size_t s = 0; s < n_sets; s++) {
		for (size_t r = 0; r < sets[s]->n; r++) {
			const struct policy_rule *rule = &sets[s]->rule[r];
			uint32_t number = w->n_rules++, place = w->place;
			int rc = add_rule(w, rule, number);

			if (rc)
				return rc;
			if (is_named(rule))
				add_entries(w, rule->cond[COND_PROGRAM], number, place);
			else
				w->general[w->n_general++] = (struct general){ number, place };
			step_done(w);
		}
	}
	return 0;
}

/* No two entries are equal: so the outcome does not depend on how qsort(3) treats those. */
static int compare(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int by_name;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	by_name = strcmp(a->name, b->name);
	if (by_name)
		return by_name;
	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return a->position < b->position ? -1 : a->position > b->position;
}

static bool same_name(const struct entry *a, const struct entry *b)
{
	return a->hash == b->hash && !strcmp(a->name, b->name);
}

/* Lists the rules of each name. A name that is twice in a rule's list counts at its first place. */
static int add_names(struct writer *w)
{
	const struct entry *e = w->entry, *end = e + w->n_entries;
	int rc = 0;

	qsort(w->entry, w->n_entries, sizeof(*w->entry), compare);
	for (; e < end && !rc; e++) {
		bool first = e == w->entry || !same_name(e, e - 1);
		bool last = e + 1 == end || !same_name(e, e + 1);

		if (first || e->number != e[-1].number) {
			put_number(w, e->number);
			put_number(w, e->place);
			put_number(w, e->position);
		}
		if (last)
			rc = add(w, e->name, strlen(e->name));
		step_done(w);
	}
	return rc;
}

static int add_general(struct writer *w)
{
	for (size_t i = 0; i < w->n_general; i++) {
		put_number(w, w->general[i].number);
		put_number(w, w->general[i].place);
	}
	return add(w, DB_KEY_GENERAL, DB_KEY_SIZE(DB_KEY_GENERAL));
}

static int add_meta(struct writer *w)
{
	put_number(w, w->n_rules);
	put_number(w, w->conds);
	return add(w, DB_KEY_META, DB_KEY_SIZE(DB_KEY_META));
}

/* Counts first, so that there is nothing to grow. */
static int allocate(struct writer *w, const struct policy_rules *const *sets, size_t n_sets)
{
	size_t n_rules = 0, n_entries = 0;

	for (size_t s = 0; s < n_sets; s++) {
		n_rules += sets[s]->n;
		for (size_t r = 0; r < sets[s]->n; r++)
			if (is_named(&sets[s]->rule[r]))
				n_entries +=
					policy_list__count(sets[s]->rule[r].cond[COND_PROGRAM]);
	}
	w->entry = calloc(n_entries + 1, sizeof(*w->entry));
	w->general = calloc(n_rules + 1, sizeof(*w->general));
	w->all = n_rules + n_entries;
	return w->entry && w->general ? 0 : -ENOMEM;
}

static int write_image(struct writer *w, int fd, const struct policy_rules *const *sets,
		       size_t n_sets)
{
	int rc;

	if (cdb_make_start(&w->make, fd))
		return -errno;
	rc = add_rules(w, sets, n_sets);
	if (!rc)
		rc = add_names(w);
	if (!rc)
		rc = add_general(w);
	if (!rc)
		rc = add_meta(w);
	/* in any case: it is also what frees */
	if (cdb_make_finish(&w->make) && !rc)
		rc = -errno;
	return rc;
}

static int write_at(int fd, const void *data, size_t n, off_t at)
{
	ssize_t written = pwrite(fd, data, n, at);

	return written < 0 ? -errno : (size_t)written < n ? -EIO : 0;
}

/* The checksum of what is in the file, not of what was meant to be. */
static int sum_file(int fd, off_t size, uint64_t *sum)
{
	unsigned char buf[1 << 11];

	*sum = DB_SUM_START;
	for (off_t at = 0; at < size;) {
		size_t n = size - at < (off_t)sizeof(buf) ? size - at : (off_t)sizeof(buf);
		ssize_t n_read = pread(fd, buf, n, at);

		if (n_read < 0)
			return -errno;
		if ((size_t)n_read < n)
			return -EIO;
		*sum = policy_db__sum(*sum, buf, n);
		at += n;
	}
	return 0;
}

int policy_db__seal(int fd, uint32_t image_size)
{
	unsigned char trailer[DB_AT_SUM];
	uint64_t sum;
	int rc;

	memcpy(trailer + DB_AT_MAGIC, DB_MAGIC, strlen(DB_MAGIC));
	cdb_pack(DB_VERSION, trailer + DB_AT_VERSION);
	cdb_pack(image_size + DB_TRAILER, trailer + DB_AT_SIZE);
	rc = write_at(fd, trailer, sizeof(trailer), image_size);
	if (!rc)
		rc = sum_file(fd, (off_t)image_size + DB_AT_SUM, &sum);
	if (rc)
		return rc;
	sum = htole64(sum);
	return write_at(fd, &sum, sizeof(sum), (off_t)image_size + DB_AT_SUM);
}

int policy_db__write(int fd, const struct policy_rules *const *sets, size_t n_sets,
		     void (*progress)(void *ctx, size_t done, size_t all), void *ctx)
{
	struct writer *w = malloc(sizeof(*w));
	int rc;

	if (!w)
		return -ENOMEM;
	*w = (struct writer){
		.size = DB_CDB_HEADER + DB_TRAILER,
		.place = DB_CDB_HEADER,
		.progress = progress,
		.ctx = ctx,
	};
	rc = allocate(w, sets, n_sets);
	if (!rc)
		rc = write_image(w, fd, sets, n_sets);
	if (!rc)
		rc = policy_db__seal(fd, w->size - DB_TRAILER);
	free(w->entry);
	free(w->general);
	free(w->value);
	free(w);
	return rc;
}
