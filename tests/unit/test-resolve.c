// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

#define PASS (1U << 2)
#define DROP (1U << 1)
#define TX   (1U << 3)

/* One line of the table is one policy and one subject. */
/* clang-format off */
static const struct {
	const char *rules, *sw;
	struct policy_subject subject;
	uint32_t priority, actions, attach;
	const char *sources; /* of the three */
} decisions[] = {
	/* nobody says anything */
	{ "", "", { .value = { "p" } }, 50, PASS, 0, "default default default" },
	/* what denies, where a fact is withheld: the name's end, other names */
	{ "[n]\nprogram=a_long_program_name\nattach=deny\n", "",
	  { .value = { "a_long_program_" }, .name_cut = true, .withheld = 1U << COND_PROGRAM }, 50,
	  PASS, 1, "default default files" },
	{ "[n]\nprogram=a_long_program_name\nattach=deny\n", "",
	  { .value = { "a_long_program_" }, .name_cut = true }, 50, PASS, 0,
	  "default default default" },
	{ "[n]\nprogram=a_long_program_name\nattach=deny\npriority=3\n", "",
	  { .value = { "a_long_program_" }, .name_cut = true, .withheld = 1U << COND_PROGRAM }, 50,
	  PASS, 1, "default default files" },
	{ "[n]\nuser=root\nattach=deny\n", "",
	  { .value = { "p", [COND_USER] = "0" }, .uid = "0", .withheld = 1U << COND_USER }, 50,
	  PASS, 1, "default default files" },
	{ "[n]\nuser=* !0\nattach=deny\n", "",
	  { .value = { "p", [COND_USER] = "0" }, .uid = "0", .withheld = 1U << COND_USER }, 50,
	  PASS, 0, "default default default" },
	{ "[n]\nuser=!root\nattach=deny\n", "",
	  { .value = { "p", [COND_USER] = "0" }, .uid = "0", .withheld = 1U << COND_USER }, 50,
	  PASS, 1, "default default files" },
	{ "[n]\nuser=0\nattach=allow\n[m]\nuser=root\nattach=deny\n[l]\nuser=root\nattach=allow\n",
	  "", { .value = { "p", [COND_USER] = "0" }, .uid = "0", .withheld = 1U << COND_USER }, 50,
	  PASS, 1, "default default files" },
	{ "[m]\nuser=root\nattach=deny\n[n]\nuser=0\nattach=allow\n", "",
	  { .value = { "p", [COND_USER] = "0" }, .uid = "0", .withheld = 1U << COND_USER }, 50,
	  PASS, 0, "default default files" },
	{ "[n]\nuser=root\nunit=a.service\nattach=deny\n", "",
	  { .value = { "p", [COND_USER] = "0" }, .uid = "0", .withheld = 1U << COND_USER }, 50,
	  PASS, 0, "default default default" },
	/* the author, the application, the files */
	{ "", "", { .value = { "p" }, .btf = { .has = { true }, .value = { { 7, 0, 0, false } } } },
	  7, PASS, 0, "btf default default" },
	{ "", "",
	  { .value = { "p" },
	    .btf = { .has = { true }, .value = { { 7, 0, 0, false } } },
	    .app = { .has = { true }, .value = { { 8, 0, 0, false } } } },
	  8, PASS, 0, "app default default" },
	{ "p: 9\n", "",
	  { .value = { "p" },
	    .btf = { .has = { true }, .value = { { 7, 0, 0, false } } },
	    .app = { .has = { true }, .value = { { 8, 0, 0, false } } } },
	  9, PASS, 0, "files default default" },
	/* the later rule overrides the earlier, attribute by attribute */
	{ "*: 1 DROP\np: 2\n", "", { .value = { "p" } }, 2, DROP, 0, "files files default" },
	{ "p: 2\n*: 1 DROP\n", "", { .value = { "p" } }, 1, DROP, 0, "files files default" },
	{ "p: 1\np: 2\np: 3\n*: 4\nq: 5\n", "", { .value = { "p" } }, 4, PASS, 0,
	  "files default default" },
	/* relative actions: on the earlier rule, on the next source, on the default */
	{ "p: 1 DROP\n[x]\nprogram = p\nchain-call-actions = +TX\n", "", { .value = { "p" } }, 1,
	  DROP | TX, 0, "files files default" },
	{ "p: 1 +TX\n", "", { .value = { "p" } }, 1, PASS | TX, 0, "files files default" },
	{ "p: 1 +TX -PASS\n", "", { .value = { "p" } }, 1, TX, 0, "files files default" },
	{ "p: 1 +TX\n", "",
	  { .value = { "p" },
	    .btf = { .has = { false, true }, .value = { { 0 }, { DROP, 0, 0, false } } } },
	  1, DROP | TX, 0, "files files default" },
	{ "p: 1 +TX\np: 1 -TX +DROP\n", "", { .value = { "p" } }, 1, PASS | DROP, 0,
	  "files files default" },
	{ "p: 1 +TX\n", "chain-call-actions: files\n", { .value = { "p" } }, 1, PASS | TX, 0,
	  "files files default" },
	{ "p: 1 none\n", "", { .value = { "p" } }, 1, 0, 0, "files files default" },
	/* the switch */
	{ "p: 9\n", "priority: app\n", { .value = { "p" } }, 50, PASS, 0,
	  "default default default" },
	{ "p: 9\n", "priority: app files\n",
	  { .value = { "p" }, .app = { .has = { true }, .value = { { 8, 0, 0, false } } } }, 8,
	  PASS, 0, "app default default" },
	{ "", "priority: files app\n",
	  { .value = { "p" }, .btf = { .has = { true }, .value = { { 7, 0, 0, false } } } }, 50,
	  PASS, 0, "default default default" },
	{ "q: 1\n", "priority: files [notfound=return] btf\n",
	  { .value = { "p" }, .btf = { .has = { true }, .value = { { 7, 0, 0, false } } } }, 50,
	  PASS, 0, "default default default" },
	{ "", "priority: files [notfound=return] btf\n",
	  { .value = { "p" }, .btf = { .has = { true }, .value = { { 7, 0, 0, false } } } }, 7,
	  PASS, 0, "btf default default" }, /* no files at all: unavailable, not "not found" */
	{ "", "priority: cdb [unavail=return] btf\n",
	  { .value = { "p" }, .btf = { .has = { true }, .value = { { 7, 0, 0, false } } } }, 50,
	  PASS, 0, "default default default" },
	{ "p: 9\n", "priority: files [success=continue] btf\n",
	  { .value = { "p" }, .btf = { .has = { true }, .value = { { 7, 0, 0, false } } } }, 7,
	  PASS, 0, "btf default default" },
	{ "p: 9\n", "priority: other files\n", { .value = { "p" } }, 9, PASS, 0,
	  "files default default" },
	{ "p: 9 DROP\n", "chain-call-actions: files [success=merge] btf\n",
	  { .value = { "p" },
	    .btf = { .has = { false, true }, .value = { { 0 }, { TX, 0, 0, false } } } },
	  9, DROP | TX, 0, "files files default" },
	{ "p: 9 DROP\n", "chain-call-actions: files [success=merge] btf\n", { .value = { "p" } }, 9,
	  DROP, 0, "files files default" },
	/* a union never shrinks: relative actions behind it have no next answer to change */
	{ "p: 9 +TX -PASS\n", "chain-call-actions: app [success=merge] files\n",
	  { .value = { "p" },
	    .app = { .has = { false, true }, .value = { { 0 }, { PASS | DROP, 0, 0, false } } } },
	  9, PASS | DROP | TX, 0, "files app default" },
	{ "p: 9 +TX -PASS\n", "chain-call-actions: app [success=merge] files [success=merge] btf\n",
	  { .value = { "p" },
	    .app = { .has = { false, true }, .value = { { 0 }, { PASS, 0, 0, false } } },
	    .btf = { .has = { false, true }, .value = { { 0 }, { PASS | DROP, 0, 0, false } } } },
	  9, PASS | DROP | TX, 0, "files app default" },
	{ "p: 9 -DROP\n", "chain-call-actions: app [success=merge] files btf\n",
	  { .value = { "p" },
	    .app = { .has = { false, true }, .value = { { 0 }, { DROP, 0, 0, false } } } },
	  9, DROP, 0, "files app default" },
	{ "p: 9 +TX -PASS\n", "chain-call-actions: files [success=merge] app\n",
	  { .value = { "p" },
	    .app = { .has = { false, true }, .value = { { 0 }, { PASS | DROP, 0, 0, false } } } },
	  9, DROP | TX, 0, "files files default" }, /* before it is the next answer that changes */
	/* conditions */
	{ "[x]\nprogram = p q\npriority = 3\n", "", { .value = { "q" } }, 3, PASS, 0,
	  "files default default" },
	{ "[x]\nprogram = !p\npriority = 3\n", "", { .value = { "q" } }, 3, PASS, 0,
	  "files default default" },
	{ "[x]\nprogram = !p\npriority = 3\n", "", { .value = { "p" } }, 50, PASS, 0,
	  "default default default" },
	{ "[x]\nprogram = p* !pq\npriority = 3\n", "", { .value = { "pq" } }, 50, PASS, 0,
	  "default default default" },
	{ "[x]\npriority = 3\ninterface = eth*\n", "", { .value = { "p" } }, 50, PASS, 0,
	  "default default default" }, /* unknown is no */
	{ "[x]\npriority = 3\ninterface = !eth*\n", "", { .value = { "p" } }, 50, PASS, 0,
	  "default default default" }, /* and so is an exclusion */
	{ "[x]\npriority = 3\ninterface = eth*\n", "",
	  { .value = { [COND_PROGRAM] = "p", [COND_INTERFACE] = "eth0" } }, 3, PASS, 0,
	  "files default default" },
	{ "[x]\npriority = 3\ninterface = eth*\nprogram = q\n", "",
	  { .value = { [COND_PROGRAM] = "p", [COND_INTERFACE] = "eth0" } }, 50, PASS, 0,
	  "default default default" },
	{ "[x]\npriority = 3\nuser = 33\n", "",
	  { .value = { [COND_PROGRAM] = "p", [COND_USER] = "www-data" },
	    .uid = "33" },
	  3, PASS, 0, "files default default" },
	{ "[x]\npriority = 3\nhost = !web\n", "",
	  { .value = { [COND_PROGRAM] = "p", [COND_HOST] = "web.example" } },
	  50, PASS, 0, "default default default" },
	{ "[x]\npriority = 3\nobject = /usr/lib/*.o\nsection = xdp\ntag = 0123*\nunit = a.service\n"
	  "executable = /usr/sbin/*\n",
	  "",
	  { .value = { [COND_PROGRAM] = "p", [COND_OBJECT] = "/usr/lib/bpf/x.o",
		       [COND_SECTION] = "xdp", [COND_TAG] = "0123456789abcdef",
		       [COND_UNIT] = "a.service", [COND_EXECUTABLE] = "/usr/sbin/y" } },
	  3, PASS, 0, "files default default" },
	/* outside of all units */
	{ "[x]\npriority = 3\nunit = !a.service\n", "",
	  { .value = { [COND_PROGRAM] = "p", [COND_UNIT] = "" } }, 3, PASS, 0,
	  "files default default" },
	/* driver and mode, which are known when a program is attached */
	{ "[x]\ndriver = ixgbe i40e\nmode = !skb\npriority = 3\n", "",
	  { .value = { [COND_PROGRAM] = "p", [COND_DRIVER] = "i40e", [COND_MODE] = "native" } }, 3,
	  PASS, 0, "files default default" },
	{ "[x]\ndriver = ixgbe i40e\nmode = !skb\npriority = 3\n", "",
	  { .value = { [COND_PROGRAM] = "p", [COND_DRIVER] = "i40e", [COND_MODE] = "skb" } }, 50,
	  PASS, 0, "default default default" },
	/* orders: literal, with globs, with numbers, overridden, on an interface */
	{ "[x]\norder = a b p c\n", "", { .value = { "p" } }, 30, PASS, 0,
	  "files default default" },
	{ "[x]\norder = a b* p* *\n", "", { .value = { "p" } }, 30, PASS, 0,
	  "files default default" },
	{ "[x]\norder = p* a p\n", "", { .value = { "p" } }, 10, PASS, 0,
	  "files default default" },
	{ "[x]\norder = a p b p\norder-start = 100\norder-step = 7\n", "", { .value = { "p" } },
	  107, PASS, 0, "files default default" },
	{ "[x]\norder = a b\n", "", { .value = { "p" } }, 50, PASS, 0,
	  "default default default" },
	{ "[x]\norder = a p\n[y]\nprogram = p\npriority = 1\n", "", { .value = { "p" } }, 1, PASS,
	  0, "files default default" },
	{ "p: 1\n[x]\norder = a p\nchain-call-actions = TX\n", "", { .value = { "p" } }, 20, TX, 0,
	  "files files default" },
	{ "[x]\norder = a p\ninterface = eth0\n", "",
	  { .value = { [COND_PROGRAM] = "p", [COND_INTERFACE] = "eth1" } }, 50, PASS, 0,
	  "default default default" },
	/* attach */
	{ "[x]\nattach = deny\nprogram = !good\n", "", { .value = { "p" } }, 50, PASS, 1,
	  "default default files" },
	{ "[x]\nattach = deny\n[y]\nprogram = p\nattach = allow\n", "", { .value = { "p" } }, 50,
	  PASS, 0, "default default files" },
};
/* clang-format on */

