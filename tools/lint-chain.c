// SPDX-License-Identifier: LGPL-2.1-or-later
/* What rules show together: which wins over which, and which programs meet on one interface. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lint-facts.h"

/* Others of its priority that a claim is compared with. */
#define MAX_NEAR 64

static bool denies(const struct policy_rule *rule)
{
	return rule->head.has[ATTR_ATTACH] && rule->head.value[ATTR_ATTACH].num == ATTACH_DENY;
}

/* --- XP003: a rule that never wins --- */

static bool loses_all(struct facts *facts, const struct program *program, uint32_t i, uint32_t *by)
{
	const struct policy_rule *rule = facts__rule(facts, i);
	struct scope scope;

	scope__of(rule, program ? NOT_PROGRAM : ALL_CONDS, &scope);
	for_each_attr(attr)
		if (rule->head.has[attr] &&
		    facts__overridden(facts, program, i, attr, &scope, true, by) != YES)
			return false;
	return true;
}

static bool never_wins(struct facts *facts, uint32_t i, uint32_t *by)
{
	const char *list = facts__rule(facts, i)->cond[COND_PROGRAM];
	size_t n = 0;

	if (!list || !policy_list__is_literal(list))
		return loses_all(facts, NULL, i, by);
	for_each_glob(name, list) {
		if (n++ > FACTS_MAX_STEPS || !loses_all(facts, facts__program(facts, name), i, by))
			return false;
	}
	return true;
}

static void warn_never_wins(struct facts *facts)
{
	facts__restart(facts);
	for (uint32_t i = 0; i < facts->lint->n; i++) {
		const struct policy_rule *rule = facts__rule(facts, i), *later;
		uint32_t by = 0;

		if (facts->lint->never[i] || !never_wins(facts, i, &by))
			continue;
		later = facts__rule(facts, by);
		lint__add(facts->lint, LINT_NEVER_WINS, rule->file, rule->line,
			  "found a rule that later ones override whenever it holds (%s:%u), "
			  "expected the general rule before the special one",
			  later->file, later->line);
	}
}

/* --- XP001: two programs of the same priority --- */

/* Programs in one rule are the same to whoever wrote it. */
static bool collide(struct facts *facts, const struct claim *a, const struct claim *b)
{
	struct scope place;
	struct words words;

	if (a->rule == b->rule || !a->program || !b->program || a->program == b->program)
		return false;
	scope__of(facts__rule(facts, a->rule), LINT_PLACE, &place);
	if (!place__meet(&place, facts__rule(facts, b->rule), &words))
		return false;
	scope__narrow(&place, LINT_PLACE, &words);
	return facts__there(facts, a, &place) && facts__there(facts, b, &place);
}

/* Of each pair the later rule is told of, once. */
static void warn_shared(struct facts *facts, const struct claim *claim, const struct claim *other)
{
	const struct policy_rule *rule = facts__rule(facts, claim->rule);
	const struct policy_rule *other_rule = facts__rule(facts, other->rule);

	if (claim->rule < other->rule) {
		warn_shared(facts, other, claim);
		return;
	}
	if (facts->told[claim->rule] || !collide(facts, claim, other))
		return;
	facts->told[claim->rule] = true;
	lint__add(facts->lint, LINT_SHARED_PRIORITY, rule->file, rule->value_line[ATTR_PRIORITY],
		  "found priority %u for '%.80s', which '%.80s' has too (%s:%u), expected another "
		  "one: programs of one priority run in the order of their names",
		  claim->priority, claim->program->name, other->program->name, other_rule->file,
		  other_rule->value_line[ATTR_PRIORITY]);
}

/* With those before it that have the same priority, so that each pair comes once. */
static void warn_shared_priority(struct facts *facts)
{
	const struct claim *end = facts->claim + facts->n_claims, *other;
	struct claims_at at;
	struct scope place;

	facts__restart(facts);
	for (const struct claim *claim = facts->claim; claim < end; claim++) {
		if (!claim->program)
			continue;
		scope__of(facts__rule(facts, claim->rule), LINT_PLACE, &place);
		claims_at__start(&at, facts, &place, claim - facts->claim);
		for (unsigned int i = 0; i < MAX_NEAR && (other = claims_at__next(&at)); i++) {
			if (other->priority < claim->priority)
				break;
			warn_shared(facts, claim, other);
		}
	}
}

