// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "policy/db.h"
#include "policy/ini.h"
#include "unit.h"

static char *root;

static void setup(void)
{
	root = make_root();
}

static void teardown(void)
{
	remove_root(root);
}

/* The priority of a program, by the whole policy below root; -1 if no rule has one. */
static long priority_of(const struct policy *policy, const char *program)
{
	struct policy_subject subject = { .value = { [COND_PROGRAM] = program } };
	struct policy_decision decision;

	policy__resolve(policy, &subject, NULL, &decision);
	return decision.attr[ATTR_PRIORITY].found ? (long)decision.attr[ATTR_PRIORITY].value.num :
						    -1;
}

static long priority_now(const char *program, struct messages *m)
{
	struct policy *policy = open_policy(root, m);
	long priority = priority_of(policy, program);

	policy__close(policy);
	return priority;
}

START_TEST(test_empty_root)
{
	struct messages m;

	ck_assert_int_eq(priority_now("p", &m), -1);
	ck_assert_uint_eq(m.n, 0);
}
END_TEST

START_TEST(test_main_file_of_the_highest)
{
	struct messages m;

	put_file(root, "/usr/lib/xdp/priorities.conf", "p: 1\nq: 1\n");
	ck_assert_int_eq(priority_now("p", &m), 1);
	put_file(root, "/run/xdp/priorities.conf", "p: 2\n");
	ck_assert_int_eq(priority_now("p", &m), 2);
	ck_assert_int_eq(priority_now("q", &m), -1); /* replaced as a whole */
	put_file(root, "/etc/xdp/priorities.conf", "p: 3\n");
	ck_assert_int_eq(priority_now("p", &m), 3);
	put_file(root, "/etc/xdp/priorities.conf", "");
	ck_assert_int_eq(priority_now("p", &m), -1); /* masked */
	ck_assert_uint_eq(m.n, 0);
}
END_TEST

START_TEST(test_dropins)
{
	struct messages m;

	put_file(root, "/etc/xdp/priorities.conf", "p: 1\n");
	put_file(root, "/usr/lib/xdp/priorities.d/20-a.conf", "p: 20\n");
	ck_assert_int_eq(priority_now("p", &m), 20); /* after the main file */
	put_file(root, "/etc/xdp/priorities.d/10-b.conf", "p: 10\n");
	ck_assert_int_eq(priority_now("p", &m), 20); /* by name, not by directory */
	put_file(root, "/run/xdp/priorities.d/30-c.conf", "p: 30\n");
	ck_assert_int_eq(priority_now("p", &m), 30);
	put_file(root, "/etc/xdp/priorities.d/30-c.conf", "q: 31\n");
	ck_assert_int_eq(priority_now("p", &m), 20); /* the same name replaces */
	ck_assert(!symlink("/dev/null", at(root, "/etc/xdp/priorities.d/20-a.conf")));
	ck_assert_int_eq(priority_now("p", &m), 10); /* masked by a link */
	put_file(root, "/etc/xdp/priorities.d/.40-d.conf", "p: 40\n");
	put_file(root, "/etc/xdp/priorities.d/40-d.conf~", "p: 40\n");
	put_file(root, "/etc/xdp/priorities.d/40-d.conf.dpkg-old", "p: 40\n");
	put_file(root, "/etc/xdp/priorities.d/40-d", "p: 40\n");
	ck_assert_int_eq(priority_now("p", &m), 10); /* none of these are drop-ins */
	ck_assert_uint_eq(m.n, 0);
}
END_TEST

static void expect_refused(const char *message)
{
	struct messages m;

	put_file(root, "/etc/xdp/priorities.conf", "p: 1\nq: 1\n");
	ck_assert_int_eq(priority_now("p", &m), 1); /* of the other, good file */
	ck_assert_msg(m.n == 1 && strstr(m.text, message), "expected '%s', got '%s'", message,
		      m.text);
}

