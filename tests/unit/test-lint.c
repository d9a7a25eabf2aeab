// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Whether the warnings are true: policies made at random, and each warning compared with what is
 * decided for every program, interface, host and unit of a small world.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lint.h"
#include "unit.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

enum {
	N_POLICIES = 1500,
	MAX_RULES = 6,
	MAX_FINDINGS = 64,
	NO_SUCH = 99 /* as a priority: not from a rule */
};

/* Of each thing also one that no rule below names; NULL is unknown. */
static const char *const programs[] = { "p", "q", "r", "dns_a", "dns_b", "dns_c", "zz" };
static const char *const interfaces[] = { "eth0", "eth1", "eth7", "wlan0", "lo", NULL };
static const char *const hosts[] = { "web1", "web2.x.org", "web9", "db" };
static const char *const units[] = { "a.service", "b.service", "", NULL };

static const char *const program_lists[] = {
	"p", "q", "r", "p q", "dns_*", "dns_a", "*", "!p", "!p !q", "q dns_*", "p r", "dns_b dns_a"
};
static const char *const interface_lists[] = { "eth0",	"eth1",	      "eth*", "eth0 eth1", "wlan0",
					       "!eth0", "eth* !eth1", "*",    "eth1 wlan0" };
static const char *const host_lists[] = {
	"web1", "web*", "web2", "web2.x.org", "!web1", "web1 web2"
};
static const char *const unit_lists[] = { "a.service", "!a.service", "*" };
static const char *const orders[] = { "p q", "q r p", "dns_* p", "p dns_a dns_*", "r", "q p q" };
static const char *const actions[] = { "PASS",	"PASS DROP", "DROP",	 "+TX",
				       "-PASS", "none",	     "+DROP -TX" };

struct finding {
	char code[8], text[512];
	unsigned int line;
};

struct world {
	char text[4096];
	struct policy *policy;
	size_t n;
	struct finding finding[MAX_FINDINGS];
	unsigned int told[32]; /* by code */
};

/* One state of affairs. */
struct moment {
	const char *program, *interface, *host, *unit;
};

#define ANY(words) ((words)[rand() % N(words)])

static void say(struct world *w, const char *key, const char *value)
{
	size_t len = strlen(w->text);

	snprintf(w->text + len, sizeof(w->text) - len, "%s = %s\n", key, value);
}

static void say_number(struct world *w, const char *key, int number)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", number);
	say(w, key, text);
}

static void make_rule(struct world *w, int nth, int how_special)
{
	bool order = !(rand() % 5), sets = order;

	snprintf(w->text + strlen(w->text), sizeof(w->text) - strlen(w->text), "[%d]\n", nth);
	if (order)
		say(w, "order", ANY(orders));
	else if (rand() % 5)
		say(w, "program", ANY(program_lists));
	if (order && !(rand() % 3))
		say_number(w, "order-start", 10 * (rand() % 4));
	if (rand() % 10 < how_special)
		say(w, "interface", ANY(interface_lists));
	if (rand() % 30 < how_special)
		say(w, "host", ANY(host_lists));
	if (rand() % 30 < how_special)
		say(w, "unit", ANY(unit_lists));
	if (!order && rand() % 2) {
		sets = true;
		say_number(w, "priority", 10 * (rand() % 5));
	}
	if (rand() % 2) {
		sets = true;
		say(w, "chain-call-actions", ANY(actions));
	}
	if (!sets || !(rand() % 3))
		say(w, "attach", rand() % 2 ? "deny" : "allow");
}

static void take(void *ctx, enum policy_level level, const char *file, unsigned int line,
		 const char *code, const char *text)
{
	struct world *w = ctx;
	struct finding *f = &w->finding[w->n++];

	ck_assert_uint_lt(w->n, MAX_FINDINGS);
	ck_assert_int_eq(level, POLICY_WARNING);
	ck_assert_str_eq(file, "rules.conf");
	snprintf(f->code, sizeof(f->code), "%s", code);
	snprintf(f->text, sizeof(f->text), "%s", text);
	f->line = line;
	w->told[atoi(code + 2)]++;
}

