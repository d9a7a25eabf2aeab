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

		if (later->head.value[attr].relative ||
		    (by_flaw && !is_flaw(later, facts__rule(facts, rule))))
			continue;
		if (!scope__implies(later, conds, scope))
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

enum answer facts__there(struct facts *facts, const struct claim *claim, const struct scope *place)
{
	enum answer overridden, denied;
	struct scope scope;

	if (!claim->program)
		return YES;
	scope__at(facts__rule(facts, claim->rule), place, &scope);
	overridden = facts__overridden(facts, claim->program, claim->rule, ATTR_PRIORITY, &scope,
				       false, NULL);
	denied = overridden == NO ? facts__denied(facts, claim->program, &scope) : NO;
	if (overridden == YES || denied == YES)
		return NO;
	return overridden == NO && denied == NO ? YES : UNSURE;
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
	for_each_glob(glob, list)
	{
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
		struct mention *last = facts->mention + facts->n_mentions - 1;

		/* twice in one list: the first place counts */
		if (facts->n_mentions && last->rule == facts->mention[i].rule &&
		    !strcmp(last->name, facts->mention[i].name))
			continue;
		facts->mention[facts->n_mentions++] = facts->mention[i];
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

/* The highest priority that the rule gives. */
static uint32_t max_priority(const struct policy_rule *rule)
{
	const struct policy_head *head = &rule->head;
	uint32_t n = head->order_step ? policy_list__count(rule->cond[COND_PROGRAM]) : 1;

	return head->value[ATTR_PRIORITY].num + (n - 1) * head->order_step;
}

static void add_claim(struct facts *facts, const struct program *program, uint32_t rule,
		      uint32_t priority)
{
	struct scope scope;

	scope__of(facts__rule(facts, rule), program ? NOT_PROGRAM : ALL_CONDS, &scope);
	if (facts__overridden(facts, program, rule, ATTR_PRIORITY, &scope, false, NULL) != YES)
		facts->claim[facts->n_claims++] = (struct claim){ program, rule, priority };
}

/* What no rule gives a priority to has libxdp's own, as far as is known. */
static void add_claims_of(struct facts *facts, const struct program *program)
{
	bool any = false, attached = false;

	for (const struct mention *m = program->first; m < program->end; m++) {
		const struct policy_head *head = &facts__rule(facts, m->rule)->head;

		any = any || head->has[ATTR_PRIORITY];
		attached = attached || !head->has[ATTR_ATTACH] ||
			   head->value[ATTR_ATTACH].num == ATTACH_ALLOW;
		if (head->has[ATTR_PRIORITY])
			add_claim(facts, program, m->rule,
				  head->value[ATTR_PRIORITY].num + m->position * head->order_step);
	}
	if (!any && attached)
		facts->claim[facts->n_claims++] =
			(struct claim){ NULL, program->first->rule, POLICY_DEFAULT_PRIORITY };
}

static int find_claims(struct facts *facts)
{
	const struct rule_list *general = &facts->general[ATTR_PRIORITY];

	facts->claim = calloc(facts->n_mentions + facts->n_programs + general->n + 1,
			      sizeof(*facts->claim));
	if (!facts->claim)
		return -ENOMEM;
	if (!facts->lint->asked[ATTR_PRIORITY])
		return 0;
	for (size_t i = 0; i < facts->n_programs; i++)
		add_claims_of(facts, &facts->program[i]);
	for (size_t i = 0; i < general->n; i++)
		add_claim(facts, NULL, general->rule[i],
			  max_priority(facts__rule(facts, general->rule[i])));
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

static int by_priority(const void *a, const void *b, void *ctx)
{
	const struct claim *x = a, *y = b;
	const struct facts *facts = ctx;
	int order = (x->priority > y->priority) - (x->priority < y->priority);

	if (!order)
		order = place__compare(facts__rule(facts, x->rule), facts__rule(facts, y->rule));
	return order ? order : (x->rule > y->rule) - (x->rule < y->rule);
}

/* The words of a rule's list that claims are grouped by. Only counts if entry is NULL. */
static size_t list_entries(const struct policy_rule *rule, enum policy_cond cond, uint32_t claim,
			   struct entry *entry)
{
	const char *list = rule->cond[cond];
	size_t n = 0;

	if (!lint__is_words(list)) {
		if (entry)
			*entry = (struct entry){ cond, "", 0, claim };
		return 1;
	}
	for_each_glob(word, list)
	{
		/* a host may be known by both of its names */
		size_t len = cond == COND_HOST ? strcspn(word, ".") : strlen(word);

		if (entry)
			entry[n] = (struct entry){ cond, word, len, claim };
		n++;
	}
	return n;
}

static size_t list_all_entries(const struct facts *facts, struct entry *entry)
{
	static const enum policy_cond conds[] = { COND_INTERFACE, COND_HOST };
	size_t n = 0;

	for (uint32_t i = 0; i < facts->n_claims; i++)
		for (size_t c = 0; c < sizeof(conds) / sizeof(conds[0]); c++)
			n += list_entries(facts__rule(facts, facts->claim[i].rule), conds[c], i,
					  entry ? entry + n : NULL);
	return n;
}

static int by_word(const struct entry *a, const struct entry *b)
{
	int order = (int)a->cond - (int)b->cond;

	if (!order)
		order = (a->len > b->len) - (a->len < b->len);
	return order ? order : memcmp(a->word, b->word, a->len);
}

static int by_word_and_claim(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = by_word(x, y);

	return order ? order : (x->claim > y->claim) - (x->claim < y->claim);
}

static int find_entries(struct facts *facts)
{
	size_t n = list_all_entries(facts, NULL);

	facts->entry = calloc(n + 1, sizeof(*facts->entry));
	if (!facts->entry)
		return -ENOMEM;
	facts->n_entries = list_all_entries(facts, facts->entry);
	qsort(facts->entry, n, sizeof(*facts->entry), by_word_and_claim);
	return 0;
}

/* The first entry that does not come before key, by its word and then by its claim. */
static const struct entry *lower_bound(const struct facts *facts, const struct entry *key)
{
	const struct entry *first = facts->entry;
	size_t n = facts->n_entries;

	while (n) {
		size_t half = n / 2;

		if (by_word_and_claim(first + half, key) < 0) {
			first += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return first;
}

static void add_lane(struct claims_at *at, struct entry key, size_t before)
{
	struct lane *lane = &at->lane[at->n++];

	key.claim = 0;
	lane->first = lower_bound(at->facts, &key);
	key.claim = before;
	lane->end = lower_bound(at->facts, &key);
}

void claims_at__start(struct claims_at *at, const struct facts *facts, const struct scope *place,
		      size_t before)
{
	const size_t max = sizeof(at->lane) / sizeof(at->lane[0]) - 1;
	enum policy_cond cond = COND_INTERFACE;

	at->facts = facts;
	at->left = 0;
	at->n = 0;
	if (!lint__is_words(place->list[cond]))
		cond = COND_HOST;
	if (!lint__is_words(place->list[cond]) || policy_list__count(place->list[cond]) > max) {
		at->left = before;
		return;
	}
	add_lane(at, (struct entry){ .cond = cond, .word = "" }, before);
	for_each_glob(word, place->list[cond])
	{
		size_t len = cond == COND_HOST ? strcspn(word, ".") : strlen(word);

		add_lane(at, (struct entry){ .cond = cond, .word = word, .len = len }, before);
	}
}

const struct claim *claims_at__next(struct claims_at *at)
{
	const struct claim *claim = at->facts->claim;
	int64_t best = -1;

	if (at->left)
		return claim + --at->left;
	for (unsigned int i = 0; i < at->n; i++)
		if (at->lane[i].end > at->lane[i].first && at->lane[i].end[-1].claim > best)
			best = at->lane[i].end[-1].claim;
	/* a claim with several words stands in several lanes */
	for (unsigned int i = 0; i < at->n; i++)
		if (at->lane[i].end > at->lane[i].first && at->lane[i].end[-1].claim == best)
			at->lane[i].end--;
	return best < 0 ? NULL : claim + best;
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
	if (!rc)
		rc = find_claims(facts);
	if (rc)
		return rc;
	qsort_r(facts->claim, facts->n_claims, sizeof(*facts->claim), by_priority, facts);
	return find_entries(facts);
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
