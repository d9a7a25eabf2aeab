// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chain/record-at.h"
#include "chain/record-dir.h"
#include "unit.h"

#define PASS (1U << 2)
#define DROP (1U << 1)
#define TX   (1U << 3)

#define V(n)               \
	{                  \
		.num = (n) \
	}

static char *root;
static int dir;

static void setup(void)
{
	root = make_root();
	dir = open(root, O_RDONLY | O_DIRECTORY);
	ck_assert_int_ge(dir, 0);
}

static void teardown(void)
{
	close(dir);
	remove_root(root);
}

static const struct proginfo info = { .id = 41, .name = "xdp_x", .load_time = 123456789012345 };

/* A program of which all is known. */
static struct policy_subject full_subject(void)
{
	return (struct policy_subject){
		.value = {
			[COND_PROGRAM] = "xdp_x",
			[COND_SECTION] = "xdp/a; b # c",
			[COND_OBJECT] = " /a b/\xc3\xa4%41=[x]:\n\x7f ",
			[COND_EXECUTABLE] = "/usr/bin/x",
			[COND_USER] = "root",
			[COND_UNIT] = "",
			[COND_HOST] = "host.example.org",
		},
		.uid = "0",
		.app = { .has = { [ATTR_PRIORITY] = true }, .value = { [ATTR_PRIORITY] = V(4294967295U) } },
		.btf = { .has = { [ATTR_ACTIONS] = true }, .value = { [ATTR_ACTIONS] = V(0) } },
	};
}

static void put_record(const struct policy_subject *subject)
{
	const struct record_attach attach = { .info = &info, .subject = subject };

	ck_assert_int_eq(record_at__write(dir, &attach), 0);
}

static struct record unknown(void)
{
	return (struct record){ .app.unknown = true, .btf.unknown = true };
}

/* Reads record 41, which must be there or not. */
static struct record get_record(enum record_kind kind, int expected)
{
	struct record record = unknown();

	ck_assert_int_eq(record_at__read(dir, kind, &info, &record), expected);
	return record;
}

START_TEST(test_round_trip)
{
	struct policy_subject subject = full_subject();
	struct record record;

	put_record(&subject);
	record = get_record(RECORD_ATTACHED, 0);
	ck_assert(record.attached && !record.seen);
	for (int cond = 0; cond < N_CONDS; cond++)
		ck_assert_pstr_eq(record.value[cond], subject.value[cond]);
	ck_assert_str_eq(record.uid, "0");
	ck_assert(!record.app.unknown && !record.btf.unknown);
	ck_assert(record.app.has[ATTR_PRIORITY] && !record.app.has[ATTR_ACTIONS]);
	ck_assert_uint_eq(record.app.value[ATTR_PRIORITY].num, 4294967295U);
	ck_assert(!record.btf.has[ATTR_PRIORITY] && record.btf.has[ATTR_ACTIONS]);
	ck_assert_uint_eq(record.btf.value[ATTR_ACTIONS].num, 0);
	record__clear(&record);
}
END_TEST

/* Of a program without a dispatcher, attached by a static libxdp, nobody knows what was set. */
START_TEST(test_unknown)
{
	struct policy_subject subject = { .app.unknown = true, .btf.unknown = true };
	struct record record;

	put_record(&subject);
	record = get_record(RECORD_ATTACHED, 0);
	ck_assert(record.attached && record.app.unknown && record.btf.unknown);
	ck_assert_ptr_null(record.value[COND_UNIT]);
	record__clear(&record);
}
END_TEST

/* Facts that need many lines, and such as do not fit. */
START_TEST(test_long)
{
	struct policy_subject subject = { 0 };
	const struct record_attach attach = { .info = &info, .subject = &subject };
	char path[4200];
	struct record record;

	memset(path, ' ', sizeof(path));
	path[4095] = '\0';
	subject.value[COND_OBJECT] = path;
	put_record(&subject);
	record = get_record(RECORD_ATTACHED, 0);
	ck_assert_str_eq(record.value[COND_OBJECT], path);
	record__clear(&record);

	record_dir__remove(dir, info.id);
	subject.value[COND_EXECUTABLE] = path;
	ck_assert_int_eq(record_at__write(dir, &attach), -E2BIG);
	subject.value[COND_EXECUTABLE] = NULL;
	path[4095] = 'x';
	path[4096] = '\0';
	ck_assert_int_eq(record_at__write(dir, &attach), 0);
	get_record(RECORD_ATTACHED, -EINVAL); /* longer than any path */
}
END_TEST

