// SPDX-License-Identifier: LGPL-2.1-or-later
/* What is expected here follows from nsswitch.conf(5). */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

/* "files:rccc app:rccc": the source, and its action for each status (r, c, m) */
static void print_steps(const struct policy_steps *steps, char *buf, size_t size)
{
	*buf = '\0';
	for (size_t i = 0; i < steps->n; i++) {
		size_t len = strlen(buf);

		snprintf(buf + len, size - len, "%s%s:", i ? " " : "", steps->step[i].name);
		for (int s = 0; s < N_STATUSES; s++) {
			len = strlen(buf);
			snprintf(buf + len, size - len, "%c", "rcm"[steps->step[i].action[s]]);
		}
	}
}

#define DEFAULT "files:rccc cdb:rccc app:rccc btf:rccc"

static const struct {
	const char *text;
	const char *priority, *actions;
	const char *messages; /* the beginning */
} switches[] = {
	{ "", DEFAULT, DEFAULT, "" },
	{ "# nothing\n\n   \n", DEFAULT, DEFAULT, "" },
	{ "priority: app\n", "app:rccc", DEFAULT, "" },
	{ "priority:app", "app:rccc", DEFAULT, "" },
	{ " \t priority\t:\tfiles\t app # comment\n", "files:rccc app:rccc", DEFAULT, "" },
	{ "priority: files [NOTFOUND=return] app\n", "files:rrcc app:rccc", DEFAULT, "" },
	{ "priority: files[notfound=RETURN]app\n", "files:rrcc app:rccc", DEFAULT, "" },
	{ "priority: files [ success = continue ] app\n", "files:cccc app:rccc", DEFAULT, "" },
	{ "priority: files [!UNAVAIL=return] app\n", "files:rrcr app:rccc", DEFAULT, "" },
	{ "priority: files [!success=return] app\n", "files:rrrr app:rccc", DEFAULT, "" },
	{ "priority: files [tryagain=return unavail=return] app\n", "files:rcrr app:rccc", DEFAULT,
	  "" },
	{ "priority: files [!success=return unavail=continue] app\n", "files:rrcr app:rccc",
	  DEFAULT, "" },
	{ "chain-call-actions: files [success=merge] btf\n", DEFAULT, "files:mccc btf:rccc", "" },
	{ "priority: files\npriority: app\n", "app:rccc", DEFAULT,
	  "2: found attribute 'priority' a second time, expected it once: line 1 does not count" },
	{ "on-error: deny\non-error: allow\n", DEFAULT, DEFAULT,
	  "2: found attribute 'on-error' a second time, expected it once: line 1 does not count" },

	/* what does nothing where it is */
	{ "attach: app\n", DEFAULT, DEFAULT,
	  "1: found source 'app', which never has an answer for attach; it does nothing there" },
	{ "attach-mode: BTF files\n", DEFAULT, DEFAULT,
	  "1: found source 'btf', which never has an answer for attach-mode;" },
	{ "priority: files app Files\n", "files:rccc app:rccc files:rccc", DEFAULT,
	  "1: found source 'files' twice, expected it once" },
	{ "priority: ldap [tryagain=continue] ldap\n", "ldap:rccc ldap:rccc", DEFAULT, "" },

	/* a wrong line leaves the default, and other lines count */
	{ "priority: files [success=merge] app\nchain-call-actions: app\n", DEFAULT, "app:rccc",
	  "1: found 'merge] app', expected return or continue: only chain-call-actions merge" },
	{ "priority: files [sucess=return] app\n", DEFAULT, DEFAULT,
	  "1: found 'sucess=return] app', expected success, notfound, unavail or tryagain; did you "
	  "mean success?" },
	{ "priority: files [success return]\n", DEFAULT, DEFAULT,
	  "1: found 'return]', expected '='" },
	{ "priority: files [success=stop]\n", DEFAULT, DEFAULT,
	  "1: found 'stop]', expected return, continue or merge; did you mean return?" },
	{ "priority: files, app\n", DEFAULT, DEFAULT,
	  "1: found ', app', expected a source: files, cdb, app or btf; blanks separate words" },
	{ "priority:\xc2\xa0"
	  "files\n",
	  DEFAULT, DEFAULT,
	  "1: found '\\xc2\\xa0files', expected a source: files, cdb, app or btf" },
	{ "\xef\xbb\xbf\xef\xbb\xbfpriority: files\n", DEFAULT, DEFAULT,
	  "1: found '\\xef\\xbb\\xbfpriority: files', expected 'attribute: source...'" },
	{ "priority: files ; why\n", DEFAULT, DEFAULT,
	  "1: found '; why', expected a source: files, cdb, app or btf; a comment begins with #" },
	{ "priority: files [success=return\n", DEFAULT, DEFAULT,
	  "1: found the end of the line, expected ']'" },
	{ "priority: app\npriority: [\n", DEFAULT, DEFAULT, "2: found '[', expected a source" },
	{ "priority: files []\n", DEFAULT, DEFAULT, "1: found ']', expected success" },
	{ "priority: [success=return] files\n", DEFAULT, DEFAULT,
	  "1: found '[success=return] files', expected a source" },
	{ "priority:\n", DEFAULT, DEFAULT, "1: found the end of the line, expected one or more" },
	{ "priority files\n", DEFAULT, DEFAULT, "1: found 'files', expected 'attribute:" },
	{ "priority: files, app\n", DEFAULT, DEFAULT, "1: found ', app', expected a source" },
	{ "\npriorty: files\n", DEFAULT, DEFAULT,
	  "2: found attribute 'priorty', expected priority, chain-call-actions, attach, "
	  "attach-mode, dispatcher or on-error;"
	  " did you mean priority?; the line is ignored" },
	/* a source of that name may be installed: not for the grammar to say */
	{ "priority: ldap_2-x app\n", "ldap_2-x:rccc app:rccc", DEFAULT, "" },
	{ "priority: \033[2J\n", DEFAULT, DEFAULT, "1: found '\\x1b[2J', expected a source" },
	{ "on-error: maybe\n", DEFAULT, DEFAULT,
	  "1: found 'maybe', expected allow or deny; it counts as 'on-error: deny'" },
	{ "on-error: alow # why\n", DEFAULT, DEFAULT,
	  "1: found 'alow ', expected allow or deny; did you mean allow?; the line is ignored" },
	{ "on-error: dney\n", DEFAULT, DEFAULT,
	  "1: found 'dney', expected allow or deny; did you mean deny?; it counts as 'on-error: "
	  "deny'" },
	/* ours are called by one name, a plug-in by that of its file */
	{ "priority: FILES Cdb bTf APP Ldap\n", "files:rccc cdb:rccc btf:rccc app:rccc Ldap:rccc",
	  DEFAULT, "" },
	{ "Priority: app\n", DEFAULT, DEFAULT, "1: found attribute 'Priority', expected" },
	{ "\xef\xbb\xbfpriority: app\r\n", "app:rccc", DEFAULT, "" },
	{ "priority: app\n\xef\xbb\xbfpriority: btf\n", "app:rccc", DEFAULT,
	  "2: found '\\xef\\xbb\\xbfpriority: btf'" },
	{ "priority: app\rattach: files\r", DEFAULT, DEFAULT, "1: found ': files" },
};

