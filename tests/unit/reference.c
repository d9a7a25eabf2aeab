// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "reference.h"

/* What is said so far: nothing, changes alone, or a value with changes in it already. */
struct said {
	bool anything, absolute;
	uint32_t value, add, del;
};

static bool one_matches(enum policy_cond cond, const char *glob, const struct policy_subject *s)
{
	char host[300];

	if (!fnmatch(glob, s->value[cond], 0))
		return true;
	if (cond == COND_USER && s->uid)
		return !fnmatch(glob, s->uid, 0);
	if (cond != COND_HOST)
		return false;
	strcpy(host, s->value[cond]);
	host[strcspn(host, ".")] = '\0';
	return !fnmatch(glob, host, 0);
}

static bool holds(const struct policy_rule *rule, const struct policy_subject *s)
{
	for (int c = 0; c < N_CONDS; c++) {
		unsigned int n_positive = 0, n_found = 0;

		if (!rule->cond[c])
			continue;
		if (!s->value[c])
			return false;
		for (const char *glob = rule->cond[c]; *glob; glob += strlen(glob) + 1) {
			if (*glob == '!' && one_matches(c, glob + 1, s))
				return false;
			n_positive += *glob != '!';
			n_found += *glob != '!' && one_matches(c, glob, s);
		}
		if (n_positive && !n_found)
			return false;
	}
	return true;
}

static uint32_t number_of(const struct policy_rule *rule, const struct policy_subject *s,
			  enum policy_attr attr)
{
	uint32_t number = rule->head.value[attr].num;

	if (attr != ATTR_PRIORITY || !rule->has_order)
		return number;
	for (const char *glob = rule->cond[COND_PROGRAM]; *glob; glob += strlen(glob) + 1) {
		if (!fnmatch(glob, s->value[COND_PROGRAM], 0))
			break;
		number += rule->head.order_step;
	}
	return number;
}

static void say(struct said *said, const struct policy_value *value, uint32_t number)
{
	if (!value->relative) {
		*said = (struct said){ .anything = true, .absolute = true, .value = number };
		return;
	}
	said->anything = true;
	said->value = (said->value | value->add) & ~(uint32_t)value->del;
	said->add = (said->add & ~(uint32_t)value->del) | value->add;
	said->del = (said->del & ~(uint32_t)value->add) | value->del;
}

static struct said ask_rules(const struct policy_rules *rules, const struct policy_subject *s,
			     enum policy_attr attr)
{
	struct said said = { 0 };

	for (size_t i = 0; i < rules->n; i++)
		if (rules->rule[i].head.has[attr] && holds(&rules->rule[i], s))
			say(&said, &rules->rule[i].head.value[attr],
			    number_of(&rules->rule[i], s, attr));
	return said;
}

uint32_t reference__decide(const struct policy_rules *files, const struct policy_subject *s,
			   enum policy_attr attr)
{
	static const uint32_t defaults[N_ATTRS] = { 50, 1 << 2, 0, 0, 0 };
	struct said said = ask_rules(files, s, attr);
	uint32_t base = defaults[attr];

	if (said.absolute)
		return said.value;
	/* the next sources: app, then btf, which the other attributes do not all ask */
	if (attr == ATTR_DISPATCHER)
		return said.anything ? said.value : base;
	if (attr != ATTR_ATTACH && s->app.has[attr])
		base = s->app.value[attr].num;
	else if (attr != ATTR_ATTACH && attr != ATTR_MODE && s->btf.has[attr])
		base = s->btf.value[attr].num;
	return said.anything ? (base | said.add) & ~said.del : base;
}
