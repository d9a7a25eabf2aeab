// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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
	{ "a:\n", 0, "1: found nothing, expected a run priority" },
	{ "a: 10 PAS\n", 0, "1: found 'PAS', expected ABORTED" },
	{ "a: 10\n  20\n", 0,
	  "2: found '20' behind a blank, where it goes on with 'a', expected it at the beginning "
	  "of the line\n" },
	{ "[x]\npriority = 1\n  attach = deny\n", 0,
	  "3: found 'attach = deny' behind a blank, where it goes on with 'priority', expected it "
	  "at the beginning of the line\n" },
	{ "[x]\nprogam = a\n  b\npriority = 1\n", 0,
	  "2: found 'progam', expected a condition or a setting; did you mean program?\n" },
	{ "[x]\nattach = deny\nprogram = a\n  [y] ; why\nattach-mode = skb\n", 0,
	  "4: found '[y] ; why' behind a blank, where it could go on with the list above, expected "
	  "a rule's name at the beginning of the line\n" },
	{ "a: 1\n\t[y]\r\npriority = 5\n  [z]\nattach = deny\n", 0,
	  "2: found '[y]\\x0d' behind a blank, where it could go on with the list above, expected "
	  "a rule's name at the beginning of the line\n"
	  "4: found '[z]' behind a blank" },
	{ "  [x]\npriority = 1\n", 1, NULL },
	{ "[x]\npriority = 1\nprogram = a\n  [bc]* []d] [e]\n", 1, NULL },
	{ "[x\npriority = 1\n", 0, "1: found '[x', expected ']'" },
	{ "[x ; ]\npriority = 1\n", 0, "1: found" },
	{ "[" X10("12345") "]\npriority = 1\n", 0,
	  "1: found a rule name of 50 bytes, expected at most 49\n" },
	{ "a: 1\n[x]\nprogram = a\n", 0, "2: found a rule that sets nothing" },
	{ "[x]\n[y]\npriority = 1\n", 0, "1: found a rule that sets nothing" },
	{ "[x]\npriorty = 1\npriority = 2\n", 0,
	  "2: found 'priorty', expected a condition or a setting; did you mean priority?\n" },
	{ "[x]\npriorty = 1\n[y]\n", 0,
	  "2: found 'priorty', expected a condition or a setting; did you mean priority?\n"
	  "3: found a rule that sets nothing, expected priority, chain-call-actions, attach, "
	  "attach-mode, dispatcher or order\n" },
	{ "[x]\nzzz = 1\npriority = 2\n", 0,
	  "2: found 'zzz = 1' in the rule of line 1, expected a condition or a setting; 'program: "
	  "priority [actions]' stands before the first '[rule name]'\n" },
	{ "[x]\npriority = 1\nxdp_a: 10 PASS\n", 0, "3: found 'xdp_a: 10 PASS' in the rule of" },
	{ "[x]\nzzz = y\npriority = 2\n", 0,
	  "2: found 'zzz', expected a condition or a setting: program, section, object, tag, "
	  "executable, user, unit, host, interface, driver, mode, priority, chain-call-actions, "
	  "attach, attach-mode, dispatcher, order, order-start, order-step\n" },
	/* other tools' manners */
	{ "[x]\niface = a\npriority = 1\n", 0,
	  "2: found 'iface', expected a condition or a setting; did you mean interface?\n" },
	{ "[x]\ninterface != a\npriority = 1\n", 0,
	  "2: found 'interface !', expected a condition or a setting; did you mean 'interface = "
	  "!a'?\n" },
	{ "[x]\ninterface != a b\npriority = 1\n", 0,
	  "2: found 'interface !', expected a condition or a setting; did you mean 'interface = "
	  "!GLOB...'?\n" },
	{ "[x]\ninterface += a\npriority = 1\n", 0,
	  "2: found 'interface +', expected a condition or a setting; a list goes on in the next "
	  "line if that begins with a blank\n" },
	{ "[x]\nchain-call-actions += TX\n", 0,
	  "2: found 'chain-call-actions +', expected a condition or a setting; did you mean "
	  "'chain-call-actions = +TX'?\n" },
	{ "[x]\ninterface == a\npriority = 1\n", 0, "2: found '==', expected '='\n" },
	{ "[x]\nprogram = a\naction = deny\n", 0,
	  "3: found 'action', expected a condition or a setting; did you mean attach?\n" },
	{ "[x]\nname = a\npriority = 1\n", 0,
	  "2: found 'name', expected a condition or a setting; a rule's name is what its brackets "
	  "hold\n" },
	{ "[x]\npriority = 1 # why\n", 0,
	  "2: found '1 # why', expected a run priority from 0 to 2147483647; a comment has a line "
	  "of its own\n" },
	{ "[x]\npriority\xc2\xa0= 1\n", 0,
	  "2: found 'priority\\xc2\\xa0', expected a condition or a setting; did you mean "
	  "priority?\n" },
	{ "program = a\npriority = 1\n", 0,
	  "1: found 'program' before the first '[rule name]', expected one above it\n"
	  "2: found 'priority' before the first '[rule name]', expected one above it\n" },
	{ "user: 1\n", 1, NULL },
	{ "eth0: xdp_a 10\n", 0,
	  "1: found 'xdp_a', expected a run priority from 0 to 2147483647\n" },
	{ "# c\n\nversion: 1\nrules:\n- set: {priority: 1}\n", 0,
	  "3: found YAML or JSON, expected INI; the name of a YAML file ends in .yaml, of a JSON "
	  "file in .json\n" },
	{ "\xef\xbb\xbf{\n}\n", 0, "1: found YAML or JSON, expected INI" },
	{ "version: 1\n", 1, NULL },
	{ "[x]\npriority = 1\npriority = 2\n", 0, "3: found 'priority' a second time" },
	{ "[x]\nprogram = a\nprogram = b\npriority = 1\n", 0, "3: found 'program' a second time" },
	{ "[x]\nprogram =\npriority = 1\n", 0, "2: found nothing, expected one or more globs" },
	{ "[x]\nprogram = ! a\npriority = 1\n", 0, "2: found a lone '!'" },
	{ "[x]\npriority = 1 # not a comment\n", 0, "2: found '1 # not a comment'" },
	{ "a: 1\nb\033[31m: 2\n", 0, "2: found byte 0x1b, expected text\n" },
	{ "a\177: 2\n", 0, "1: found byte 0x7f, expected text\n" },
	{ "a: 1\r2\n", 0, "1: found byte 0x0d, expected text\n" },
	{ "[x]\nprogram = a\n  interface = eth0\npriority = 1\n", 0,
	  "3: found 'interface = eth0' in a list of globs, expected globs alone; a setting stands by "
	  "itself; the line begins with a blank, so it goes on with 'program'\n" },
	{ "[x]\nprogram = a user = b\npriority = 1\n", 0,
	  "2: found 'user = b' in a list of globs, expected globs alone" },
	{ "[x]\nprogram = a user=b\npriority = 1\n", 0,
	  "2: found 'user=b' in a list of globs, expected globs alone" },
	{ "[x]\ninterface = !eth9 # spare\npriority = 1\n", 0,
	  "2: found '#', expected a glob; a comment has a line of its own\n" },
	{ "[x]\nprogram = a\n  b ; why\npriority = 1\n", 1, NULL },
	{ "[x]\nprogram = a\n  b\t;why\n  c ; =\npriority = 1\n", 1, NULL },
	{ "[x]\nprogram = a\n  b # why\npriority = 1\n", 0, "3: found '#', expected a glob" },
	{ "[ab]*: 5\n", 0, "1: found '*: 5' behind the rule's name, expected the end of the line" },
	{ "[x] ; why\npriority = 1\n", 1, NULL },
	{ "[x]\r\npriority = 1\r\n", 1, NULL },
	{ "[x\ty]\npriority = 1\n", 0, "1: found 'x\\x09y', expected a rule name without ']'" },
	{ "[x\xc2\x9b]\npriority = 1\n", 0,
	  "1: found 'x\\xc2\\x9b', expected a rule name without" },
	{ "a\xc2\x9b: 1\n", 0,
	  "1: found 'a\\xc2\\x9b', expected a glob without control characters" },
	{ "\xc3\xa9\x9b: 1\n", 1, NULL },
	{ "a: 1\nb: x\nc: y\n", 0, "2: found 'x', expected a run priority" },
	{ "[x]\nprogram = " X10("abcdefghi ") X10("abcdefghi ") "\npriority = 1\n", 0,
	  "2: found a line of 210 bytes, expected at most 198" },
	{ X10("12345678901234567") ": 1\n", 1, NULL },
	{ X10("12345678901234567") "8: 1\n", 0,
	  "1: found a glob of 171 bytes, expected at most 170\n" },

	{ "[x]\ndriver = mlx5_core !veth\nmode = skb\npriority = 1\n", 1, NULL },
	{ "[x]\nattach-mode = SKB\n", 1, NULL },
	{ "[x]\ndispatcher = required\n", 1, NULL },
	{ "[x]\ndispatcher = require\n", 0,
	  "2: found 'require', expected optional or required; did you mean required?\n" },
	{ "[x]\nattach-mode = sbk\n", 0,
	  "2: found 'sbk', expected auto, native, skb or hw; did you mean skb?\n" },
	{ "[x]\nattach-mode = skb hw\n", 0, "2: found 'skb hw', expected auto, native, skb or hw" },
	{ "[x]\nattach-mode = skb\nattach-mode = hw\n", 0,
	  "3: found 'attach-mode' a second time in this rule, expected it once\n" },

	{ "[x]\norder = a b*\n  c\n", 1, NULL },
	{ "[x]\norder-step = 5\norder-start = 0\norder = a\nattach = allow\n", 1, NULL },
	{ "[x]\norder = a\norder-start = 2147483647\n", 1, NULL },
	{ "[x]\norder = a b\norder-start = 2147483646\norder-step = 1\n", 1, NULL },
	{ "[x]\norder = a b\norder-start = 2147483646\norder-step = 2\n", 0,
	  "2: found an order whose last program gets 2147483648, expected a run priority from 0 "
	  "to 2147483647\n" },
	{ "[x]\norder = a a\norder-start = 2147483647\norder-step = 2147483647\n", 0,
	  "2: found an order whose last program gets 4294967294, expected a run priority" },
	{ "[x]\norder =\n", 0, "2: found nothing, expected one or more globs\n" },
	{ "[x]\norder =\norder-start = 1\n", 0, "2: found nothing, expected one or more globs\n" },
	{ "[x]\norder = a !b\n", 0, "2: found '!b' in an order, expected a program\n" },
	{ "[x]\norder = a unit=b\n", 0, "2: found 'unit=b' in a list of globs" },
	{ "[x]\norder = a\norder = b\n", 0,
	  "3: found 'order' a second time in this rule, expected it once; a list goes on in the "
	  "next line if that begins with a blank\n" },
	{ "[x]\norder = a\npriority = 1\n", 0, "3: found 'priority' beside 'order', expected" },
	{ "[x]\npriority = 1\norder = a\n", 0, "3: found 'order' beside 'priority', expected" },
	{ "[x]\norder = a\nprogram = b\n", 0, "3: found 'program' beside 'order', expected" },
	{ "[x]\nprogram = b\norder = a\n", 0,
	  "3: found 'order' beside 'program', expected one of them: an order names its programs "
	  "and gives their priorities\n" },
	{ "[x]\norder-start = 1\n", 0,
	  "2: found 'order-start' without an order, expected 'order' in the same rule\n" },
	{ "[x]\norder-step = 1\npriority = 1\n", 0,
	  "2: found 'order-step' without an order, expected 'order' in the same rule\n" },
	{ "[x]\norder = a\norder-start = -1\n", 0,
	  "3: found '-1', expected a run priority from 0 to 2147483647\n" },
	{ "[x]\norder = a\norder-start = 2147483648\n", 0, "3: found '2147483648', expected" },
	{ "[x]\norder = a\norder-step = 0\n", 0,
	  "3: found '0', expected a distance from 1 to 2147483647\n" },
	{ "[x]\norder = a\norder-start = 1\norder-start = 1\n", 0,
	  "4: found 'order-start' a second time in this rule, expected it once" },
	{ "[x]\norder = a\norder-step = 1\norder-step = 1\n", 0,
	  "4: found 'order-step' a second time in this rule, expected it once" },
	{ "a: 1\n[]\norder-strat = 2\norder = a\n", 0,
	  "3: found 'order-strat', expected a condition or a setting; did you mean "
	  "order-start?\n" },
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

