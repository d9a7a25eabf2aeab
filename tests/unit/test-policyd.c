// SPDX-License-Identifier: LGPL-2.1-or-later
/* What of xdp-policyd needs no kernel: how often it corrects, and its figures. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "policyd-metrics.h"
#include "policyd-rate.h"
#include "unit.h"

#define START (1000 * RATE_SECOND)

static struct rate rate;

static void set_up(void)
{
	rate__reset(&rate);
}

static void correct(uint64_t now, const char *program)
{
	rate__add(&rate, now, &program, 1);
}

/* As the daemon does it when there is something to correct: whether it is corrected. */
static bool is_corrected(uint64_t now, const char *program)
{
	switch (rate__ask(&rate, now)) {
	case RATE_GO:
		correct(now, program);
		return true;
	case RATE_PAUSE:
		rate__pause(&rate, now);
		return false;
	case RATE_WAIT:
		break;
	}
	return false;
}

START_TEST(quarrel)
{
	uint64_t now = START, until;
	unsigned int n = 0;

	for (; is_corrected(now, "ord_a"); now += RATE_SECOND / 10)
		n++;
	ck_assert_uint_eq(n, RATE_SAME);
	ck_assert_uint_eq(rate.pause, RATE_FIRST_PAUSE);
	ck_assert_uint_eq(rate.until, now + RATE_FIRST_PAUSE);
	/* one attempt after each pause, and each is twice as long as the one before */
	for (unsigned int i = 1; i < 20; i++) {
		uint64_t pause = RATE_FIRST_PAUSE << i;

		until = rate.until;
		ck_assert_int_eq(rate__ask(&rate, until - 1), RATE_WAIT);
		ck_assert(is_corrected(until, "ord_a"));
		ck_assert(!is_corrected(until + 1, "ord_a"));
		pause = pause < RATE_LAST_PAUSE ? pause : RATE_LAST_PAUSE;
		ck_assert_uint_eq(rate.pause, pause);
		ck_assert_uint_eq(rate.until, until + 1 + pause);
	}
}
END_TEST

/* Six in the window are too many; six in a little more than the window are not. */
START_TEST(window)
{
	for (unsigned int i = 0; i < 100; i++)
		ck_assert(is_corrected(START + i * RATE_WINDOW / RATE_SAME, "ord_a"));
	set_up();
	for (unsigned int i = 0; i < RATE_SAME; i++)
		ck_assert(is_corrected(START + i * RATE_WINDOW / RATE_SAME, "ord_a"));
	ck_assert(!is_corrected(START + RATE_WINDOW - 1, "ord_a"));
}
END_TEST

/* A boot: every program of a full chain is corrected, one after the other. */
START_TEST(many_programs)
{
	char name[16];
	unsigned int n = 0;

	for (unsigned int i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "program_%u", i);
		ck_assert(is_corrected(START + i, name));
	}
	/* but not for ever, whatever they are called */
	for (unsigned int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "other_%u", i);
		n += is_corrected(START + i, name);
	}
	ck_assert_uint_eq(n, RATE_ALL - 10);
}
END_TEST

START_TEST(several_at_once)
{
	const char *programs[] = { "ord_a", "ord_b", NULL };
	char name[16];

	for (unsigned int i = 0; i < RATE_SAME; i++) {
		ck_assert_int_eq(rate__ask(&rate, START + i), RATE_GO);
		snprintf(name, sizeof(name), "other_%u", i);
		programs[2] = name;
		rate__add(&rate, START + i, programs, 3);
	}
	ck_assert_int_eq(rate__ask(&rate, START + RATE_SAME), RATE_PAUSE);
}
END_TEST

START_TEST(peace)
{
	uint64_t now = START;

	while (is_corrected(now, "ord_a"))
		now++;
	now = rate.until;
	ck_assert(is_corrected(now, "ord_a"));
	/* a minute without a correction: it counts from the beginning again */
	now += RATE_QUIET;
	for (unsigned int i = 0; i < RATE_SAME; i++)
		ck_assert(is_corrected(now, "ord_a"));
	ck_assert(!is_corrected(now, "ord_a"));
	ck_assert_uint_eq(rate.pause, RATE_FIRST_PAUSE);
}
END_TEST

