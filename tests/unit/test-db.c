// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cdb.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../same-rules.h"
#include "policy/db-format.h"
#include "policy/db.h"
#include "policy/index.h"
#include "unit.h"

#define PATH "policy.cdb"

static struct policy_rules rules;
static int fd;

static void setup(void)
{
	rules = (struct policy_rules){ .file = (char *)"rules.conf" };
	fd = memfd_create("db", MFD_CLOEXEC);
	ck_assert_int_ge(fd, 0);
}

static void teardown(void)
{
	close(fd);
	policy_rules__clear(&rules);
}

/* A rule of "key=text" lines. */
static void add(struct policy_rules *to, const char *name, const char *text)
{
	struct policy_rule *rule = policy_rules__add(to, name, 7);
	char *lines = strdup(text), *next = lines, *line, err[POLICY_ERROR_SIZE];

	while ((line = strsep(&next, "\n"))) {
		const char *key = strsep(&line, "=");

		ck_assert_msg(!policy_rule__set(rule, policy_key__find(key), line, false, 7, err,
						sizeof(err)),
			      "%s", err);
	}
	ck_assert_msg(!policy_rule__finish(rule, err, sizeof(err)), "%s", err);
	free(lines);
}

static void put_db(int to, const struct policy_rules *from)
{
	ck_assert(!ftruncate(to, 0));
	ck_assert_int_eq(lseek(to, 0, SEEK_SET), 0);
	ck_assert_int_eq(policy_db__write(to, &from, 1, NULL, NULL), 0);
}

static off_t size_of(int file)
{
	struct stat st;

	ck_assert(!fstat(file, &st));
	return st.st_size;
}

static struct policy_db *open_good(int file)
{
	struct messages m;
	struct policy_log log = log_to(&m);
	struct policy_db *db = NULL;

	ck_assert_msg(!policy_db__open(file, PATH, &db, &log), "%s", m.text);
	ck_assert_uint_eq(m.n, 0);
	return db;
}

static bool is_refused(int file, struct messages *m)
{
	struct policy_log log = log_to(m);
	struct policy_db *db = NULL;

	return policy_db__open(file, PATH, &db, &log) == -EINVAL && !db && m->n == 1 &&
	       ((!strncmp(m->text, "0: found ", 9) && strstr(m->text, "expected")) ||
		!strncmp(m->text, "0: cannot ", 10));
}

static void expect_refused(int file, const char *message)
{
	struct messages m;

	ck_assert_msg(is_refused(file, &m) && strstr(m.text, message), "expected '%s', got '%s'",
		      message, m.text);
}