/* Each list as it is kept, with a | behind each glob, and whether versions before differ. */
static const struct {
	const char *line, *globs;
	bool changed;
	const char *matches, *does_not;
} lists[] = {
	{ "interface = a b", "a|b|", false, "b", "a b" },
	{ "interface = a, b", "a|b|", true, "a", "a," },
	{ "interface = a,b ,c,", "a|b|c|", true, "b", "a,b" },
	{ "interface = ,, a", "a|", true, "a", "," },
	{ "interface = a,\n  b", "a|b|", true, "b", "a," },
	{ "interface = !a,b*", "!a|b*|", true, "b1", "a" },
	{ "interface = a[0,1] b", "a[0,1]|b|", false, "a1", "a" },
	{ "interface = a[],] b", "a[],]|b|", false, "a,", "a" },
	{ "interface = a{0,1}", "a{0,1}|", false, "a{0,1}", "a0" },
	{ "interface = a[0,b", "a[0|b|", true, "b", "a0" },
	{ "interface = a\\,b", "a\\,b|", false, "a,b", "b" },
	{ "unit = a\\x2db.service", "a\\\\x2db.service|", true, "a\\x2db.service",
	  "ax2db.service" },
	{ "unit = a\\\\x2db.service", "a\\\\x2db.service|", false, "a\\x2db.service",
	  "ax2db.service" },
	{ "unit = a\\*.service", "a\\*.service|", false, "a*.service", "ab.service" },
	{ "executable = /a\\x2d", "/a\\x2d|", false, "/ax2d", "/a\\x2d" },
};

