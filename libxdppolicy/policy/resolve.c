// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * From rules and a subject to a decision. Inside a source the later rule overrides the earlier,
 * attribute by attribute; between sources the switch decides.
 */
#include <stddef.h>

#include "internal.h"

#define ALL_ATTRS ((1U << N_ATTRS) - 1)

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
	struct policy_origin origin;
	bool unknown; /* the source could not be asked */
	bool undecided;
	unsigned int missing;
};

/* The sources that have rules; they answer for all attributes at once. */
enum {
	RULES_FILES,
	RULES_DB,
	N_RULE_SOURCES
};

struct resolution {
	const struct policy *policy;
	const struct policy_state *state;
	const struct policy_subject *subject;
	const struct policy_resolve_opts *opts;
	unsigned int attrs; /* those that are decided, a bit for each */
	bool asked[N_RULE_SOURCES];
	struct answer rules[N_RULE_SOURCES][N_ATTRS];
	struct answer other; /* of the source that was asked last and has no rules */
};

static void trace(const struct resolution *r, struct policy_trace t)
{
	if (r->opts->trace)
		r->opts->trace(r->opts->trace_ctx, &t);
}

/* Goes through a source's rules that may match, from the last to the first. */
struct walk {
	int source;
	struct policy_cursor files;
	struct policy_db_cursor db;
	/* of the present rule */
	const struct policy_head *head;
	unsigned int conds;
	int position;
};

static void walk_start(struct walk *walk, const struct resolution *r, int source)
{
	/* all rules for a name that may go on: many whole ones begin so */
	const char *program = r->subject->name_cut ? NULL : r->subject->value[COND_PROGRAM];

	walk->source = source;
	if (source == RULES_FILES)
		policy_cursor__start(&walk->files, &r->state->index, program);
	else
		policy_db_cursor__start(&walk->db, r->state->db, program);
}

static const struct policy_rule *walk_next(struct walk *walk)
{
	const struct policy_rule *rule;

	if (walk->source == RULES_FILES) {
		rule = policy_cursor__next(&walk->files);
		walk->head = walk->files.head;
		walk->conds = walk->files.conds;
		walk->position = walk->files.position;
	} else {
		rule = policy_db_cursor__next(&walk->db);
		walk->head = walk->db.head;
		walk->conds = walk->db.conds;
		walk->position = walk->db.position;
	}
	return rule;
}

static enum policy_status rules_status(const struct resolution *r, int source)
{
	if (source == RULES_FILES ? r->state->index.n : r->state->db != NULL)
		return STATUS_NOTFOUND;
	return STATUS_UNAVAIL;
}

struct policy_place policy_origin__place(const struct policy_origin *origin, enum policy_attr attr)
{
	const struct policy_rule *rule = origin->rule;
	struct policy_rule decoded;

	if (origin->db && policy_db__rule(origin->db, origin->number, &decoded))
		rule = &decoded;
	if (!rule)
		return (struct policy_place){ 0 };
	return (struct policy_place){
		.file = rule->file,
		.line = rule->value_line[attr],
		.rule = rule->name,
		.nth = attr == ATTR_PRIORITY ? origin->nth : 0,
	};
}

bool policy_origin__is_rule(const struct policy_origin *origin)
{
	return origin->rule || origin->db;
}

/* What the present rule of a walk says on an attribute, and which it is. */
static struct policy_value value_of(const struct walk *walk, const struct policy_rule *rule,
				    const struct policy_subject *subject, enum policy_attr attr,
				    struct policy_origin *origin)
{
	struct policy_value value = walk->head->value[attr];
	int position = walk->position;

	*origin = (struct policy_origin){ 0 };
	if (walk->source == RULES_FILES) {
		origin->rule = rule;
	} else {
		origin->db = walk->db.db;
		origin->number = rule->line - 1;
	}
	if (attr != ATTR_PRIORITY || !walk->head->order_step)
		return value;
	if (position < 0 && subject->value[COND_PROGRAM])
		position =
			policy_order__find(rule->cond[COND_PROGRAM], subject->value[COND_PROGRAM]);
	if (position < 0) /* of a program whose name is not known */
		return value;
	value.num += position * walk->head->order_step;
	origin->nth = position + 1;
	return value;
}

/* Whether the rules have nothing more to say on an attribute: all is given, nothing is relative. */
static bool is_final(const struct answer *answer)
{
	return answer->undecided || (answer->status == STATUS_SUCCESS && !answer->value.relative);
}