/* Descriptors, or lines of a file: what a leak makes more of. */
static unsigned int n_open(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int n = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static unsigned int n_maps(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned int n = 0;

	ck_assert_ptr_nonnull(maps);
	for (int c; (c = getc(maps)) != EOF;)
		n += c == '\n';
	fclose(maps);
	return n;
}

static void expect_same_rule(const struct policy_rule *a, const struct policy_rule *b)
{
	const char *what = rule_differs(a, b);

	ck_assert_msg(!what, "%s of rule %u '%s'", what, a->line, b->name);
	ck_assert_int_eq(a->has_order, b->has_order);
}

/* The database of the rules gives the same rules. */
static void expect_round_trip(void)
{
	struct policy_db *db;
	struct policy_rule rule;
	unsigned int conds = 0;

	put_db(fd, &rules);
	db = open_good(fd);
	ck_assert_uint_eq(policy_db__n_rules(db), rules.n);
	for (size_t i = 0; i < rules.n; i++) {
		ck_assert(policy_db__rule(db, i, &rule));
		expect_same_rule(&rule, &rules.rule[i]);
		ck_assert_str_eq(rule.file, PATH);
		ck_assert_uint_eq(rule.line, i + 1);
		for_each_attr(attr)
			ck_assert_uint_eq(rule.value_line[attr], i + 1);
		conds |= rule.head.conds;
	}
	ck_assert(!policy_db__rule(db, rules.n, &rule));
	ck_assert_uint_eq(policy_db__conds(db), conds);
	policy_db__close(db);
}

static void add_variety(void)
{
	char text[2 * POLICY_MAX_GLOB + 64];

	add(&rules, "one of each",
	    "program=p\nsection=xdp xdp/*\nobject=/usr/lib/*.o !/usr/lib/bad.o\n"
	    "tag=0123456789abcdef\nexecutable=/usr/sbin/*\nuser=root 0\nunit=a.service\n"
	    "host=!h h.example\ninterface=eth[0-9] wl\\*\ndriver=mlx5_core\nmode=native skb\n"
	    "priority=2147483647\nchain-call-actions=PASS TX REDIRECT\nattach=deny\n"
	    "attach-mode=hw");
	add(&rules, "", "priority=0");
	add(&rules, "order", "order=b a b* a\ninterface=eth0\nattach-mode=auto");
	add(&rules, "numbers", "order=x y z\norder-start=0\norder-step=1073741823");
	add(&rules, "relative", "program=p q\nchain-call-actions=+TX -PASS -ABORTED");
	add(&rules, "none", "chain-call-actions=none\nattach=allow");
	add(&rules, "1234567890123456789012345678901234567890123456789",
	    "host=\xc3\xa4*\nattach-mode=skb");
	memset(text, 0, sizeof(text));
	strcpy(text, "priority=1\nprogram=");
	memset(text + strlen(text), 'x', POLICY_MAX_GLOB);
	strcat(text, " !");
	memset(text + strlen(text), 'y', POLICY_MAX_GLOB - 1);
	add(&rules, "long", text);
}

START_TEST(test_round_trip)
{
	add_variety();
	expect_round_trip();
}
END_TEST

START_TEST(test_no_rules)
{
	struct policy_db_cursor cursor;
	struct policy_db *db;

	expect_round_trip();
	db = open_good(fd);
	for (int all = 0; all < 2; all++) {
		policy_db_cursor__start(&cursor, db, all ? NULL : "p");
		ck_assert_ptr_null(policy_db_cursor__next(&cursor));
	}
	policy_db__close(db);
}
END_TEST

/* Lists longer than any line, and in two rule sets. */
START_TEST(test_long_list)
{
	struct policy_rule *rule;
	struct policy_db *db;
	struct policy_db_cursor cursor;

	add(&rules, "first", "program=n2999\nattach=deny");
	add(&rules, "long", "program=n0\npriority=1");
	rule = &rules.rule[1];
	for (int i = 1; i < 3000; i++) {
		char name[16], err[POLICY_ERROR_SIZE];

		snprintf(name, sizeof(name), "n%d", i);
		ck_assert(!policy_rule__set(rule, policy_key__find("program"), name, true, 1, err,
					    sizeof(err)));
	}
	expect_round_trip();
	db = open_good(fd);
	policy_db_cursor__start(&cursor, db, "n2999");
	ck_assert_str_eq(policy_db_cursor__next(&cursor)->name, "long");
	ck_assert_int_eq(cursor.position, 2999);
	ck_assert_str_eq(policy_db_cursor__next(&cursor)->name, "first");
	ck_assert_int_eq(cursor.position, 0);
	ck_assert_ptr_null(policy_db_cursor__next(&cursor));
	policy_db__close(db);
}
END_TEST

static unsigned int seed;

static unsigned int below(unsigned int n)
{
	return (unsigned int)rand_r(&seed) % n;
}

static void add_random(struct policy_rules *to)
{
	static const char *const globs[] = { "p*", "!p1", "p?", "*", "[pq]3", "\\p2" };
	static const char *const settings[] = { "priority=5", "attach=deny",
						"chain-call-actions=+TX" };
	char text[256] = "", *end = text;
	bool order = !below(4), general = !below(5);

	if (order || below(6)) {
		end += sprintf(end, order ? "order=" : "program=");
		for (unsigned int n = 1 + below(5); n; n--)
			end += sprintf(end, "%c%u ", "pq"[below(2)], below(5));
		if (general && !order)
			end += sprintf(end, "%s", globs[below(6)]);
		else if (general)
			end += sprintf(end, "p*");
		end += sprintf(end, "\n");
	}
	if (!below(3))
		end += sprintf(end, "host=h%u\n", below(3));
	sprintf(end, "%s", order ? "attach-mode=skb" : settings[below(3)]);
	add(to, "random", text);
}

static void expect_same_cursors(const struct policy_db *db, const struct policy_index *index,
				const char *program)
{
	struct policy_cursor expected;
	struct policy_db_cursor cursor;
	const struct policy_rule *rule, *other;

	policy_cursor__start(&expected, index, program);
	policy_db_cursor__start(&cursor, db, program);
	do {
		rule = policy_cursor__next(&expected);
		other = policy_db_cursor__next(&cursor);
		ck_assert(!rule == !other);
		if (!rule)
			continue;
		ck_assert_ptr_eq(index->rule[other->line - 1], rule);
		ck_assert_uint_eq(cursor.conds, expected.conds);
		ck_assert_int_eq(cursor.position, expected.position);
		ck_assert_ptr_eq(cursor.head, &other->head);
		expect_same_rule(other, rule);
	} while (rule);
}

START_TEST(test_cursor_as_index)
{
	static const char *const programs[] = { NULL, "p0", "p1", "p2", "p3", "p4", "q0",
						"q1", "q2", "q3", "q4", "p*", "x",  "" };

	for (seed = 1; seed < 80; seed++) {
		struct policy_rules more = { .file = rules.file };
		const struct policy_rules *sets[] = { &rules, &more };
		struct policy_index index;
		struct policy_db *db;

		for (unsigned int n = below(20); n; n--)
			add_random(&rules);
		for (unsigned int n = below(10); n; n--)
			add_random(&more);
		ck_assert(!policy_index__build(&index, sets, 2));
		ck_assert(!ftruncate(fd, 0) && !lseek(fd, 0, SEEK_SET));
		ck_assert(!policy_db__write(fd, sets, 2, NULL, NULL));
		db = open_good(fd);
		ck_assert_uint_eq(policy_db__n_rules(db), index.n);
		for (size_t p = 0; p < sizeof(programs) / sizeof(*programs); p++)
			expect_same_cursors(db, &index, programs[p]);
		policy_db__close(db);
		policy_index__free(&index);
		policy_rules__clear(&more);
		policy_rules__clear(&rules);
	}
}
END_TEST

/* What is in a file; the caller frees it. */
static unsigned char *content(int file, size_t *size)
{
	unsigned char *data;

	*size = size_of(file);
	data = malloc(*size);
	ck_assert_int_eq(pread(file, data, *size, 0), *size);
	return data;
}

START_TEST(test_same_bytes)
{
	struct policy_rules tail = { .file = (char *)"other.yaml" };
	const struct policy_rules *sets[] = { &rules, &tail };
	unsigned char *first, *second;
	size_t size, again;

	add_variety();
	put_db(fd, &rules);
	first = content(fd, &size);
	/* the last one from another file, another line, with leavings where nothing is stated */
	tail.rule = &rules.rule[--rules.n];
	tail.n = 1;
	tail.rule->line = 99;
	tail.rule->file = tail.file;
	tail.rule->head.value[ATTR_MODE].num = 3;
	tail.rule->head.value[ATTR_PRIORITY].add = 64;
	ck_assert(!ftruncate(fd, 0) && !lseek(fd, 0, SEEK_SET));
	ck_assert(!policy_db__write(fd, sets, 2, NULL, NULL));
	second = content(fd, &again);
	ck_assert_uint_eq(size, again);
	ck_assert(!memcmp(first, second, size));
	rules.n++;
	free(first);
	free(second);
}
END_TEST

START_TEST(test_truncated)
{
	unsigned int before = n_open();
	size_t size;
	unsigned char *data;

	for (int i = 0; i < 20; i++)
		add_variety();
	put_db(fd, &rules);
	data = content(fd, &size);
	ck_assert_uint_gt(size, 20 * 512);
	for (size_t n = (size - 1) / 512 * 512; n; n -= 512) {
		ck_assert(!ftruncate(fd, n));
		expect_refused(fd, n < DB_CDB_HEADER + DB_TRAILER ? "a database of at least 2072" :
								    "expected one, and all of it");
	}
	for (size_t cut = 1; cut < 64; cut++) {
		ck_assert_int_eq(pwrite(fd, data, size - cut, 0), size - cut);
		ck_assert(!ftruncate(fd, size - cut));
		expect_refused(fd, "");
	}
	/* something in the middle is missing: the end is right, the size is not */
	ck_assert_int_eq(pwrite(fd, data + 512, size - 512, 0), size - 512);
	ck_assert(!ftruncate(fd, size - 512));
	expect_refused(fd, "bytes, expected");
	ck_assert_uint_eq(n_open(), before);
	free(data);
}
END_TEST

START_TEST(test_bit_flips)
{
	unsigned int before = n_open(), maps = n_maps();
	struct messages m = { 0 };
	size_t size;
	unsigned char *data;

	add(&rules, "one", "program=p\npriority=1");
	add(&rules, "two", "host=h*\nattach=deny");
	put_db(fd, &rules);
	data = content(fd, &size);
	seed = 3;
	for (int i = 0; i < 10000; i++) {
		size_t at = below(size);
		unsigned int bit = below(8);
		unsigned char flipped = data[at] ^ 1U << bit;

		if (pwrite(fd, &flipped, 1, at) != 1 || !is_refused(fd, &m) ||
		    pwrite(fd, &data[at], 1, at) != 1)
			ck_abort_msg("bit %u of byte %zu: '%s'", bit, at, m.text);
	}
	policy_db__close(open_good(fd));
	ck_assert_uint_eq(n_open(), before);
	ck_assert_uint_lt(n_maps(), maps + 100);
	free(data);
}
END_TEST

START_TEST(test_messages)
{
	char *root = make_root();
	char text[4000];
	int dir = open(root, O_RDONLY | O_DIRECTORY), other;
	off_t size;

	add_variety();
	put_db(fd, &rules);
	size = size_of(fd);
	ck_assert_int_eq(pwrite(fd, "\2", 1, size - DB_TRAILER + DB_AT_VERSION), 1);
	expect_refused(
		fd,
		"0: found version 2 of the database, expected 1; xdp-policy compile makes one\n");
	ck_assert_int_eq(pwrite(fd, "\1", 1, size - DB_TRAILER + DB_AT_VERSION), 1);
	policy_db__close(open_good(fd));
	ck_assert_int_eq(pwrite(fd, "x", 1, 2100), 1);
	expect_refused(fd, ": the file is damaged; xdp-policy compile makes one\n");
	ck_assert_int_eq(pwrite(fd, "?", 1, size - DB_TRAILER), 1);
	snprintf(text, sizeof(text),
		 "0: found %lld bytes without the mark of a policy database at their end",
		 (long long)size);
	expect_refused(fd, text);

	ck_assert(!ftruncate(fd, 0));
	expect_refused(
		fd,
		"0: found 0 bytes, expected a database of at least 2072; xdp-policy compile makes one\n");
	ck_assert(!ftruncate(fd, 1LL << 32));
	expect_refused(fd, "0: found 4294967296 bytes, expected at most 4294967295\n");
	memset(text, '\n', sizeof(text));
	put_bytes(root, "/text", text, sizeof(text));
	other = open(at(root, "/text"), O_RDONLY);
	expect_refused(other, "0: found 4000 bytes without the mark");
	expect_refused(-1, "0: cannot look at it: Bad file descriptor\n");
	expect_refused(dir, "0: found no regular file, expected a database\n");
	close(other);
	close(dir);
	remove_root(root);
}
END_TEST

static void expect_all_there(const struct policy_db *db)
{
	struct policy_db_cursor cursor;
	const struct policy_rule *rule;
	size_t n = rules.n;

	policy_db_cursor__start(&cursor, db, NULL);
	while ((rule = policy_db_cursor__next(&cursor)))
		expect_same_rule(rule, &rules.rule[--n]);
	ck_assert_uint_eq(n, 0);
	policy_db_cursor__start(&cursor, db, "q");
	ck_assert_ptr_nonnull(policy_db_cursor__next(&cursor));
}

/* `cp` over the database of a process that runs. */
START_TEST(test_changed_in_place)
{
	struct policy_db *db;
	char zeros[4096] = "";

	add_variety();
	put_db(fd, &rules);
	db = open_good(fd);
	ck_assert_int_eq(pwrite(fd, zeros, sizeof(zeros), 0), sizeof(zeros));
	expect_all_there(db);
	ck_assert(!ftruncate(fd, 0));
	expect_all_there(db);
	policy_db__close(db);
}
END_TEST

/* A large one is mapped as it is. */
START_TEST(test_large)
{
	const size_t size = 17 << 20;
	unsigned int before = n_open();
	struct policy_db *db;
	char *list = malloc(size);

	add_variety();
	memset(list, 'x', size);
	for (size_t i = 99; i < size; i += 100)
		list[i] = '\0';
	list[size - 1] = list[size - 2] = '\0';
	free(rules.rule[0].cond[COND_OBJECT]);
	rules.rule[0].cond[COND_OBJECT] = list;
	put_db(fd, &rules);
	db = open_good(fd);
	expect_all_there(db);
	ck_assert_uint_eq(n_open(), before);
	policy_db__close(db);
	ck_assert(!ftruncate(fd, size));
	expect_refused(fd, "without the mark");
	ck_assert_uint_eq(n_open(), before);
}
END_TEST

START_TEST(test_no_descriptor_to_spare)
{
	struct rlimit limit, none;
	struct policy_db *db;

	add_variety();
	put_db(fd, &rules);
	ck_assert(!getrlimit(RLIMIT_NOFILE, &limit));
	none = limit;
	none.rlim_cur = 0;
	ck_assert(!setrlimit(RLIMIT_NOFILE, &none));
	db = open_good(fd);
	ck_assert(!setrlimit(RLIMIT_NOFILE, &limit));
	expect_all_there(db);
	policy_db__close(db);
}
END_TEST

/* Else threads could not share it: libcdb puts what it finds into its handle. */
START_TEST(test_handle_does_not_change)
{
	struct policy_db *db;
	size_t size;
	void *before;

	add_variety();
	put_db(fd, &rules);
	db = open_good(fd);
	size = malloc_usable_size(db);
	before = malloc(size);
	memcpy(before, db, size);
	expect_all_there(db);
	ck_assert(!memcmp(before, db, size));
	free(before);
	policy_db__close(db);
}
END_TEST

/* Any bit, in a whole word and in the rest, wherever the calls part the data. */
START_TEST(test_sum)
{
	unsigned char data[21] = "policy of many words";

	for (size_t n = 0; n <= sizeof(data); n++) {
		uint64_t sum = policy_db__sum(DB_SUM_START, data, n);

		for (size_t part = 0; part <= n; part += 8)
			ck_assert_uint_eq(policy_db__sum(policy_db__sum(DB_SUM_START, data, part),
							 data + part, n - part),
					  sum);
		for (size_t bit = 0; bit < 8 * n; bit++) {
			data[bit / 8] ^= 1U << bit % 8;
			ck_assert_uint_ne(policy_db__sum(DB_SUM_START, data, n), sum);
			data[bit / 8] ^= 1U << bit % 8;
		}
	}
	/* on any machine */
	ck_assert_uint_eq(policy_db__sum(DB_SUM_START, data, sizeof(data)),
			  UINT64_C(0x521a28f561501559));
}
END_TEST

static size_t n_calls, last_done, last_all;

static void count_progress(void *ctx, size_t done, size_t all)
{
	ck_assert_ptr_eq(ctx, &rules);
	ck_assert_uint_gt(done, last_done);
	n_calls++;
	last_done = done;
	last_all = all;
}

START_TEST(test_progress)
{
	const struct policy_rules *set = &rules;

	for (int i = 0; i < 60; i++)
		add_variety();
	n_calls = last_done = 0;
	ck_assert(!policy_db__write(fd, &set, 1, count_progress, &rules));
	ck_assert_uint_eq(n_calls, 100);
	ck_assert_uint_eq(last_done, last_all);
	ck_assert_uint_gt(last_all, rules.n);
}
END_TEST

START_TEST(test_write_fails)
{
	const struct policy_rules *set = &rules;
	int full = open("/dev/full", O_RDWR), closed = open("/dev/null", O_RDONLY);

	ck_assert_int_eq(policy_db__write(full, &set, 1, NULL, NULL), -ENOSPC);
	for (int i = 0; i < 60; i++)
		add_variety();
	ck_assert_int_eq(policy_db__write(full, &set, 1, NULL, NULL), -ENOSPC);
	ck_assert_int_eq(policy_db__write(closed, &set, 1, NULL, NULL), -EBADF);
	close(full);
	close(closed);
}
END_TEST

/* Databases of records that policy_db__write() would not write. */
static uint32_t next_place;

static void begin(struct cdb_make *make)
{
	ck_assert(!ftruncate(fd, 0) && !lseek(fd, 0, SEEK_SET));
	ck_assert(!cdb_make_start(make, fd));
	next_place = DB_CDB_HEADER;
}

static void end(struct cdb_make *make)
{
	ck_assert(!cdb_make_finish(make));
	ck_assert(!policy_db__seal(fd, size_of(fd)));
}

/* Where the record is. */
static uint32_t put_record(struct cdb_make *make, const void *key, size_t key_size,
			   const uint32_t *words, size_t n_words)
{
	uint32_t value[32], place = next_place;

	for (size_t i = 0; i < n_words; i++)
		value[i] = htole32(words[i]);
	ck_assert(!cdb_make_add(make, key, key_size, value, n_words * sizeof(*value)));
	next_place += DB_CDB_RECORD + key_size + n_words * sizeof(*value);
	return place;
}

static uint32_t put_rule(struct cdb_make *make, uint32_t number, const uint32_t *words,
			 size_t n_words)
{
	unsigned char key[DB_RULE_KEY];

	policy_db__rule_key(number, key);
	return put_record(make, key, sizeof(key), words, n_words);
}

#define META	DB_KEY_META, DB_KEY_SIZE(DB_KEY_META)
#define GENERAL DB_KEY_GENERAL, DB_KEY_SIZE(DB_KEY_GENERAL)
#define WORDS(...)                         \
	(const uint32_t[]){ __VA_ARGS__ }, \
		sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t)

