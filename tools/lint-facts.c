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

void scope__narrow(struct scope *scope, unsigned int conds, struct words *words)
{
	for (int c = 0; c < N_CONDS; c++)
		if (conds & 1U << c)
			scope->list[c] = lint__example(c, scope->list[c], words->word[c]);
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

enum answer scope__implies(const struct policy_rule *rule, unsigned int conds,
			   const struct scope *scope)
{
	enum answer all = YES;

	for (conds &= rule->head.conds; conds; conds &= conds - 1) {
		int c = ffs(conds) - 1;
		enum answer one = lint__implied(c, rule->cond[c], scope->list[c]);

		if (one == NO)
			return NO;
		all = one == YES ? all : UNSURE;
	}
	return all;
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

/* Longer beginnings of a name are cut: they are looked for at each length. */
#define MAX_PREFIX 24

/* How all names begin that a glob matches. */
static size_t prefix_of(const char *glob)
{
	size_t len = strcspn(glob, "*?[\\");

	return *glob == '!' ? 0 : len < MAX_PREFIX ? len : MAX_PREFIX;
}

static void add_prefix(struct walk *walk, const char *word, size_t len)
{
	if (walk->facts->prefixes & UINT64_C(1) << len &&
	    !lint_lanes__add(&walk->lanes, &walk->facts->general, walk->attr, word, len,
			     walk->first, UINT32_MAX))
		walk->gave_up = true;
}

static void add_named(struct walk *walk, const struct scope *scope, bool maybe)
{
	int group = (walk->program - walk->facts->program) * N_GROUPS;
	const char *interface = scope->list[COND_INTERFACE], *host = scope->list[COND_HOST];
	const struct lint_index *named = &walk->facts->named;
	bool fits;

	if (lint__is_words(host) && !lint__is_words(interface))
		fits = facts__look_up(&walk->lanes, named, group + GROUP_HOST, COND_HOST, host,
				      walk->first, UINT32_MAX);
	else if (lint__is_words(interface) || !maybe)
		fits = facts__look_up(&walk->lanes, named, group + GROUP_INTERFACE, COND_INTERFACE,
				      interface, walk->first, UINT32_MAX);
	else
		fits = lint_lanes__add(&walk->lanes, named, group + GROUP_ALL, "", 0, walk->first,
				       UINT32_MAX);
	walk->gave_up = walk->gave_up || !fits;
}

void walk__start(struct walk *walk, struct facts *facts, const struct program *program,
		 enum policy_attr attr, const struct scope *scope, uint32_t first, bool maybe)
{
	walk->facts = facts;
	walk->program = program;
	walk->attr = attr;
	walk->first = first;
	walk->lanes.n = 0;
	walk->steps = 0;
	walk->gave_up = false;
	for (size_t len = 0; len <= MAX_PREFIX; len++) {
		add_prefix(walk, program->name, len);
		if (!program->name[len])
			break;
	}
	add_named(walk, scope, maybe);
}

/*
 * The rules that are certain to match whatever this list does are those for all, and those with all
 * of its globs.
 */
static void walk_start_general(struct walk *walk, struct facts *facts, const char *list,
			       enum policy_attr attr, uint32_t first)
{
	walk->facts = facts;
	walk->program = NULL;
	walk->attr = attr;
	walk->first = first;
	walk->lanes.n = 0;
	walk->steps = 0;
	walk->gave_up = false;
	add_prefix(walk, "", 0);
	for_each_glob(glob, list) {
		if (*glob == '!')
			continue;
		if (prefix_of(glob))
			add_prefix(walk, glob, prefix_of(glob));
		break;
	}
}

bool facts__spend(struct facts *facts)
{
	facts->effort -= facts->effort > 0;
	return facts->effort;
}

bool facts__is_general(const struct policy_rule *rule)
{
	const char *list = rule->cond[COND_PROGRAM];

	return !list || !policy_list__is_literal(list);
}

/* Without a program whoever asks has to compare the lists. */
static bool matches(const struct policy_rule *rule, const struct program *program)
{
	const char *list = rule->cond[COND_PROGRAM];

	return !list || !program || !facts__is_general(rule) ||
	       lint__word_matches(COND_PROGRAM, list, program->name);
}

bool walk__next(struct walk *walk, uint32_t *ret)
{
	while (!walk->gave_up && lint_lanes__peek(&walk->lanes, ret)) {
		const struct policy_rule *rule = facts__rule(walk->facts, *ret);

		lint_lanes__drop(&walk->lanes, *ret);
		if (walk->steps++ >= FACTS_MAX_STEPS || !facts__spend(walk->facts))
			walk->gave_up = true;
		else if (rule->head.has[walk->attr] && matches(rule, walk->program))
			return true;
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
	unsigned int conds = program ? NOT_PROGRAM : ALL_CONDS;
	struct walk walk;
	bool unsure = false;
	uint32_t i;

	if (program)
		walk__start(&walk, facts, program, attr, scope, rule + 1, false);
	else
		walk_start_general(&walk, facts, scope->list[COND_PROGRAM], attr, rule + 1);
	while (walk__next(&walk, &i)) {
		const struct policy_rule *later = facts__rule(facts, i);
		enum answer holds = NO;

		if (!later->head.value[attr].relative)
			holds = scope__implies(later, conds, scope);
		unsure = unsure || holds == UNSURE;
		if (holds != YES || (by_flaw && !is_flaw(later, facts__rule(facts, rule))))
			continue;
		if (by)
			*by = i;
		return YES;
	}
	return unsure || walk.gave_up ? UNSURE : NO;
}

enum answer facts__denied(struct facts *facts, const struct program *program,
			  const struct scope *scope)
{
	struct walk walk;
	uint32_t i;

	if (!facts->lint->asked[ATTR_ATTACH])
		return NO;
	walk__start(&walk, facts, program, ATTR_ATTACH, scope, 0, true);
	while (walk__next(&walk, &i)) {
		const struct policy_rule *rule = facts__rule(facts, i);
		bool denies = rule->head.value[ATTR_ATTACH].num == ATTACH_DENY;
		enum answer holds = scope__implies(rule, NOT_PROGRAM, scope);

		if (holds == YES)
			return denies ? YES : NO;
		if (holds == UNSURE && denies)
			return UNSURE;
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
			mention[n] = (struct mention){ glob, nth, here };
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
	facts->program = calloc(facts->n_mentions + 1, sizeof(*facts->program));
	if (!facts->program)
		return -ENOMEM;
	for (size_t i = 0; i < facts->n_mentions; i++) {
		const struct mention *m = &facts->mention[i];

		if (!i || strcmp(m->name, m[-1].name))
			facts->program[facts->n_programs++] =
				(struct program){ .name = m->name, .first = m };
		facts->program[facts->n_programs - 1].end = m + 1;
	}
	return 0;
}

/* A host may be known by both of its names: the short one stands for both. */
static size_t word_len(enum policy_cond cond, const char *word)
{
	return cond == COND_HOST ? strcspn(word, ".") : strlen(word);
}

int facts__index_list(struct lint_index *index, int group, enum policy_cond cond, const char *list,
		      uint32_t number)
{
	int rc = 0;

	if (!lint__is_words(list))
		return lint_index__add(index, group, "", 0, number);
	for_each_glob(word, list) {
		if (!rc)
			rc = lint_index__add(index, group, word, word_len(cond, word), number);
	}
	return rc;
}

bool facts__look_up(struct lint_lanes *lanes, const struct lint_index *index, int group,
		    enum policy_cond cond, const char *list, uint32_t first, uint32_t end)
{
	bool fits = lint_lanes__add(lanes, index, group, "", 0, first, end);

	for_each_glob(word, lint__is_words(list) ? list : NULL) {
		fits = fits &&
		       lint_lanes__add(lanes, index, group, word, word_len(cond, word), first, end);
	}
	return fits;
}

static int index_mentions(struct facts *facts)
{
	int rc = 0;

	for (size_t i = 0; i < facts->n_programs; i++) {
		const struct program *program = &facts->program[i];
		int group = i * N_GROUPS;

		for (const struct mention *m = program->first; m < program->end && !rc; m++) {
			const struct policy_rule *rule = facts__rule(facts, m->rule);

			rc = facts__index_list(&facts->named, group + GROUP_INTERFACE,
					       COND_INTERFACE, rule->cond[COND_INTERFACE], m->rule);
			if (!rc)
				rc = facts__index_list(&facts->named, group + GROUP_HOST, COND_HOST,
						       rule->cond[COND_HOST], m->rule);
			if (!rc)
				rc = lint_index__add(&facts->named, group + GROUP_ALL, "", 0,
						     m->rule);
		}
	}
	lint_index__sort(&facts->named);
	return rc;
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

/* By the beginning of each glob; by "" if the rule may match names of any. */
static int add_general(struct facts *facts, enum policy_attr attr, uint32_t i)
{
	const char *list = facts__rule(facts, i)->cond[COND_PROGRAM];
	bool only_excludes = true;
	int rc = 0;

	for_each_glob(glob, list) {
		if (*glob == '!' || rc)
			continue;
		only_excludes = false;
		facts->prefixes |= UINT64_C(1) << prefix_of(glob);
		rc = lint_index__add(&facts->general, attr, glob, prefix_of(glob), i);
	}
	if (!only_excludes)
		return rc;
	facts->prefixes |= 1;
	return lint_index__add(&facts->general, attr, "", 0, i);
}

static int find_lists(struct facts *facts)
{
	const struct lint *lint = facts->lint;

	for_each_attr(attr) {
		struct rule_list *giving = &facts->giving[attr];

		giving->rule = calloc(lint->n + 1, sizeof(*giving->rule));
		if (!giving->rule)
			return -ENOMEM;
		for (uint32_t i = 0; i < lint->n; i++) {
			if (!lint->rule[i]->head.has[attr] || lint->never[i])
				continue;
			giving->rule[giving->n++] = i;
			if (facts__is_general(lint->rule[i]) && add_general(facts, attr, i))
				return -ENOMEM;
		}
	}
	lint_index__sort(&facts->general);
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
		rc = index_mentions(facts);
	if (!rc)
		rc = find_lists(facts);
	return rc ? rc : facts__find_claims(facts);
}

void facts__free(struct facts *facts)
{
	for_each_attr(attr)
		free(facts->giving[attr].rule);
	lint_index__free(&facts->general);
	lint_index__free(&facts->claims);
	lint_index__free(&facts->named);
	free(facts->claim);
	free(facts->program);
	free(facts->mention);
	free(facts->told);
}
