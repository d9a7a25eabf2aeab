// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../same-rules.h"
#include "policy/ini.h"
#include "policy/yaml-doc.h"
#include "policy/yaml.h"
#include "unit.h"
#include "write-rules.h"

#define X10(s) s s s s s s s s s s
#define N(a)   (sizeof(a) / sizeof((a)[0]))

/* a file of one rule that sets something */
#define V	"version: 1\n"
#define R	V "rules:\n"
#define M(s)	R "- match: {" s "}\n  set: {priority: 1}\n"
#define S(s)	R "- match: {host: h}\n  set: {" s "}\n"
#define NAME(s) R "- name: " s "\n  set: {priority: 1}\n"

#define J(s) "{\"version\": 1, \"rules\": [{\"name\": \"" s "\", \"set\": {\"priority\": 1}}]}"

static const struct {
	const char *text;
	unsigned int n_rules; /* if there is no error */
	const char *error;    /* the whole of the messages, or their beginning */
} files[] = {
	{ V "rules: []\n", 0, NULL },
	{ "\xef\xbb\xbf" V "rules: []\n", 0, NULL },
	{ "%YAML 1.2\n---\nversion: '1'\nrules: []\n...\n", 0, NULL },
	{ "{\"version\": 1, \"rules\": [{\"set\": {\"priority\": 1}}]}", 1, NULL },
	{ "{\n\t\"rules\":[{\"set\":{\"attach\":\"deny\"}}],\n\t\"version\":1\n}\n", 1, NULL },
	/* JSON that libyaml would refuse; what only looks like it stays as it is */
	{ J("\\ud83d\\ude00"), 1, NULL },
	{ J("\\uD83D\\uDE00\\\\\\\"\\udbff\\udfff"), 1, NULL },
	{ "{\"version\"\n:1,\"rules\" \r\n\t: [{\"set\"\n\n:{\"priority\": 1}}]}", 1, NULL },
	{ J("\\ud83d"), 0, "1: column 38: found wrong syntax" },
	{ J("\\ud83d\\ud83d"), 0, "1: column 38: found wrong syntax" },
	{ J("\\ude00\\ud83d"), 0, "1: column 38: found wrong syntax" },
	{ J("\\ud83d\\ude00\", \"x\": \""), 0, "1: column 51: found 'x', expected name, match" },
	{ "{'version': 1, rules: [{name: '\\ud83d\\ude00', set: {priority: 1}}]}", 1, NULL },
	{ R "- set: {priority: 1}\n- name: null\n  match: {}\n  set: {priority: 2}\n", 2, NULL },
	{ R "- &a\n  set: {priority: 1}\n- *a\n- *a\n", 3, NULL },
	{ R "- match: &m {host: &h [a, b]}\n  set: &s {priority: 1}\n"
	    "- match: {unit: *h}\n  set: *s\n- match: *m\n  set: *s\n",
	  3, NULL },
	{ R "- &a {name: &a n, match: {host: *a}, set: {priority: 1}}\n", 1, NULL },
	{ NAME("a\n   b"), 1, NULL },
	{ M("host: a"), 1, NULL },
	{ M("host: [a, \"!b\"]"), 1, NULL },
	{ M("host: 'null'"), 1, NULL },
	{ M("host: eth[0-9]*"), 0,
	  "3: column 20: found wrong syntax, expected YAML or JSON: "
	  "while parsing a flow mapping, did not find expected ',' or "
	  "'}'; a glob with brackets stands in quotes here\n" },
	{ R "- match:\n    host: eth[0-9]*\n  set: {priority: 1}\n", 1, NULL },
	{ S("chain-call-actions: []"), 1, NULL },
	{ S("chain-call-actions: PASS DROP"), 1, NULL },
	{ S("chain-call-actions: [XDP_PASS, drop]"), 1, NULL },
	{ S("order: [a, b], order-start: '5', order-step: 1"), 1, NULL },

	/* the top */
	{ "", 0, "1: column 1: found nothing, expected a mapping with version: 1\n" },
	{ "# nothing\n", 0, "2: column 1: found nothing, expected a mapping with version: 1\n" },
	{ "---\n", 0, "2: column 1: found nothing, expected a mapping of version and rules\n" },
	{ "x\n", 0, "1: column 1: found 'x', expected a mapping of version and rules\n" },
	{ "- x\n", 0, "1: column 1: found a list, expected a mapping of version and rules\n" },
	{ "rules: []\n", 0, "1: column 1: found no version, expected version: 1\n" },
	{ "rules: []\nversion: 2\nrule: 1\n", 0,
	  "2: column 10: found '2', expected 1: a newer xdp-policy may know more versions\n" },
	{ "version: [1]\nrules: []\n", 0, "1: column 10: found a list, expected 1" },
	{ V, 0, "1: column 1: found no rules, expected a list of rules\n" },
	{ V "rules:\n", 0, "2: column 7: found nothing, expected a list of rules\n" },
	{ V "rules: {}\n", 0, "2: column 8: found a mapping, expected a list of rules\n" },
	{ V "rules: []\nrulez: []\n", 0,
	  "3: column 1: found 'rulez', expected version or rules; did you mean rules?\n" },
	{ V "rules: []\nqqqqqqq: []\n", 0,
	  "3: column 1: found 'qqqqqqq', expected version or rules\n" },
	{ V "rules: []\nversion: 1\n", 0,
	  "3: column 1: found 'version' a second time in this mapping, expected it once\n" },
	{ V "rules: []\n[a]: 1\n", 0, "3: column 1: found a list, expected a name\n" },
	{ V "rules: []\n---\n" V, 0,
	  "3: column 1: found a second document, expected one in a file\n" },

	/* a rule */
	{ R "- x\n", 0,
	  "3: column 3: found 'x', expected a rule: a mapping of name, match and set\n" },
	{ R "- nmae: x\n  set: {priority: 1}\n", 0,
	  "3: column 3: found 'nmae', expected name, match or set; did you mean name?\n" },
	{ R "- host: x\n  set: {priority: 1}\n", 0,
	  "3: column 3: found 'host' beside name, match or set, expected it in match\n" },
	{ R "- order: [x]\n", 0,
	  "3: column 3: found 'order' beside name, match or set, expected it in set\n" },
	{ R "- set: {priority: 1}\n  set: {priority: 1}\n", 0,
	  "4: column 3: found 'set' a second time in this mapping, expected it once\n" },
	{ R "- <<: x\n  set: {priority: 1}\n", 0,
	  "3: column 3: found '<<', expected name, match or set\n" },
	{ R "- name: x\n", 0, "3: column 3: found a rule that sets nothing, expected priority" },
	{ NAME("[x]"), 0, "3: column 9: found a list, expected a rule's name\n" },
	{ NAME("'a]'"), 0, "3: column 9: found 'a]', expected a rule name without ']'" },
	{ NAME("\"a\\tb\""), 0, "3: column 9: found 'a\\x09b', expected a rule name without" },
	{ NAME("\"a\\x85b\""), 0,
	  "3: column 9: found 'a\\xc2\\x85b', expected a rule name without ']'" },
	{ NAME("\"a\\nb\""), 0,
	  "3: column 9: found a value with a line break, expected one line\n" },
	{ NAME("|\n    x"), 0,
	  "3: column 9: found a value with a line break, expected one line\n" },
	{ NAME("\"a\\0b\""), 0, "3: column 9: found a value with byte 0x00, expected text\n" },
	{ NAME("\"a\\x7f\""), 0, "3: column 9: found a value with byte 0x7f, expected text\n" },
	{ NAME(X10("12345")), 0,
	  "3: column 9: found a rule name of 50 bytes, expected at most 49\n" },

	/* conditions */
	{ R "- match:\n  set: {priority: 1}\n", 0,
	  "3: column 9: found nothing, expected a mapping of conditions\n" },
	{ R "- match: [x]\n  set: {priority: 1}\n", 0,
	  "3: column 10: found a list, expected a mapping of conditions\n" },
	{ M("hots: x"), 0,
	  "3: column 11: found 'hots', expected a condition; did you mean host?\n" },
	{ M("<<: x"), 0, "3: column 11: found '<<', expected a condition: program, section" },
	{ M("priority: 1"), 0, "3: column 11: found 'priority' in match, expected it in set\n" },
	{ M("order: a"), 0, "3: column 11: found 'order' in match, expected it in set\n" },
	{ M("[host]: a"), 0, "3: column 11: found a list, expected a condition\n" },
	{ M("host: a, host: b"), 0,
	  "3: column 20: found 'host' a second time in this mapping, expected it once\n" },
	{ M("host: {a: b}"), 0,
	  "3: column 17: found a mapping, expected a glob or a list of globs\n" },
	{ M("host: [a, [b]]"), 0, "3: column 21: found a list, expected a glob\n" },
	{ M("host: []"), 0, "3: column 17: found nothing, expected one or more globs\n" },
	{ M("host: ''"), 0, "3: column 17: found nothing, expected a glob\n" },
	{ M("host: "), 0, "3: column 17: found null, expected a glob; a name that is 'null'" },
	{ M("host: [a, Null, ~]"), 0,
	  "3: column 21: found null, expected a glob; a name that is 'null' stands in quotes\n"
	  "3: column 27: found null, expected a glob; a name that is 'null' stands in quotes\n" },
	{ M("host: a b"), 0, "3: column 17: found 'a b', expected a glob without blanks" },
	{ M("host: [c, a b]"), 0, "3: column 21: found 'a b', expected a glob without blanks" },
	{ M("host: \"a\\tb\""), 0,
	  "3: column 17: found 'a\\x09b', expected a glob without blanks" },
	{ M("host: \"a\\x9b\""), 0,
	  "3: column 17: found 'a\\xc2\\x9b', expected a glob without control characters\n" },
	{ M("host: '!'"), 0, "3: column 17: found a lone '!'" },
	{ M("host: ';a'"), 0, "3: column 17: found ';a', expected a glob" },
	{ M("host: [a, user=b]"), 0, "3: column 21: found 'user=b'" },
	{ M("host: [user, '=b']"), 0, "3: column 24: found '=b'" },
	{ M("host: " X10("12345678901234567") "1"), 0,
	  "3: column 17: found a glob of 171 bytes, expected at most 170\n" },

	/* settings */
	{ R "- set: x\n", 0, "3: column 8: found 'x', expected a mapping of settings\n" },
	{ R "- set: {}\n", 0, "3: column 3: found a rule that sets nothing, expected priority" },
	{ S("priorty: 1"), 0,
	  "4: column 9: found 'priorty', expected a setting; did you mean "
	  "priority?\n" },
	{ S("host: a"), 0, "4: column 9: found 'host' in set, expected it in match\n" },
	{ S("? {}\n  : a"), 0, "4: column 11: found a mapping, expected a setting\n" },
	{ S("priority: 1, priority: 1"), 0,
	  "4: column 22: found 'priority' a second time in this mapping, expected it once\n" },
	{ S("priority: [1]"), 0, "4: column 19: found a list, expected one value\n" },
	{ S("priority: {}"), 0, "4: column 19: found a mapping, expected one value\n" },
	{ S("priority: 0x10"), 0, "4: column 19: found '0x10', expected a run priority" },
	{ S("priority: 1.0"), 0, "4: column 19: found '1.0', expected a run priority" },
	{ S("priority: null"), 0, "4: column 19: found 'null', expected a run priority" },
	{ S("attach: true"), 0,
	  "4: column 17: found 'true', expected allow or deny; did you mean allow?\n" },
	{ S("attach-mode: sbk"), 0,
	  "4: column 22: found 'sbk', expected auto, native, skb or hw; "
	  "did you mean skb?\n" },
	{ S("chain-call-actions: {}"), 0,
	  "4: column 29: found a mapping, expected an action or a list of actions\n" },
	{ S("chain-call-actions: "), 0, "4: column 29: found nothing, expected chain call" },
	{ S("chain-call-actions: [PASS, TXX]"), 0, "4: column 36: found 'TXX', expected ABORTED" },
	{ S("chain-call-actions: [PASS, [TX]]"), 0,
	  "4: column 36: found a list, expected a chain call action\n" },
	{ S("chain-call-actions: [PASS, +TX]"), 0, "4: column 29: found a mix, expected" },
	{ S("chain-call-actions: [PASS, none]"), 0, "4: column 29: found a mix, expected" },
	{ S("chain-call-actions: ['']"), 0, "4: column 30: found nothing, expected chain call" },
	{ S("order: []"), 0, "4: column 16: found nothing, expected one or more globs\n" },
	{ S("order: [a, '!b']"), 0, "4: column 9: found '!b' in an order, expected a program\n" },
	{ S("order: a, priority: 1"), 0, "4: column 29: found 'priority' beside 'order'" },
	{ S("order: a, order-step: 0"), 0, "4: column 31: found '0', expected a distance from 1" },
	{ S("order-start: 1"), 0, "4: column 9: found 'order-start' without an order" },
	{ R "- set: {order: a}\n  match: {program: b}\n", 0,
	  "3: column 16: found 'order' beside 'program'" },

	/* what YAML has besides */
	{ M("host: !a"), 0,
	  "3: column 19: found wrong syntax, expected YAML or JSON: while "
	  "scanning a tag, did not find expected whitespace or line break; a "
	  "glob that begins with ! stands in quotes\n" },
	{ M("host: [!a , b]"), 0,
	  "3: column 18: found the tag '!a', expected none; a glob that "
	  "begins with ! stands in quotes\n" },
	{ M("host: ! a"), 0, "3: column 17: found the tag '!', expected none" },
	{ M("host: !!str a"), 0, "3: column 17: found the tag 'tag:yaml.org,2002:str'" },
	{ M("host: !!seq [a]"), 0, "3: column 17: found the tag 'tag:yaml.org,2002:seq'" },
	{ "!!map\n" V, 0, "1: column 1: found the tag 'tag:yaml.org,2002:map'" },
	{ "!a!b\n" V, 0,
	  "1: column 1: found wrong syntax, expected YAML or JSON: while parsing a "
	  "node, found undefined tag handle; a glob that begins with !" },
	{ "%TAG !a! b\n---\n" V, 0, "1: column 1: found %TAG, expected no tags\n" },
	{ "%YAML 1.3\n---\n" V, 0,
	  "1: column 1: found wrong syntax, expected YAML or JSON: found "
	  "incompatible YAML document\n" },
	{ M("host: *"), 0,
	  "3: column 18: found wrong syntax, expected YAML or JSON: while "
	  "scanning an alias, did not find expected alphabetic or numeric "
	  "character; a glob that begins with * stands in quotes\n" },
	{ M("host: *a"), 0,
	  "3: column 17: found the alias '*a' without an anchor '&a' before it, "
	  "expected one; a glob that begins with * stands in quotes\n" },
	{ M("host: &a [*a]"), 0, "3: column 21: found the alias '*a' within what it stands for" },
	{ R "- set: &s {priority: x}\n- set: *s\n", 0,
	  "3: column 22: found 'x', expected a run priority from 0 to 2147483647\n"
	  "3: column 22: found 'x', expected a run priority from 0 to 2147483647\n" },
	{ R "- set: {priority: &p [1]}\n- set: {priority: *p}\n", 0,
	  "3: column 19: found a list, expected one value\n"
	  "4: column 19: found a list, expected one value\n" },
	{ M("host: [[[[[a]]]]]"), 0,
	  "3: column 21: found lists and mappings within each other more than 8 deep, expected "
	  "fewer\n" },
	{ V "rules: [\n\n", 0,
	  "4: column 1: found wrong syntax, expected YAML or JSON: while "
	  "parsing a flow node, did not find expected node content\n" },
	{ V "rules: [a\n b: {\n", 0,
	  "3: column 3: found wrong syntax, expected YAML or JSON: while parsing a flow sequence "
	  "from line 2, did not find expected ',' or ']'" },
	{ V "rules: 'a\n\n", 0,
	  "4: column 1: found wrong syntax, expected YAML or JSON: while "
	  "scanning a quoted scalar from line 2, found unexpected end of "
	  "stream\n" },
	{ V "\trules: []\n", 0, "2: column 1: found wrong syntax, expected YAML or JSON: " },
	{ V "rules: []\n# \xc3\xa9 \xe9\n", 0,
	  "3: column 5: found no text, expected YAML or JSON in UTF-8: incomplete" },
	{ V "rules: []\n# \xc3\xa9 \033\n", 0,
	  "3: column 5: found no text, expected YAML or JSON in UTF-8: control characters are not "
	  "allowed\n" },
	{ "\xff\xfev\0", 0, "1: column 1: found no text, expected YAML or JSON in UTF-8: invalid" },
};