static void take(struct answer *answer, const struct policy_origin *origin,
		 const struct policy_value *value)
{
	if (answer->status != STATUS_SUCCESS) {
		answer->status = STATUS_SUCCESS;
		answer->value = *value;
		answer->origin = *origin;
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

/* Takes the present rule of a walk in. Returns how many attributes have become final. */
static unsigned int take_rule(struct resolution *r, const struct walk *walk,
			      const struct policy_rule *rule, unsigned int missing)
{
	unsigned int n_final = 0;

	for_each_attr(attr) {
		struct answer *answer = &r->rules[walk->source][attr];
		struct policy_origin origin;
		struct policy_value value;

		if (!walk->head->has[attr] || !(r->attrs & 1U << attr) || is_final(answer))
			continue;
		value = value_of(walk, rule, r->subject, attr, &origin);
		if (missing) {
			answer->undecided = true;
			answer->missing = missing;
			answer->origin = origin;
		} else {
			take(answer, &origin, &value);
		}
		n_final += is_final(answer);
	}
	return n_final;
}

/* Whether the present rule of a walk denies, and all that is missing for it was withheld. */
static bool denies_blindly(const struct resolution *r, const struct walk *walk,
			   unsigned int missing)
{
	return !(missing & ~r->subject->withheld) && walk->head->has[ATTR_ATTACH] &&
	       walk->head->value[ATTR_ATTACH].num == ATTACH_DENY;
}

/* Takes that in. Returns how many attributes have become final. */
static unsigned int take_denial(struct resolution *r, const struct walk *walk,
				const struct policy_rule *rule, unsigned int missing)
{
	struct answer *answer = &r->rules[walk->source][ATTR_ATTACH];
	struct policy_origin origin;
	struct policy_value value;

	if (!(r->attrs & 1U << ATTR_ATTACH) || is_final(answer))
		return 0;
	value = value_of(walk, rule, r->subject, ATTR_ATTACH, &origin);
	take(answer, &origin, &value);
	answer->missing = missing;
	return 1;
}

/* Asks the rules once for all attributes, from the last rule to the first. */
static const struct answer *ask_rules(struct resolution *r, int source, enum policy_attr attr)
{
	static const struct answer unavailable = { .status = STATUS_UNAVAIL };
	unsigned int open_attrs = N_ATTRS, missing;
	const struct policy_rule *rule;
	struct walk walk;

	if (r->asked[source])
		return &r->rules[source][attr];
	if (rules_status(r, source) == STATUS_UNAVAIL)
		return &unavailable;
	r->asked[source] = true;
	for_each_attr(a) {
		if (r->attrs & 1U << a)
			r->rules[source][a] = (struct answer){ .status = STATUS_NOTFOUND };
		else
			open_attrs--;
	}
	walk_start(&walk, r, source);
	while (open_attrs && (rule = walk_next(&walk))) {
		enum policy_match match =
			policy_rule__match(rule, walk.conds, r->subject, &missing);

		if (match == MATCH_YES || (match == MATCH_UNKNOWN && r->opts->unknown_undecided))
			open_attrs -= take_rule(r, &walk, rule, missing);
		else if (match == MATCH_UNKNOWN && denies_blindly(r, &walk, missing))
			open_attrs -= take_denial(r, &walk, rule, missing);
	}
	return &r->rules[source][attr];
}

/* Mode auto leaves it to libxdp, and whoever leaves it has no answer. */
static bool has_answer(const struct policy_known *known, enum policy_attr attr)
{
	return known->has[attr] && (attr != ATTR_MODE || known->value[attr].num != MODE_AUTO);
}

static const struct answer *ask_known(struct resolution *r, enum policy_source source,
				      const struct policy_known *known, enum policy_attr attr)
{
	bool may = policy_source__may_answer(source, attr), unknown = may && known->unknown;

	r->other = (struct answer){
		.status = may && has_answer(known, attr) ? STATUS_SUCCESS : STATUS_NOTFOUND,
		.value = known->value[attr],
		.unknown = unknown,
		.undecided = unknown && r->opts->unknown_undecided,
	};
	return &r->other;
}

static const struct answer *ask_plugin(struct resolution *r, const char *name,
				       enum policy_attr attr)
{
	r->other = (struct answer){ 0 };
	r->other.status =
		policy_plugins__ask(&r->policy->plugins, name, r->subject, attr, &r->other.value);
	return &r->other;
}

static const struct answer *ask(struct resolution *r, const struct policy_step *step,
				enum policy_attr attr)
{
	switch (step->source) {
	case SOURCE_FILES:
		return ask_rules(r, RULES_FILES, attr);
	case SOURCE_CDB:
		return ask_rules(r, RULES_DB, attr);
	case SOURCE_APP:
		return ask_known(r, step->source, &r->subject->app, attr);
	case SOURCE_BTF:
		return ask_known(r, step->source, &r->subject->btf, attr);
	case SOURCE_PLUGIN:
		break;
	}
	return ask_plugin(r, step->name, attr);
}

/*
 * Tells each rule's answer, from the last to the first, in the same order as ask_rules() took
 * them. Only for explaining: walks all rules again.
 */
static void trace_rules(const struct resolution *r, int source, enum policy_attr attr, bool counts,
			const char *note)
{
	const char *const names[N_RULE_SOURCES] = { "files", "cdb" };
	struct answer so_far = { .status = STATUS_NOTFOUND };
	const struct policy_rule *rule;
	struct walk walk;
	bool any = false;

	if (rules_status(r, source) != STATUS_UNAVAIL)
		walk_start(&walk, r, source);
	while (rules_status(r, source) != STATUS_UNAVAIL && (rule = walk_next(&walk))) {
		struct policy_trace t = { .attr = attr, .source = names[source] };
		struct policy_origin origin;
		struct policy_value value;
		enum policy_match match =
			policy_rule__match(rule, walk.conds, r->subject, &t.missing);

		if (match == MATCH_NO || !walk.head->has[attr])
			continue;
		any = true;
		value = value_of(&walk, rule, r->subject, attr, &origin);
		t.place = policy_origin__place(&origin, attr);
		t.status = STATUS_SUCCESS;
		t.value = &value;
		if (is_final(&so_far)) {
			t.note = note_overridden;
		} else if (match == MATCH_UNKNOWN) {
			t.status = STATUS_NOTFOUND;
			t.note = note_missing;
			so_far.undecided = r->opts->unknown_undecided;
		} else {
			take(&so_far, &origin, t.value);
			t.counts = counts;
			t.note = note ? note : t.value->relative ? note_relative : NULL;
		}
		trace(r, t);
	}
	if (!any)
		trace(r, (struct policy_trace){
				 .attr = attr,
				 .source = names[source],
				 .status = rules_status(r, source),
			 });
}

/* done: a source before it decided. */
static void trace_step(struct resolution *r, enum policy_attr attr, const struct policy_step *step,
		       const struct answer *answer, bool done)
{
	bool success = answer->status == STATUS_SUCCESS, counts;
	const char *note = NULL;

	counts = success && !done && !answer->undecided &&
		 (step->action[STATUS_SUCCESS] != ACTION_CONTINUE || answer->value.relative);
	if (success && done)
		note = note_not_asked;
	else if (success && !counts && !answer->undecided)
		note = note_discarded;
	else if (counts && answer->value.relative)
		note = note_relative;
	if (step->source == SOURCE_FILES || step->source == SOURCE_CDB) {
		trace_rules(r, step->source == SOURCE_FILES ? RULES_FILES : RULES_DB, attr, counts,
			    note);
		return;
	}
	trace(r, (struct policy_trace){
			 .attr = attr,
			 .source = step->name,
			 .status = answer->status,
			 .value = success ? &answer->value : NULL,
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
	result->origin = answer->origin;
	result->missing = answer->missing;
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
	const struct policy_steps *steps = &r->state->sw.attr[attr];
	struct policy_value base = policy_value__default(attr);
	struct pending pending = { 0 };
	bool done = false;

	*result = (struct policy_result){ .source = "default" };
	for (size_t i = 0; i < steps->n && (!done || r->opts->trace); i++) {
		const struct policy_step *step = &steps->step[i];
		const struct answer *answer = ask(r, step, attr);

		if (r->opts->trace)
			trace_step(r, attr, step, answer, done);
		if (done)
			continue;
		if (!answer->undecided) {
			done = take_answer(result, &pending, step, answer);
			continue;
		}
		*result = (struct policy_result){
			.undecided = true,
			.missing = answer->missing,
			.source = step->name,
			.origin = answer->origin,
		};
		done = true;
	}

	if (result->undecided)
		return;
	/* of a union nothing is taken away: what is relative has no next answer to change */
	if (pending.has_set)
		base.num = pending.set | (pending.has_relative ? pending.relative.add : 0);
	else if (pending.has_relative)
		base.num = policy_value__apply(&pending.relative, base.num);
	result->value = base;
}

void policy_state__resolve(const struct policy *policy, const struct policy_state *state,
			   const struct policy_subject *subject,
			   const struct policy_resolve_opts *opts, struct policy_decision *ret)
{
	static const struct policy_resolve_opts no_opts;
	struct resolution r;

	/* the answers are set when they are asked for */
	r.policy = policy;
	r.state = state;
	r.subject = subject;
	r.opts = opts ? opts : &no_opts;
	r.asked[RULES_FILES] = r.asked[RULES_DB] = false;
	r.attrs = r.opts->attrs ? r.opts->attrs : ALL_ATTRS;
	for_each_attr(attr)
		if (r.attrs & 1U << attr)
			resolve_attr(&r, attr, &ret->attr[attr]);
		else
			ret->attr[attr] = (struct policy_result){ .undecided = true };
}

void policy__resolve(const struct policy *policy, const struct policy_subject *subject,
		     const struct policy_resolve_opts *opts, struct policy_decision *ret)
{
	policy_state__resolve(policy, policy->state, subject, opts, ret);
}
