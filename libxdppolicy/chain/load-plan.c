// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "load-internal.h"
#include "netdev.h"
#include "program.h"
#include "record.h"
#include "version.h"

/* --- what the policy says --- */

/* Whether the order of the list is what counts. */
static bool is_ordered(const struct chain_spec *spec)
{
	for (unsigned int i = 0; i < spec->n; i++)
		if (spec->program[i].app.has[ATTR_PRIORITY])
			return false;
	return true;
}

/* What the data says of a program, as an application would: in absolute values. */
static struct policy_known stated(const struct chain_load *load, unsigned int i)
{
	const struct runcfg *author = &load->components.component[i].info.author;
	struct policy_known app = load->spec->program[i].app;
	struct policy_value *actions = &app.value[ATTR_ACTIONS];

	if (is_ordered(load->spec)) {
		app.has[ATTR_PRIORITY] = true;
		app.value[ATTR_PRIORITY] = (struct policy_value){
			.num = POLICY_ORDER_START + i * POLICY_ORDER_STEP,
		};
	}
	if (app.has[ATTR_ACTIONS] && actions->relative)
		*actions = (struct policy_value){
			.num = policy_value__apply(actions, author->has_actions ?
								    author->actions :
								    POLICY_DEFAULT_ACTIONS),
		};
	return app;
}

/* The program itself, and where it is to run; driver is room for the interface's, or NULL. */
static void describe_place(const struct chain_load *load, unsigned int i, char *driver,
			   struct policy_subject *ret)
{
	const struct proginfo *info = &load->components.component[i].info;

	*ret = (struct policy_subject){
		.value = {
			[COND_INTERFACE] = load->ifname,
			[COND_MODE] = load->before.mode,
			[COND_DRIVER] = driver ? netdev__driver(load->ifname, driver) : NULL,
		},
		.altnames = load->altnames,
		.app.unknown = true,
		.btf = runcfg__known(&info->author),
	};
	proginfo__describe(info, ret);
}

void chain_load__describe(const struct chain_load *load, unsigned int i, char *driver,
			  struct policy_subject *ret)
{
	const struct component *c = &load->components.component[i];

	describe_place(load, i, driver, ret);
	ret->value[COND_SECTION] = c->section;
	ret->value[COND_OBJECT] = c->object;
	ret->app = load->app[i];
	process__describe(load->opts.facts, ret);
}

/* As of live programs: what cannot be told, or would be by what is refused, stays as it was. */
static bool stays_as_it_was(const struct policy *policy, const struct policy_result *result)
{
	return policy__is_disabled(policy) || result->undecided ||
	       (policy__n_errors(policy) && !policy_origin__is_rule(&result->origin));
}

static struct policy_value past_value(const struct chain_program *past, enum policy_attr attr)
{
	if (attr == ATTR_PRIORITY)
		return (struct policy_value){ .num = past->priority };
	if (attr == ATTR_ACTIONS)
		return (struct policy_value){ .num = past->actions };
	return policy_value__default(attr);
}

/* Nothing of who brings it back counts. */
static void decide_past(struct chain_load *load, unsigned int i, char *driver)
{
	static const struct policy_resolve_opts opts = { .unknown_undecided = true };
	const struct chain_program *past = load->spec->program[i].past;
	const struct policy *policy = load->opts.policy;
	struct policy_result *result = load->decision[i].attr;
	struct policy_subject subject;
	struct record_dirs dirs;
	struct record record;

	record_dirs__open(&dirs);
	record__read(&dirs, &past->info, &record);
	record_dirs__close(&dirs);
	record__see_first(&record, past);
	describe_place(load, i, driver, &subject);
	record__describe(&record, &subject);
	if (!subject.value[COND_HOST] && *load->opts.facts->host)
		subject.value[COND_HOST] = load->opts.facts->host;
	policy__resolve(policy, &subject, &opts, &load->decision[i]);
	record__clear(&record);
	for_each_attr(attr)
		if (stays_as_it_was(policy, &result[attr]))
			result[attr] = (struct policy_result){
				.source = "the chain before",
				.value = past_value(past, attr),
			};
}