static int parse(const char *text, size_t size, struct policy_rules *rules, struct messages *m)
{
	struct policy_log log = log_to(m);

	*rules = (struct policy_rules){ .file = (char *)"f" };
	return policy_yaml__parse(text, size, rules, &log);
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
	static const char text[] =
		R "- x\n"
		  "- {name: 'a]', match: {hots: a, host: a b}, set: {priority: x}}\n"
		  "- {name: b, match: {host: a}}\n"
		  "- set: {attach: allow, attach: deny}\n";
	struct policy_rules rules;
	struct messages m;

	ck_assert_int_eq(parse(text, strlen(text), &rules, &m), -EINVAL);
	ck_assert_msg(m.n == 7, "%s", m.text);
	policy_rules__clear(&rules);
}
END_TEST

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && !strcmp(text + len - end_len, end);
}

START_TEST(test_no_more_than_20_errors)
{
	static const char text[] = R X10("- x\n") X10("- y\n") X10("- z\n");
	static const char last[] = "22: column 3: found 'y', expected a rule: a mapping of name, "
				   "match and set\n0: 10 more errors\n";
	struct policy_rules rules;
	struct messages m;

	ck_assert_int_eq(parse(text, strlen(text), &rules, &m), -EINVAL);
	ck_assert_uint_eq(m.n, 21);
	ck_assert_msg(ends_with(m.text, last), "%s", m.text);
	policy_rules__clear(&rules);
}
END_TEST