#define BAD "/etc/xdp/priorities.d/50-bad.conf"

START_TEST(test_group_writable)
{
	put_file(root, BAD, "p: 50\n");
	chmod(at(root, BAD), 0664);
	expect_refused("0: found mode 0664, expected no write permission");
	chmod(at(root, BAD), 0646);
	expect_refused("0: found mode 0646, expected no write permission");
}
END_TEST

START_TEST(test_foreign_owner)
{
	if (geteuid())
		return; /* tests/run runs all as root; counted there */
	put_file(root, BAD, "p: 50\n");
	ck_assert(!chown(at(root, BAD), 1, 1));
	expect_refused("0: found owner 1, expected 0");
}
END_TEST

START_TEST(test_writable_directory)
{
	put_file(root, BAD, "p: 50\n");
	chmod(at(root, "/etc/xdp/priorities.d"), 0777);
	expect_refused("0: found mode 0777, expected no write permission for group and others; "
		       "no file in it counts");
}
END_TEST

START_TEST(test_not_regular)
{
	put_file(root, "/etc/xdp/priorities.d/00-x.conf", "x: 1\n");
	ck_assert(!mkfifo(at(root, BAD), 0644));
	expect_refused("0: found a named pipe, expected a regular file");
	unlink(at(root, BAD));
	ck_assert(!mkdir(at(root, BAD), 0755));
	expect_refused("0: found a directory, expected a regular file");
}
END_TEST

START_TEST(test_too_big)
{
	char *text = malloc(POLICY_MAX_FILE_SIZE + 1);

	memset(text, '\n', POLICY_MAX_FILE_SIZE + 1);
	memcpy(text, "p: 50", 5);
	put_bytes(root, BAD, text, POLICY_MAX_FILE_SIZE + 1);
	expect_refused("0: found 1048577 bytes, expected at most 1048576");
	free(text);
}
END_TEST

START_TEST(test_binary)
{
	put_bytes(root, BAD, "\x7f\x45LF\0\0\1\2\3\n\n", 11);
	expect_refused("1: found byte 0x7f, expected text");
}
END_TEST

START_TEST(test_malformed_is_left_out_whole)
{
	put_file(root, BAD, "p: 50\nq\n");
	expect_refused("2: found 'q', expected");
}
END_TEST

START_TEST(test_yaml_and_json_count)
{
	struct messages m;

	put_file(root, "/etc/xdp/priorities.conf", "p: 1\n");
	put_file(root, "/etc/xdp/priorities.d/10-a.yaml",
		 "version: 1\nrules:\n- match: {program: p}\n  set: {priority: 2}\n");
	ck_assert_int_eq(priority_now("p", &m), 2);
	put_file(root, "/etc/xdp/priorities.d/20-b.json",
		 "{\"version\": 1, \"rules\": [{\"match\": {\"program\": \"p\"}, "
		 "\"set\": {\"priority\": 3}}]}\n");
	ck_assert_int_eq(priority_now("p", &m), 3);
	ck_assert_uint_eq(m.n, 0);
	put_file(root, "/etc/xdp/priorities.d/20-b.json", "{\"version\": 1, \"rules\": [\n");
	ck_assert_int_eq(priority_now("p", &m), 2); /* a bad one is left out whole */
	ck_assert_uint_eq(m.n, 1);
}
END_TEST

START_TEST(test_dangling_link)
{
	put_file(root, "/etc/xdp/priorities.d/00-x.conf", "x: 1\n");
	ck_assert(!symlink("nowhere", at(root, BAD)));
	expect_refused("0: found a link to nothing, expected a file");
}
END_TEST

static void expect_refresh(struct policy *policy, int loaded, long priority)
{
	ck_assert_int_eq(policy__refresh(policy), loaded);
	ck_assert_int_eq(priority_of(policy, "p"), priority);
}

