/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_REPORT_H
#define XDP_POLICY_REPORT_H

/* What the system log is told of a decision. Call with the policy entered. */

#include "policy/policy.h"

/* One line about one program, put together from the attributes that change. */
struct report {
	const struct policy_subject *subject;
	const struct policy_decision *decision;
	bool changed, may_log;
	char changes[400];
};

void report__start(struct report *report, const struct policy_subject *subject,
		   const struct policy_decision *decision);

/* Adds an attribute if the decision differs from what it was. */
void report__change(struct report *report, enum policy_attr attr, struct policy_value was);

/* Sends the line if anything was added, with prefix in front; returns whether. */
bool report__send(const struct report *report, const char *prefix);

/* Whether attaching is denied, by a rule or by on-error; if so a line says why. */
bool report__denial(const struct policy *policy, const struct policy_subject *subject,
		    const struct policy_decision *decision);

#endif
