// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <string.h>

#include "policy/meant.h"
#include "unit.h"

static const struct {
	enum policy_attr attr;
	const char *text;
	const char *printed; /* NULL: an error whose text has the words of the next column */
	const char *error;
} values[] = {
	{ ATTR_PRIORITY, "0", "0", NULL },
	{ ATTR_PRIORITY, "50", "50", NULL },
	{ ATTR_PRIORITY, "2147483647", "2147483647", NULL },
	{ ATTR_PRIORITY, "2147483648", NULL, "found '2147483648', expected a run priority" },
	{ ATTR_PRIORITY, "99999999999999999999", NULL, "expected a run priority" },
	{ ATTR_PRIORITY, "-1", NULL, "found '-1'" },
	{ ATTR_PRIORITY, "+1", NULL, "found '+1'" },
	{ ATTR_PRIORITY, "0x10", NULL, "found '0x10'" },
	{ ATTR_PRIORITY, "10 20", NULL, "found '10 20'" },
	{ ATTR_PRIORITY, "", NULL, "found ''" },
	{ ATTR_ACTIONS, "PASS", "PASS", NULL },
	{ ATTR_ACTIONS, "pass drop", "DROP PASS", NULL },
	{ ATTR_ACTIONS, "XDP_PASS, XDP_TX", "PASS TX", NULL },
	{ ATTR_ACTIONS, "aborted drop pass tx redirect", "ABORTED DROP PASS TX REDIRECT", NULL },
	{ ATTR_ACTIONS, "none", "none", NULL },
	{ ATTR_ACTIONS, "+TX", "+TX", NULL },
	{ ATTR_ACTIONS, "-PASS +xdp_drop", "+DROP -PASS", NULL },
	{ ATTR_ACTIONS, "+TX -TX", "-TX", NULL },
	{ ATTR_ACTIONS, "PASS +TX", NULL, "found a mix" },
	{ ATTR_ACTIONS, "none PASS", NULL, "found a mix" },
	{ ATTR_ACTIONS, "!PASS", NULL,
	  "found '!PASS', expected ABORTED, DROP, PASS, TX, REDIRECT "
	  "or none; did you mean -PASS?" },
	{ ATTR_ACTIONS, "XDP_TXX", NULL, "did you mean TX?" },
	{ ATTR_ACTIONS, "+PAS", NULL, "did you mean +PASS?" },
	{ ATTR_ACTIONS, "PASS|TX", NULL, "or none; blanks or commas separate them" },
	{ ATTR_ACTIONS, "PAS", NULL, "did you mean PASS?" },
	{ ATTR_ACTIONS, "QQQQQQ", NULL, "found 'QQQQQQ', expected ABORTED" },
	{ ATTR_ACTIONS, "", NULL, "found nothing" },
	{ ATTR_ACTIONS, "+none", NULL, "found '+none'" },
	{ ATTR_ATTACH, "allow", "allow", NULL },
	{ ATTR_ATTACH, "DENY", "deny", NULL },
	{ ATTR_ATTACH, "yes", NULL, "found 'yes', expected allow or deny" },
};

START_TEST(test_values)
{
	struct policy_value value = { .num = 4711 };
	char err[200] = "", printed[POLICY_VALUE_SIZE];
	int rc;

	rc = policy_value__parse(values[_i].attr, values[_i].text, &value, err, sizeof(err));
	if (!values[_i].printed) {
		ck_assert_int_eq(rc, -EINVAL);
		ck_assert_msg(strstr(err, values[_i].error), "'%s' not in '%s'", values[_i].error,
			      err);
		ck_assert_uint_eq(value.num, 4711); /* untouched */
		return;
	}
	ck_assert_msg(!rc, "%s: %s", values[_i].text, err);
	policy_value__print(values[_i].attr, &value, printed, sizeof(printed));
	ck_assert_str_eq(printed, values[_i].printed);
}
END_TEST

