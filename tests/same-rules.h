/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_SAME_RULES_H
#define XDP_POLICY_SAME_RULES_H

/* What units and fuzz targets mean by rules that are the same, wherever they stand. */

#include <string.h>

#include "policy/rule.h"

/* NULL, or what is not the same. */
static inline const char *rule_differs(const struct policy_rule *a, const struct policy_rule *b)
{
	if (strcmp(a->name, b->name))
		return "name";
	if (a->head.conds != b->head.conds)
		return "conditions";
	for (int c = 0; c < N_CONDS; c++) {
		size_t size = policy_list__size(a->cond[c]);

		if (size != policy_list__size(b->cond[c]) ||
		    (size && memcmp(a->cond[c], b->cond[c], size)))
			return policy_key__cond(c)->name;
	}
	if (a->head.order_step != b->head.order_step)
		return "order";
	for_each_attr(attr) {
		const struct policy_value *va = &a->head.value[attr], *vb = &b->head.value[attr];

		if (a->head.has[attr] != b->head.has[attr] ||
		    (a->head.has[attr] && (va->num != vb->num || va->relative != vb->relative ||
					   va->add != vb->add || va->del != vb->del)))
			return policy_key__attr(attr)->name;
	}
	return NULL;
}

static inline const char *rules_differ(const struct policy_rules *a, const struct policy_rules *b)
{
	const char *what = a->n == b->n ? NULL : "number of rules";

	for (size_t i = 0; !what && i < a->n; i++)
		what = rule_differs(&a->rule[i], &b->rule[i]);
	return what;
}

#endif