START_TEST(no_peace)
{
	uint64_t now = START;

	while (is_corrected(now, "ord_a"))
		now++;
	now = rate.until;
	ck_assert(is_corrected(now, "ord_a"));
	ck_assert(!is_corrected(now + RATE_QUIET - 1, "ord_a"));
	ck_assert_uint_eq(rate.pause, 2 * RATE_FIRST_PAUSE);
}
END_TEST

START_TEST(new_policy)
{
	uint64_t now = START;

	while (is_corrected(now, "ord_a"))
		now++;
	ck_assert_int_eq(rate__ask(&rate, now), RATE_WAIT);
	rate__reset(&rate);
	ck_assert_int_eq(rate__ask(&rate, now), RATE_GO);
}
END_TEST

static struct metrics_port port[] = {
	{ .netns = "",
	  .ifname = "eth0",
	  .corrections = 5000000000,
	  .backoff = true,
	  .known = true,
	  .programs = 3,
	  .drift = 1,
	  .unreachable = "" },
	{ .netns = "a\"b\\c\nd",
	  .ifname = "v0",
	  .known = true,
	  .unreachable = "found X, expected \"Y\"" },
	/* not looked at yet: what of it is not known is not 0 */
	{ .netns = "", .ifname = "v1", .failing = true, .unreachable = "" },
};
static const struct metrics metrics = { .errors = 7,
					.config_errors = 2,
					.disabled = true,
					.pending = 4,
					.last_success = 1796000000,
					.n = 3,
					.port = port };

static const char expected[] =
	"# HELP xdp_policy_corrections_total Changes of a chain to follow the policy.\n"
	"# TYPE xdp_policy_corrections_total counter\n"
	"xdp_policy_corrections_total{netns=\"\",interface=\"eth0\"} 5000000000\n"
	"xdp_policy_corrections_total{netns=\"a\\\"b\\\\c\\\\x0ad\",interface=\"v0\"} 0\n"
	"xdp_policy_corrections_total{netns=\"\",interface=\"v1\"} 0\n"
	"# HELP xdp_policy_programs XDP programs that are attached.\n"
	"# TYPE xdp_policy_programs gauge\n"
	"xdp_policy_programs{netns=\"\",interface=\"eth0\"} 3\n"
	"xdp_policy_programs{netns=\"a\\\"b\\\\c\\\\x0ad\",interface=\"v0\"} 0\n"
	"# HELP xdp_policy_drift Attached programs that are not as the policy wants them.\n"
	"# TYPE xdp_policy_drift gauge\n"
	"xdp_policy_drift{netns=\"\",interface=\"eth0\"} 1\n"
	"xdp_policy_drift{netns=\"a\\\"b\\\\c\\\\x0ad\",interface=\"v0\"} 0\n"
	"# HELP xdp_policy_backoff 1 while somebody who undoes corrections is given way.\n"
	"# TYPE xdp_policy_backoff gauge\n"
	"xdp_policy_backoff{netns=\"\",interface=\"eth0\"} 1\n"
	"xdp_policy_backoff{netns=\"a\\\"b\\\\c\\\\x0ad\",interface=\"v0\"} 0\n"
	"xdp_policy_backoff{netns=\"\",interface=\"v1\"} 0\n"
	"# HELP xdp_policy_failing 1 while a chain cannot be read or corrected.\n"
	"# TYPE xdp_policy_failing gauge\n"
	"xdp_policy_failing{netns=\"\",interface=\"eth0\"} 0\n"
	"xdp_policy_failing{netns=\"a\\\"b\\\\c\\\\x0ad\",interface=\"v0\"} 0\n"
	"xdp_policy_failing{netns=\"\",interface=\"v1\"} 1\n"
	"# HELP xdp_policy_unreachable 1 for an interface whose chain cannot be changed.\n"
	"# TYPE xdp_policy_unreachable gauge\n"
	"xdp_policy_unreachable{netns=\"a\\\"b\\\\c\\\\x0ad\",interface=\"v0\",reason=\"found X, "
	"expected \\\"Y\\\"\"} 1\n"
	"# HELP xdp_policy_errors_total Failures to read or to change a chain.\n"
	"# TYPE xdp_policy_errors_total counter\n"
	"xdp_policy_errors_total 7\n"
	"# HELP xdp_policy_config_errors Files, directories and lines of the policy that are "
	"refused.\n"
	"# TYPE xdp_policy_config_errors gauge\n"
	"xdp_policy_config_errors 2\n"
	"# HELP xdp_policy_disabled 1 while /run/xdp/disabled exists.\n"
	"# TYPE xdp_policy_disabled gauge\n"
	"xdp_policy_disabled 1\n"
	"# HELP xdp_policy_pending Interfaces that are still to be looked at.\n"
	"# TYPE xdp_policy_pending gauge\n"
	"xdp_policy_pending 4\n"
	"# HELP xdp_policy_last_success_timestamp_seconds When all chains were last found, or made, "
	"to be as they can be.\n"
	"# TYPE xdp_policy_last_success_timestamp_seconds gauge\n"
	"xdp_policy_last_success_timestamp_seconds 1796000000\n";

