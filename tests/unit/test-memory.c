// SPDX-License-Identifier: LGPL-2.1-or-later
/* Rules that a program gives the library instead of files. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libxdppolicy.h"
#include "unit.h"

static char *root;
static struct messages told;

static void setup(void)
{
	root = make_root();
	told = (struct messages){ 0 };
}

static void teardown(void)
{
	remove_root(root);
}

static void tell(void *ctx, enum xdp_policy_level level, const char *file, unsigned int line,
		 const char *text)
{
	size_t len = strlen(told.text);

	(void)ctx;
	ck_assert_int_eq(level, XDP_POLICY_ERROR);
	ck_assert_str_eq(file, "<memory>");
	told.n++;
	snprintf(told.text + len, sizeof(told.text) - len, "%u: %.40s\n", line, text);
}

static struct xdp_policy *try_open(const struct xdp_policy_rule *rules, size_t n, uint32_t flags)
{
	struct xdp_policy_open_opts opts = {
		.sz = sizeof(opts),
		.root = root,
		.rules = rules,
		.n_rules = n,
		.rule_sz = sizeof(*rules),
		.flags = flags,
		.message = tell,
	};

	return xdp_policy__open(&opts);
}

static struct xdp_policy *open_or_die(const struct xdp_policy_rule *rules, size_t n, uint32_t flags)
{
	struct xdp_policy *policy = try_open(rules, n, flags);

	ck_assert_msg(!xdp_policy__get_error(policy), "%s", told.text);
	return policy;
}

/* "20 DROP deny skb -", with "-" for each attribute that no rule sets; and the place of the first.
 */
static const char *decide(struct xdp_policy *policy, const struct xdp_policy_subject *subject,
			  struct xdp_policy_answer *winner)
{
	struct xdp_policy_decision *decision = xdp_policy__resolve(policy, subject, NULL);
	static char text[200];

	*text = '\0';
	for (int attr = 0; attr < XDP_POLICY_N_ATTRS; attr++) {
		struct xdp_policy_value value;
		char word[100] = "-";

		if (xdp_policy_decision__value(decision, attr, &value) == 1)
			ck_assert(!xdp_policy_value__print(attr, &value, word, sizeof(word)));
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", attr ? " " : "",
			 word);
	}
	if (winner && xdp_policy_decision__winner(decision, 0))
		*winner = *xdp_policy_decision__winner(decision, 0);
	xdp_policy_decision__free(decision);
	return text;
}

static const struct xdp_policy_subject full = {
	.sz = sizeof(full),
	.program = "p",
	.section = "xdp",
	.object = "/p.o",
	.tag = "0123456789abcdef",
	.executable = "/bin/x",
	.user = "www",
	.uid = "33",
	.unit = "x.service",
	.host = "h.example",
	.interface = "eth0",
	.driver = "veth",
	.mode = "native",
};

/* Each condition alone, met and not met, and each setting alone. */
static const struct {
	struct xdp_policy_rule rule;
	const char *decision;
} members[] = {
	{ { .priority = "1" }, "1 - - - -" },
	{ { .chain_call_actions = "PASS,drop" }, "- DROP PASS - - -" },
	{ { .attach = "deny" }, "- - deny - -" },
	{ { .attach_mode = "skb" }, "- - - skb -" },
	{ { .dispatcher = "required" }, "- - - - required" },
	{ { .order = "a b\tp" }, "30 - - - -" },
	{ { .order = "a p", .order_start = "100" }, "110 - - - -" },
	{ { .order = "a p", .order_step = "1", .attach = "deny" }, "11 - deny - -" },
	{ { .priority = "1", .program = "a p" }, "1 - - - -" },
	{ { .priority = "1", .program = "a !p" }, "- - - - -" },
	{ { .priority = "1", .section = "xdp" }, "1 - - - -" },
	{ { .priority = "1", .section = "p" }, "- - - - -" },
	{ { .priority = "1", .object = "/*.o" }, "1 - - - -" },
	{ { .priority = "1", .object = "p.o" }, "- - - - -" },
	{ { .priority = "1", .tag = "0123*" }, "1 - - - -" },
	{ { .priority = "1", .tag = "1*" }, "- - - - -" },
	{ { .priority = "1", .executable = "/bin/*" }, "1 - - - -" },
	{ { .priority = "1", .executable = "/sbin/*" }, "- - - - -" },
	{ { .priority = "1", .user = "www" }, "1 - - - -" },
	{ { .priority = "1", .user = "33" }, "1 - - - -" },
	{ { .priority = "1", .user = "root" }, "- - - - -" },
	{ { .priority = "1", .unit = "x.*" }, "1 - - - -" },
	{ { .priority = "1", .unit = "y.*" }, "- - - - -" },
	{ { .priority = "1", .host = "h" }, "1 - - - -" },
	{ { .priority = "1", .host = "x" }, "- - - - -" },
	{ { .priority = "1", .interface = "eth*" }, "1 - - - -" },
	{ { .priority = "1", .interface = "!eth*" }, "- - - - -" },
	{ { .priority = "1", .driver = "veth" }, "1 - - - -" },
	{ { .priority = "1", .driver = "x" }, "- - - - -" },
	{ { .priority = "1", .mode = "native" }, "1 - - - -" },
	{ { .priority = "1", .mode = "skb" }, "- - - - -" },
};