#define A_NAME 4, 'n' /* with three NULs behind it */
#define A_LIST 4, 'p' /* the same */
#define P      (1U << COND_PROGRAM)
#define PRIO   (1U << ATTR_PRIORITY)
#define ACTS   (1U << ATTR_ACTIONS)

/* Rule 1 of three is this one, for any program or for "p". */
static bool is_taken(bool named, uint32_t position, const uint32_t *words, size_t n_words)
{
	struct policy_db *db;
	struct policy_db_cursor cursor;
	struct policy_rule rule;
	struct cdb_make make;
	uint32_t place[3];
	bool taken, found = false;

	begin(&make);
	place[0] = put_rule(&make, 0, WORDS(0, 0, PRIO, 5, A_NAME));
	place[1] = put_rule(&make, 1, words, n_words);
	place[2] = put_rule(&make, 2, WORDS(0, 0, PRIO, 6, A_NAME));
	put_record(&make, META, WORDS(3, 0));
	if (named) {
		put_record(&make, "p", 1, WORDS(1, place[1], position));
		put_record(&make, GENERAL, WORDS(0, place[0], 2, place[2]));
	} else {
		put_record(&make, GENERAL, WORDS(0, place[0], 1, place[1], 2, place[2]));
	}
	end(&make);
	db = open_good(fd);
	taken = policy_db__rule(db, 1, &rule);
	policy_db_cursor__start(&cursor, db, "p");
	ck_assert_uint_eq(policy_db_cursor__next(&cursor)->line, 3);
	if (policy_db_cursor__next(&cursor)->line == 2) {
		found = true;
		ck_assert_uint_eq(policy_db_cursor__next(&cursor)->line, 1);
	}
	ck_assert_ptr_null(policy_db_cursor__next(&cursor));
	ck_assert(found == taken || named);
	policy_db__close(db);
	return found;
}