START_TEST(test_nul_is_refused)
{
	static const char text[] = V "rules: []\n\0\n";
	struct policy_rules rules;
	struct messages m;

	ck_assert_int_eq(parse(text, sizeof(text) - 1, &rules, &m), -EINVAL);
	ck_assert_str_eq(m.text, "3: column 1: found no text, expected YAML or JSON in UTF-8: "
				 "control characters are not allowed\n");
	policy_rules__clear(&rules);
}
END_TEST

START_TEST(test_lines_and_values)
{
	static const char text[] = "# one\n" R "- name: first\n"
				   "  match:\n"
				   "    program: [a, 'b', \"!c\"]\n"
				   "    interface: eth*\n"
				   "  set:\n"
				   "    priority: 7\n"
				   "    chain-call-actions: +TX -PASS\n"
				   "-\n"
				   "  set: {order: [x, y], order-step: 3,\n"
				   "        attach-mode: skb}\n";
	struct policy_rules rules;
	struct messages m;
	struct policy_rule *r;

	ck_assert_int_eq(parse(text, strlen(text), &rules, &m), 0);
	ck_assert_uint_eq(rules.n, 2);
	r = &rules.rule[0];
	ck_assert_str_eq(r->name, "first");
	ck_assert_str_eq(r->file, "f");
	ck_assert_uint_eq(r->line, 4);
	ck_assert_mem_eq(r->cond[COND_PROGRAM], "a\0b\0!c\0", 8);
	ck_assert_mem_eq(r->cond[COND_INTERFACE], "eth*\0", 6);
	ck_assert_uint_eq(r->head.conds, 1 << COND_PROGRAM | 1 << COND_INTERFACE);
	ck_assert_uint_eq(r->head.value[ATTR_PRIORITY].num, 7);
	ck_assert_uint_eq(r->value_line[ATTR_PRIORITY], 9);
	ck_assert(r->head.value[ATTR_ACTIONS].relative);
	ck_assert_uint_eq(r->head.value[ATTR_ACTIONS].add, 1 << 3);
	ck_assert_uint_eq(r->head.value[ATTR_ACTIONS].del, 1 << 2);
	ck_assert_uint_eq(r->value_line[ATTR_ACTIONS], 10);
	ck_assert(!r->head.has[ATTR_MODE] && !r->head.has[ATTR_ATTACH]);
	r = &rules.rule[1];
	ck_assert_str_eq(r->name, "");
	ck_assert_uint_eq(r->line, 12);
	ck_assert_mem_eq(r->cond[COND_PROGRAM], "x\0y\0", 5);
	ck_assert_uint_eq(r->head.value[ATTR_PRIORITY].num, POLICY_ORDER_START);
	ck_assert_uint_eq(r->head.order_step, 3);
	ck_assert_uint_eq(r->head.value[ATTR_MODE].num, MODE_SKB);
	ck_assert_uint_eq(r->value_line[ATTR_MODE], 13);
	policy_rules__clear(&rules);
}
END_TEST