START_TEST(test_lists)
{
	char text[128], globs[128] = "";
	struct policy_subject subject = { 0 };
	const struct policy_rule *rule;
	enum policy_cond cond;
	struct policy_rules rules;
	struct messages m;

	snprintf(text, sizeof(text), "[x]\n%s\npriority = 1\n", lists[_i].line);
	ck_assert_msg(!parse(text, strlen(text), &rules, &m), "%s: %s", text, m.text);
	rule = &rules.rule[0];
	cond = ffs(rule->head.conds) - 1;
	for_each_glob(glob, rule->cond[cond]) {
		strcat(globs, glob);
		strcat(globs, "|");
	}
	ck_assert_msg(!strcmp(globs, lists[_i].globs), "%s: %s", text, globs);
	ck_assert_msg((rule->changed == 1U << cond) == lists[_i].changed, "%s", text);
	ck_assert_uint_eq(rule->cond_line[cond], 2);
	subject.value[cond] = lists[_i].matches;
	ck_assert_msg(policy_cond__match(cond, rule->cond[cond], &subject) == MATCH_YES, "%s",
		      text);
	subject.value[cond] = lists[_i].does_not;
	ck_assert_msg(policy_cond__match(cond, rule->cond[cond], &subject) == MATCH_NO, "%s", text);
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
	snprintf(text, sizeof(text), "%.*s %.*s: 10\n", 98, name, 198 - 4 - 99, name);
	ck_assert_int_eq(parse(text, strlen(text), &rules, &m), 0);
	ck_assert_uint_eq(policy_list__size(rules.rule[0].cond[COND_PROGRAM]), 99 + 96 + 1);
	ck_assert_uint_eq(rules.rule[0].head.value[ATTR_PRIORITY].num, 10);
	policy_rules__clear(&rules);

	snprintf(text, sizeof(text), "%.*s %.*s: 10\n", 98, name, 199 - 4 - 99, name);
	ck_assert_int_eq(parse(text, strlen(text), &rules, &m), -EINVAL);
	ck_assert_str_eq(m.text, "1: found a line of 199 bytes, expected at most 198; a list "
				 "goes on in the next line if that begins with a blank\n");
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
	ck_assert(!strncmp(m.text, "1: found a line of 1000000 bytes", 32));
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
	ck_assert_mem_eq(r->cond[COND_PROGRAM], "a\0b\0!c\0", 8);
	ck_assert_mem_eq(r->cond[COND_INTERFACE], "eth*\0", 6);
	ck_assert_uint_eq(r->head.conds, 1 << COND_PROGRAM | 1 << COND_INTERFACE);
	ck_assert_uint_eq(r->value_line[ATTR_ATTACH], 8);
	ck_assert(!r->head.has[ATTR_PRIORITY]);
	policy_rules__clear(&rules);
}
END_TEST

