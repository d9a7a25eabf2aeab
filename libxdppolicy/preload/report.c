// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "report.h"
#include "state.h"

void report__start(struct report *report, const struct policy_subject *subject,
		   const struct policy_decision *decision)
{
	report->subject = subject;
	report->decision = decision;
	report->changes[0] = '\0';
	report->changed = false;
}

/* "/etc/xdp/priorities.conf:3", or the name of a source that has no files */
static void place_of(const struct policy_result *result, enum policy_attr attr, char *buf,
		     size_t size)
{
	const struct policy_place place = policy_origin__place(&result->origin, attr);

	if (place.file)
		snprintf(buf, size, "%s:%u", place.file, place.line);
	else
		snprintf(buf, size, "%s", result->source);
}

void report__change(struct report *report, enum policy_attr attr, struct policy_value was)
{
	const struct policy_result *result = &report->decision->attr[attr];
	char before[POLICY_VALUE_SIZE], after[POLICY_VALUE_SIZE], place[200];
	size_t len = strlen(report->changes);

	if (result->value.num == was.num)
		return;
	if (!report->changed)
		report->may_log = state__may_log();
	report->changed = true;
	if (!report->may_log)
		return;
	place_of(result, attr, place, sizeof(place));
	snprintf(report->changes + len, sizeof(report->changes) - len, "%s%s %s -> %s (%s)",
		 len ? ", " : "", policy_key__attr(attr)->name,
		 policy_value__print(attr, &was, before, sizeof(before)),
		 policy_value__print(attr, &result->value, after, sizeof(after)), place);
}

static const char *or_unknown(const char *value)
{
	return value ? value : "?";
}

bool report__send(const struct report *report, const char *prefix)
{
	const char *ifname = report->subject->value[COND_INTERFACE];

	if (!report->changed)
		return false;
	if (!report->may_log) {
		state__log_suppressed();
		return true;
	}
	state__log(LOG_NOTICE, "%s%s%s%s: %s", prefix,
		   or_unknown(report->subject->value[COND_PROGRAM]), ifname ? " on " : "",
		   ifname ? ifname : "", report->changes);
	return true;
}

bool report__denial(const struct policy *policy, const struct policy_subject *subject,
		    const struct policy_decision *decision)
{
	const struct policy_result *result = &decision->attr[ATTR_ATTACH];
	char place[200];

	if (result->value.num == ATTACH_DENY)
		place_of(result, ATTR_ATTACH, place, sizeof(place));
	else if (policy__denies_all(policy))
		snprintf(place, sizeof(place), "%s", policy__why_denies_all(policy));
	else
		return false;
	state__log(LOG_NOTICE, "%s on %s: attach denied%s (%s)",
		   or_unknown(subject->value[COND_PROGRAM]),
		   or_unknown(subject->value[COND_INTERFACE]),
		   result->missing ? ", since not all can be known that the rule asks for" : "",
		   place);
	return true;
}