/* n aliases of a list that is 10 values */
static int parse_aliases(unsigned int n, struct policy_rules *rules, struct messages *m)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int rc;

	fputs(R "- match: {host: &a [a, a, a, a, a, a, a, a, a]}\n  set: {priority: 1}\n", out);
	for (unsigned int i = 0; i < n; i++)
		fputs("- match: {host: *a}\n  set: {priority: 1}\n", out);
	fclose(out);
	rc = parse(text, size, rules, m);
	free(text);
	return rc;
}

START_TEST(test_aliases_are_bounded)
{
	struct policy_rules rules;
	struct messages m;

	ck_assert_int_eq(parse_aliases(10000, &rules, &m), 0);
	ck_assert_uint_eq(rules.n, 10001);
	ck_assert_uint_eq(policy_list__count(rules.rule[10000].cond[COND_HOST]), 9);
	policy_rules__clear(&rules);
	ck_assert_int_eq(parse_aliases(10001, &rules, &m), -EINVAL);
	ck_assert_str_eq(m.text, "20005: column 17: found aliases for more than 100000 values in "
				 "all, expected fewer\n");
	policy_rules__clear(&rules);
}
END_TEST

/* each stands for ten of the one before */
START_TEST(test_a_billion_laughs)
{
	static const char text[] = R "- [&a [x, x, x, x, x, x, x, x, x, x],\n"
				     "&b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a],\n"
				     "&c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b],\n"
				     "&d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c],\n"
				     "&e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d],\n"
				     "&f [*e, *e, *e, *e, *e, *e, *e, *e, *e, *e]]\n";
	struct policy_rules rules;
	struct messages m;

	ck_assert_int_eq(parse(text, strlen(text), &rules, &m), -EINVAL);
	ck_assert_msg(m.n == 1 && strstr(m.text, ": found aliases for more than 100000 values"),
		      "%s", m.text);
	policy_rules__clear(&rules);
}
END_TEST