/* Until all files are old enough to be trusted, so that nothing is read for their youth alone. */
static void settle(struct policy *policy)
{
	int tries = 3000;

	do
		usleep(10000);
	while (policy__refresh(policy) && tries--);
}

START_TEST(test_refresh)
{
	struct messages m;
	struct policy *policy = open_policy(root, &m);

	settle(policy);
	expect_refresh(policy, 0, -1);
	put_file(root, "/etc/xdp/priorities.conf", "p: 1\n");
	expect_refresh(policy, 1, 1);
	put_file(root, "/etc/xdp/priorities.conf", "p: 2\n"); /* same size, within a tick */
	expect_refresh(policy, 1, 2);
	put_file(root, "/etc/xdp/priorities.d/10-a.conf", "p: 3\n");
	expect_refresh(policy, 1, 3);
	settle(policy);
	expect_refresh(policy, 0, 3);
	unlink(at(root, "/etc/xdp/priorities.d/10-a.conf"));
	expect_refresh(policy, 1, 2);
	put_file(root, "/etc/xdp/xdpswitch.conf", "priority: app\n");
	expect_refresh(policy, 1, -1);
	unlink(at(root, "/etc/xdp/xdpswitch.conf"));
	expect_refresh(policy, 1, 2);
	unlink(at(root, "/etc/xdp/priorities.conf"));
	expect_refresh(policy, 1, -1);
	ck_assert_uint_eq(m.n, 0);
	policy__close(policy);
}
END_TEST

/* Neither it nor nothing in its place has times that could tell. */
START_TEST(test_a_link_to_no_database_comes_and_goes)
{
	struct messages m;
	struct policy *policy;

	put_file(root, "/var/lib/xdp-policy/x", "");
	policy = open_policy(root, &m);
	settle(policy);
	ck_assert(!symlink("nowhere", at(root, POLICY_DB_PATH)));
	expect_refresh(policy, 1, -1);
	ck_assert_str_eq(m.text, "0: found a link to nothing, expected a file\n");
	settle(policy);
	m = (struct messages){ 0 };
	ck_assert(!unlink(at(root, POLICY_DB_PATH)));
	expect_refresh(policy, 1, -1);
	settle(policy);
	expect_refresh(policy, 0, -1);
	ck_assert_uint_eq(m.n, 0);
	policy__close(policy);
}
END_TEST

/* What the clocks of the whole program say while the first is not 0. */
static struct timespec fake_now, fake_coarse;

time_t clock_step;

int clock_gettime(clockid_t clock, struct timespec *now)
{
	static time_t ahead;

	if (!fake_now.tv_sec) {
		ahead = clock_step ? ahead + clock_step : 0;
		if (syscall(SYS_clock_gettime, clock, now))
			return -1;
		now->tv_sec += ahead;
		return 0;
	}
	*now = clock == CLOCK_REALTIME_COARSE ? fake_coarse : fake_now;
	return 0;
}

/* Whether a file counts as unchanged that was changed at ns of a second, by what clocks say then.
 */
static bool is_trusted(long changed_ns, long coarse_ns, long now_ns)
{
	const struct stat st = { .st_size = 1, .st_ctim = { 1000, changed_ns } };
	struct policy_stamp stamp;

	fake_now = (struct timespec){ 1000, now_ns };
	fake_coarse = (struct timespec){ 1000, coarse_ns };
	policy_stamp__set(&stamp, &st, 0);
	fake_now = (struct timespec){ 0 };
	return policy_stamp__same(&stamp, &stamp);
}

/* A change within the same tick of the clock that the kernel stamps files with would not show. */
START_TEST(test_young_files_are_not_trusted)
{
	ck_assert(!is_trusted(500000000, 500000000, 500000000));
	ck_assert(!is_trusted(500000000, 510000000, 510000000));
	ck_assert(is_trusted(500000000, 550000000, 550000000));
	/* that clock is late on a machine whose processors are taken away */
	ck_assert(!is_trusted(500000000, 500000000, 900000000));
	/* a kernel that stamps more finely is ahead of it, and lets each change show */
	ck_assert(is_trusted(501000000, 500000000, 501000000));
}
END_TEST