#define HEAD "version = 1\nloaded = 123456789012345\n"

static const struct {
	const char *text;
	int expected;
} texts[] = {
	{ HEAD, 0 },
	{ HEAD "program = x\n", 0 },
	{ HEAD "program = a%20b\n c%3Bd\n", 0 },
	{ HEAD "[app]\npriority = 1\nchain-call-actions = none\nattach-mode = unset\n", 0 },
	{ HEAD "[author]\npriority = 1\nchain-call-actions = PASS DROP\n", 0 },
	{ HEAD "chain = yes\n", 0 },
	{ HEAD "chain = no\n", -EINVAL },
	{ HEAD "chain = yes\nchain = yes\n", -EINVAL },
	{ "version = 1\nloaded = 123456789012346\n", -ESTALE },
	/* its head */
	{ "", -EINVAL },
	{ "version = 1\n", -EINVAL },
	{ "loaded = 123456789012345\n", -EINVAL },
	{ "version = 2\nloaded = 123456789012345\n", -EINVAL },
	{ "version = 01\nloaded = 123456789012345\n", -EINVAL },
	{ "version = 1\nloaded = +123456789012345\n", -EINVAL },
	{ "version = 1\nloaded = 123456789012345x\n", -EINVAL },
	{ "version = 1\nloaded = 99999999999999999999\n", -EINVAL },
	{ "version = 1\nloaded =\n", -EINVAL },
	{ HEAD "version = 1\n", -EINVAL },
	{ HEAD "loaded = 123456789012345\n", -EINVAL },
	{ "version =\n 1\nloaded = 123456789012345\n", -EINVAL },
	/* its lines */
	{ HEAD "program = x", -EINVAL }, /* cut */
	{ HEAD "program\n", -EINVAL },
	{ HEAD "\n", -EINVAL },
	{ HEAD "# text\n", -EINVAL },
	{ HEAD "program = x\n\n y\n", -EINVAL },
	{ " version = 1\nloaded = 123456789012345\n", -EINVAL },
	{ HEAD "[app\npriority = 1\n", -EINVAL },
	{ HEAD "program = x\r\n", -EINVAL },
	{ HEAD "program = \xc3\xa4\n", -EINVAL },
	{ "\xef\xbb\xbf" HEAD, -EINVAL },
	{ HEAD "program = "
	       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	       "\n",
	  -EINVAL },
	/* its facts */
	{ HEAD "tag = 0123456789abcdef\n", -EINVAL },
	{ HEAD "program = x\nprogram = x\n", -EINVAL },
	{ HEAD "program = a b\n", -EINVAL },
	{ HEAD "program = %\n", -EINVAL },
	{ HEAD "program = %2\n", -EINVAL },
	{ HEAD "program = %2\n 0\n", -EINVAL },
	{ HEAD "program = %0a\n", -EINVAL },
	{ HEAD "program = %G0\n", -EINVAL },
	{ HEAD "program = %00\n", -EINVAL },
	{ HEAD "program = %41\n", -EINVAL }, /* there is one way to write A */
	/* its sections */
	{ HEAD "[first]\npriority = 1\nchain-call-actions = PASS\n", -EINVAL },
	{ HEAD "[other]\npriority = 1\n", -EINVAL },
	{ HEAD "[app]\nversion = 1\n", -EINVAL },
	{ HEAD "[app]\npriority = 1\n", -EINVAL },
	{ HEAD "[author]\npriority = 1\nchain-call-actions = PASS\nattach-mode = skb\n", -EINVAL },
	{ HEAD "[author]\npriority = 1\nattach-mode = skb\n", -EINVAL },
	{ HEAD "[author]\npriority = 1\npriority = 1\nchain-call-actions = PASS\n", -EINVAL },
	{ HEAD "[author]\npriority = 4294967296\nchain-call-actions = PASS\n", -EINVAL },
	{ HEAD "[author]\npriority = -1\nchain-call-actions = PASS\n", -EINVAL },
	{ HEAD "[author]\npriority = 1\nchain-call-actions = +PASS\n", -EINVAL },
	{ HEAD "[author]\npriority = 1\nchain-call-actions = PAS\n", -EINVAL },
	{ HEAD "[author]\npriority = 1\nchain-call-actions = PASS\n DROP\n", -EINVAL },
};
#define N_TEXTS ((int)(sizeof(texts) / sizeof(texts[0])))