/* What takes quadratic time does not end within check's time limit. */
START_TEST(test_long_list)
{
	struct policy_rules rules;
	struct messages m;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fputs(R "- match: {host: [", out);
	for (unsigned int i = 0; i < 100000; i++)
		fprintf(out, "h%u, ", i);
	fputs("]}\n  set: {priority: 1}\n", out);
	fclose(out);
	ck_assert_msg(!parse(text, size, &rules, &m), "%s", m.text);
	ck_assert_uint_eq(policy_list__count(rules.rule[0].cond[COND_HOST]), 100000);
	policy_rules__clear(&rules);
	free(text);
}
END_TEST

START_TEST(test_many_directives)
{
	struct policy_rules rules;
	struct messages m;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (unsigned int i = 0; i < 60000; i++)
		fprintf(out, "%%TAG !a%u! b\n", i);
	fputs("---\n" V, out);
	fclose(out);
	ck_assert_int_eq(parse(text, size, &rules, &m), -EINVAL);
	ck_assert_str_eq(m.text, "1: column 1: found %TAG, expected no tags\n");
	free(text);
}
END_TEST

/* --- what tools write --- */

static const char *const format_names[] = { "INI", "YAML", "JSON" };

/* Returns what the writer does, and in *ret the text, to be freed. */
static int write_as(enum rule_format format, const struct policy_rules *rules, char **ret,
		    size_t *size, struct messages *m)
{
	const struct policy_log log = log_to(m);
	const struct policy_rule **list = calloc(rules->n + 1, sizeof(*list));
	FILE *out = open_memstream(ret, size);
	int rc;

	for (size_t i = 0; i < rules->n; i++)
		list[i] = &rules->rule[i];
	if (format == FORMAT_INI)
		rc = write_rules__ini(out, list, rules->n, rules->n % 2);
	else if (format == FORMAT_YAML)
		rc = write_rules__yaml(out, list, rules->n, &log);
	else
		rc = write_rules__json(out, list, rules->n, &log);
	ck_assert(!ferror(out));
	fclose(out);
	free(list);
	return rc;
}

static int read_as(enum rule_format format, const char *text, size_t size,
		   struct policy_rules *rules, struct messages *m)
{
	struct policy_log log = log_to(m);

	*rules = (struct policy_rules){ .file = (char *)"f" };
	return (format == FORMAT_INI ? policy_ini__parse : policy_yaml__parse)(text, size, rules,
									       &log);
}

static void check_written(const struct policy_rules *rules)
{
	for (enum rule_format format = FORMAT_INI; format <= FORMAT_JSON; format++) {
		struct policy_rules again;
		struct messages m;
		const char *what;
		char *text = NULL;
		size_t size;

		ck_assert_int_eq(write_as(format, rules, &text, &size, &m), 0);
		ck_assert_msg(!read_as(format, text, size, &again, &m), "%s: %s%s",
			      format_names[format], m.text, text);
		what = rules_differ(rules, &again);
		ck_assert_msg(!what, "%s: %s\n%s", format_names[format], what, text);
		ck_assert_msg(size && text[size - 1] == '\n', "%s", text);
		policy_rules__clear(&again);
		free(text);
	}
}