/* The loader takes rules from memory; there is no file. */
static void make_policy(struct world *w, const char *root)
{
	struct lint_log log = { .fn = take, .ctx = w };
	struct messages messages;
	struct policy_log errors = log_to(&messages);
	struct policy_rules rules = { .file = strdup("rules.conf") };
	struct policy_opts opts = { .root = root, .memory = &rules, .no_files = true };
	int n = 1 + rand() % MAX_RULES, how_special = rand() % 10;

	*w->text = '\0';
	w->n = 0;
	for (int i = 0; i < n; i++)
		make_rule(w, i, how_special);
	ck_assert_msg(!policy_rules__parse(&rules, w->text, strlen(w->text), &errors), "%s%s",
		      messages.text, w->text);
	ck_assert_int_eq(policy__open(&opts, &w->policy), 0);
	ck_assert_int_eq(lint__policy(w->policy, root, &log), 0);
}

/* Which lines made a decision. */
struct lines {
	bool line[256];
};

static void mark(void *ctx, const struct policy_trace *trace)
{
	struct lines *lines = ctx;

	if (trace->counts && trace->place.file)
		lines->line[trace->place.line] = true;
}

static struct policy_decision decide(const struct world *w, struct moment m, struct lines *lines)
{
	const struct policy_resolve_opts opts = { .trace = lines ? mark : NULL,
						  .trace_ctx = lines };
	const struct policy_subject subject = {
		.value = {
			[COND_PROGRAM] = m.program,
			[COND_INTERFACE] = m.interface,
			[COND_HOST] = m.host,
			[COND_UNIT] = m.unit,
		},
	};
	struct policy_decision decision;

	policy__resolve(w->policy, &subject, &opts, &decision);
	return decision;
}

static bool is_denied(const struct policy_decision *decision)
{
	return decision->attr[ATTR_ATTACH].value.num == ATTACH_DENY;
}

static uint32_t priority_of(const struct policy_decision *decision)
{
	const struct policy_result *result = &decision->attr[ATTR_PRIORITY];

	return result->found ? result->value.num : NO_SUCH;
}

#define N_MOMENTS (N(programs) * N(interfaces) * N(hosts) * N(units))

static struct moment moment_at(size_t i)
{
	struct moment m;

	m.program = programs[i % N(programs)];
	i /= N(programs);
	m.interface = interfaces[i % N(interfaces)];
	i /= N(interfaces);
	m.host = hosts[i % N(hosts)];
	m.unit = units[i / N(hosts)];
	return m;
}

static bool is_at(const struct moment *m, const char *interface, const char *host)
{
	return m->interface && !strcmp(m->interface, interface) && !strcmp(m->host, host);
}

/* No line of the rule ever counts. */
static bool never_wins(const struct world *w, const struct finding *f)
{
	struct lines lines = { 0 };
	const struct policy_rule *rule = NULL;

	for (size_t i = 0; i < N_MOMENTS; i++)
		decide(w, moment_at(i), &lines);
	for (size_t i = 0; i < policy__n_rules(w->policy); i++)
		if (policy__rule(w->policy, i)->line == f->line)
			rule = policy__rule(w->policy, i);
	ck_assert_ptr_nonnull(rule);
	for_each_attr(attr)
		if (rule->head.has[attr] && lines.line[rule->value_line[attr]])
			return false;
	return true;
}

/* Both get the priority at one place, and both may be there. */
static bool is_shared(const struct world *w, const struct finding *f)
{
	char a[32], b[32];
	unsigned int priority;

	ck_assert_int_eq(sscanf(f->text, "found priority %u for '%31[^']', which '%31[^']'",
				&priority, a, b),
			 3);
	for (size_t i = 0; interfaces[i]; i++) {
		for (size_t h = 0; h < N(hosts); h++) {
			bool has_a = false, has_b = false;

			for (size_t n = 0; n < N_MOMENTS; n++) {
				struct moment m = moment_at(n);
				struct policy_decision d = decide(w, m, NULL);

				if (!is_at(&m, interfaces[i], hosts[h]) || is_denied(&d) ||
				    priority_of(&d) != priority)
					continue;
				has_a = has_a || !strcmp(m.program, a);
				has_b = has_b || !strcmp(m.program, b);
			}
			if (has_a && has_b)
				return true;
		}
	}
	return false;
}