static struct policy *policy_of(const char *rules, const char *sw)
{
	struct policy *policy;
	struct messages m;

	if (*rules)
		put_file(root, "/etc/xdp/priorities.conf", rules);
	if (*sw)
		put_file(root, "/etc/xdp/xdpswitch.conf", sw);
	policy = open_policy(root, &m);
	/* of sources that are not there, or have no say, there is a warning */
	ck_assert_msg(!m.n || strstr(sw, "other") || strstr(m.text, "never has an answer"), "%s",
		      m.text);
	return policy;
}

START_TEST(test_decisions)
{
	struct policy *policy = policy_of(decisions[_i].rules, decisions[_i].sw);
	struct policy_decision d;
	char sources[200];

	policy__resolve(policy, &decisions[_i].subject, NULL, &d);
	snprintf(sources, sizeof(sources), "%s %s %s", d.attr[0].source, d.attr[1].source,
		 d.attr[2].source);
	ck_assert_str_eq(sources, decisions[_i].sources);
	ck_assert_uint_eq(d.attr[ATTR_PRIORITY].value.num, decisions[_i].priority);
	ck_assert_uint_eq(d.attr[ATTR_ACTIONS].value.num, decisions[_i].actions);
	ck_assert_uint_eq(d.attr[ATTR_ATTACH].value.num, decisions[_i].attach);
	for_each_attr(attr) {
		ck_assert_int_eq(d.attr[attr].found, strcmp(d.attr[attr].source, "default") != 0);
		ck_assert(!d.attr[attr].undecided);
	}
	policy__close(policy);
}
END_TEST