START_TEST(test_members)
{
	struct xdp_policy *policy = open_or_die(&members[_i].rule, 1, 0);

	ck_assert_str_eq(decide(policy, &full, NULL), members[_i].decision);
	xdp_policy__close(policy);
}
END_TEST

START_TEST(test_places)
{
	static const struct xdp_policy_rule rules[] = {
		{ .name = "first", .priority = "1" },
		{ .name = "the order", .order = "q p" },
		{ .program = "q", .priority = "3" },
	};
	struct xdp_policy_subject subject = { .sz = sizeof(subject), .program = "p" };
	struct xdp_policy *policy = open_or_die(rules, 3, 0);
	struct xdp_policy_answer winner;

	ck_assert_str_eq(decide(policy, &subject, &winner), "20 - - - -");
	ck_assert_str_eq(winner.source, "files");
	ck_assert_str_eq(winner.file, "<memory>");
	ck_assert_uint_eq(winner.line, 2);
	ck_assert_uint_eq(winner.place, 2);
	subject.program = "q";
	ck_assert_str_eq(decide(policy, &subject, &winner), "3 - - - -"); /* the last */
	ck_assert_uint_eq(winner.line, 3);
	ck_assert_ptr_null(winner.rule);
	subject.program = "r";
	ck_assert_str_eq(decide(policy, &subject, &winner), "1 - - - -");
	xdp_policy__close(policy);
}
END_TEST

START_TEST(test_files_override)
{
	static const struct xdp_policy_rule rule = { .priority = "1", .attach = "deny" };
	struct xdp_policy *policy, *alone;
	struct xdp_policy_answer winner;

	put_file(root, "/usr/lib/xdp/priorities.d/00-vendor.conf", "p: 2\n");
	policy = open_or_die(&rule, 1, 0);
	alone = open_or_die(&rule, 1, XDP_POLICY_F_NO_FILES);
	ck_assert_str_eq(decide(policy, &full, &winner), "2 - deny - -");
	ck_assert_ptr_nonnull(strstr(winner.file, "00-vendor.conf"));
	ck_assert_str_eq(decide(alone, &full, NULL), "1 - deny - -");
	put_file(root, "/etc/xdp/priorities.conf", "[]\nattach = allow\n");
	ck_assert_str_eq(decide(policy, &full, NULL), "2 - allow - -");
	ck_assert_str_eq(decide(alone, &full, NULL), "1 - deny - -");
	/* the switch is a file, but not of rules */
	put_file(root, "/etc/xdp/xdpswitch.conf", "attach: cdb\n");
	ck_assert_str_eq(decide(alone, &full, NULL), "1 - - - -");
	xdp_policy__close(policy);
	xdp_policy__close(alone);
}
END_TEST

START_TEST(test_are_copied)
{
	char name[] = "name", program[] = "p", priority[] = "5";
	struct xdp_policy_rule rule = { .name = name, .program = program, .priority = priority };
	struct xdp_policy *policy = open_or_die(&rule, 1, 0);
	struct xdp_policy_answer winner;

	memset(name, 'x', 4);
	memset(program, 'x', 1);
	memset(priority, 'x', 1);
	memset(&rule, 'x', sizeof(rule));
	ck_assert_int_eq(xdp_policy__reload(policy), 0);
	ck_assert_str_eq(decide(policy, &full, &winner), "5 - - - -");
	xdp_policy__close(policy);
}
END_TEST