/* At some place it goes on after more than PASS, one is before it, and none at or behind it. */
static bool is_last(const struct world *w, const struct finding *f)
{
	const char *name = strstr(f->text, " of '");
	unsigned int priority;
	char program[32];

	ck_assert_ptr_nonnull(name);
	ck_assert_int_eq(sscanf(name, " of '%31[^']', the last of its chain (priority %u)", program,
				&priority),
			 2);
	for (size_t i = 0; interfaces[i]; i++) {
		for (size_t h = 0; h < N(hosts); h++) {
			bool goes_on = false, before = false, behind = false;

			for (size_t n = 0; n < N_MOMENTS; n++) {
				struct moment m = moment_at(n);
				struct policy_decision d = decide(w, m, NULL);
				uint32_t here = priority_of(&d);

				if (!is_at(&m, interfaces[i], hosts[h]) || here == NO_SUCH)
					continue;
				/* of a glob nobody knows which of its programs are denied */
				before = before || (here < priority && strcmp(m.program, program));
				if (is_denied(&d))
					continue;
				if (strcmp(m.program, program))
					behind = behind || here >= priority;
				else if (here == priority)
					goes_on = goes_on || d.attr[ATTR_ACTIONS].value.num &
								     ~POLICY_DEFAULT_ACTIONS;
			}
			if (goes_on && before && !behind)
				return true;
		}
	}
	return false;
}

/* Whenever these actions count, at a place, every other program is denied there. */
static bool is_alone(const struct world *w, const struct finding *f)
{
	char program[32];

	ck_assert_int_eq(sscanf(f->text, "found chain call actions for '%31[^']'", program), 1);
	for (size_t n = 0; n < N_MOMENTS; n++) {
		struct moment m = moment_at(n);
		struct lines lines = { 0 };
		struct policy_decision d = decide(w, m, &lines);

		if (strcmp(m.program, program) || !m.interface || is_denied(&d) ||
		    !lines.line[f->line])
			continue;
		for (size_t o = 0; o < N_MOMENTS; o++) {
			struct moment other = moment_at(o);
			d = decide(w, other, NULL);
			if (is_at(&other, m.interface, m.host) && strcmp(other.program, program) &&
			    !is_denied(&d))
				return false;
		}
	}
	return true;
}

static bool denies_all(const struct world *w, const struct finding *f)
{
	(void)f;
	for (size_t n = 0; n < N_MOMENTS; n++) {
		struct moment m = moment_at(n);
		struct policy_decision d = decide(w, m, NULL);

		if (!is_denied(&d))
			return false;
	}
	return true;
}

static const struct {
	const char *code;
	bool (*is_true)(const struct world *w, const struct finding *f);
} checks[] = {
	{ "XP001", is_shared }, { "XP003", never_wins }, { "XP005", is_last },
	{ "XP006", is_alone },	{ "XP012", denies_all },
};

START_TEST(test_true)
{
	static struct world w;
	char *root = make_root();

	srand(7);
	for (int i = 0; i < N_POLICIES; i++) {
		make_policy(&w, root);
		for (size_t n = 0; n < w.n; n++)
			for (size_t c = 0; c < N(checks); c++)
				if (!strcmp(w.finding[n].code, checks[c].code))
					ck_assert_msg(checks[c].is_true(&w, &w.finding[n]),
						      "%u: %s [%s] is not so:\n%s",
						      w.finding[n].line, w.finding[n].text,
						      w.finding[n].code, w.text);
		policy__close(w.policy);
	}
	for (size_t c = 0; c < N(checks); c++)
		ck_assert_msg(w.told[atoi(checks[c].code + 2)], "%s never came", checks[c].code);
	remove_root(root);
}
END_TEST

TCase *lint_tests(void)
{
	TCase *tc = tcase_create("lint");

	tcase_add_test(tc, test_true);
	return tc;
}