START_TEST(test_order)
{
	static const char text[] = "[a]\norder = x y*\n z\nattach-mode = native\n"
				   "[b]\norder-step = 3\norder = x\norder-start = 7\n";
	struct policy_rules rules;
	struct messages m;
	struct policy_rule *r;

	ck_assert_int_eq(parse(text, strlen(text), &rules, &m), 0);
	ck_assert_uint_eq(rules.n, 2);
	r = &rules.rule[0];
	ck_assert_mem_eq(r->cond[COND_PROGRAM], "x\0y*\0z\0", 8);
	ck_assert_uint_eq(r->head.conds, 1 << COND_PROGRAM);
	ck_assert(r->head.has[ATTR_PRIORITY]);
	ck_assert_uint_eq(r->head.value[ATTR_PRIORITY].num, POLICY_ORDER_START);
	ck_assert_uint_eq(r->head.order_step, POLICY_ORDER_STEP);
	ck_assert_uint_eq(r->value_line[ATTR_PRIORITY], 2);
	ck_assert_uint_eq(r->head.value[ATTR_MODE].num, MODE_NATIVE);
	r = &rules.rule[1];
	ck_assert_uint_eq(r->head.value[ATTR_PRIORITY].num, 7);
	ck_assert_uint_eq(r->head.order_step, 3);
	ck_assert_uint_eq(r->value_line[ATTR_PRIORITY], 7);
	policy_rules__clear(&rules);
}
END_TEST