static const char three[] =
	R "- name: first # of all\n"
	  "  match: {program: [a, '!b'], host: '*'}\n"
	  "  set: {priority: 7, attach: deny}\n"
	  "- name: ~\n"
	  "  set: {chain-call-actions: +TX -PASS, attach-mode: hw}\n"
	  "- name: \"null\"\n"
	  "  match: {host: [\"null\", '&', \u00e9, \"\\u2028\\ufeff\\U0001f600\"]}\n"
	  "  set: {order: [x, y], order-start: 7, chain-call-actions: []}\n"
	  "- name: '\" ''# '\n"
	  "  set: {order: z*, order-start: 10, order-step: 1}\n";

static const struct {
	enum rule_format format;
	const char *text;
} written[] = {
	{ FORMAT_INI, "[first]\n"
		      "program            = a !b\n"
		      "host               = *\n"
		      "priority           = 7\n"
		      "attach             = deny\n"
		      "\n"
		      "[]\n"
		      "chain-call-actions = -PASS +TX\n"
		      "attach-mode        = hw\n"
		      "\n"
		      "[null]\n"
		      "host               = null & \u00e9 \u2028\ufeff\U0001f600\n"
		      "chain-call-actions = none\n"
		      "order              = x y\n"
		      "order-start        = 7\n"
		      "\n"
		      "[\" '# ]\n"
		      "order              = z*\n"
		      "order-step         = 1\n" },
	{ FORMAT_YAML, "version: 1\n"
		       "rules:\n"
		       "- name: first\n"
		       "  match:\n"
		       "    program: [a, '!b']\n"
		       "    host: ['*']\n"
		       "  set:\n"
		       "    priority: 7\n"
		       "    attach: deny\n"
		       "- set:\n"
		       "    chain-call-actions: [-PASS, +TX]\n"
		       "    attach-mode: hw\n"
		       "- name: 'null'\n"
		       "  match:\n"
		       "    host: ['null', '&', \u00e9, \"\\L\\uFEFF\\U0001F600\"]\n"
		       "  set:\n"
		       "    chain-call-actions: []\n"
		       "    order: [x, y]\n"
		       "    order-start: 7\n"
		       "- name: '\" ''# '\n"
		       "  set:\n"
		       "    order: [z*]\n"
		       "    order-step: 1\n" },
	{ FORMAT_JSON, "{\n"
		       "  \"version\": 1,\n"
		       "  \"rules\": [\n"
		       "    {\n"
		       "      \"name\": \"first\",\n"
		       "      \"match\": {\n"
		       "        \"program\": [\n"
		       "          \"a\",\n"
		       "          \"!b\"\n"
		       "        ],\n"
		       "        \"host\": [\n"
		       "          \"*\"\n"
		       "        ]\n"
		       "      },\n"
		       "      \"set\": {\n"
		       "        \"priority\": 7,\n"
		       "        \"attach\": \"deny\"\n"
		       "      }\n"
		       "    },\n"
		       "    {\n"
		       "      \"name\": \"\",\n"
		       "      \"match\": {},\n"
		       "      \"set\": {\n"
		       "        \"chain-call-actions\": [\n"
		       "          \"-PASS\",\n"
		       "          \"+TX\"\n"
		       "        ],\n"
		       "        \"attach-mode\": \"hw\"\n"
		       "      }\n"
		       "    },\n"
		       "    {\n"
		       "      \"name\": \"null\",\n"
		       "      \"match\": {\n"
		       "        \"host\": [\n"
		       "          \"null\",\n"
		       "          \"&\",\n"
		       "          \"\u00e9\",\n"
		       "          \"\\u2028\\ufeff\U0001f600\"\n"
		       "        ]\n"
		       "      },\n"
		       "      \"set\": {\n"
		       "        \"chain-call-actions\": [],\n"
		       "        \"order\": [\n"
		       "          \"x\",\n"
		       "          \"y\"\n"
		       "        ],\n"
		       "        \"order-start\": 7\n"
		       "      }\n"
		       "    },\n"
		       "    {\n"
		       "      \"name\": \"\\\" '# \",\n"
		       "      \"match\": {},\n"
		       "      \"set\": {\n"
		       "        \"order\": [\n"
		       "          \"z*\"\n"
		       "        ],\n"
		       "        \"order-step\": 1\n"
		       "      }\n"
		       "    }\n"
		       "  ]\n"
		       "}\n" },
};

START_TEST(test_written)
{
	struct policy_rules rules;
	struct messages m;
	char *text = NULL;
	size_t size;

	ck_assert_msg(!parse(three, strlen(three), &rules, &m), "%s", m.text);
	ck_assert_int_eq(write_as(written[_i].format, &rules, &text, &size, &m), 0);
	ck_assert_str_eq(text, written[_i].text);
	free(text);
	check_written(&rules);
	policy_rules__clear(&rules);
}
END_TEST