/* A live program: what is not known may not decide. */
/* The kernel keeps 15 characters of a name: what a list says of all names that begin so. */
static const struct {
	const char *list;
	enum policy_match match;
} cut[] = {
	{ "xdp_firewall_main_entry", MATCH_UNKNOWN },
	{ "xdp_firewall_ma", MATCH_UNKNOWN }, /* it may be no longer */
	{ "xdp_firewall_m", MATCH_NO },
	{ "xdp_firewall_mi_entry", MATCH_NO },
	{ "xdp_f*", MATCH_YES },
	{ "*", MATCH_YES },
	{ "xdp_fi*_entry", MATCH_UNKNOWN },
	{ "xdp_fi*\\*", MATCH_UNKNOWN },
	{ "xdp_f[ij]*", MATCH_YES },
	{ "xdp_f[kl]*", MATCH_NO },
	{ "???????????????", MATCH_UNKNOWN },
	{ "????????????????", MATCH_UNKNOWN },
	{ "??????????????", MATCH_NO },
	{ "nat xdp_firewall_main_entry", MATCH_UNKNOWN },
	{ "xdp_firewall_main_entry xdp_*", MATCH_YES },
	{ "!xdp_firewall_main_entry", MATCH_UNKNOWN },
	{ "xdp_* !xdp_firewall_main_entry", MATCH_UNKNOWN },
	{ "!xdp_firewall_*", MATCH_NO },
	{ "!nat*", MATCH_YES },
	{ "nat !xdp_firewall_main_entry", MATCH_NO },
};

