// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lint-facts.h"

/* Steps of all looks for one warning together. */
#define MAX_EFFORT 5000000

const struct policy_rule *facts__rule(const struct facts *facts, uint32_t i)
{
	return facts->lint->rule[i];
}

bool facts__tell(struct facts *facts, uint32_t rule)
{
	bool first = !facts->told[rule];

	facts->told[rule] = true;
	return first;
}

void facts__restart(struct facts *facts)
{
	memset(facts->told, 0, facts->lint->n * sizeof(*facts->told));
	facts->effort = MAX_EFFORT;
}

void scope__of(const struct policy_rule *rule, unsigned int conds, struct scope *ret)
{
	for (int c = 0; c < N_CONDS; c++)
		ret->list[c] = conds & 1U << c ? rule->cond[c] : NULL;
}

void scope__at(const struct policy_rule *rule, const struct scope *place, struct scope *ret)
{
	scope__of(rule, PROGRAM_CONDS, ret);
	for (int c = 0; c < N_CONDS; c++)
		if (LINT_PLACE & 1U << c)
			ret->list[c] = place->list[c];
}

bool place__meet(struct scope *place, const struct policy_rule *rule, struct words *words)
{
	for (int c = 0; c < N_CONDS; c++)
		if (LINT_PLACE & 1U << c &&
		    !lint__meet(c, place->list[c], rule->cond[c], &place->list[c], words->word[c]))
			return false;
	return true;
}

bool scope__implies(const struct policy_rule *rule, unsigned int conds, const struct scope *scope)
{
	for (conds &= rule->head.conds; conds; conds &= conds - 1) {
		int c = ffs(conds) - 1;

		if (!lint__implied(c, rule->cond[c], scope->list[c]))
			return false;
	}
	return true;
}

bool scope__excludes(const struct policy_rule *rule, unsigned int conds, const struct scope *scope)
{
	for (conds &= rule->head.conds; conds; conds &= conds - 1) {
		int c = ffs(conds) - 1;

		if (lint__disjoint(c, rule->cond[c], scope->list[c]))
			return true;
	}
	return false;
}

struct walk walk__start(struct facts *facts, const struct program *program, enum policy_attr attr)
{
	return (struct walk){
		.facts = facts,
		.program = program,
		.attr = attr,
		.named = program ? program->end : NULL,
		.n_general = facts->general[attr].n,
	};
}

bool facts__spend(struct facts *facts)
{
	facts->effort -= facts->effort > 0;
	return facts->effort;
}

static bool spend(struct walk *walk)
{
	walk->gave_up = walk->steps++ >= FACTS_MAX_STEPS || !facts__spend(walk->facts);
	return !walk->gave_up;
}

static bool matches(const struct policy_rule *rule, const struct program *program)
{
	const char *list = rule->cond[COND_PROGRAM];

	return !list || !program || lint__word_matches(COND_PROGRAM, list, program->name);
}

bool walk__next(struct walk *walk, uint32_t *ret)
{
	const uint32_t *general = walk->facts->general[walk->attr].rule;

	while (spend(walk)) {
		const struct mention *named = NULL;

		if (walk->program && walk->named > walk->program->first)
			named = walk->named - 1;
		if (named && named->rule < walk->stop)
			named = NULL;
		if (!named && (!walk->n_general || general[walk->n_general - 1] < walk->stop))
			return false;
		if (named && (!walk->n_general || named->rule >= general[walk->n_general - 1])) {
			walk->named--;
			*ret = named->rule;
			if (!named->general && facts__rule(walk->facts, *ret)->head.has[walk->attr])
				return true;
		} else {
			*ret = general[--walk->n_general];
			if (matches(facts__rule(walk->facts, *ret), walk->program))
				return true;
		}
	}
	return false;
}

/* The length of a path up to its xdp directory: /etc, /run or /usr/lib. */
static size_t tree_of(const char *path)
{
	const char *xdp = NULL;

	for (const char *p = path; (p = strstr(p, "/xdp/")); p++)
		xdp = p;
	return xdp ? xdp - path : 0;
}

/*
 * Files exist to override others. Only within one file, or if a file of the same owner says
 * something more general, it is hardly meant.
 */
static bool is_flaw(const struct policy_rule *later, const struct policy_rule *rule)
{
	size_t tree = tree_of(rule->file);

	if (!strcmp(later->file, rule->file))
		return true;
	if (tree != tree_of(later->file) || strncmp(later->file, rule->file, tree))
		return false;
	return (rule->head.conds & ~later->head.conds) ||
	       (lint__is_words(rule->cond[COND_PROGRAM]) &&
		!policy_list__is_literal(later->cond[COND_PROGRAM]));
}

enum answer facts__overridden(struct facts *facts, const struct program *program, uint32_t rule,
			      enum policy_attr attr, const struct scope *scope, bool by_flaw,
			      uint32_t *by)
{
	struct walk walk = walk__start(facts, program, attr);
	unsigned int conds = program ? NOT_PROGRAM : ALL_CONDS;
	uint32_t i;

	walk.stop = rule + 1;
	while (walk__next(&walk, &i)) {
		const struct policy_rule *later = facts__rule(facts, i);

		if (later->head.value[attr].relative || !scope__implies(later, conds, scope) ||
		    (by_flaw && !is_flaw(later, facts__rule(facts, rule))))
			continue;
		if (by)
			*by = i;
		return YES;
	}
	return walk.gave_up ? UNSURE : NO;
}