START_TEST(test_switches)
{
	struct policy_switch sw;
	struct messages m;
	struct policy_log log = log_to(&m);
	const char *text = switches[_i].text;
	char steps[512];

	policy_switch__parse(&sw, "f", text, strlen(text), &log);
	print_steps(&sw.attr[ATTR_PRIORITY], steps, sizeof(steps));
	ck_assert_str_eq(steps, switches[_i].priority);
	print_steps(&sw.attr[ATTR_ACTIONS], steps, sizeof(steps));
	ck_assert_str_eq(steps, switches[_i].actions);
	ck_assert_msg(!strncmp(m.text, switches[_i].messages, strlen(switches[_i].messages)) &&
			      !*m.text == !*switches[_i].messages,
		      "%s: '%s'", text, m.text);
}
END_TEST

/*
 * nsswitch.conf(5): "[ ( "!"? STATUS "=" ACTION )+ ]", STATUS and ACTION without regard to case.
 * "The default action is return for success, and continue for all other conditions"; "!" means
 * all possible results but the one that follows. Here: each pair, with and without "!", written
 * in three ways, acts on the statuses that it names and on no other.
 */
static const char *const statuses[] = { "success", "notfound", "unavail", "tryagain" };
static const char *const actions[] = { "return", "continue", "merge" };

START_TEST(test_every_pair)
{
	static const char *const forms[] = {
		"chain-call-actions: files [%s%s=%s] app\n",
		"chain-call-actions:files[ %s %s\t= %s ]app # ]\n",
		"\tchain-call-actions :\tfiles\t[%s%s=%s]\tapp\n",
	};
	bool negate = _i & 1;
	int status = _i >> 1 & 3, action = _i >> 3;
	char text[200], expected[50] = "files:rccc app:rccc", steps[512];
	struct policy_switch sw;
	struct messages m;
	struct policy_log log = log_to(&m);

	for (int s = 0; s < N_STATUSES; s++)
		if ((s == status) != negate)
			expected[6 + s] = "rcm"[action];
	for (int upper = 0; upper < 2; upper++) {
		for (size_t f = 0; f < sizeof(forms) / sizeof(forms[0]); f++) {
			snprintf(text, sizeof(text), forms[f], negate ? "!" : "", statuses[status],
				 actions[action]);
			for (char *c = strchr(text, '['); upper && *c != ']'; c++)
				*c = toupper((unsigned char)*c);
			ck_assert_uint_eq(policy_switch__parse(&sw, "f", text, strlen(text), &log),
					  0);
			print_steps(&sw.attr[ATTR_ACTIONS], steps, sizeof(steps));
			ck_assert_msg(!strcmp(steps, expected), "%s: %s, not %s", text, steps,
				      expected);
		}
	}
	ck_assert_uint_eq(m.n, 0);
}
END_TEST