START_TEST(test_cut_name)
{
	static const struct policy_resolve_opts opts = { .unknown_undecided = true };
	struct policy_subject subject = { .value = { "xdp_firewall_ma" }, .name_cut = true };
	struct policy *policy;
	struct policy_decision d;
	char text[200];

	snprintf(text, sizeof(text), "[x]\nprogram = %s\npriority = 3\n", cut[_i].list);
	policy = policy_of(text, "priority: files\n");
	policy__resolve(policy, &subject, &opts, &d);
	ck_assert_int_eq(d.attr[ATTR_PRIORITY].undecided, cut[_i].match == MATCH_UNKNOWN);
	ck_assert_int_eq(d.attr[ATTR_PRIORITY].found, cut[_i].match == MATCH_YES);
	ck_assert_uint_eq(d.attr[ATTR_PRIORITY].missing,
			  cut[_i].match == MATCH_UNKNOWN ? 1U << COND_PROGRAM : 0);
	/* where an unknown fact is no */
	policy__resolve(policy, &subject, NULL, &d);
	ck_assert_int_eq(d.attr[ATTR_PRIORITY].found, cut[_i].match == MATCH_YES);
	policy__close(policy);
}
END_TEST

/* The place in an order is not known if an earlier one may be the program. */
START_TEST(test_cut_name_in_order)
{
	static const struct policy_resolve_opts opts = { .unknown_undecided = true };
	struct policy_subject subject = { .value = { "xdp_firewall_ma" }, .name_cut = true };
	struct policy *policy =
		policy_of("[x]\norder = nat xdp_firewall_main_entry xdp_*\n", "priority: files\n");
	struct policy_decision d;

	policy__resolve(policy, &subject, &opts, &d);
	ck_assert(d.attr[ATTR_PRIORITY].undecided);
	policy__close(policy);
	policy = policy_of("[x]\norder = nat xdp_* xdp_firewall_main_entry\n", "priority: files\n");
	policy__resolve(policy, &subject, &opts, &d);
	ck_assert(!d.attr[ATTR_PRIORITY].undecided);
	ck_assert_uint_eq(d.attr[ATTR_PRIORITY].value.num, 20);
	policy__close(policy);
}
END_TEST