static void decide(struct chain_load *load, unsigned int i)
{
	const struct policy *policy = load->opts.policy;
	char room[NETDEV_DRIVER_SIZE];
	char *driver = policy__conds(policy) & 1U << COND_DRIVER ? room : NULL;
	struct policy_subject subject;

	if (load->spec->program[i].past) {
		decide_past(load, i, driver);
		return;
	}
	load->app[i] = stated(load, i);
	chain_load__describe(load, i, driver, &subject);
	if (!policy__is_disabled(policy)) {
		policy__resolve(policy, &subject, NULL, &load->decision[i]);
		return;
	}
	load->decision[i] = (struct policy_decision){ 0 };
	for_each_attr(attr)
		load->decision[i].attr[attr] = (struct policy_result){
			.source = "the chain",
			.value = policy_subject__own(&subject, attr),
		};
}

static int check_denied(const struct chain_load *load, unsigned int i,
			struct chain_problem *problem)
{
	const struct policy_result *result = &load->decision[i].attr[ATTR_ATTACH];
	struct policy_place place = policy_origin__place(&result->origin, ATTR_ATTACH);

	if (result->value.num != ATTACH_DENY)
		return 0;
	return chain_problem__set(problem, i, -EACCES,
				  "found program '%s', which must not be attached: %s:%u",
				  proginfo__label(&load->components.component[i].info),
				  place.file ? place.file : result->source, place.line);
}

int chain_load__decide(struct chain_load *load, struct chain_problem *problem)
{
	int err = 0;

	if (load->spec->n && policy__denies_all(load->opts.policy) &&
	    !policy__is_disabled(load->opts.policy))
		return chain_problem__set(problem, -1, -EACCES, "nothing may be attached: %s",
					  policy__why_denies_all(load->opts.policy));
	for (unsigned int i = 0; i < load->spec->n && !err; i++) {
		decide(load, i);
		err = check_denied(load, i, problem);
	}
	return err;
}

/* --- the chain that it shall be --- */

static int refuse_foreign(const struct chain_program *p, struct chain_problem *problem)
{
	return chain_problem__set(
		problem, -1, -EEXIST,
		"found program '%s' (id %u), which load has not attached, expected none; foreign says "
		"whether to keep or to replace it",
		proginfo__label(&p->info), p->info.id);
}

/* Of the same name as one that comes: its successor. */
static bool is_succeeded(const struct chain_load *load, const struct proginfo *info)
{
	for (unsigned int i = 0; i < load->spec->n; i++)
		if (*info->name && !strcmp(load->components.component[i].info.name, info->name))
			return true;
	return false;
}

/* Whether a live program that is not wanted stays. Returns a negative errno if it must not go. */
static int stays(const struct chain_load *load, unsigned int live, struct chain_problem *problem)
{
	const struct chain_program *p = &load->before.program[live];

	if (load->records[live].in_chain)
		return load->spec->add && !is_succeeded(load, &p->info);
	if (load->spec->add || load->spec->foreign == FOREIGN_KEEP)
		return true;
	return load->spec->foreign == FOREIGN_REPLACE ? false : refuse_foreign(p, problem);
}

static int wanted_at(const struct chain_load *load, unsigned int live)
{
	for (unsigned int i = 0; i < load->spec->n; i++)
		if (load->components.component[i].live == (int)live)
			return i;
	return -1;
}

static int add_program(struct chain_load *load, const struct chain_program *p, int spec, bool new,
		       struct chain_problem *problem)
{
	struct chain *after = &load->after;
	struct chain_program *added;

	if (after->n == CHAIN_MAX)
		return chain_problem__set(
			problem, spec, -E2BIG,
			"found program '%s' as number %u of the chain, expected at most %u",
			proginfo__label(&p->info), CHAIN_MAX + 1, CHAIN_MAX);
	load->slot[after->n] = (struct slot){ .spec = spec, .new = new };
	added = &after->program[after->n++];
	*added = *p;
	if (spec >= 0) {
		added->priority = load->decision[spec].attr[ATTR_PRIORITY].value.num;
		added->actions = load->decision[spec].attr[ATTR_ACTIONS].value.num;
	}
	return 0;
}

static int add_live(struct chain_load *load, struct chain_problem *problem)
{
	int err = 0;

	for (unsigned int i = 0; i < load->before.n && err >= 0; i++) {
		int spec = wanted_at(load, i);

		err = spec >= 0 ? 1 : stays(load, i, problem);
		if (err > 0)
			err = add_program(load, &load->before.program[i], spec, false, problem);
	}
	return err;
}

static int add_new(struct chain_load *load, struct chain_problem *problem)
{
	int err = 0;

	for (unsigned int i = 0; i < load->spec->n && !err; i++) {
		const struct component *c = &load->components.component[i];
		struct chain_program p = {
			.info = c->info,
			.flags = c->flags,
			.is_new = true,
			.rank = (uint64_t)c->n_insns << 8 | i,
		};

		if (c->live < 0)
			err = add_program(load, &p, i, true, problem);
	}
	return err;
}