/* --- XP002: more programs than a dispatcher takes --- */

/* Programs that a rule wants at a place that it states, and about which no other fact matters. */
static bool wants_at_place(const struct policy_rule *rule)
{
	return rule->cond[COND_INTERFACE] && !(rule->head.conds & PROGRAM_CONDS);
}

static int by_place_and_program(const void *a, const void *b, void *ctx)
{
	const struct mention *x = *(const struct mention *const *)a;
	const struct mention *y = *(const struct mention *const *)b;
	const struct facts *facts = ctx;
	int order = place__compare(facts__rule(facts, x->rule), facts__rule(facts, y->rule));

	return order ? order : mention__compare(x, y);
}

static int by_rule(const void *a, const void *b)
{
	const struct mention *x = *(const struct mention *const *)a;
	const struct mention *y = *(const struct mention *const *)b;

	return (x->rule > y->rule) - (x->rule < y->rule);
}

/* The mentions of one place: leaves the first of each program that may be there. */
static size_t leave_programs(struct facts *facts, const struct mention **mention, size_t n)
{
	struct scope scope;
	struct words words;
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		const struct mention *m = mention[i];

		if (i && !strcmp(m->name, mention[i - 1]->name))
			continue;
		scope__of(facts__rule(facts, m->rule), LINT_PLACE, &scope);
		scope__narrow(&scope, LINT_PLACE, &words);
		if (facts__denied(facts, facts__program(facts, m->name), &scope) == NO)
			mention[kept++] = m;
	}
	return kept;
}

static void check_place(struct facts *facts, const struct mention **mention, size_t n)
{
	const struct policy_rule *rule;

	n = n > LINT_MAX_CHAIN ? leave_programs(facts, mention, n) : 0;
	if (n <= LINT_MAX_CHAIN)
		return;
	qsort(mention, n, sizeof(*mention), by_rule);
	rule = facts__rule(facts, mention[LINT_MAX_CHAIN]->rule);
	/* of such an order the rule itself tells */
	if (rule->head.order_step && policy_list__count(rule->cond[COND_PROGRAM]) > LINT_MAX_CHAIN)
		return;
	lint__add(
		facts->lint, LINT_TOO_MANY, rule->file, rule->line,
		"found '%.80s' as program %d of %zu for these interfaces, expected at most %d: no "
		"more run on one interface",
		mention[LINT_MAX_CHAIN]->name, LINT_MAX_CHAIN + 1, n, LINT_MAX_CHAIN);
}

static int warn_too_many(struct facts *facts)
{
	const struct mention **mention = calloc(facts->n_mentions + 1, sizeof(*mention));
	size_t n = 0, next;

	if (!mention)
		return -ENOMEM;
	facts__restart(facts);
	for (size_t i = 0; i < facts->n_mentions; i++)
		if (wants_at_place(facts__rule(facts, facts->mention[i].rule)))
			mention[n++] = &facts->mention[i];
	qsort_r(mention, n, sizeof(*mention), by_place_and_program, facts);
	for (size_t i = 0; i < n; i = next) {
		for (next = i + 1; next < n; next++)
			if (place__compare(facts__rule(facts, mention[i]->rule),
					   facts__rule(facts, mention[next]->rule)))
				break;
		check_place(facts, mention + i, next - i);
	}
	free(mention);
	return 0;
}

/* --- XP005: the last program goes on --- */

/* The actions that rules certainly give besides PASS, and the rule that gives most of them. */
static uint32_t useless_actions(struct facts *facts, const struct program *program,
				const struct scope *scope, uint32_t *by)
{
	struct walk walk;
	struct policy_value sum = { .relative = true };
	bool found = false;
	uint32_t i;

	walk__start(&walk, facts, program, ATTR_ACTIONS, scope, 0, false);
	while (walk__next(&walk, &i)) {
		const struct policy_rule *rule = facts__rule(facts, i);
		struct policy_value value = rule->head.value[ATTR_ACTIONS];
		uint32_t given = value.relative ? value.add : value.num;
		enum answer holds = scope__implies(rule, NOT_PROGRAM, scope);

		if (holds == UNSURE)
			return 0;
		if (holds == NO)
			continue;
		if (!found && given & POLICY_LOST_IF_LAST) {
			found = true;
			*by = i;
		}
		if (!value.relative)
			return policy_value__apply(&sum, value.num) & POLICY_LOST_IF_LAST;
		policy_value__stack(&value, &sum);
		sum = value;
	}
	return walk.gave_up ? 0 : sum.add & POLICY_LOST_IF_LAST;
}