START_TEST(test_last_good_is_kept)
{
	struct messages m;
	struct policy *policy;

	put_file(root, "/etc/xdp/priorities.conf", "p: 1\n");
	put_file(root, "/etc/xdp/priorities.d/10-a.conf", "q: 5\n");
	policy = open_policy(root, &m);
	put_file(root, "/etc/xdp/priorities.conf", "p: x\n");
	expect_refresh(policy, 1, 1);
	ck_assert_uint_eq(m.n, 1);
	ck_assert_uint_eq(policy__n_errors(policy), 1);
	settle(policy);
	m.n = 0;
	expect_refresh(policy, 0, 1); /* and it is told once */
	put_file(root, "/etc/xdp/priorities.d/10-a.conf", "q: 6\n");
	expect_refresh(policy, 1, 1);
	ck_assert_int_eq(priority_of(policy, "q"), 6);
	put_file(root, "/etc/xdp/priorities.conf", "p: 2\n");
	expect_refresh(policy, 1, 2);
	ck_assert_uint_eq(policy__n_errors(policy), 0);
	chmod(at(root, "/etc/xdp/priorities.conf"), 0666);
	expect_refresh(policy, 1, 2);
	unlink(at(root, "/etc/xdp/priorities.conf"));
	expect_refresh(policy, 1, -1); /* taken away on purpose */
	policy__close(policy);
}
END_TEST

/* A database of one rule, below root. */
static void put_db(const char *text)
{
	struct policy_rules rules = { .file = (char *)"x" };
	const struct policy_rules *set = &rules;
	int fd;

	put_file(root, POLICY_DB_PATH, "");
	ck_assert(!policy_ini__parse(text, strlen(text), &rules, NULL));
	fd = open(at(root, POLICY_DB_PATH), O_RDWR);
	ck_assert_int_eq(policy_db__write(fd, &set, 1, NULL, NULL), 0);
	close(fd);
	policy_rules__clear(&rules);
}

/* As does a file that is refused, one keeps its rules whose directory is. */
START_TEST(test_last_good_of_a_directory_is_kept)
{
	static const struct {
		const char *dir;
		const char *end; /* of what is said of it */
	} rows[] = {
		{ "/etc/xdp", "what was read from it before holds\n" },
		{ "/etc/xdp/priorities.d", "what was read from it before holds\n" },
		{ "/run/xdp", "no file in it counts\n" },
		{ "/usr/lib/xdp/priorities.d", "no file in it counts\n" },
		{ "/var/lib/xdp-policy", "what was read from it before holds\n" },
	};
	struct messages m;
	struct policy *policy;

	put_file(root, "/etc/xdp/xdpswitch.conf", "priority: files cdb\n");
	put_file(root, "/etc/xdp/priorities.conf", "p: 1\n");
	put_file(root, "/etc/xdp/priorities.d/10-a.conf", "q: 2\n");
	put_file(root, "/etc/xdp/priorities.d/90-masked.conf", "");
	/* what these hide stays hidden */
	put_file(root, "/run/xdp/xdpswitch.conf", "priority: app\n");
	put_file(root, "/run/xdp/priorities.conf", "p: 11\n");
	put_file(root, "/usr/lib/xdp/priorities.d/10-a.conf", "q: 12\n");
	put_file(root, "/usr/lib/xdp/priorities.d/90-masked.conf", "p: 13\nq: 13\n");
	put_db("r: 3\n");
	policy = open_policy(root, &m);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		for (int mode = 0777; mode >= 0755; mode -= 0022) {
			m = (struct messages){ 0 };
			chmod(at(root, rows[i].dir), mode);
			expect_refresh(policy, 1, 1);
			ck_assert_int_eq(priority_of(policy, "q"), 2);
			ck_assert_int_eq(priority_of(policy, "r"), 3);
			ck_assert_uint_eq(policy__n_errors(policy), mode == 0777);
			ck_assert_uint_eq(m.n, mode == 0777);
			ck_assert(mode != 0777 || strstr(m.text, rows[i].end));
		}
	}
	/* a file that its owner takes away while nothing in its directory counts is as it was */
	chmod(at(root, "/etc/xdp/priorities.d"), 0777);
	unlink(at(root, "/etc/xdp/priorities.d/10-a.conf"));
	expect_refresh(policy, 1, 1);
	ck_assert_int_eq(priority_of(policy, "q"), 2);
	chmod(at(root, "/etc/xdp/priorities.d"), 0755);
	expect_refresh(policy, 1, 1);
	ck_assert_int_eq(priority_of(policy, "q"), 12);
	policy__close(policy);
	/* who has read none has none */
	chmod(at(root, "/etc/xdp"), 0777);
	policy = open_policy(root, &m);
	ck_assert_int_eq(priority_of(policy, "p"), 13);
	policy__close(policy);
}
END_TEST