START_TEST(test_undecided)
{
	static const struct policy_resolve_opts opts = { .unknown_undecided = true };
	struct policy_subject subject = { .value = { "p" }, .app.unknown = true };
	struct policy *policy = policy_of("p: 5\n[x]\nexecutable = /bin/x\npriority = 6\n"
					  "[y]\nexecutable = /bin/x\nprogram = q\npriority = 7\n",
					  "");
	struct policy_decision d;

	policy__resolve(policy, &subject, &opts, &d);
	ck_assert(d.attr[ATTR_PRIORITY].undecided);
	ck_assert(!d.attr[ATTR_PRIORITY].found);
	ck_assert_uint_eq(d.attr[ATTR_PRIORITY].missing, 1 << COND_EXECUTABLE);
	ck_assert_uint_eq(policy_origin__place(&d.attr[ATTR_PRIORITY].origin, ATTR_PRIORITY).line,
			  4);
	ck_assert(d.attr[ATTR_ACTIONS].undecided); /* what the application set is not known */
	ck_assert_ptr_null(policy_origin__place(&d.attr[ATTR_ACTIONS].origin, ATTR_ACTIONS).file);
	ck_assert(!d.attr[ATTR_ATTACH].undecided);

	subject.value[COND_EXECUTABLE] = "/bin/y";
	policy__resolve(policy, &subject, &opts, &d);
	ck_assert(!d.attr[ATTR_PRIORITY].undecided);
	ck_assert_uint_eq(d.attr[ATTR_PRIORITY].value.num, 5);
	policy__close(policy);
}
END_TEST

struct trace_text {
	char text[2000];
};

static void add_trace(void *ctx, const struct policy_trace *t)
{
	struct trace_text *out = ctx;
	size_t len = strlen(out->text);

	if (t->attr != ATTR_PRIORITY)
		return;
	snprintf(out->text + len, sizeof(out->text) - len, "%s:%u:%s:%s%s%s\n", t->source,
		 t->place.line, policy_status__name(t->status), t->counts ? "counts" : "no",
		 t->note ? ":" : "", t->note ? t->note : "");
}

