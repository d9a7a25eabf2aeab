// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Any bytes as a database: with a right trailer, so that what is in it is read. After a first byte
 * of 'i' they are the cdb image. Else they are the records of one, each a byte for the size of the
 * key, two for that of the value, and both: so the hash tables are right, too.
 */
#include <sanitizer/asan_interface.h>

#include "fuzz.h"

/* to know where the file and its records are */
#include "../../libxdppolicy/policy/db.c"

static void put_records(int fd, const uint8_t *data, size_t size)
{
	struct cdb_make make;

	CHECK(!cdb_make_start(&make, fd));
	while (size >= 3) {
		size_t key_size = data[0], value_size = data[1] | data[2] << 8;
		const uint8_t *key = data + 3;

		size -= 3;
		if (key_size > size)
			key_size = size;
		size -= key_size;
		if (value_size > size)
			value_size = size;
		size -= value_size;
		data = key + key_size + value_size;
		CHECK(!cdb_make_add(&make, key, key_size, key + key_size, value_size));
	}
	CHECK(!cdb_make_finish(&make));
}

/* What lies behind the file in its last page is nobody's. */
static void guard(const struct policy_db *db, bool on)
{
	const unsigned char *end = db->cdb.cdb_mem + db->cdb.cdb_fsize;
	size_t page = sysconf(_SC_PAGESIZE);

	if (on)
		ASAN_POISON_MEMORY_REGION(end, -db->cdb.cdb_fsize & (page - 1));
	else
		ASAN_UNPOISON_MEMORY_REGION(end, -db->cdb.cdb_fsize & (page - 1));
}

/* Where a rule's texts lie. */
struct range {
	const char *begin;
	uint32_t size;
};

static struct range whole_file(const struct policy_db *db)
{
	return (struct range){ (const char *)db->cdb.cdb_mem, db->cdb.cdb_fsize };
}

static struct range record_of(const struct policy_db *db, uint32_t number)
{
	unsigned char key[DB_RULE_KEY];
	struct range range;

	policy_db__rule_key(number, key);
	range.begin = (const char *)find(db, key, sizeof(key), &range.size);
	return range;
}

static void check_text(const struct range *range, const char *text, size_t size)
{
	CHECK(range->begin && text >= range->begin && size && size <= range->size &&
	      text + size <= range->begin + range->size);
}

/* Each value is one that a rule file can state. */
static void check_value(enum policy_attr attr, const struct policy_value *value)
{
	char text[POLICY_VALUE_SIZE], err[POLICY_ERROR_SIZE];
	struct policy_value again;

	policy_value__print(attr, value, text, sizeof(text));
	if (value->relative && !value->add && !value->del)
		return; /* this one is not: it changes nothing */
	CHECK(!policy_value__parse(attr, text, &again, err, sizeof(err)));
	CHECK(again.num == value->num && again.relative == value->relative &&
	      again.add == value->add && again.del == value->del);
}

static void check_rule(const struct policy_db *db, const struct policy_rule *rule,
		       struct range range)
{
	bool sets = false;

	CHECK(rule->line && rule->line <= db->n_rules && rule->file == db->path);
	check_text(&range, rule->name, strlen(rule->name) + 1);
	for (int c = 0; c < N_CONDS; c++) {
		CHECK(!rule->cond[c] == !(rule->head.conds & 1U << c));
		if (rule->cond[c]) {
			CHECK(*rule->cond[c]);
			check_text(&range, rule->cond[c], policy_list__size(rule->cond[c]));
		}
	}
	for_each_attr(attr) {
		sets |= rule->head.has[attr];
		if (rule->head.has[attr])
			check_value(attr, &rule->head.value[attr]);
	}
	CHECK(sets && rule->has_order == !!rule->head.order_step);
}

static void check_cursor(const struct policy_db *db, const char *program)
{
	struct policy_db_cursor cursor;
	const struct policy_rule *rule;
	size_t n = 0;

	policy_db_cursor__start(&cursor, db, program);
	while ((rule = policy_db_cursor__next(&cursor))) {
		check_rule(db, rule, whole_file(db));
		CHECK(cursor.head == &rule->head && !(cursor.conds & ~rule->head.conds));
		CHECK(cursor.position >= -1);
		if (rule->has_order && cursor.position >= 0)
			CHECK(rule->head.value[ATTR_PRIORITY].num +
				      (uint64_t)cursor.position * rule->head.order_step <=
			      POLICY_MAX_PRIORITY);
		/* no more than there is room for */
		CHECK(n++ < db->cdb.cdb_fsize / 2);
	}
}

static void check_db(const struct policy_db *db)
{
	struct policy_rule rule;
	uint32_t n_good = 0;

	for (uint32_t i = 0; i < policy_db__n_rules(db); i++) {
		if (!policy_db__rule(db, i, &rule))
			continue;
		check_rule(db, &rule, record_of(db, i));
		n_good++;
		if (rule.cond[COND_PROGRAM])
			check_cursor(db, rule.cond[COND_PROGRAM]);
	}
	CHECK(!policy_db__rule(db, policy_db__n_rules(db), &rule));
	check_cursor(db, NULL);
	check_cursor(db, "");
	check_cursor(db, "p");
	check_cursor(db, "q");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned int n_errors = 0;
	const struct policy_log log = { .fn = fuzz_message, .ctx = &n_errors };
	int fd = memfd_create("fuzz-db", MFD_CLOEXEC), rc;
	struct policy_db *db = NULL;
	struct stat st;

	CHECK(fd >= 0);
	if (size && *data == 'i')
		CHECK(write(fd, data + 1, size - 1) == (ssize_t)size - 1);
	else
		put_records(fd, data, size);
	CHECK(!fstat(fd, &st) && !policy_db__seal(fd, st.st_size));
	rc = policy_db__open(fd, "fuzz.cdb", &db, &log);
	close(fd);
	CHECK((!rc && db && !n_errors) || (rc == -EINVAL && !db && n_errors == 1));
	if (!rc) {
		guard(db, true);
		check_db(db);
		guard(db, false);
	}
	policy_db__close(db);
	return 0;
}