/* What a name holds, all formats hold; see policy_name__check(). */
START_TEST(test_short_rule_has_a_name)
{
	static const char two_bytes[] = X10("1234") "12345678\u00e9: 1\n";
	static const char text[] = "a] b: 1\n" X10("123456") ": 2\n[ c ]\npriority = 3\n";
	struct policy_rules rules;
	struct messages m;

	ck_assert_msg(!parse(text, strlen(text), &rules, &m), "%s", m.text);
	ck_assert_str_eq(rules.rule[0].name, "a");
	ck_assert_uint_eq(strlen(rules.rule[1].name), POLICY_MAX_NAME);
	ck_assert_str_eq(rules.rule[2].name, " c ");
	policy_rules__clear(&rules);

	/* 48 bytes, and a character of two that is not cut */
	ck_assert(!parse(two_bytes, strlen(two_bytes), &rules, &m));
	ck_assert_uint_eq(strlen(rules.rule[0].name), POLICY_MAX_NAME - 1);
	policy_rules__clear(&rules);
}
END_TEST

TCase *ini_tests(void)
{
	TCase *tc = tcase_create("ini");

	tcase_add_loop_test(tc, test_files, 0, sizeof(files) / sizeof(files[0]));
	tcase_add_loop_test(tc, test_lists, 0, sizeof(lists) / sizeof(lists[0]));
	tcase_add_test(tc, test_every_error_is_told);
	tcase_add_test(tc, test_longest_line_is_whole);
	tcase_add_test(tc, test_longest_name_is_whole);
	tcase_add_test(tc, test_nul_is_refused);
	tcase_add_test(tc, test_endless_line);
	tcase_add_test(tc, test_lines_and_values);
	tcase_add_test(tc, test_order);
	tcase_add_test(tc, test_short_rule_has_a_name);
	return tc;
}