START_TEST(test_trace_tells_winners_and_losers)
{
	struct trace_text out = { "" };
	const struct policy_resolve_opts opts = { .trace = add_trace, .trace_ctx = &out };
	struct policy_subject subject = {
		.value = { "p" },
		.btf = { .has = { true }, .value = { { 7, 0, 0, false } } },
	};
	struct policy *policy =
		policy_of("p: 5\n*: 4\nq: 1\n[i]\ninterface = eth0\npriority = 2\n", "");
	struct policy_decision with, without;

	policy__resolve(policy, &subject, &opts, &with);
	ck_assert_str_eq(out.text, "files:6:notfound:no:not all of its conditions are known\n"
				   "files:2:success:counts\n"
				   "files:1:success:no:overridden by a later rule\n"
				   "cdb:0:unavail:no\n"
				   "app:0:notfound:no\n"
				   "btf:0:success:no:a source before it decided\n");
	policy__resolve(policy, &subject, NULL, &without);
	ck_assert_uint_eq(with.attr[0].value.num, 4);
	ck_assert_uint_eq(without.attr[0].value.num, 4);
	policy__close(policy);
}
END_TEST

/* The index against going through all rules: the same winner, for any order of rules. */
START_TEST(test_index_agrees_with_a_linear_search)
{
	static const char *const patterns[] = { "a", "b", "c", "a b", "*", "b*", "!a", "? !c" };
	static const char *const programs[] = { "a", "b", "c", "bb", "x" };
	char rules[4096];

	srand(1);
	for (int round = 0; round < 50; round++) {
		struct policy *policy;
		int n = 1 + rand() % 40, len = 0;

		for (int i = 0; i < n; i++)
			len += snprintf(rules + len, sizeof(rules) - len,
					"[r]\nprogram = %s\npriority = %d\n", patterns[rand() % 8],
					i);
		policy = policy_of(rules, "");
		for (int p = 0; p < 5; p++) {
			struct policy_subject subject = { .value = { programs[p] } };
			const struct policy_rule *last = NULL;
			struct policy_decision d;
			unsigned int missing;

			for (size_t i = 0; i < policy__n_rules(policy); i++) {
				const struct policy_rule *rule = policy__rule(policy, i);

				if (policy_rule__match(rule, rule->head.conds, &subject,
						       &missing) == MATCH_YES)
					last = rule;
			}
			policy__resolve(policy, &subject, NULL, &d);
			ck_assert_uint_eq(
				policy_origin__place(&d.attr[ATTR_PRIORITY].origin, ATTR_PRIORITY)
					.line,
				last ? last->value_line[ATTR_PRIORITY] : 0);
		}
		policy__close(policy);
	}
}
END_TEST

/* The mode that the application asked for, and what overrides it. */
START_TEST(test_attach_mode)
{
	struct policy_subject subject = {
		.value = { "p" },
		.app = { .has = { [ATTR_MODE] = true },
			 .value = { [ATTR_MODE] = { MODE_SKB, 0, 0, false } } },
	};
	struct policy *policy = policy_of("[x]\nprogram = p\nattach-mode = native\n", "");
	struct policy_decision d;

	policy__resolve(policy, &subject, NULL, &d);
	ck_assert_uint_eq(d.attr[ATTR_MODE].value.num, MODE_NATIVE);
	ck_assert_str_eq(d.attr[ATTR_MODE].source, "files");
	subject.value[COND_PROGRAM] = "q";
	policy__resolve(policy, &subject, NULL, &d);
	ck_assert_uint_eq(d.attr[ATTR_MODE].value.num, MODE_SKB);
	ck_assert_str_eq(d.attr[ATTR_MODE].source, "app");
	policy__close(policy);
}
END_TEST

/* Whoever leaves the mode to libxdp has no answer, and the next source is asked. */
START_TEST(test_mode_auto_is_no_answer)
{
	const struct policy_subject subject = {
		.value = { "p" },
		.app = { .has = { [ATTR_MODE] = true },
			 .value = { [ATTR_MODE] = { .num = MODE_AUTO } } },
	};
	struct policy *policy = policy_of("[x]\nattach-mode = skb\n", "attach-mode: app files\n");
	struct policy_decision d;

	policy__resolve(policy, &subject, NULL, &d);
	ck_assert_uint_eq(d.attr[ATTR_MODE].value.num, MODE_SKB);
	ck_assert_str_eq(d.attr[ATTR_MODE].source, "files");
	policy__close(policy);
}
END_TEST

/* xdpswitch.conf(5), "Sources": what app and btf never have an answer for, whatever they are given.
 */