/* Several pairs in one pair of brackets: a later one overrides an earlier one of the same status.
 */
START_TEST(test_two_pairs)
{
	int first = _i % 12, second = _i / 12;
	char text[200], expected[50] = "files:rccc btf:rccc", steps[512];
	struct policy_switch sw;

	expected[6 + first % 4] = "rcm"[first / 4];
	expected[6 + second % 4] = "rcm"[second / 4];
	snprintf(text, sizeof(text), "chain-call-actions: files [%s=%s %s=%s] btf\n",
		 statuses[first % 4], actions[first / 4], statuses[second % 4],
		 actions[second / 4]);
	ck_assert_uint_eq(policy_switch__parse(&sw, "f", text, strlen(text), NULL), 0);
	print_steps(&sw.attr[ATTR_ACTIONS], steps, sizeof(steps));
	ck_assert_str_eq(steps, expected);
}
END_TEST

/* Only sets can be merged. */
START_TEST(test_merge_of_single_values)
{
	static const char *const attrs[] = { "priority", "attach", "attach-mode" };
	struct policy_switch sw;
	struct messages m;
	struct policy_log log;
	char text[100];

	for (int i = 0; i < 3; i++) {
		log = log_to(&m);
		snprintf(text, sizeof(text), "%s: files [success=merge] cdb\n", attrs[i]);
		ck_assert_uint_eq(policy_switch__parse(&sw, "f", text, strlen(text), &log), 1);
		ck_assert_ptr_nonnull(strstr(m.text, "only chain-call-actions merge"));
	}
}
END_TEST

START_TEST(test_minds_default)
{
	static const struct {
		const char *text;
		bool minds;
	} cases[] = {
		{ "", false },
		{ "chain-call-actions: files app\n", false },
		{ "chain-call-actions: btf files\n", true },
		{ "chain-call-actions: files [success=merge] btf\n", true },
	};
	struct policy_switch sw;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		policy_switch__parse(&sw, "f", cases[i].text, strlen(cases[i].text), NULL);
		ck_assert_int_eq(sw.attr[ATTR_ACTIONS].minds_default, cases[i].minds);
	}
}
END_TEST

START_TEST(test_on_error)
{
	struct policy_switch sw;

	policy_switch__parse(&sw, "f", "on-error: Deny\n", 15, NULL);
	ck_assert(sw.deny_on_error);
	policy_switch__parse(&sw, "f", "on-error: allow\n", 16, NULL);
	ck_assert(!sw.deny_on_error);
}
END_TEST

START_TEST(test_too_many_and_too_long)
{
	struct policy_switch sw;
	char text[2000] = "priority:";

	for (int i = 0; i < 17; i++)
		strcat(text, " app");
	strcat(text, "\n");
	ck_assert_uint_eq(policy_switch__parse(&sw, "f", text, strlen(text), NULL), 1);
	memset(text, ' ', sizeof(text));
	ck_assert_uint_eq(policy_switch__parse(&sw, "f", text, sizeof(text), NULL), 1);
	ck_assert_uint_eq(policy_switch__parse(&sw, "f", "priority: a\0pp\n", 15, NULL), 1);
}
END_TEST

/* Whatever is wrong with a line, a good one before it does not hold on; others do. */
static const struct {
	const char *begin;
	size_t size;	     /* of begin */
	size_t len;	     /* with so many x behind it */
	const char *message; /* NULL: none */
} behind[] = {
	{ "priority: [", 11, 11, "found '[', expected a source" },
	{ "priority: files # and", 21, 512, "found a line of 512 bytes, expected at most 511" },
	{ " \tpriority: files # and", 23, 600, "found a line of 600 bytes, expected at most" },
	{ "priority: files # and", 21, 511, NULL },
	{ "priority files", 14, 14, "found 'files', expected 'attribute: source...'" },
	{ "priority", 8, 8, "found the end of the line, expected 'attribute: source...'" },
	{ "priority = files", 16, 16, "found '= files', expected 'attribute: source...'" },
	{ "priority: files\0", 16, 16, "found byte 0x00, expected text" },
	{ "priority\0: files", 16, 16, "found byte 0x00, expected text" },
	{ "priority: files\0", 16, 700, "found byte 0x00, expected text" },
};