START_TEST(test_malformed)
{
	struct record record;

	put_file(root, "/41", texts[_i].text);
	record = get_record(RECORD_ATTACHED, texts[_i].expected);
	ck_assert_int_eq(record.attached, !texts[_i].expected);
	record__clear(&record);
}
END_TEST

START_TEST(test_nul)
{
	static const char text[] = HEAD "program = x\0y\n";

	put_bytes(root, "/41", text, sizeof(text) - 1);
	get_record(RECORD_ATTACHED, -EINVAL);
}
END_TEST

/* Every beginning of a good record is no record, or one without what has been cut off. */
START_TEST(test_cut)
{
	struct policy_subject subject = full_subject();
	const struct record_attach attach = { .info = &info, .subject = &subject };
	char text[RECORD_TEXT_SIZE];
	int len = record_text__attached(&attach, text);

	ck_assert_int_gt(len, 100);
	for (int i = 0; i < len; i++) {
		struct record record = unknown();
		int err = record_text__parse(RECORD_ATTACHED, text, i, info.load_time, &record);

		ck_assert(err == -EINVAL || (!err && text[i - 1] == '\n'));
		record__clear(&record);
	}
}
END_TEST

START_TEST(test_too_big)
{
	char text[RECORD_TEXT_SIZE + 10] = HEAD;

	for (size_t i = strlen(text); i < sizeof(text) - 1; i++)
		text[i] = i % 100 ? 'x' : '\n';
	put_bytes(root, "/41", text, RECORD_TEXT_SIZE);
	get_record(RECORD_ATTACHED, -EFBIG);
}
END_TEST

START_TEST(test_forged)
{
	const char *path = strdup(at(root, "/41"));
	struct policy_subject subject = full_subject();
	struct record record;

	put_record(&subject);
	ck_assert_int_eq(chmod(path, 0664), 0);
	get_record(RECORD_ATTACHED, -EPERM);
	ck_assert_int_eq(chmod(path, 0646), 0);
	get_record(RECORD_ATTACHED, -EPERM);
	ck_assert_int_eq(chmod(path, 0600), 0);
	record = get_record(RECORD_ATTACHED, 0);
	record__clear(&record);
	if (!geteuid()) {
		ck_assert_int_eq(chown(path, 1000, -1), 0);
		get_record(RECORD_ATTACHED, -EPERM);
		ck_assert_int_eq(chown(path, 0, -1), 0);
		/* nor is root's file in another's directory */
		ck_assert_int_eq(chown(root, 1000, -1), 0);
		get_record(RECORD_ATTACHED, -EPERM);
	}
	free((void *)path);
}
END_TEST

START_TEST(test_not_a_file)
{
	struct policy_subject subject = full_subject();

	put_record(&subject);
	ck_assert_int_eq(renameat(dir, "41", dir, "elsewhere"), 0);
	ck_assert_int_eq(symlinkat("elsewhere", dir, "41"), 0);
	get_record(RECORD_ATTACHED, -ELOOP);
	/* and one may be written in place of the link, not through it */
	ck_assert_int_eq(unlinkat(dir, "elsewhere", 0), 0);
	put_record(&subject);
	ck_assert_int_ne(faccessat(dir, "elsewhere", F_OK, 0), 0);

	record_dir__remove(dir, info.id);
	ck_assert_int_eq(mkfifoat(dir, "41", 0644), 0);
	get_record(RECORD_ATTACHED, -EPERM);
	record_dir__remove(dir, info.id);
	ck_assert_int_eq(mkdirat(dir, "41", 0755), 0);
	get_record(RECORD_ATTACHED, -EPERM);
}
END_TEST

