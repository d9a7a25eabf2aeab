// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * From rules and a subject to a decision. Inside source files the later rule overrides the earlier,
 * attribute by attribute; between sources the switch decides.
 */
#include <stddef.h>

#include "internal.h"

static const char note_overridden[] = "overridden by a later rule";
static const char note_not_asked[] = "a source before it decided";
static const char note_missing[] = "not all of its conditions are known";
static const char note_relative[] = "changes the next answer";
static const char note_discarded[] = "the switch goes on to the next source";
static const char note_unknown[] = "not known at this moment";

/* What one source says on one attribute. */
struct answer {
	enum policy_status status;
	struct policy_value value;
	const struct policy_rule *rule;
	bool unknown; /* the source could not be asked */
	bool undecided;
	unsigned int missing;
};

struct resolution {
	const struct xdp_policy *policy;
	const struct policy_subject *subject;
	const struct policy_resolve_opts *opts;
	bool asked_files;
	struct answer files[N_ATTRS];
};

static void trace(const struct resolution *r, struct policy_trace t)
{
	if (r->opts->trace)
		r->opts->trace(r->opts->trace_ctx, &t);
}

/* Whether the rules have nothing more to say on an attribute: all is given, nothing is relative. */
static bool is_final(const struct answer *answer)
{
	return answer->undecided || (answer->status == STATUS_SUCCESS && !answer->value.relative);
}

static void take(struct answer *answer, const struct policy_rule *rule,
		 const struct policy_value *value)
{
	if (answer->status != STATUS_SUCCESS) {
		answer->status = STATUS_SUCCESS;
		answer->value = *value;
		answer->rule = rule;
	} else if (value->relative) {
		struct policy_value under = *value;

		policy_value__stack(&under, &answer->value);
		answer->value = under;
	} else {
		answer->value = (struct policy_value){
			.num = policy_value__apply(&answer->value, value->num),
		};
	}
}

/* Asks the rules once for all attributes, from the last rule to the first. */
static void ask_files(struct resolution *r)
{
	unsigned int open_attrs = N_ATTRS, missing;
	struct policy_cursor cursor;
	const struct policy_rule *rule;

	r->asked_files = true;
	for_each_attr(attr)
		r->files[attr] = (struct answer){
			.status = r->policy->index.n ? STATUS_NOTFOUND : STATUS_UNAVAIL,
		};
	policy_cursor__start(&cursor, &r->policy->index, r->subject->value[COND_PROGRAM]);
	while (open_attrs && (rule = policy_cursor__next(&cursor))) {
		enum policy_match match =
			policy_rule__match(rule, cursor.conds, r->subject, &missing);

		if (match == MATCH_NO)
			continue;
		if (match == MATCH_UNKNOWN && !r->opts->unknown_undecided)
			continue;
		for_each_attr(attr) {
			struct answer *answer = &r->files[attr];

			if (!cursor.head->has[attr] || is_final(answer))
				continue;
			if (match == MATCH_YES) {
				take(answer, rule, &cursor.head->value[attr]);
			} else {
				answer->undecided = true;
				answer->missing = missing;
				answer->rule = rule;
			}
			open_attrs -= is_final(answer);
		}
	}
}

static struct answer ask_known(const struct resolution *r, const struct policy_known *known,
			       enum policy_attr attr)
{
	struct answer answer = { .status = STATUS_NOTFOUND };

	answer.unknown = known->unknown;
	answer.undecided = known->unknown && r->opts->unknown_undecided;
	if (known->has[attr]) {
		answer.status = STATUS_SUCCESS;
		answer.value = known->value[attr];
	}
	return answer;
}

static struct answer ask(struct resolution *r, enum policy_source source, enum policy_attr attr)
{
	switch (source) {
	case SOURCE_FILES:
		if (!r->asked_files)
			ask_files(r);
		return r->files[attr];
	case SOURCE_APP:
		return ask_known(r, &r->subject->app, attr);
	case SOURCE_BTF:
		return ask_known(r, &r->subject->btf, attr);
	case SOURCE_CDB:
	case SOURCE_OTHER:
		break;
	}
	return (struct answer){ .status = STATUS_UNAVAIL };
}

/*
 * Tells each rule's answer, from the last to the first, in the same order as ask_files() took
 * them. Only for explaining: walks all rules again.
 */
