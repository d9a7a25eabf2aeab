// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/ini.h"
#include "unit.h"

#define X10(s) s s s s s s s s s s

static const struct {
	const char *text;
	unsigned int n_rules; /* if there is no error */
	const char *error;    /* the whole of the messages, or their beginning */
} files[] = {
	{ "", 0, NULL },
	{ "# comment\n; comment\n\n", 0, NULL },
	{ "xdp_filter: 10\n", 1, NULL },
	{ "xdp_filter: 10", 1, NULL },
	{ "xdp_filter = 10 PASS DROP\r\n", 1, NULL },
	{ "\xef\xbb\xbfxdp_filter: 10\n", 1, NULL },
	{ "\xef\xbb\xbf[x]\npriority = 1\n", 1, NULL },
	{ "dns_*: 20 +TX ; why\n", 1, NULL },
	{ "a b: 10\nc: 20\n[x]\npriority = 3\n", 3, NULL },
	{ "[x]\nprogram = a\n  b\n  c\npriority = 3\n", 1, NULL },
	{ "[same]\npriority = 1\n[same]\npriority = 2\n", 2, NULL },
	{ "[x]\npriority = 1\n# " X10("comment line") X10("comment line") "\n[y]\npriority = 2\n",
	  2, NULL },

	{ "xdp_filter\n", 0, "1: found 'xdp_filter', expected 'program: priority" },
	{ "a: 1\nb c d\n", 0, "2: found 'b c d', expected" },
	{ "a: ten\n", 0, "1: found 'ten', expected a run priority" },
	{ "a:\n", 0, "1: found '', expected a run priority" },
	{ "a: 10 PAS\n", 0, "1: found 'PAS', expected ABORTED" },
	{ "a: 10\n  20\n", 0, "2: found a line that begins with a blank" },
	{ "[x\npriority = 1\n", 0, "1: found '[x', expected ']'" },
	{ "[x ; ]\npriority = 1\n", 0, "1: found" },
	{ "[" X10("12345") "]\npriority = 1\n", 0,
	  "1: found a rule name of 50 characters, expected at most 49\n" },
	{ "a: 1\n[x]\nprogram = a\n", 0, "2: found a rule that sets nothing" },
	{ "[x]\n[y]\npriority = 1\n", 0, "1: found a rule that sets nothing" },
	{ "[x]\npriorty = 1\npriority = 2\n", 0,
	  "2: found 'priorty', expected a condition or a setting; did you mean priority?\n" },
	{ "[x]\nzzz = 1\npriority = 2\n", 0, "2: found 'zzz', expected a condition (program" },
	{ "[x]\npriority = 1\npriority = 2\n", 0, "3: found 'priority' a second time" },
	{ "[x]\nprogram = a\nprogram = b\npriority = 1\n", 0, "3: found 'program' a second time" },
	{ "[x]\nprogram =\npriority = 1\n", 0, "2: found nothing, expected one or more globs" },
	{ "[x]\nprogram = ! a\npriority = 1\n", 0, "2: found a lone '!'" },
	{ "[x]\npriority = 1 # not a comment\n", 0, "2: found '1 # not a comment'" },
	{ "a: 1\nb\033[31m: 2\n", 0, "2: found byte 0x1b, expected text\n" },
	{ "a\177: 2\n", 0, "1: found byte 0x7f, expected text\n" },
	{ "a: 1\r2\n", 0, "1: found byte 0x0d, expected text\n" },
	{ "[x]\nprogram = a\n  interface = eth0\npriority = 1\n", 0,
	  "3: found 'interface = eth0' in a list of globs, expected a setting at the beginning" },
	{ "[x]\nprogram = a user = b\npriority = 1\n", 0,
	  "2: found 'user = b' in a list of globs, expected a setting at the beginning" },
	{ "[x]\nprogram = a user=b\npriority = 1\n", 0,
	  "2: found 'user=b' in a list of globs, expected a setting at the beginning" },
	{ "[x]\ninterface = !eth9 # spare\npriority = 1\n", 0,
	  "2: found '#', expected a glob; a comment has a line of its own\n" },
	{ "[x]\nprogram = a\n  b ; why\npriority = 1\n", 0, "3: found ';', expected a glob" },
	{ "[ab]*: 5\n", 0, "1: found '*: 5' behind the rule's name, expected the end of the line" },
	{ "[x] ; why\npriority = 1\n", 1, NULL },
	{ "[x]\npriority = 1\n  2\n", 0, "3: found 'priority' a second time" },
	{ "a: 1\nb: x\nc: y\n", 0, "2: found 'x', expected a run priority" },
	{ "[x]\nprogram = " X10("abcdefghi ") X10("abcdefghi ") "\npriority = 1\n", 0,
	  "2: found a line of 210 characters, expected at most 198" },
};

static int parse(const char *text, size_t size, struct policy_rules *rules, struct messages *m)
{
	struct policy_log log = log_to(m);

	*rules = (struct policy_rules){ .file = (char *)"f" };
	return policy_ini__parse(text, size, rules, &log);
}