START_TEST(test_relative_values_stack)
{
	struct policy_value under, over;
	char err[200];

	policy_value__parse(ATTR_ACTIONS, "+TX -PASS", &under, err, sizeof(err));
	policy_value__parse(ATTR_ACTIONS, "+PASS -DROP", &over, err, sizeof(err));
	policy_value__stack(&under, &over);
	/* of DROP and PASS: first TX without PASS, then PASS without DROP */
	ck_assert_uint_eq(policy_value__apply(&under, 1 << 1 | 1 << 2), 1 << 2 | 1 << 3);
}
END_TEST

static void check_key(const struct policy_key *key, enum policy_key_kind kind, int id)
{
	ck_assert_str_ne(key->name, "");
	ck_assert_int_eq(key->kind, kind);
	ck_assert_int_eq(key->id, id);
}

START_TEST(test_table_has_each_once)
{
	for (const struct policy_key *k = policy_keys; k->name; k++)
		ck_assert_ptr_eq(policy_key__find(k->name), k);
	for (int c = 0; c < N_CONDS; c++)
		check_key(policy_key__cond(c), KEY_COND, c);
	for_each_attr(attr)
		check_key(policy_key__attr(attr), KEY_ATTR, attr);
	for (int order = ORDER_LIST; order <= ORDER_STEP; order++)
		check_key(policy_key__order(order), KEY_ORDER, order);
	ck_assert_ptr_null(policy_key__find("prio"));
}
END_TEST

START_TEST(test_suggestions)
{
	static const char *const names[] = { "priority", "program", "attach" };
	static const char *const swapped[] = { "TX" };

	ck_assert_str_eq(policy_meant__find("priorty", names, 3), "priority");
	ck_assert_str_eq(policy_meant__find("Programm", names, 3), "program");
	ck_assert_str_eq(policy_meant__find("attahc", names, 3), "attach");
	ck_assert_ptr_null(policy_meant__find("interface", names, 3));
	ck_assert_str_eq(policy_meant__find("XT", swapped, 1), "TX");
}
END_TEST

/* By what is expected where the word is; meant NULL: nothing is better than what misleads. */
START_TEST(test_meant)
{
	static const char *const keys[] = { "program", "section",     "executable",
					    "pin",     "interface",   "priority",
					    "order",   "order-start", "unit" };
	static const char *const modes[] = { "auto", "native", "skb", "hw" };
	static const char *const words[] = { "allow", "deny" };
	static const struct {
		const char *word, *const *candidates;
		size_t n;
		const char *meant;
	} cases[] = {
		{ "actions", keys, 9, NULL },	   { "prio", keys, 9, "priority" },
		{ "iface", keys, 9, "interface" }, { "DEV", keys, 9, "interface" },
		{ "prog", keys, 9, "program" },	   { "before", keys, 9, "order" },
		{ "sec", keys, 9, "section" },	   { "ord", keys, 9, "order" },
		{ "pi", keys, 9, "pin" },	   { "p", keys, 9, NULL },
		{ "pr", keys, 9, NULL },	   { "order_start", keys, 9, "order-start" },
		{ "generic", modes, 4, "skb" },	   { "driver", modes, 4, "native" },
		{ "offload", modes, 4, "hw" },	   { "best", modes, 4, "auto" },
		{ "drop", words, 2, "deny" },	   { "", words, 2, NULL },
		{ "yes", words, 2, "allow" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *meant =
			policy_meant__find(cases[i].word, cases[i].candidates, cases[i].n);

		ck_assert_msg(meant == cases[i].meant ||
				      (meant && cases[i].meant && !strcmp(meant, cases[i].meant)),
			      "%s: %s", cases[i].word, meant ? meant : "nothing");
	}
}
END_TEST

TCase *attr_tests(void)
{
	TCase *tc = tcase_create("attr");

	tcase_add_loop_test(tc, test_values, 0, sizeof(values) / sizeof(values[0]));
	tcase_add_test(tc, test_relative_values_stack);
	tcase_add_test(tc, test_table_has_each_once);
	tcase_add_test(tc, test_suggestions);
	tcase_add_test(tc, test_meant);
	return tc;
}