START_TEST(test_no_rules)
{
	struct policy_rules rules = { 0 };
	struct messages m;
	char *text = NULL;
	size_t size;

	ck_assert_int_eq(write_as(FORMAT_YAML, &rules, &text, &size, &m), 0);
	ck_assert_str_eq(text, "version: 1\nrules: []\n");
	ck_assert_int_eq(read_as(FORMAT_YAML, text, size, &rules, &m), 0);
	free(text);
	ck_assert_int_eq(write_as(FORMAT_JSON, &rules, &text, &size, &m), 0);
	ck_assert_str_eq(text, "{\n  \"version\": 1,\n  \"rules\": []\n}\n");
	ck_assert_int_eq(read_as(FORMAT_JSON, text, size, &rules, &m), 0);
	free(text);
	ck_assert_int_eq(write_as(FORMAT_INI, &rules, &text, &size, &m), 0);
	ck_assert_str_eq(text, "");
	free(text);
}
END_TEST

START_TEST(test_places)
{
	struct policy_rules rules = { .file = (char *)"a\n[b" };
	const struct policy_rule *rule;
	char err[POLICY_ERROR_SIZE], *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	policy_rule__set(policy_rules__add(&rules, "n", 7), policy_key__attr(ATTR_PRIORITY), "1",
			 false, 8, err, sizeof(err));
	rule = &rules.rule[0];
	ck_assert_int_eq(write_rules__ini(out, &rule, 1, true), 0);
	fclose(out);
	ck_assert_str_eq(text, "\n# a\\x0a[b:7\n[n]\npriority           = 1\n");
	policy_rules__clear(&rules);
	free(text);
}
END_TEST

static const char *const not_utf8[] = {
	"[a\xe9]\npriority = 1\n",
	"[a]\nhost = b\xff\npriority = 1\n",
	"[a]\norder = b \xed\xa0\x80\n",
	"\xc3: 1\n",
};

START_TEST(test_bytes_are_not_changed)
{
	for (enum rule_format format = FORMAT_YAML; format <= FORMAT_JSON; format++) {
		struct policy_rules rules;
		struct messages m;
		char *text = NULL;
		size_t size;

		ck_assert_msg(!read_as(FORMAT_INI, not_utf8[_i], strlen(not_utf8[_i]), &rules, &m),
			      "%s", m.text);
		ck_assert_int_eq(write_as(format, &rules, &text, &size, &m), -EILSEQ);
		ck_assert_str_eq(text, "");
		ck_assert_msg(m.n == 1 && strstr(m.text, "1: found '") &&
				      strstr(m.text, ", expected UTF-8: YAML and JSON hold"),
			      "%s", m.text);
		free(text);
		policy_rules__clear(&rules);
	}
}
END_TEST

/* xorshift; the same numbers each time */
static uint32_t random_number(uint32_t below)
{
	static uint32_t state = 2463534242;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % below;
}

static const char *const pieces[] = {
	":",	  ": ",		"#",	    " #",	"'",	    "\"",     "{",	"}",
	"[",	  ",",		", ",	    "&",	"*",	    "!",      "|",	">",
	"%",	  "@",		"`",	    "-",	"- ",	    "?",      "? ",	"\\",
	" ",	  "  ",		";",	    "=",	"<<",	    "~",      "null",	"true",
	"1e3",	  "---",	"...",	    "a",	"b",	    "xdp_",   "/",	".",
	"\u00e9", "\u65e5",	"\u00a0",   "\u0301",	"\u2028",   "\u2029", "\ufffd", "\uffff",
	"\ufeff", "\U0001f600", "\xc2\x80", "\xc2\x85", "\xc2\x9b", "\t",     "\n",	"]",
};

static void random_text(char *text, size_t size)
{
	size_t n = random_number(8);

	*text = '\0';
	while (n--)
		if (strlen(text) + 8 < size)
			strcat(text, pieces[random_number(N(pieces))]);
}

static void random_glob(char *text, size_t size)
{
	char err[POLICY_ERROR_SIZE];

	do {
		random_text(text, size);
		if (!random_number(20)) {
			memset(text, 'x', POLICY_MAX_GLOB);
			text[POLICY_MAX_GLOB] = '\0';
		}
	} while (text[strcspn(text, "\n,\\")] || policy_glob__check(text, err, sizeof(err)));
}

static void set_ok(struct policy_rule *rule, const struct policy_key *key, const char *text,
		   bool more)
{
	char err[POLICY_ERROR_SIZE];

	ck_assert_msg(!policy_rule__set(rule, key, text, more, 3, err, sizeof(err)), "%s", err);
}

static void random_list(struct policy_rule *rule, const struct policy_key *key)
{
	size_t n = 1 + random_number(5);
	char glob[200];

	for (size_t i = 0; i < n; i++) {
		do
			random_glob(glob, sizeof(glob));
		while (key->kind == KEY_ORDER && *glob == '!');
		set_ok(rule, key, glob, i);
	}
}

static const char *const dispatchers[] = { "optional", "required" };