START_TEST(test_sources_that_have_no_say)
{
	static const bool has[2][N_ATTRS] = {
		{ [ATTR_PRIORITY] = true, [ATTR_ACTIONS] = true, [ATTR_MODE] = true },
		{ [ATTR_PRIORITY] = true, [ATTR_ACTIONS] = true },
	};
	static const struct policy_resolve_opts opts = { .unknown_undecided = true };
	const struct policy_known all = {
		.has = { true, true, true, true, true },
		.value = { { .num = 7 },
			   { .num = DROP },
			   { .num = ATTACH_DENY },
			   { .num = MODE_SKB },
			   { .num = DISPATCHER_REQUIRED } },
	};
	struct policy_subject subject = { .value = { "p" } };
	const char *name = _i ? "btf" : "app";
	struct policy_decision d;
	struct policy *policy;
	char sw[300] = "";

	for_each_attr(attr)
		snprintf(sw + strlen(sw), sizeof(sw) - strlen(sw), "%s: %s\n",
			 policy_key__attr(attr)->name, name);
	policy = policy_of("", sw);
	*(_i ? &subject.btf : &subject.app) = all;
	policy__resolve(policy, &subject, NULL, &d);
	for_each_attr(attr) {
		ck_assert_int_eq(d.attr[attr].found, has[_i][attr]);
		ck_assert_uint_eq(d.attr[attr].value.num, has[_i][attr] ?
								  all.value[attr].num :
								  policy_value__default(attr).num);
	}
	/* what it has set is not known: only of what it may have */
	*(_i ? &subject.btf : &subject.app) = (struct policy_known){ .unknown = true };
	policy__resolve(policy, &subject, &opts, &d);
	for_each_attr(attr)
		ck_assert_int_eq(d.attr[attr].undecided, has[_i][attr]);
	policy__close(policy);
}
END_TEST

START_TEST(test_order_says_the_place)
{
	struct policy *policy = policy_of("[the order]\ninterface = eth*\norder = a b\n p\n", "");
	struct policy_subject subject = {
		.value = { [COND_PROGRAM] = "p", [COND_INTERFACE] = "eth0" },
	};
	struct policy_decision d;

	policy__resolve(policy, &subject, NULL, &d);
	ck_assert_uint_eq(d.attr[ATTR_PRIORITY].value.num, 30);
	ck_assert_uint_eq(policy_origin__place(&d.attr[ATTR_PRIORITY].origin, ATTR_PRIORITY).nth,
			  3);
	ck_assert_uint_eq(policy_origin__place(&d.attr[ATTR_PRIORITY].origin, ATTR_PRIORITY).line,
			  3);
	ck_assert_str_eq(policy_origin__place(&d.attr[ATTR_PRIORITY].origin, ATTR_PRIORITY).rule,
			 "the order");
	policy__close(policy);
}
END_TEST

START_TEST(test_a_thousand_decisions)
{
	struct policy *policy = policy_of("p: 1 +TX\n*: 2\n[x]\ninterface = e*\nattach = deny\n",
					  "chain-call-actions: files [success=merge] btf\n");
	struct policy_subject subject = { .value = { "p" } };
	struct policy_decision d;

	for (int i = 0; i < 1000; i++) {
		subject.value[COND_INTERFACE] = i % 2 ? "eth0" : NULL;
		policy__refresh(policy);
		policy__resolve(policy, &subject, NULL, &d);
		ck_assert_uint_eq(d.attr[ATTR_ATTACH].value.num, i % 2);
	}
	policy__close(policy);
}
END_TEST

TCase *resolve_tests(void)
{
	TCase *tc = tcase_create("resolve");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, test_decisions, 0, sizeof(decisions) / sizeof(decisions[0]));
	tcase_add_test(tc, test_undecided);
	tcase_add_loop_test(tc, test_cut_name, 0, sizeof(cut) / sizeof(cut[0]));
	tcase_add_test(tc, test_cut_name_in_order);
	tcase_add_test(tc, test_trace_tells_winners_and_losers);
	tcase_add_test(tc, test_index_agrees_with_a_linear_search);
	tcase_add_test(tc, test_attach_mode);
	tcase_add_test(tc, test_mode_auto_is_no_answer);
	tcase_add_loop_test(tc, test_sources_that_have_no_say, 0, 2);
	tcase_add_test(tc, test_order_says_the_place);
	tcase_add_test(tc, test_a_thousand_decisions);
	return tc;
}
