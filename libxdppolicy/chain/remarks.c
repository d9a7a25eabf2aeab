// SPDX-License-Identifier: LGPL-2.1-or-later
/* Remarks on a chain: equal priorities, and actions that do not do what they seem to. */
#include <stdio.h>
#include <string.h>

#include "remarks.h"

static const char *const tie_words[] = {
	[TIE_NAME] = "by name", [TIE_NEW] = "by age", [TIE_SIZE] = "by size",
	[TIE_TAG] = "by tag",	[TIE_AGE] = "by age",
};

/* libxdp's order of equals is another once they are loaded: a live chain may have that of before.
 */
static bool remark_tie(const struct chain *chain, unsigned int nth, char *text)
{
	const struct chain_program *p = &chain->program[nth], *before = p - 1;
	enum chain_tie tie;

	if (!nth || p->priority != before->priority)
		return false;
	snprintf(text, CHAIN_REMARK_SIZE, "same priority as %s: %s", proginfo__label(&before->info),
		 chain_program__compare(before, p, &tie) > 0 ? "as they were attached" :
							       tie_words[tie]);
	return true;
}

/* Behind its last program libxdp's dispatcher answers PASS for all that would go on. */
static bool remark_last(const struct chain *chain, unsigned int nth, char *text)
{
	struct policy_value lost = { .num = chain->program[nth].actions & POLICY_LOST_IF_LAST };
	char actions[POLICY_VALUE_SIZE];

	if (chain->n < 2 || nth != chain->n - 1 || !lost.num)
		return false;
	policy_value__print(ATTR_ACTIONS, &lost, actions, sizeof(actions));
	snprintf(text, CHAIN_REMARK_SIZE, "last: %s %s PASS", actions,
		 lost.num & (lost.num - 1) ? "become" : "becomes");
	return true;
}

/* In place of a dispatcher libxdp runs a lone program itself. */
static bool remark_alone(const struct chain *chain, char *text)
{
	if (chain->n != 1 || !(chain->program[0].actions & POLICY_LOST_IF_LAST))
		return false;
	snprintf(text, CHAIN_REMARK_SIZE, "alone: its actions have no effect");
	return true;
}

bool chain__remark(const struct chain *chain, unsigned int nth, enum chain_remark remark,
		   char text[CHAIN_REMARK_SIZE])
{
	if (chain->kind != CHAIN_DISPATCHER || nth >= chain->n)
		return false;
	switch (remark) {
	case REMARK_TIE:
		return remark_tie(chain, nth, text);
	case REMARK_LAST:
		return remark_last(chain, nth, text);
	case REMARK_ALONE:
		return remark_alone(chain, text);
	case N_REMARKS:
		break;
	}
	return false;
}

/* Not a part of another one: a.conf:1 is another place than a.conf:12. */
static bool has_remark(const char *text, const char *remark)
{
	size_t len = strlen(remark);

	for (const char *at = text; (at = strstr(at, remark)); at++)
		if ((at == text || !strncmp(at - 2, ", ", 2)) && (!at[len] || at[len] == ','))
			return true;
	return false;
}

void chain_remark__add(char *buf, size_t size, const char *remark)
{
	size_t len = strlen(buf);

	if (!has_remark(buf, remark))
		snprintf(buf + len, size - len, "%s%s", len ? ", " : "", remark);
}

void chain__append_remarks(const struct chain *chain, unsigned int nth, char *buf, size_t size)
{
	char text[CHAIN_REMARK_SIZE];

	for (enum chain_remark i = 0; i < N_REMARKS; i++)
		if (chain__remark(chain, nth, i, text))
			chain_remark__add(buf, size, text);
}