START_TEST(test_deny_on_error)
{
	struct messages m;
	struct policy *policy;

	put_file(root, "/etc/xdp/xdpswitch.conf", "on-error: deny\n");
	policy = open_policy(root, &m);
	ck_assert(!policy__denies_all(policy));
	put_file(root, "/etc/xdp/priorities.conf", "p\n");
	policy__refresh(policy);
	ck_assert(policy__denies_all(policy));
	policy__close(policy);
}
END_TEST

/* What a switch says that cannot be read is not known: deny, unless it was read before. */
START_TEST(test_unreadable_switch)
{
	static const struct {
		const char
			*before; /* what a policy that is there already has read; NULL: no file */
		bool denies;
	} rows[] = {
		{ NULL, true },
		{ "priority: app\n", false },
		{ "on-error: deny\n", true },
	};
	const char *path = "/etc/xdp/xdpswitch.conf";
	struct messages m;
	struct policy *policy;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].before)
			put_file(root, path, rows[i].before);
		policy = open_policy(root, &m);
		ck_assert(!policy__denies_all(policy));
		put_file(root, path, "priority: files\n");
		chmod(at(root, path), 0664);
		policy__reload(policy);
		ck_assert(policy__denies_all(policy) == rows[i].denies);
		ck_assert(!strncmp(policy__why_denies_all(policy), "on-error", 8) ==
			  !!rows[i].before);
		policy__close(policy);
		policy = open_policy(root, &m); /* who comes now */
		ck_assert(policy__denies_all(policy));
		ck_assert(policy__may_deny(policy));
		policy__close(policy);
		unlink(at(root, path));
	}
	ck_assert(!symlink("nothing", at(root, path)));
	policy = open_policy(root, &m);
	ck_assert(policy__denies_all(policy));
	policy__close(policy);
}
END_TEST

/* In a directory that does not count, too; the next one's is not in its place. */
START_TEST(test_switch_in_a_refused_directory)
{
	struct messages m;
	struct policy *policy;

	put_file(root, "/etc/xdp/priorities.conf", "p: 1\n");
	put_file(root, "/usr/lib/xdp/xdpswitch.conf", "on-error: allow\n");
	chmod(at(root, "/etc/xdp"), 0775);
	policy = open_policy(root, &m);
	ck_assert_uint_eq(policy__n_errors(policy), 1);
	ck_assert(!policy__denies_all(policy)); /* there is none in it */
	policy__close(policy);
	put_file(root, "/etc/xdp/xdpswitch.conf", "on-error: allow\n");
	policy = open_policy(root, &m);
	ck_assert_uint_eq(policy__n_errors(policy), 1);
	ck_assert(policy__denies_all(policy));
	chmod(at(root, "/etc/xdp"), 0755);
	policy__refresh(policy);
	ck_assert(!policy__denies_all(policy));
	policy__close(policy);
}
END_TEST