START_TEST(test_wrong_behind_good)
{
	static const char before[] = "priority: app\nchain-call-actions: app\n",
			  after[] = "\n# x\n";
	size_t len = behind[_i].len, n = strlen(before);
	char text[1000], steps[512], expected[200] = "";
	struct policy_switch sw;
	struct messages m;
	struct policy_log log = log_to(&m);

	memset(text, 'x', sizeof(text));
	memcpy(text, before, n);
	memcpy(text + n, behind[_i].begin, behind[_i].size);
	memcpy(text + n + len, after, strlen(after));
	ck_assert_uint_eq(policy_switch__parse(&sw, "f", text, n + len + strlen(after), &log),
			  behind[_i].message ? 1 : 0);
	print_steps(&sw.attr[ATTR_PRIORITY], steps, sizeof(steps));
	ck_assert_str_eq(steps, behind[_i].message ? DEFAULT : "files:rccc");
	print_steps(&sw.attr[ATTR_ACTIONS], steps, sizeof(steps));
	ck_assert_str_eq(steps, "app:rccc");
	snprintf(expected, sizeof(expected), "3: %s",
		 behind[_i].message ? behind[_i].message :
				      "found attribute 'priority' a second time");
	ck_assert_msg(!strncmp(m.text, expected, strlen(expected)) && !*m.text == !*expected,
		      "'%s'", m.text);
}
END_TEST

/* What is refused keeps "deny" in force: no line takes it away but a good one. */
START_TEST(test_wrong_on_error_keeps_deny)
{
	static const char *const lines[] = { "on-error: deny\non-error: maybe\n",
					     "on-error: deny\non-error allow\n" };
	struct policy_switch sw;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		ck_assert_uint_eq(policy_switch__parse(&sw, "f", lines[i], strlen(lines[i]), NULL),
				  1);
		ck_assert(sw.deny_on_error);
	}
}
END_TEST

/* Who misspells it wants attaching to be refused, and is told what is wrong. */
static const struct {
	const char *line;
	bool deny;
} misspelt[] = {
	{ "on_error: deny", true },
	{ "on-eror: DENY", true },
	{ "onerror:deny", true },
	{ "on error: deny", true },
	{ "on-error = deny", true },
	{ "on-error deny", true },
	{ "On-Error: deny", true },
	{ "on-error: dney", true },
	{ "on-error: deny allow", true },
	{ "on-error: refuse", true },
	{ "on-error:", true },
	{ "on_error: allow", false },
	{ "on-error: alow", false },
	{ "on-error allow", false },
	{ "atach: files", false },
	{ "priority: [deny]", false },
};

START_TEST(test_misspelt_on_error)
{
	const char *line = misspelt[_i].line;
	struct policy_switch sw;
	struct messages m;
	struct policy_log log = log_to(&m);

	ck_assert_uint_eq(policy_switch__parse(&sw, "f", line, strlen(line), &log), 1);
	ck_assert_msg(sw.deny_on_error == misspelt[_i].deny, "%s", line);
	ck_assert_uint_eq(m.n, 1);
}
END_TEST

/* A comment has no say, however long it is. */
START_TEST(test_long_comment)
{
	struct policy_switch sw;
	char text[2000];

	memset(text, 'x', sizeof(text));
	memcpy(text, " # ", 3);
	ck_assert_uint_eq(policy_switch__parse(&sw, "f", text, sizeof(text), NULL), 0);
	text[1000] = '\0';
	ck_assert_uint_eq(policy_switch__parse(&sw, "f", text, sizeof(text), NULL), 1);
}
END_TEST

TCase *switch_tests(void)
{
	TCase *tc = tcase_create("switch");

	tcase_add_loop_test(tc, test_switches, 0, sizeof(switches) / sizeof(switches[0]));
	tcase_add_loop_test(tc, test_every_pair, 0, 3 * 4 * 2);
	tcase_add_loop_test(tc, test_two_pairs, 0, 12 * 12);
	tcase_add_test(tc, test_merge_of_single_values);
	tcase_add_test(tc, test_minds_default);
	tcase_add_test(tc, test_on_error);
	tcase_add_test(tc, test_too_many_and_too_long);
	tcase_add_loop_test(tc, test_wrong_behind_good, 0, sizeof(behind) / sizeof(behind[0]));
	tcase_add_test(tc, test_wrong_on_error_keeps_deny);
	tcase_add_loop_test(tc, test_misspelt_on_error, 0, sizeof(misspelt) / sizeof(misspelt[0]));
	tcase_add_test(tc, test_long_comment);
	return tc;
}