static unsigned int n_files(void)
{
	char cmd[200];
	unsigned int n = 0;
	FILE *f;

	snprintf(cmd, sizeof(cmd), "ls -A %s | wc -l", root);
	f = popen(cmd, "r");
	ck_assert_int_eq(fscanf(f, "%u", &n), 1);
	pclose(f);
	return n;
}

START_TEST(test_put)
{
	char text[8];

	ck_assert_int_eq(record_dir__put(dir, 41, "first", 5, false), 0);
	ck_assert_int_eq(record_dir__put(dir, 41, "second", 6, false), -EEXIST);
	ck_assert_int_eq(record_dir__read(dir, 41, text, sizeof(text)), 5);
	ck_assert_int_eq(record_dir__put(dir, 41, "second", 6, true), 0);
	ck_assert_int_eq(record_dir__read(dir, 41, text, sizeof(text)), 6);
	ck_assert_int_eq(record_dir__read(dir, 42, text, sizeof(text)), -ENOENT);
	ck_assert_uint_eq(n_files(), 1);
}
END_TEST

/* A writer of another pid namespace may have our number. */
START_TEST(test_put_beside)
{
	char theirs[64], text[8] = "";
	FILE *f;

	snprintf(theirs, sizeof(theirs), "/41.new-%d", gettid());
	put_file(root, theirs, "theirs");
	ck_assert_int_eq(record_dir__put(dir, 41, "ours", 4, false), 0);
	f = fopen(at(root, theirs), "re");
	ck_assert_ptr_nonnull(f);
	ck_assert(fgets(text, sizeof(text), f) && !fclose(f));
	ck_assert_str_eq(text, "theirs");
}
END_TEST

/* A process that may not write large files is not killed for it. */
START_TEST(test_file_size)
{
	struct rlimit all, few;
	int first, second;

	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &all), 0);
	few = (struct rlimit){ 5, all.rlim_max };
	/* libcheck itself writes to a file */
	setrlimit(RLIMIT_FSIZE, &few);
	first = record_dir__put(dir, 41, "first", 5, false);
	second = record_dir__put(dir, 42, "second", 6, false);
	setrlimit(RLIMIT_FSIZE, &all);
	ck_assert_int_eq(first, 0);
	ck_assert_int_eq(second, -EFBIG);
	ck_assert_uint_eq(n_files(), 1);
}
END_TEST

/* Who wrote first stays, unless that was about another program of the same id. */
START_TEST(test_reused_id)
{
	struct proginfo later = info;
	struct policy_subject subject = { .value[COND_PROGRAM] = "first" };
	struct record_attach attach = { .info = &info, .subject = &subject };
	struct record record = unknown();

	ck_assert_int_eq(record_at__write(dir, &attach), 0);
	subject.value[COND_PROGRAM] = "second";
	ck_assert_int_eq(record_at__write(dir, &attach), -EEXIST);
	record = get_record(RECORD_ATTACHED, 0);
	ck_assert_str_eq(record.value[COND_PROGRAM], "first");
	record__clear(&record);

	later.load_time++;
	ck_assert_int_eq(record_at__read(dir, RECORD_ATTACHED, &later, &record), -ESTALE);
	attach.info = &later;
	ck_assert_int_eq(record_at__write(dir, &attach), 0);
	get_record(RECORD_ATTACHED, -ESTALE);
	ck_assert_uint_eq(n_files(), 1);
}
END_TEST

/* A chain's data can change, and with it what is known of programs that stay. */
START_TEST(test_in_chain)
{
	struct policy_subject subject = { .value[COND_PROGRAM] = "first" };
	struct record_attach attach = { .info = &info, .subject = &subject };
	struct record record;

	ck_assert_int_eq(record_at__write(dir, &attach), 0);
	record = get_record(RECORD_ATTACHED, 0);
	ck_assert(!record.in_chain);
	record__clear(&record);

	attach.in_chain = true;
	for (uint32_t priority = 1; priority < 3; priority++) {
		subject.app.has[ATTR_PRIORITY] = true;
		subject.app.value[ATTR_PRIORITY].num = priority;
		ck_assert_int_eq(record_at__write(dir, &attach), 0);
		record = get_record(RECORD_ATTACHED, 0);
		ck_assert(record.in_chain);
		ck_assert(priority == 1 ? !record.load_key : !strcmp(record.load_key, "0f1e"));
		attach.load_key = "0f1e";
		ck_assert_uint_eq(record.app.value[ATTR_PRIORITY].num, priority);
		record__clear(&record);
	}
	ck_assert_uint_eq(n_files(), 1);
}
END_TEST