enum answer facts__denied(struct facts *facts, const struct program *program,
			  const struct scope *scope)
{
	struct walk walk = walk__start(facts, program, ATTR_ATTACH);
	uint32_t i;

	if (!facts->lint->asked[ATTR_ATTACH])
		return NO;
	while (walk__next(&walk, &i)) {
		const struct policy_rule *rule = facts__rule(facts, i);
		bool denies = rule->head.value[ATTR_ATTACH].num == ATTACH_DENY;

		if (scope__implies(rule, NOT_PROGRAM, scope))
			return denies ? YES : NO;
		if (!denies && !scope__excludes(rule, NOT_PROGRAM, scope))
			return NO;
	}
	return walk.gave_up ? UNSURE : NO;
}

int mention__compare(const void *a, const void *b)
{
	const struct mention *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	if (!order)
		order = (x->rule > y->rule) - (x->rule < y->rule);
	return order ? order : (x->position > y->position) - (x->position < y->position);
}

/* Words of the rule's list that it holds for. Only counts if mention is NULL. */
static size_t list_mentions(const struct policy_rule *rule, uint32_t nth, struct mention *mention)
{
	const char *list = rule->cond[COND_PROGRAM];
	bool general = list && !policy_list__is_literal(list);
	size_t n = 0;
	uint32_t position = 0;

	if (general && policy_list__size(list) > LINT_MAX_LIST)
		return 0;
	for_each_glob(glob, list) {
		uint32_t here = position++;

		if (!lint__is_word(glob) ||
		    (general && !lint__word_matches(COND_PROGRAM, list, glob)) ||
		    (general && rule->head.order_step &&
		     policy_order__find(list, glob) != (int)here))
			continue;
		if (mention)
			mention[n] = (struct mention){ glob, nth, here, general };
		n++;
	}
	return n;
}

static int find_mentions(struct facts *facts)
{
	const struct lint *lint = facts->lint;
	size_t n = 0;

	for (uint32_t i = 0; i < lint->n; i++)
		n += lint->never[i] ? 0 : list_mentions(lint->rule[i], i, NULL);
	facts->mention = calloc(n + 1, sizeof(*facts->mention));
	if (!facts->mention)
		return -ENOMEM;
	n = 0;
	for (uint32_t i = 0; i < lint->n; i++)
		n += lint->never[i] ? 0 : list_mentions(lint->rule[i], i, facts->mention + n);
	qsort(facts->mention, n, sizeof(*facts->mention), mention__compare);
	for (size_t i = 0; i < n; i++) {
		const struct mention *m = &facts->mention[i];

		/* twice in one list: the first place counts */
		if (!i || m->rule != m[-1].rule || strcmp(m->name, m[-1].name))
			facts->mention[facts->n_mentions++] = *m;
	}
	return 0;
}

static int find_programs(struct facts *facts)
{
	struct program *program;

	facts->program = calloc(facts->n_mentions + 1, sizeof(*facts->program));
	if (!facts->program)
		return -ENOMEM;
	program = facts->program - 1;
	for (size_t i = 0; i < facts->n_mentions; i++) {
		const struct mention *m = &facts->mention[i];

		if (!i || strcmp(m->name, program->name))
			*++program = (struct program){ .name = m->name, .first = m };
		program->end = m + 1;
	}
	facts->n_programs = program + 1 - facts->program;
	return 0;
}

static int find_program(const void *key, const void *program)
{
	return strcmp(key, ((const struct program *)program)->name);
}

const struct program *facts__program(const struct facts *facts, const char *name)
{
	return bsearch(name, facts->program, facts->n_programs, sizeof(*facts->program),
		       find_program);
}

static int find_lists(struct facts *facts)
{
	const struct lint *lint = facts->lint;

	for_each_attr(attr) {
		struct rule_list *general = &facts->general[attr], *giving = &facts->giving[attr];

		general->rule = calloc(lint->n + 1, sizeof(*general->rule));
		giving->rule = calloc(lint->n + 1, sizeof(*giving->rule));
		if (!general->rule || !giving->rule)
			return -ENOMEM;
		for (uint32_t i = 0; i < lint->n; i++) {
			const char *list = lint->rule[i]->cond[COND_PROGRAM];

			if (!lint->rule[i]->head.has[attr] || lint->never[i])
				continue;
			giving->rule[giving->n++] = i;
			if (!list || !policy_list__is_literal(list))
				general->rule[general->n++] = i;
		}
	}
	return 0;
}

static int compare_lists(const char *a, const char *b)
{
	size_t size_a = policy_list__size(a), size_b = policy_list__size(b);

	if (size_a != size_b)
		return size_a < size_b ? -1 : 1;
	return size_a ? memcmp(a, b, size_a) : 0;
}

int place__compare(const struct policy_rule *a, const struct policy_rule *b)
{
	static const enum policy_cond conds[] = { COND_INTERFACE, COND_HOST, COND_DRIVER,
						  COND_MODE };
	int order = 0;

	for (size_t i = 0; i < sizeof(conds) / sizeof(conds[0]) && !order; i++)
		order = compare_lists(a->cond[conds[i]], b->cond[conds[i]]);
	return order;
}

int facts__find(struct facts *facts, struct lint *lint)
{
	int rc = 0;

	*facts = (struct facts){ .lint = lint };
	facts->told = calloc(lint->n + 1, sizeof(*facts->told));
	if (!facts->told)
		return -ENOMEM;
	facts__restart(facts);
	rc = find_mentions(facts);
	if (!rc)
		rc = find_programs(facts);
	if (!rc)
		rc = find_lists(facts);
	return rc ? rc : facts__find_claims(facts);
}

void facts__free(struct facts *facts)
{
	for_each_attr(attr) {
		free(facts->general[attr].rule);
		free(facts->giving[attr].rule);
	}
	free(facts->entry);
	free(facts->claim);
	free(facts->program);
	free(facts->mention);
	free(facts->told);
}