START_TEST(text)
{
	char *seen = NULL;
	size_t size;
	FILE *out = open_memstream(&seen, &size);

	metrics__print(&metrics, out);
	fclose(out);
	ck_assert_str_eq(seen, expected);
	free(seen);
}
END_TEST

static unsigned int count_files(const char *dir)
{
	char command[512], line[16];
	unsigned int n;
	FILE *list;

	snprintf(command, sizeof(command), "ls -A '%s' | wc -l", dir);
	list = popen(command, "r");
	ck_assert_ptr_nonnull(list);
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), list));
	pclose(list);
	n = (unsigned int)strtoul(line, NULL, 10);
	return n;
}

START_TEST(file)
{
	char *root = make_root(), *path = strdup(at(root, "/xdp.prom"));
	char seen[sizeof(expected)] = "";
	struct stat old, st;
	char why[OUTPUT_WHY_SIZE];
	FILE *in;

	put_file(root, "/xdp.prom", "old\n");
	ck_assert(!stat(path, &old));
	ck_assert_int_eq(metrics__write(&metrics, path, why), 0);
	ck_assert(!stat(path, &st));
	ck_assert_uint_ne(st.st_ino, old.st_ino);
	ck_assert_uint_eq(st.st_mode & 07777, 0644);
	in = fopen(path, "r");
	ck_assert_ptr_nonnull(in);
	ck_assert_uint_eq(fread(seen, 1, sizeof(seen), in), sizeof(expected) - 1);
	fclose(in);
	ck_assert_str_eq(seen, expected);
	ck_assert_int_eq(metrics__write(&metrics, at(root, "/none/xdp.prom"), why), -ENOENT);
	ck_assert(!mkdir(at(root, "/dir.prom"), 0755));
	ck_assert_int_lt(metrics__write(&metrics, at(root, "/dir.prom"), why), 0);
	/* nothing is left of what failed */
	ck_assert_uint_eq(count_files(root), 2);
	free(path);
	remove_root(root);
}
END_TEST

TCase *policyd_tests(void)
{
	TCase *tc = tcase_create("policyd");

	tcase_add_checked_fixture(tc, set_up, NULL);
	tcase_add_test(tc, quarrel);
	tcase_add_test(tc, window);
	tcase_add_test(tc, many_programs);
	tcase_add_test(tc, several_at_once);
	tcase_add_test(tc, peace);
	tcase_add_test(tc, no_peace);
	tcase_add_test(tc, new_policy);
	tcase_add_test(tc, text);
	tcase_add_test(tc, file);
	return tc;
}