START_TEST(test_first)
{
	struct chain_program program = { .info = info, .priority = 4294967295U, .actions = DROP };
	struct record record;

	ck_assert_int_eq(record_at__keep_first(dir, &program), 0);
	program.priority = 5;
	ck_assert_int_eq(record_at__keep_first(dir, &program), -EEXIST);
	record = get_record(RECORD_SEEN, 0);
	ck_assert(record.seen && !record.attached);
	ck_assert_uint_eq(record.first[ATTR_PRIORITY].num, 4294967295U);
	ck_assert_uint_eq(record.first[ATTR_ACTIONS].num, DROP);
	get_record(RECORD_ATTACHED, -EINVAL); /* one is not taken for the other */

	program.info.load_time++;
	ck_assert_int_eq(record_at__keep_first(dir, &program), 0);
	get_record(RECORD_SEEN, -ESTALE);
	put_file(root, "/41", HEAD);
	get_record(RECORD_SEEN, -EINVAL); /* without values */
	ck_assert_uint_eq(n_files(), 1);
}
END_TEST

static bool is_odd(uint32_t id)
{
	return id % 2;
}

START_TEST(test_sweep)
{
	static const char *const kept[] = { "/2",  "/4.new-17", "/3x", "/text",
					    "/-3", "/+3",	"/.3", "/4294967297" };
	static const char *const gone[] = { "/1", "/3.new-17", "/4294967295", "/6.new-17" };
	const struct timespec old[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		put_file(root, kept[i], HEAD);
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
		put_file(root, gone[i], HEAD);
	/* its writer was killed; 4's may be writing */
	ck_assert_int_eq(utimensat(AT_FDCWD, at(root, "/6.new-17"), old, 0), 0);
	record_dir__sweep(dir, is_odd, SIZE_MAX);
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		ck_assert_int_eq(access(at(root, kept[i]), F_OK), 0);
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
		ck_assert_int_ne(access(at(root, gone[i]), F_OK), 0);
	record_dir__sweep(dir, is_odd, SIZE_MAX); /* the directory can be gone through again */
}
END_TEST

static unsigned int n_asked;

static bool ask(uint32_t id)
{
	n_asked++;
	return id <= 100;
}

/* Of many files some are looked at; and sooner or later each that is to go. */
START_TEST(test_sweep_some)
{
	unsigned int sweeps = 0;
	char name[16];

	for (int id = 1; id <= 120; id++) {
		snprintf(name, sizeof(name), "/%d", id);
		put_file(root, name, HEAD);
	}
	n_asked = 0;
	record_dir__sweep(dir, ask, 10);
	ck_assert_uint_eq(n_asked, 10);
	record_dir__sweep(dir, ask, 0);
	ck_assert_uint_eq(n_asked, 10);
	for (int id = 1; id <= 100; id++) {
		snprintf(name, sizeof(name), "/%d", id);
		for (; !access(at(root, name), F_OK) && sweeps < 100000; sweeps++)
			record_dir__sweep(dir, ask, 10);
	}
	ck_assert_uint_lt(sweeps, 100000);
	n_asked = 0;
	record_dir__sweep(dir, ask, SIZE_MAX);
	ck_assert_uint_eq(n_asked, 20);
}
END_TEST

/* What was the application's wish, out of what the author says and what the program had at first.
 */
static const struct {
	struct policy_value author[2], first[2], app[2];
	bool has_author, has_app[2];
} guesses[] = {
	/* nothing known: libxdp's defaults */
	{ .first = { V(50), V(PASS) } },
	{ .first = { V(11), V(PASS) }, .has_app = { true, false }, .app = { V(11) } },
	{ .first = { V(50), V(PASS | TX) },
	  .has_app = { false, true },
	  .app = { V(0), V(PASS | TX) } },
	/* the author's */
	{ .has_author = true, .author = { V(10), V(DROP) }, .first = { V(10), V(DROP) } },
	{ .has_author = true,
	  .author = { V(10), V(DROP) },
	  .first = { V(50), V(PASS) },
	  .has_app = { true, true },
	  .app = { V(50), V(PASS) } },
};
#define N_GUESSES ((int)(sizeof(guesses) / sizeof(guesses[0])))

START_TEST(test_guess)
{
	struct policy_subject subject = { .app.unknown = true };
	struct record record = unknown();

	record.seen = true;
	record.btf.unknown = !guesses[_i].has_author;
	for (int attr = 0; attr < 2; attr++) {
		record.first[attr] = guesses[_i].first[attr];
		record.btf.has[attr] = guesses[_i].has_author;
		record.btf.value[attr] = guesses[_i].author[attr];
	}
	record__describe(&record, &subject);
	ck_assert(!subject.app.unknown);
	for (int attr = 0; attr < 2; attr++) {
		ck_assert_int_eq(subject.app.has[attr], guesses[_i].has_app[attr]);
		ck_assert_uint_eq(subject.app.value[attr].num, guesses[_i].app[attr].num);
		ck_assert_int_eq(subject.btf.has[attr], guesses[_i].has_author);
	}
}
END_TEST

START_TEST(test_describe)
{
	struct policy_subject subject = { .value[COND_HOST] = "mine", .app.unknown = true };
	struct record record = unknown();

	record__describe(&record, &subject);
	ck_assert(subject.app.unknown && !subject.value[COND_USER]);

	record.value[COND_HOST] = (char *)"its";
	record.value[COND_USER] = (char *)"root";
	record.value[COND_EXECUTABLE] = (char *)"/usr/bin/x";
	record.uid = (char *)"0";
	record.attached = true;
	record__describe(&record, &subject);
	ck_assert_str_eq(subject.value[COND_HOST], "mine");
	ck_assert_str_eq(subject.value[COND_USER], "root");
	ck_assert_str_eq(subject.value[COND_EXECUTABLE], "/usr/bin/x");
	ck_assert_str_eq(subject.uid, "0");
	ck_assert(subject.app.unknown);

	/* what the hooks saw the application set is better than a guess */
	record.app = (struct policy_known){ .has = { true }, .value = { V(7) } };
	record.seen = true;
	record.first[ATTR_PRIORITY].num = 5;
	record__describe(&record, &subject);
	ck_assert(!subject.app.unknown && subject.app.has[ATTR_PRIORITY]);
	ck_assert_uint_eq(subject.app.value[ATTR_PRIORITY].num, 7);
	ck_assert(!subject.app.has[ATTR_ACTIONS]);

	/* not the name of one user and the number of another */
	subject = (struct policy_subject){ .uid = "1000" };
	record__describe(&record, &subject);
	ck_assert_str_eq(subject.uid, "1000");
	ck_assert_ptr_null(subject.value[COND_USER]);
}
END_TEST

TCase *record_tests(void)
{
	TCase *tc = tcase_create("record");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_round_trip);
	tcase_add_test(tc, test_unknown);
	tcase_add_test(tc, test_long);
	tcase_add_loop_test(tc, test_malformed, 0, N_TEXTS);
	tcase_add_test(tc, test_nul);
	tcase_add_test(tc, test_cut);
	tcase_add_test(tc, test_too_big);
	tcase_add_test(tc, test_forged);
	tcase_add_test(tc, test_not_a_file);
	tcase_add_test(tc, test_put);
	tcase_add_test(tc, test_put_beside);
	tcase_add_test(tc, test_file_size);
	tcase_add_test(tc, test_reused_id);
	tcase_add_test(tc, test_in_chain);
	tcase_add_test(tc, test_first);
	tcase_add_test(tc, test_sweep);
	tcase_add_test(tc, test_sweep_some);
	tcase_add_loop_test(tc, test_guess, 0, N_GUESSES);
	tcase_add_test(tc, test_describe);
	return tc;
}