/* What cannot be looked into is not as if it were not there: a loop of links is such for root, too.
 */
START_TEST(test_directories_that_cannot_be_reached)
{
	static const struct {
		const char *dir, *beside;
	} rows[] = {
		{ "/etc/xdp", "/etc/x" },
		{ "/etc/xdp/priorities.d", "/etc/xdp/x" },
		{ "/var/lib/xdp-policy", "/var/lib/x" },
	};
	struct messages m;
	struct policy *policy;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		put_file(root, rows[i].beside, "");
		ck_assert(!symlink(strrchr(rows[i].dir, '/') + 1, at(root, rows[i].dir)));
		policy = open_policy(root, &m);
		ck_assert_uint_eq(policy__n_errors(policy), 1);
		ck_assert_uint_eq(m.n, 1);
		ck_assert_ptr_nonnull(strstr(m.text, "cannot look at it"));
		policy__close(policy);
		unlink(at(root, rows[i].dir));
	}
}
END_TEST

/* One that may not be searched is told of once, not once for each file that might be in it. */
START_TEST(test_closed_directory)
{
	uid_t before = geteuid();
	struct messages m;
	struct policy *policy;

	put_file(root, "/etc/xdp/priorities.conf", "p: 1\n");
	put_file(root, "/etc/xdp/xdpswitch.conf", "on-error: allow\n");
	put_file(root, "/etc/xdp/priorities.d/10-a.conf", "q: 1\n");
	chmod(root, 0755);
	chmod(at(root, "/etc/xdp"), before ? 0 : 0700);
	ck_assert_int_eq(before ? 0 : seteuid(65534), 0);
	policy = open_policy(root, &m);
	ck_assert_int_eq(before ? 0 : seteuid(0), 0);
	ck_assert_uint_eq(policy__n_errors(policy), 3);
	ck_assert(policy__denies_all(policy));
	ck_assert_uint_eq(m.n, 1);
	ck_assert_ptr_nonnull(strstr(m.text, "0: cannot look at it"));
	policy__close(policy);
	chmod(at(root, "/etc/xdp"), 0755);
}
END_TEST

START_TEST(test_root_must_be_a_directory)
{
	struct policy_opts opts = { .root = at(root, "/missing") };
	struct policy *policy = NULL;

	ck_assert_int_eq(policy__open(&opts, &policy), -2);
	ck_assert_ptr_null(policy);
}
END_TEST

TCase *files_tests(void)
{
	TCase *tc = tcase_create("files");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_empty_root);
	tcase_add_test(tc, test_main_file_of_the_highest);
	tcase_add_test(tc, test_dropins);
	tcase_add_test(tc, test_group_writable);
	tcase_add_test(tc, test_foreign_owner);
	tcase_add_test(tc, test_writable_directory);
	tcase_add_test(tc, test_not_regular);
	tcase_add_test(tc, test_too_big);
	tcase_add_test(tc, test_binary);
	tcase_add_test(tc, test_malformed_is_left_out_whole);
	tcase_add_test(tc, test_yaml_and_json_count);
	tcase_add_test(tc, test_dangling_link);
	tcase_add_test(tc, test_refresh);
	tcase_add_test(tc, test_a_link_to_no_database_comes_and_goes);
	tcase_add_test(tc, test_young_files_are_not_trusted);
	tcase_add_test(tc, test_last_good_is_kept);
	tcase_add_test(tc, test_last_good_of_a_directory_is_kept);
	tcase_add_test(tc, test_deny_on_error);
	tcase_add_test(tc, test_unreadable_switch);
	tcase_add_test(tc, test_switch_in_a_refused_directory);
	tcase_add_test(tc, test_directories_that_cannot_be_reached);
	tcase_add_test(tc, test_closed_directory);
	tcase_add_test(tc, test_root_must_be_a_directory);
	return tc;
}