static void print_actions(uint32_t actions, char *buf, size_t size)
{
	struct policy_value value = { .num = actions };

	policy_value__print(ATTR_ACTIONS, &value, buf, size);
}

static void check_last(struct facts *facts, const struct claim *last, const struct scope *place)
{
	char actions[POLICY_VALUE_SIZE];
	const struct policy_rule *rule;
	struct scope scope;
	struct words words;
	uint32_t set, by = 0;

	scope__at(facts__rule(facts, last->rule), place, &scope);
	scope__narrow(&scope, PROGRAM_CONDS, &words);
	set = useless_actions(facts, last->program, &scope, &by);
	if (!set || !facts__tell(facts, by))
		return;
	rule = facts__rule(facts, by);
	print_actions(set, actions, sizeof(actions));
	lint__add(facts->lint, LINT_LAST_GOES_ON, rule->file, rule->value_line[ATTR_ACTIONS],
		  "found %s among the actions of '%.80s', the last of its chain (priority %u), "
		  "expected PASS at most: behind the last program all of them become a PASS",
		  actions, last->program->name, last->priority);
}

/* Whether a program of a lower priority is certain to come to the place. */
static bool is_before(struct facts *facts, const struct claim *claim, const struct scope *place)
{
	const struct policy_rule *rule = facts__rule(facts, claim->rule);

	return !denies(rule) && scope__implies(rule, LINT_PLACE, place) == YES &&
	       facts__there(facts, claim, place);
}

/* From the highest priority down: the last program of the place, if another is before it. */
static const struct claim *find_last(struct facts *facts, const struct scope *place)
{
	const struct claim *last = NULL, *c;
	struct claims_at at;

	claims_at__start(&at, facts, place, facts->n_claims);
	for (unsigned int i = 0; i < FACTS_MAX_STEPS && (c = claims_at__next(&at)); i++) {
		const struct policy_rule *rule = facts__rule(facts, c->rule);

		if (!facts__spend(facts))
			return NULL;
		if (scope__excludes(rule, LINT_PLACE, place) ||
		    (last && c->program == last->program) || facts__absent(facts, c, place))
			continue;
		if (last && c->priority == last->priority)
			return NULL;
		if (last && is_before(facts, c, place))
			return last;
		if (last)
			continue;
		if (!c->program || scope__implies(rule, LINT_PLACE, place) != YES ||
		    !facts__there(facts, c, place))
			return NULL;
		last = c;
	}
	return NULL;
}

static int by_claimed_place(const void *a, const void *b, void *ctx)
{
	const struct facts *facts = ctx;

	return place__compare(facts__rule(facts, *(const uint32_t *)a),
			      facts__rule(facts, *(const uint32_t *)b));
}

/*
 * Of one file only an order says that it is the whole chain; other programs may be named in other
 * files.
 */
static int warn_last(struct facts *facts)
{
	const struct rule_list *giving = &facts->giving[ATTR_PRIORITY];
	uint32_t *rule = calloc(giving->n + 1, sizeof(*rule));
	struct scope place;
	struct words words;

	if (!rule)
		return -ENOMEM;
	facts__restart(facts);
	memcpy(rule, giving->rule, giving->n * sizeof(*rule));
	qsort_r(rule, giving->n, sizeof(*rule), by_claimed_place, facts);
	for (size_t i = 0; i < giving->n && facts->lint->asked[ATTR_ACTIONS]; i++) {
		const struct claim *last;

		if (i && !by_claimed_place(&rule[i], &rule[i - 1], facts))
			continue;
		scope__of(facts__rule(facts, rule[i]), LINT_PLACE, &place);
		scope__narrow(&place, LINT_PLACE, &words);
		last = find_last(facts, &place);
		if (last && (facts->lint->whole || facts__rule(facts, last->rule)->head.order_step))
			check_last(facts, last, &place);
	}
	free(rule);
	return 0;
}

/* --- XP006: actions of a program that is alone --- */

/* The only program that a set of rules leaves. */
struct left {
	const char *name;
	bool others;
};

