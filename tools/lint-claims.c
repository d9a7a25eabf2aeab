// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which priorities rules give to programs, and where. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lint-facts.h"

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

/* The highest priority that the rule gives to a program that it does not name. */
static uint32_t max_priority(const struct policy_rule *rule)
{
	const struct policy_head *head = &rule->head;
	uint32_t here = 0, last = 0;

	for_each_glob(glob, head->order_step ? rule->cond[COND_PROGRAM] : NULL) {
		if (!lint__is_word(glob))
			last = here;
		here++;
	}
	return head->value[ATTR_PRIORITY].num + last * head->order_step;
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

static int list_claims(struct facts *facts)
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
	for_each_glob(word, list) {
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
	for_each_glob(word, place->list[cond]) {
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

int facts__find_claims(struct facts *facts)
{
	int rc;

	rc = list_claims(facts);
	if (rc)
		return rc;
	qsort_r(facts->claim, facts->n_claims, sizeof(*facts->claim), by_priority, facts);
	return find_entries(facts);
}