static void trace_files(const struct resolution *r, enum policy_attr attr, bool counts,
			const char *note)
{
	struct answer so_far = { .status = STATUS_NOTFOUND };
	const struct policy_rule *rule;
	struct policy_cursor cursor;
	bool any = false;

	policy_cursor__start(&cursor, &r->policy->index, r->subject->value[COND_PROGRAM]);
	while ((rule = policy_cursor__next(&cursor))) {
		struct policy_trace t = { .attr = attr, .source = "files", .rule = rule };
		enum policy_match match =
			policy_rule__match(rule, cursor.conds, r->subject, &t.missing);

		if (match == MATCH_NO || !cursor.head->has[attr])
			continue;
		any = true;
		t.status = STATUS_SUCCESS;
		t.value = &cursor.head->value[attr];
		if (is_final(&so_far)) {
			t.note = note_overridden;
		} else if (match == MATCH_UNKNOWN) {
			t.status = STATUS_NOTFOUND;
			t.note = note_missing;
			so_far.undecided = r->opts->unknown_undecided;
		} else {
			take(&so_far, rule, t.value);
			t.counts = counts;
			t.note = note ? note : t.value->relative ? note_relative : NULL;
		}
		trace(r, t);
	}
	if (!any)
		trace(r, (struct policy_trace){
				 .attr = attr,
				 .source = "files",
				 .status = r->policy->index.n ? STATUS_NOTFOUND : STATUS_UNAVAIL,
			 });
}

static void trace_step(struct resolution *r, enum policy_attr attr, const struct policy_step *step,
		       const struct answer *answer, bool counts, const char *note)
{
	if (!r->opts->trace)
		return;
	if (step->source == SOURCE_FILES) {
		trace_files(r, attr, counts, note);
		return;
	}
	trace(r, (struct policy_trace){
			 .attr = attr,
			 .source = step->name,
			 .status = answer->status,
			 .value = answer->status == STATUS_SUCCESS ? &answer->value : NULL,
			 .counts = counts,
			 .note = answer->unknown ? note_unknown : note,
		 });
}

/* The answer that counts so far: a set to merge into, or a relative set that wants a base. */
struct pending {
	bool has_set, has_relative;
	uint32_t set;
	struct policy_value relative;
};

static void set_winner(struct policy_result *result, const struct policy_step *step,
		       const struct answer *answer)
{
	if (result->found)
		return;
	result->found = true;
	result->source = step->name;
	result->rule = answer->rule;
}

/* Takes one answer in. Returns whether the attribute is decided by it. */
static bool take_answer(struct policy_result *result, struct pending *pending,
			const struct policy_step *step, const struct answer *answer)
{
	enum policy_action action = step->action[answer->status];
	uint32_t num;

	if (answer->status != STATUS_SUCCESS)
		return action == ACTION_RETURN;
	if (action == ACTION_CONTINUE && !answer->value.relative)
		return false;
	set_winner(result, step, answer);
	if (answer->value.relative) {
		struct policy_value under = answer->value;

		if (pending->has_relative)
			policy_value__stack(&under, &pending->relative);
		pending->relative = under;
		pending->has_relative = true;
		return false;
	}
	num = answer->value.num;
	if (pending->has_relative)
		num = policy_value__apply(&pending->relative, num);
	pending->has_relative = false;
	pending->set = pending->has_set ? pending->set | num : num;
	pending->has_set = true;
	return action == ACTION_RETURN;
}

static void resolve_attr(struct resolution *r, enum policy_attr attr, struct policy_result *result)
{
	const struct policy_steps *steps = &r->policy->sw.attr[attr];
	struct policy_value base = policy_value__default(attr);
	struct pending pending = { 0 };
	bool done = false;

	*result = (struct policy_result){ .source = "default" };
	for (size_t i = 0; i < steps->n && (!done || r->opts->trace); i++) {
		const struct policy_step *step = &steps->step[i];
		struct answer answer = ask(r, step->source, attr);
		bool counts = false;
		const char *note = NULL;

		if (done) {
			note = answer.status == STATUS_SUCCESS ? note_not_asked : NULL;
		} else if (answer.undecided) {
			*result = (struct policy_result){
				.undecided = true,
				.missing = answer.missing,
				.source = step->name,
				.rule = answer.rule,
			};
			done = true;
		} else {
			counts = answer.status == STATUS_SUCCESS &&
				 (step->action[STATUS_SUCCESS] != ACTION_CONTINUE ||
				  answer.value.relative);
			if (answer.status == STATUS_SUCCESS && !counts)
				note = note_discarded;
			else if (answer.status == STATUS_SUCCESS && answer.value.relative)
				note = note_relative;
			done = take_answer(result, &pending, step, &answer);
		}
		trace_step(r, attr, step, &answer, counts, note);
	}

	if (result->undecided)
		return;
	if (pending.has_set)
		base.num = pending.set;
	if (pending.has_relative)
		base.num = policy_value__apply(&pending.relative, base.num);
	result->value = base;
}

void xdp_policy__resolve(const struct xdp_policy *policy, const struct policy_subject *subject,
			 const struct policy_resolve_opts *opts, struct policy_decision *ret)
{
	static const struct policy_resolve_opts no_opts;
	struct resolution r = {
		.policy = policy,
		.subject = subject,
		.opts = opts ? opts : &no_opts,
	};

	for_each_attr(attr)
		resolve_attr(&r, attr, &ret->attr[attr]);
}