#define TAKEN(...)   ck_assert(is_taken(false, 0, WORDS(__VA_ARGS__)))
#define SKIPPED(...) ck_assert(!is_taken(false, 0, WORDS(__VA_ARGS__)))

START_TEST(test_nonsense_is_skipped)
{
	/* cut short, and too long */
	TAKEN(0, 0, PRIO, 7, A_NAME);
	SKIPPED(0);
	SKIPPED(0, 0, PRIO);
	SKIPPED(0, 0, PRIO, 7);
	SKIPPED(0, 0, PRIO, 7, 4);
	SKIPPED(0, 0, PRIO, 7, A_NAME, 0);
	SKIPPED(P, 0, PRIO, 7, A_NAME);
	/* conditions and settings that there are not, and none */
	SKIPPED(1U << N_CONDS, 0, PRIO, 7, A_NAME);
	SKIPPED(1U << N_CONDS, 0, PRIO, 7, A_NAME, A_LIST);
	SKIPPED(0, 0, PRIO | 1U << N_ATTRS, 7, A_NAME);
	SKIPPED(0, 0, PRIO | 1U << N_ATTRS, 7, 7, A_NAME);
	SKIPPED(0, 0, 0, A_NAME);
	/* values */
	TAKEN(0, 0, PRIO, POLICY_MAX_PRIORITY, A_NAME);
	SKIPPED(0, 0, PRIO, 1U << 31, A_NAME);
	TAKEN(0, 0, ACTS, 31, A_NAME);
	SKIPPED(0, 0, ACTS, 32, A_NAME);
	TAKEN(0, 0, ACTS, DB_RELATIVE | 3 | 4 << DB_DEL_SHIFT, A_NAME);
	SKIPPED(0, 0, ACTS, DB_RELATIVE | 3 | 2 << DB_DEL_SHIFT, A_NAME);
	SKIPPED(0, 0, ACTS, DB_RELATIVE | 32, A_NAME);
	SKIPPED(0, 0, ACTS, DB_RELATIVE | 32 << DB_DEL_SHIFT, A_NAME);
	SKIPPED(0, 0, ACTS, DB_RELATIVE | 1 << 16, A_NAME);
	TAKEN(0, 0, 1U << ATTR_ATTACH, 1, A_NAME);
	SKIPPED(0, 0, 1U << ATTR_ATTACH, 2, A_NAME);
	SKIPPED(0, 0, 1U << ATTR_ATTACH, DB_RELATIVE, A_NAME);
	TAKEN(0, 0, 1U << ATTR_MODE, 3, A_NAME);
	SKIPPED(0, 0, 1U << ATTR_MODE, 4, A_NAME);
	/* texts */
	SKIPPED(0, 0, PRIO, 7, 0);
	SKIPPED(0, 0, PRIO, 7, 8, 'n');
	SKIPPED(0, 0, PRIO, 7, UINT32_MAX, 'n');
	SKIPPED(0, 0, PRIO, 7, 4, 0x6e6e6e6e);
	TAKEN(P, 0, PRIO, 7, A_NAME, A_LIST);
	TAKEN(P, 0, PRIO, 7, A_NAME, 4, 0x00006e6e);
	SKIPPED(P, 0, PRIO, 7, A_NAME, 4, 0x006e6e6e);
	SKIPPED(P, 0, PRIO, 7, A_NAME, 4, 0);
	SKIPPED(P, 0, PRIO, 7, A_NAME, 0);
	SKIPPED(P, 0, PRIO, 7, A_NAME, 1);
	/* orders */
	TAKEN(P, POLICY_MAX_PRIORITY - 1, PRIO, 1, A_NAME, 8, 0x00710070, 0);
	TAKEN(P, (POLICY_MAX_PRIORITY - 1) / 2, PRIO, 1, A_NAME, 8, 0x00700071, 0x72);
	SKIPPED(P, POLICY_MAX_PRIORITY, PRIO, 1, A_NAME, 8, 0x00710070, 0);
	SKIPPED(P, POLICY_MAX_PRIORITY + 1U, PRIO, 0, A_NAME, A_LIST);
	SKIPPED(P, UINT32_MAX, PRIO, 1, A_NAME, 8, 0x00700071, 0x72);
	SKIPPED(P, 10, PRIO, 10, A_NAME, 4, '!' | 'p' << 8);
	SKIPPED(0, 10, PRIO, 10, A_NAME);
	SKIPPED(P, 10, ACTS, 10, A_NAME, A_LIST);
}
END_TEST