/* All that is wrong is told, and then nothing is opened. */
START_TEST(test_wrong)
{
	static const struct xdp_policy_rule rules[] = {
		{ .name = "0123456789012345678901234567890123456789012345678", .priority = "1" },
		{ .name = "01234567890123456789012345678901234567890123456789", .priority = "1" },
		{ .name = "a ] b", .priority = "1" },
		{ .name = "sets nothing" },
		{ .priority = "x", .attach = "maybe" },
		{ .order = "a", .program = "b" },
		{ .order_start = "7" },
		{ .priority = "1", .interface = "" },
		{ .priority = "1", .program = "a priority = 5" },
		{ .chain_call_actions = "PASS +TX" },
		{ .priority = "2147483648" },
	};

	errno = 0;
	ck_assert_int_eq(xdp_policy__get_error(try_open(rules, 11, 0)), -EINVAL);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_str_eq(told.text, "2: found a rule name of 50 bytes, expected \n"
				    "3: found 'a ] b', expected a rule name with\n"
				    "4: found a rule that sets nothing, expected\n"
				    "5: found 'x', expected a run priority from \n"
				    "5: found 'maybe', expected allow or deny\n"
				    "6: found 'order' beside 'program', expected\n"
				    "7: found 'order-start' without an order, ex\n"
				    "8: found nothing, expected one or more glob\n"
				    "9: found 'priority = 5' in a list of globs,\n"
				    "10: found a mix, expected either actions, or\n"
				    "11: found '2147483648', expected a run prior\n");
}
END_TEST

/* Rules of an older and of a newer header: rule_sz is the way from one to the next. */
START_TEST(test_sizes)
{
	struct {
		struct xdp_policy_rule rule;
		const char *newer;
	} newer[2] = { { .rule = { .priority = "1" } },
		       { .rule = { .program = "p", .priority = "2" } } };
	struct {
		const char *name, *program, *section;
	} older[2] = { { .program = "p" }, { .program = "q" } };
	struct xdp_policy_open_opts opts = {
		.sz = sizeof(opts),
		.root = root,
		.rules = &newer[0].rule,
		.n_rules = 2,
		.rule_sz = sizeof(newer[0]),
		.message = tell,
	};
	struct xdp_policy *policy = xdp_policy__open(&opts);

	ck_assert_str_eq(decide(policy, &full, NULL), "2 - - - -");
	xdp_policy__close(policy);
	newer[1].newer = "";
	ck_assert_int_eq(xdp_policy__get_error(xdp_policy__open(&opts)), -E2BIG);
	opts.rules = (const struct xdp_policy_rule *)older;
	opts.rule_sz = sizeof(older[0]);
	ck_assert_int_eq(xdp_policy__get_error(xdp_policy__open(&opts)), -EINVAL);
	ck_assert_uint_eq(told.n, 2); /* read as what they are: rules that set nothing */
	opts.rule_sz = 0;
	ck_assert_int_eq(xdp_policy__get_error(xdp_policy__open(&opts)), -EINVAL);
	opts.rule_sz = sizeof(older[0]) - 1;
	ck_assert_int_eq(xdp_policy__get_error(xdp_policy__open(&opts)), -EINVAL);
	opts.rules = NULL;
	opts.rule_sz = sizeof(older[0]);
	ck_assert_int_eq(xdp_policy__get_error(xdp_policy__open(&opts)), -EINVAL);
	ck_assert_uint_eq(told.n, 2);
	opts.n_rules = 0; /* then the others do not matter */
	policy = xdp_policy__open(&opts);
	ck_assert_int_eq(xdp_policy__get_error(policy), 0);
	xdp_policy__close(policy);
}
END_TEST

START_TEST(test_ten_thousand)
{
	struct xdp_policy_rule *rules = calloc(10000, sizeof(*rules));
	char(*text)[2][16] = calloc(10000, sizeof(*text));
	struct xdp_policy_subject subject = { .sz = sizeof(subject) };
	struct xdp_policy *policy;

	for (int i = 0; i < 10000; i++) {
		snprintf(text[i][0], 16, "p%d", i);
		snprintf(text[i][1], 16, "%d", i);
		rules[i] =
			(struct xdp_policy_rule){ .program = text[i][0], .priority = text[i][1] };
	}
	policy = open_or_die(rules, 10000, 0);
	subject.program = "p9998";
	ck_assert_str_eq(decide(policy, &subject, NULL), "9998 - - - -");
	xdp_policy__close(policy);
	free(rules);
	free(text);
}
END_TEST

TCase *memory_tests(void)
{
	TCase *tc = tcase_create("memory");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, test_members, 0, sizeof(members) / sizeof(members[0]));
	tcase_add_test(tc, test_places);
	tcase_add_test(tc, test_files_override);
	tcase_add_test(tc, test_are_copied);
	tcase_add_test(tc, test_wrong);
	tcase_add_test(tc, test_sizes);
	tcase_add_test(tc, test_ten_thousand);
	return tc;
}