static void random_value(struct policy_rule *rule, const struct policy_key *key)
{
	static const char *const actions[] = { "none",	   "PASS",  "ABORTED DROP TX REDIRECT",
					       "+TX",	   "-DROP", "+ABORTED -PASS",
					       "-REDIRECT" };
	static const char *const attaches[] = { "allow", "deny" };
	static const char *const modes[] = { "auto", "native", "skb", "hw" };
	char number[16];

	snprintf(number, sizeof(number), "%u",
		 random_number(4) ? 1 + random_number(30) : 1 + random_number(INT32_MAX));
	set_ok(rule, key,
	       key->id == ATTR_ACTIONS	  ? actions[random_number(N(actions))] :
	       key->id == ATTR_ATTACH	  ? attaches[random_number(N(attaches))] :
	       key->id == ATTR_MODE	  ? modes[random_number(N(modes))] :
	       key->id == ATTR_DISPATCHER ? dispatchers[random_number(N(dispatchers))] :
					    number,
	       false);
}

static void random_order(struct policy_rule *rule)
{
	char number[16];

	random_list(rule, policy_key__order(ORDER_LIST));
	snprintf(number, sizeof(number), "%u", random_number(20));
	if (random_number(2))
		set_ok(rule, policy_key__order(ORDER_START), number, false);
	snprintf(number, sizeof(number), "%u", 1 + random_number(20));
	if (random_number(2))
		set_ok(rule, policy_key__order(ORDER_STEP), number, false);
}

static void random_rule(struct policy_rules *rules)
{
	char name[POLICY_MAX_NAME + 1], err[POLICY_ERROR_SIZE];
	bool order = !random_number(3);
	struct policy_rule *rule;

	do
		random_text(name, sizeof(name));
	while (policy_name__check(name, err, sizeof(err)));
	rule = policy_rules__add(rules, name, 1);
	for (enum policy_cond c = 0; c < N_CONDS; c++)
		if (!(order && c == COND_PROGRAM) && !random_number(4))
			random_list(rule, policy_key__cond(c));
	for_each_attr(attr)
		if (!(order && attr == ATTR_PRIORITY) && random_number(2))
			random_value(rule, policy_key__attr(attr));
	if (order)
		random_order(rule);
	if (policy_rule__finish(rule, err, sizeof(err)))
		random_value(rule, policy_key__attr(ATTR_ATTACH));
	ck_assert_msg(!policy_rule__finish(rule, err, sizeof(err)), "%s", err);
}

START_TEST(test_any_rules_come_back)
{
	for (unsigned int i = 0; i < 500; i++) {
		struct policy_rules rules = { .file = (char *)"f" };

		for (size_t n = random_number(6); n; n--)
			random_rule(&rules);
		if (rules.n)
			check_written(&rules);
		policy_rules__clear(&rules);
	}
}
END_TEST

/* What RFC 8259 has, and what only YAML has: a file that calls itself JSON is read by others, too.
 */
static const struct {
	const char *value, *message; /* of the rule's name */
} json_values[] = {
	{ "\"a\"", NULL },
	{ "\"\\\"\\\\\\/\\u00e4\"", NULL },
	{ "# x\n\"a\"", "column 21: found a comment, expected none, as JSON has it; a file of YAML "
			"ends in .yaml" },
	{ "'a'", "column 21: found text in single quotes, expected double quotes, as JSON has it" },
	{ "a", "column 21: found 'a', expected text in double quotes, as JSON has it" },
	{ "\"\\x61\"", "column 23: found 'x61\"', expected an escape: one of" },
	{ "\"a\",", "column 25: found a comma behind the last value, expected none" },
	{ "\"a\", b: c", "column 26: found 'b', expected text in double quotes" },
	{ "\"a\", \"match\": {\"program\": [\"p\",]}",
	  "column 52: found a comma behind the last value, expected none" },
};

START_TEST(test_json)
{
	static const char *const names[] = { "f.json", "f.yaml" };
	const char *message = json_values[_i].message;
	char text[300];

	snprintf(text, sizeof(text), "{\"rules\": [{\"name\": %s}]}", json_values[_i].value);
	for (size_t i = 0; i < N(names); i++) {
		struct policy_doc doc;
		struct messages m;
		struct policy_log log = log_to(&m);
		bool bad = message && !i;

		ck_assert_int_eq(policy_doc__read(&doc, text, strlen(text), names[i], &log),
				 bad ? -EINVAL : 0);
		ck_assert_uint_eq(m.n, bad);
		ck_assert_msg(!bad || strstr(m.text, message), "%s", m.text);
		policy_doc__free(&doc);
	}
}
END_TEST

TCase *yaml_tests(void)
{
	TCase *tc = tcase_create("yaml");

	tcase_add_loop_test(tc, test_files, 0, N(files));
	tcase_add_test(tc, test_every_error_is_told);
	tcase_add_test(tc, test_no_more_than_20_errors);
	tcase_add_test(tc, test_nul_is_refused);
	tcase_add_test(tc, test_lines_and_values);
	tcase_add_test(tc, test_aliases_are_bounded);
	tcase_add_test(tc, test_a_billion_laughs);
	tcase_add_test(tc, test_long_list);
	tcase_add_test(tc, test_many_directives);
	tcase_add_loop_test(tc, test_written, 0, N(written));
	tcase_add_test(tc, test_no_rules);
	tcase_add_test(tc, test_places);
	tcase_add_loop_test(tc, test_bytes_are_not_changed, 0, N(not_utf8));
	tcase_add_test(tc, test_any_rules_come_back);
	tcase_add_loop_test(tc, test_json, 0, N(json_values));
	return tc;
}