START_TEST(test_named_rule)
{
	ck_assert(is_taken(true, 0, WORDS(P, 0, PRIO, 1, A_NAME, A_LIST)));
	ck_assert(!is_taken(true, 0, WORDS(P, 0, 0, A_NAME, A_LIST)));
	ck_assert(!is_taken(true, 0, WORDS(0, 10, PRIO, 10, A_NAME)));
	/* its place in an order */
	ck_assert(is_taken(true, 0, WORDS(P, 1 << 30, PRIO, 1, A_NAME, A_LIST)));
	ck_assert(is_taken(true, 1, WORDS(P, 1 << 30, PRIO, 1, A_NAME, A_LIST)));
	ck_assert(!is_taken(true, 2, WORDS(P, 1 << 30, PRIO, 1, A_NAME, A_LIST)));
	ck_assert(!is_taken(true, 4, WORDS(P, 1 << 30, PRIO, 1, A_NAME, A_LIST)));
	ck_assert(!is_taken(true, UINT32_MAX, WORDS(P, 1, PRIO, 1, A_NAME, A_LIST)));
	ck_assert(!is_taken(true, UINT32_MAX, WORDS(P, 0, PRIO, 1, A_NAME, A_LIST)));
}
END_TEST

START_TEST(test_wrong_meta)
{
	struct cdb_make make;

	begin(&make);
	end(&make);
	expect_refused(fd, "found no number of rules, expected one");
	begin(&make);
	put_record(&make, META, WORDS(0));
	end(&make);
	expect_refused(fd, "found no number of rules, expected one");
	begin(&make);
	put_record(&make, META, WORDS(100, 0));
	end(&make);
	expect_refused(fd, "found 100 rules with conditions 0");
	begin(&make);
	put_record(&make, META, WORDS(0, 1U << N_CONDS));
	end(&make);
	expect_refused(fd, "found 0 rules with conditions 0x800");
}
END_TEST