static void add_left(struct left *left, const char *name)
{
	left->others =
		left->others || !lint__is_word(name) || (left->name && strcmp(left->name, name));
	left->name = name;
}

/* Whether the rule denies all programs of a place, but for those that it excludes. */
static bool denies_place(const struct policy_rule *rule, struct left *left)
{
	bool all = true;

	if (!denies(rule) || rule->head.conds & PROGRAM_CONDS)
		return false;
	if (lint__is_all(rule->cond[COND_PROGRAM]))
		return true;
	for_each_glob(glob, rule->cond[COND_PROGRAM]) {
		all = all && *glob == '!';
		add_left(left, glob + 1);
	}
	return all;
}

static void add_allowed(struct left *left, const struct policy_rule *rule)
{
	if (!rule->cond[COND_PROGRAM] ||
	    policy_list__size(rule->cond[COND_PROGRAM]) > LINT_MAX_LIST)
		left->others = true;
	for_each_glob(glob, rule->cond[COND_PROGRAM])
		add_left(left, glob);
}

/* Looks for what later rules allow again. */
static void find_left(struct facts *facts, size_t nth, struct left *left)
{
	const struct rule_list *attach = &facts->giving[ATTR_ATTACH];
	struct scope place;

	scope__of(facts__rule(facts, attach->rule[nth]), LINT_PLACE, &place);
	for (size_t i = nth + 1; i < attach->n && !left->others; i++) {
		const struct policy_rule *rule = facts__rule(facts, attach->rule[i]);

		if (i > nth + FACTS_MAX_STEPS || !facts__spend(facts))
			left->others = true;
		else if (rule->head.value[ATTR_ATTACH].num == ATTACH_ALLOW &&
			 !scope__excludes(rule, LINT_PLACE, &place))
			add_allowed(left, rule);
	}
}

/* A rule that does not leave the place where the program is alone. */
static bool stays_within(const struct policy_rule *rule, const struct policy_rule *place)
{
	for (int c = 0; c < N_CONDS; c++)
		if (LINT_PLACE & 1U << c && lint__implied(c, place->cond[c], rule->cond[c]) != YES)
			return false;
	return true;
}

static void check_alone(struct facts *facts, const char *name, const struct policy_rule *deny)
{
	const struct program *program = facts__program(facts, name);

	for (const struct mention *m = program ? program->first : NULL; m && m < program->end;
	     m++) {
		const struct policy_rule *rule = facts__rule(facts, m->rule);
		const struct policy_value *value = &rule->head.value[ATTR_ACTIONS];

		if (!rule->head.has[ATTR_ACTIONS] || !stays_within(rule, deny) ||
		    policy_list__count(rule->cond[COND_PROGRAM]) > 1 ||
		    (!value->relative && value->num == POLICY_DEFAULT_ACTIONS) ||
		    !facts__tell(facts, m->rule))
			continue;
		lint__add(facts->lint, LINT_ALONE, rule->file, rule->value_line[ATTR_ACTIONS],
			  "found chain call actions for '%.80s', where %s:%u denies all others, "
			  "expected none: they have no effect on a program that is alone",
			  name, deny->file, deny->value_line[ATTR_ATTACH]);
	}
}

static void warn_alone(struct facts *facts)
{
	const struct rule_list *attach = &facts->giving[ATTR_ATTACH];

	facts__restart(facts);
	if (!facts->lint->asked[ATTR_ATTACH] || !facts->lint->asked[ATTR_ACTIONS])
		return;
	for (size_t i = 0; i < attach->n; i++) {
		const struct policy_rule *deny = facts__rule(facts, attach->rule[i]);
		struct left left = { 0 };

		if (!denies_place(deny, &left) || left.others)
			continue;
		find_left(facts, i, &left);
		if (left.name && !left.others)
			check_alone(facts, left.name, deny);
	}
}

static int warn_all(struct facts *facts)
{
	int rc;

	warn_shared_priority(facts);
	rc = warn_too_many(facts);
	warn_never_wins(facts);
	if (!rc)
		rc = warn_last(facts);
	if (facts->lint->whole)
		warn_alone(facts);
	return rc;
}

int lint__chains(struct lint *lint)
{
	struct facts facts;
	int rc;

	rc = facts__find(&facts, lint);
	if (!rc)
		rc = warn_all(&facts);
	facts__free(&facts);
	return rc;
}