START_TEST(test_files)
{
	struct policy_rules rules;
	struct messages m;
	int rc = parse(files[_i].text, strlen(files[_i].text), &rules, &m);

	if (files[_i].error) {
		ck_assert_int_eq(rc, -EINVAL);
		ck_assert_msg(!strncmp(m.text, files[_i].error, strlen(files[_i].error)),
			      "%s: expected '%s', got '%s'", files[_i].text, files[_i].error,
			      m.text);
	} else {
		ck_assert_msg(!rc, "%s: %s", files[_i].text, m.text);
		ck_assert_uint_eq(rules.n, files[_i].n_rules);
	}
	policy_rules__clear(&rules);
}
END_TEST

START_TEST(test_every_error_is_told)
{
	static const char text[] = "a: x\nb\n[r]\nfoo = 1\npriority = y\n[s\n";
	struct policy_rules rules;
	struct messages m;

	ck_assert_int_eq(parse(text, strlen(text), &rules, &m), -EINVAL);
	ck_assert_msg(m.n == 5, "%s", m.text);
	policy_rules__clear(&rules);
}
END_TEST

START_TEST(test_longest_line_is_whole)
{
	char text[256], name[200];
	struct policy_rules rules;
	struct messages m;

	/* 198 characters, the most that inih reads */
	memset(name, 'n', sizeof(name));
	snprintf(text, sizeof(text), "%.*s: 10\n", 198 - 4, name);
	ck_assert_int_eq(parse(text, strlen(text), &rules, &m), 0);
	ck_assert_uint_eq(strlen(rules.rule[0].cond[COND_PROGRAM]->glob[0].text), 194);
	ck_assert_uint_eq(rules.rule[0].head.value[ATTR_PRIORITY].num, 10);
	policy_rules__clear(&rules);

	snprintf(text, sizeof(text), "%.*s: 10\n", 199 - 4, name);
	ck_assert_int_eq(parse(text, strlen(text), &rules, &m), -EINVAL);
	policy_rules__clear(&rules);
}
END_TEST

START_TEST(test_longest_name_is_whole)
{
	static const char text[] = "[" X10("1234") "123456789]\npriority = 1\n";
	struct policy_rules rules;
	struct messages m;

	ck_assert_int_eq(parse(text, strlen(text), &rules, &m), 0);
	ck_assert_str_eq(rules.rule[0].name, X10("1234") "123456789");
	policy_rules__clear(&rules);
}
END_TEST

START_TEST(test_nul_is_refused)
{
	static const char text[] = "a: 1\nb: 2\0 3\nc: 4\n";
	struct policy_rules rules;
	struct messages m;

	ck_assert_int_eq(parse(text, sizeof(text) - 1, &rules, &m), -EINVAL);
	ck_assert_str_eq(m.text, "2: found byte 0x00, expected text\n");
	policy_rules__clear(&rules);
}
END_TEST

START_TEST(test_endless_line)
{
	size_t size = 1000000;
	char *text = malloc(size);
	struct policy_rules rules;
	struct messages m;

	memset(text, 'x', size);
	ck_assert_int_eq(parse(text, size, &rules, &m), -EINVAL);
	ck_assert(!strncmp(m.text, "1: found a line of 1000000 characters", 37));
	policy_rules__clear(&rules);
	free(text);
}
END_TEST

START_TEST(test_lines_and_values)
{
	static const char text[] = "# one\nf: 7 PASS\n\n[long]\nprogram = a\n b !c\n"
				   "interface = eth*\nattach = deny\n";
	struct policy_rules rules;
	struct messages m;
	struct policy_rule *r;

	ck_assert_int_eq(parse(text, strlen(text), &rules, &m), 0);
	ck_assert_uint_eq(rules.n, 2);
	r = &rules.rule[0];
	ck_assert_str_eq(r->name, "f");
	ck_assert_uint_eq(r->value_line[ATTR_PRIORITY], 2);
	ck_assert_uint_eq(r->head.value[ATTR_ACTIONS].num, 1 << 2);
	r = &rules.rule[1];
	ck_assert_uint_eq(r->line, 4);
	ck_assert_uint_eq(r->cond[COND_PROGRAM]->n, 3);
	ck_assert(r->cond[COND_PROGRAM]->glob[2].exclude);
	ck_assert(!r->cond[COND_PROGRAM]->literal);
	ck_assert_uint_eq(r->value_line[ATTR_ATTACH], 8);
	ck_assert(!r->head.has[ATTR_PRIORITY]);
	policy_rules__clear(&rules);
}
END_TEST

TCase *ini_tests(void)
{
	TCase *tc = tcase_create("ini");

	tcase_add_loop_test(tc, test_files, 0, sizeof(files) / sizeof(files[0]));
	tcase_add_test(tc, test_every_error_is_told);
	tcase_add_test(tc, test_longest_line_is_whole);
	tcase_add_test(tc, test_longest_name_is_whole);
	tcase_add_test(tc, test_nul_is_refused);
	tcase_add_test(tc, test_endless_line);
	tcase_add_test(tc, test_lines_and_values);
	return tc;
}