/* Rules that there are not, or not there, and half of one more. */
START_TEST(test_wrong_lists)
{
	struct cdb_make make;
	struct policy_db *db;
	struct policy_db_cursor cursor;
	uint32_t first, third, fake, longer;

	begin(&make);
	first = put_rule(&make, 0, WORDS(0, 0, PRIO, 5, A_NAME));
	third = put_rule(&make, 2, WORDS(0, 0, PRIO, 5, A_NAME));
	/* a record of rule 0 that begins within a value and is longer than the file */
	fake = put_record(&make, "fake", 4, WORDS(DB_RULE_KEY, UINT32_MAX, 0, 0)) + DB_CDB_RECORD +
	       4;
	/* a longer key; if it were as long as a number's, its end and the value would be a rule */
	longer = put_record(&make, "\0\0\0\0\0\0\0\0\0\0\0\0", 12, WORDS(0, PRIO, 5, A_NAME, 0));
	put_record(&make, "p", 1,
		   WORDS(UINT32_MAX, first, 0, /* no such number */
			 0, first, 0,	       /* a good one */
			 0, UINT32_MAX, 0,     /* no such place */
			 0, third, 0,	       /* another one's */
			 0, first + 1, 0,      /* nothing's */
			 0, fake, 0,	       /* see above */
			 0, longer, 0,	       /* see above */
			 2, third, 0,	       /* no such number, though it is there */
			 0, first));
	put_record(&make, GENERAL, WORDS(9, first, 1, third, 0));
	put_record(&make, META, WORDS(2, 0));
	end(&make);
	db = open_good(fd);
	policy_db_cursor__start(&cursor, db, "p");
	ck_assert_uint_eq(policy_db_cursor__next(&cursor)->line, 1);
	ck_assert_ptr_null(policy_db_cursor__next(&cursor));
	policy_db_cursor__start(&cursor, db, NULL);
	ck_assert_uint_eq(policy_db_cursor__next(&cursor)->line, 1);
	ck_assert_ptr_null(policy_db_cursor__next(&cursor));
	policy_db__close(db);
}
END_TEST

TCase *db_tests(void)
{
	TCase *tc = tcase_create("db");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_round_trip);
	tcase_add_test(tc, test_no_rules);
	tcase_add_test(tc, test_long_list);
	tcase_add_test(tc, test_cursor_as_index);
	tcase_add_test(tc, test_same_bytes);
	tcase_add_test(tc, test_truncated);
	tcase_add_test(tc, test_bit_flips);
	tcase_add_test(tc, test_messages);
	tcase_add_test(tc, test_changed_in_place);
	tcase_add_test(tc, test_large);
	tcase_add_test(tc, test_no_descriptor_to_spare);
	tcase_add_test(tc, test_handle_does_not_change);
	tcase_add_test(tc, test_sum);
	tcase_add_test(tc, test_progress);
	tcase_add_test(tc, test_write_fails);
	tcase_add_test(tc, test_nonsense_is_skipped);
	tcase_add_test(tc, test_named_rule);
	tcase_add_test(tc, test_wrong_meta);
	tcase_add_test(tc, test_wrong_lists);
	return tc;
}