/*
 * All that are wanted take packets of several buffers, or none does: else somebody is mistaken.
 * What comes back ran so.
 */
static int check_frags(const struct chain_load *load, struct chain_problem *problem)
{
	const struct component *c = load->components.component;

	for (unsigned int i = 1; i < load->spec->n; i++)
		if (c[i].flags != c[0].flags && !load->spec->instead_of)
			return chain_problem__set(
				problem, i, -EINVAL,
				"found programs for packets of several buffers beside others: "
				"'%s' %s them and '%s' %s, expected all alike; frags says what "
				"counts",
				c[0].info.name, c[0].flags ? "takes" : "does not take",
				c[i].info.name, c[i].flags ? "does" : "does not");
	return 0;
}

static bool all_take_frags(const struct chain *chain)
{
	for (unsigned int i = 0; i < chain->n; i++)
		if (!(chain->program[i].flags & BPF_F_XDP_HAS_FRAGS))
			return false;
	return chain->n;
}

static const char *mode_name(enum policy_mode mode)
{
	return mode == MODE_NATIVE ? "native" : mode == MODE_SKB ? "skb" : NULL;
}

/* The first program of an interface decides for all that follow; so it can't be moved later. */
static int choose_mode(struct chain_load *load, struct chain_problem *problem)
{
	enum policy_mode mode = load->spec->mode;

	for (unsigned int i = 0; i < load->spec->n; i++) {
		enum policy_mode decided = load->decision[i].attr[ATTR_MODE].value.num;

		if (load->decision[i].attr[ATTR_MODE].found && decided != MODE_AUTO)
			mode = decided;
	}
	if (mode == MODE_HW || load->spec->mode == MODE_HW)
		return chain_problem__set(
			problem, -1, -EOPNOTSUPP,
			"found mode hw, expected native or skb: cards run no chains");
	if (load->before.kind == CHAIN_NONE)
		load->after.mode = mode_name(mode);
	else if (load->spec->mode != MODE_AUTO &&
		 strcmp(mode_name(load->spec->mode), load->before.mode))
		return chain_problem__set(
			problem, -1, -EBUSY,
			"found programs attached in mode %s, expected %s: unload them first",
			load->before.mode, mode_name(load->spec->mode));
	return 0;
}

struct ordered {
	struct chain_program program;
	struct slot slot;
};

static int by_run_order(const void *a, const void *b)
{
	const struct ordered *x = a, *y = b;

	return chain_program__compare(&x->program, &y->program, NULL);
}

static void sort(struct chain_load *load)
{
	struct ordered all[CHAIN_MAX];
	struct chain *after = &load->after;

	for (unsigned int i = 0; i < after->n; i++)
		all[i] = (struct ordered){ after->program[i], load->slot[i] };
	qsort(all, after->n, sizeof(all[0]), by_run_order);
	for (unsigned int i = 0; i < after->n; i++) {
		after->program[i] = all[i].program;
		load->slot[i] = all[i].slot;
	}
}

static bool has_same(const struct chain *chain, const struct chain_program *p)
{
	for (unsigned int i = 0; i < chain->n; i++) {
		const struct chain_program *q = &chain->program[i];

		if (p->info.id == q->info.id)
			return p->priority == q->priority && p->actions == q->actions &&
			       p->flags == q->flags;
	}
	return false;
}

/* libxdp's order of equals is another as soon as they are loaded: that alone is no change. */
static bool is_other(const struct chain *a, const struct chain *b)
{
	if (a->n != b->n)
		return true;
	for (unsigned int i = 0; i < a->n; i++)
		if (!has_same(b, &a->program[i]))
			return true;
	return false;
}

int chain_load__plan(struct chain_load *load, struct chain_problem *problem)
{
	int err;

	load->after = load->before;
	load->after.n = 0;
	err = check_frags(load, problem);
	if (!err)
		err = add_live(load, problem);
	if (!err)
		err = add_new(load, problem);
	if (!err)
		err = choose_mode(load, problem);
	if (err)
		return err;
	if (load->before.kind == CHAIN_NONE && load->after.n) {
		load->after.kind = CHAIN_DISPATCHER;
		load->after.version = dispatcher_version__of_host();
	}
	sort(load);
	load->changes = is_other(&load->before, &load->after);
	if (load->changes)
		load->after.frags = load->after.version >= 2 && all_take_frags(&load->after);
	return 0;
}
