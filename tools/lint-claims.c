// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which priorities rules give to programs, and where. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lint-facts.h"

static enum answer is_overridden(struct facts *facts, const struct claim *claim,
				 const struct scope *scope)
{
	return facts__overridden(facts, claim->program, claim->rule, ATTR_PRIORITY, scope, false,
				 NULL);
}

bool facts__there(struct facts *facts, const struct claim *claim, const struct scope *place)
{
	struct scope scope;
	struct words words;

	if (!claim->program)
		return true;
	scope__at(facts__rule(facts, claim->rule), place, &scope);
	scope__narrow(&scope, PROGRAM_CONDS, &words);
	return is_overridden(facts, claim, &scope) == NO &&
	       facts__denied(facts, claim->program, &scope) == NO;
}

bool facts__absent(struct facts *facts, const struct claim *claim, const struct scope *place)
{
	struct scope scope;

	if (!claim->program)
		return false;
	scope__at(facts__rule(facts, claim->rule), place, &scope);
	return is_overridden(facts, claim, &scope) == YES ||
	       facts__denied(facts, claim->program, &scope) == YES;
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
	const struct rule_list *giving = &facts->giving[ATTR_PRIORITY];

	facts->claim = calloc(facts->n_mentions + facts->n_programs + giving->n + 1,
			      sizeof(*facts->claim));
	if (!facts->claim)
		return -ENOMEM;
	if (!facts->lint->asked[ATTR_PRIORITY])
		return 0;
	for (size_t i = 0; i < facts->n_programs; i++)
		add_claims_of(facts, &facts->program[i]);
	for (size_t i = 0; i < giving->n; i++) {
		const struct policy_rule *rule = facts__rule(facts, giving->rule[i]);

		if (facts__is_general(rule))
			add_claim(facts, NULL, giving->rule[i], max_priority(rule));
	}
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

static int index_claims(struct facts *facts)
{
	int rc = 0;

	for (uint32_t i = 0; i < facts->n_claims && !rc; i++) {
		const struct policy_rule *rule = facts__rule(facts, facts->claim[i].rule);

		rc = facts__index_list(&facts->claims, COND_INTERFACE, COND_INTERFACE,
				       rule->cond[COND_INTERFACE], i);
		if (!rc)
			rc = facts__index_list(&facts->claims, COND_HOST, COND_HOST,
					       rule->cond[COND_HOST], i);
	}
	lint_index__sort(&facts->claims);
	return rc;
}

void claims_at__start(struct claims_at *at, const struct facts *facts, const struct scope *place,
		      size_t before)
{
	enum policy_cond cond =
		lint__is_words(place->list[COND_INTERFACE]) ? COND_INTERFACE : COND_HOST;

	at->facts = facts;
	at->left = 0;
	at->lanes.n = 0;
	if (lint__is_words(place->list[cond]) &&
	    facts__look_up(&at->lanes, &facts->claims, cond, cond, place->list[cond], 0, before))
		return;
	at->lanes.n = 0;
	at->left = before;
}

const struct claim *claims_at__next(struct claims_at *at)
{
	uint32_t claim;

	if (at->left)
		return at->facts->claim + --at->left;
	if (!lint_lanes__peek(&at->lanes, &claim))
		return NULL;
	lint_lanes__drop(&at->lanes, claim);
	return at->facts->claim + claim;
}

int facts__find_claims(struct facts *facts)
{
	int rc;

	rc = list_claims(facts);
	if (rc)
		return rc;
	qsort_r(facts->claim, facts->n_claims, sizeof(*facts->claim), by_priority, facts);
	return index_claims(facts);
}
