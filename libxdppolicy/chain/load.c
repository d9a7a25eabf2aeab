// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "component.h"
#include "load.h"
#include "lock.h"
#include "netdev.h"
#include "policy/policy.h"
#include "program.h"
#include "record-at.h"
#include "version.h"

#define ATTEMPTS 10

/* Where a program of the planned chain comes from. */
struct slot {
	int spec;      /* -1: it is there and stays */
	int fd;	       /* the component's, if it is new; else -1 */
	bool recorded; /* by us */
};

struct chain_load {
	struct chain_load_opts opts;
	const char *ifname;
	int ifindex;
	const struct chain_spec *spec;

	struct components components;
	struct policy_known app[CHAIN_MAX];
	struct policy_decision decision[CHAIN_MAX];
	struct chain before, after;
	bool ours[CHAIN_MAX]; /* of those before: attached by a chain from data */
	struct slot slot[CHAIN_MAX];
	bool changes;

	struct chain_swap *swap; /* until it is settled or reverted */
	struct chain_times times;
};

__attribute__((format(printf, 4, 5))) static int fail(struct chain_problem *problem, int program,
						      int err, const char *fmt, ...)
{
	va_list args;

	problem->err = err;
	problem->program = program;
	va_start(args, fmt);
	vsnprintf(problem->text, sizeof(problem->text), fmt, args);
	va_end(args);
	return err;
}

void chain_problem__clear(struct chain_problem *problem)
{
	free(problem->log);
	*problem = (struct chain_problem){ .program = -1 };
}

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

/* All that is known of one; strings are load's and the spec's. */
static void describe(const struct chain_load *load, unsigned int i, char *driver,
		     struct policy_subject *ret)
{
	const struct component *c = &load->components.component[i];

	*ret = (struct policy_subject){
		.value = {
			[COND_PROGRAM] = c->info.name,
			[COND_SECTION] = c->section,
			[COND_OBJECT] = c->object,
			[COND_TAG] = c->info.tag,
			[COND_INTERFACE] = load->ifname,
			[COND_MODE] = load->before.mode,
		},
		.app = load->app[i],
		.btf = runcfg__known(&c->info.author),
	};
	process__describe(load->opts.facts, ret);
	if (driver)
		ret->value[COND_DRIVER] = netdev__driver(load->ifname, driver);
}

static void decide(struct chain_load *load, unsigned int i)
{
	const struct policy *policy = load->opts.policy;
	char driver[NETDEV_DRIVER_SIZE];
	struct policy_subject subject;

	load->app[i] = stated(load, i);
	describe(load, i, policy__conds(policy) & 1U << COND_DRIVER ? driver : NULL, &subject);
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
	return fail(problem, i, -EACCES, "found program '%s', which must not be attached: %s:%u",
		    load->components.component[i].info.name,
		    place.file ? place.file : result->source, place.line);
}

static int decide_all(struct chain_load *load, struct chain_problem *problem)
{
	int err = 0;

	if (load->spec->n && policy__denies_all(load->opts.policy) &&
	    !policy__is_disabled(load->opts.policy))
		return fail(problem, -1, -EACCES,
			    "found a part of the policy refused, and 'on-error: deny'");
	for (unsigned int i = 0; i < load->spec->n && !err; i++) {
		decide(load, i);
		err = check_denied(load, i, problem);
	}
	return err;
}

/* --- the chain that it shall be --- */

static int refuse_foreign(const struct chain_program *p, struct chain_problem *problem)
{
	return fail(problem, -1, -EEXIST,
		    "found program '%s' (id %u), which no chain has attached, expected none, or to "
		    "be told to keep or to replace it",
		    p->info.name, p->info.id);
}

/* Of the same name as one that comes: its successor. */
static bool is_succeeded(const struct chain_load *load, const struct proginfo *info)
{
	for (unsigned int i = 0; i < load->spec->n; i++)
		if (!strcmp(load->components.component[i].info.name, info->name))
			return true;
	return false;
}

/* Whether a live program that is not wanted stays. Returns a negative errno if it must not go. */
static int stays(const struct chain_load *load, unsigned int live, struct chain_problem *problem)
{
	const struct chain_program *p = &load->before.program[live];

	if (load->ours[live])
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

static int add_program(struct chain_load *load, const struct chain_program *p, int spec, int fd,
		       struct chain_problem *problem)
{
	struct chain *after = &load->after;
	struct chain_program *added;

	if (after->n == CHAIN_MAX)
		return fail(problem, spec, -E2BIG,
			    "found program '%s' as number %u of the chain, expected at most %u",
			    p->info.name, CHAIN_MAX + 1, CHAIN_MAX);
	load->slot[after->n] = (struct slot){ .spec = spec, .fd = fd };
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
			err = add_program(load, &load->before.program[i], spec, -1, problem);
	}
	return err;
}

static int add_new(struct chain_load *load, struct chain_problem *problem)
{
	int err = 0;

	for (unsigned int i = 0; i < load->spec->n && !err; i++) {
		const struct component *c = &load->components.component[i];
		struct chain_program p = { .info = c->info, .flags = c->flags };

		if (c->live < 0)
			err = add_program(load, &p, i, c->fd, problem);
	}
	return err;
}

/* All that are wanted take packets of several buffers, or none does: else somebody is mistaken. */
static int check_frags(const struct chain_load *load, struct chain_problem *problem)
{
	const struct component *c = load->components.component;

	for (unsigned int i = 1; i < load->spec->n; i++)
		if (c[i].flags != c[0].flags)
			return fail(problem, i, -EINVAL,
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
		return fail(problem, -1, -EOPNOTSUPP,
			    "found mode hw, expected native or skb: cards run no chains");
	if (load->before.kind == CHAIN_NONE)
		load->after.mode = mode_name(mode);
	else if (load->spec->mode != MODE_AUTO &&
		 strcmp(mode_name(load->spec->mode), load->before.mode))
		return fail(problem, -1, -EBUSY,
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

	return chain_program__compare(&x->program, &y->program);
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

static bool is_other(const struct chain *a, const struct chain *b)
{
	if (a->n != b->n)
		return true;
	for (unsigned int i = 0; i < a->n; i++) {
		const struct chain_program *p = &a->program[i], *q = &b->program[i];

		if (p->info.id != q->info.id || p->priority != q->priority ||
		    p->actions != q->actions || p->flags != q->flags)
			return true;
	}
	return false;
}

static int plan(struct chain_load *load, struct chain_problem *problem)
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

/* --- all of it --- */

/* What nobody else could have caused, and what may go by. */
static bool is_lack(int err)
{
	return err == -ENOMEM || err == -EMFILE || err == -ENFILE || err == -EIO;
}

/* A record that is there, but can't be read now, makes no program somebody else's. */
static int read_owners(struct chain_load *load)
{
	struct record_dirs dirs;
	int ret = 0;

	record_dirs__open(&dirs);
	for (unsigned int i = 0; i < load->before.n && !ret; i++) {
		struct record record = { 0 };
		int err = dirs.attached;

		if (err >= 0)
			err = record_at__read(dirs.attached, RECORD_ATTACHED,
					      &load->before.program[i].info, &record);
		load->ours[i] = record.in_chain;
		record__clear(&record);
		ret = is_lack(err) ? err : 0;
	}
	record_dirs__close(&dirs);
	return ret;
}

static int read_chain(struct chain_load *load, struct chain_problem *problem)
{
	int err = chain__read(load->ifindex, load->before.n ? &load->before : NULL, &load->before);

	if (err)
		return fail(problem, -1, err, "the chain can't be read: %s", strerror(-err));
	if (load->before.fixed[0])
		return fail(problem, -1, -EBUSY, "%s", load->before.fixed);
	err = read_owners(load);
	return err ? fail(problem, -1, err, XDP_POLICY_RUN_DIR "/attached: %s", strerror(-err)) : 0;
}

static int check_number(const struct chain_spec *spec, struct chain_problem *problem)
{
	if (spec->n <= CHAIN_MAX)
		return 0;
	return fail(problem, CHAIN_MAX, -E2BIG, "found %u programs, expected at most %u",
		    (unsigned int)spec->n, CHAIN_MAX);
}

static int prepare(struct chain_load *load, struct chain_problem *problem)
{
	uint64_t clock = chain_times__now();
	int err;

	components__close(&load->components);
	err = check_number(load->spec, problem);
	if (!err)
		err = read_chain(load, problem);
	if (!err)
		err = components__load(load->spec, &load->before, load->ours, load->opts.dry_run,
				       &load->components, problem);
	if (!err)
		err = decide_all(load, problem);
	if (!err)
		err = plan(load, problem);
	chain_times__add(&load->times, PHASE_READ, &clock);
	return err;
}

/* The chain is not what it was. What is loaded can be used, but if it was loaded for what is gone.
 */
static int prepare_again(struct chain_load *load, struct chain_problem *problem)
{
	struct chain before = load->before;
	int err = read_chain(load, problem);

	if (!err && !components__match(&load->components, &before, &load->before))
		return prepare(load, problem);
	if (!err)
		err = decide_all(load, problem);
	return err ? err : plan(load, problem);
}

int chain_load__prepare(const struct chain_load_opts *opts, const char *ifname, int ifindex,
			const struct chain_spec *spec, struct chain_problem *problem,
			struct chain_load **ret)
{
	struct chain_load *load = calloc(1, sizeof(*load));
	int err;

	*problem = (struct chain_problem){ .program = -1 };
	if (!load)
		return fail(problem, -1, -ENOMEM, "out of memory");
	*load = (struct chain_load){
		.opts = *opts,
		.ifname = ifname,
		.ifindex = ifindex,
		.spec = spec,
	};
	components__init(&load->components);
	err = prepare(load, problem);
	if (err)
		chain_load__free(load);
	else
		*ret = load;
	return err;
}

const struct chain *chain_load__before(const struct chain_load *load)
{
	return &load->before;
}

const struct chain *chain_load__after(const struct chain_load *load)
{
	return &load->after;
}

bool chain_load__changes(const struct chain_load *load)
{
	return load->changes;
}

int chain_load__spec_of(const struct chain_load *load, unsigned int slot)
{
	return load->slot[slot].spec;
}

const struct policy_decision *chain_load__decision(const struct chain_load *load,
						   unsigned int program)
{
	return &load->decision[program];
}

const struct chain_times *chain_load__times(const struct chain_load *load)
{
	return &load->times;
}

static int write_record(struct chain_load *load, int dir, unsigned int i,
			struct chain_problem *problem)
{
	const struct proginfo *info = &load->after.program[i].info;
	struct slot *slot = &load->slot[i];
	struct policy_subject subject;
	const struct record_attach attach = {
		.info = info,
		.subject = &subject,
		.in_chain = true,
	};
	int err;

	describe(load, slot->spec, NULL, &subject);
	err = record_at__write(dir, &attach);
	slot->recorded = !err;
	if (!err || err == -EEXIST)
		return 0;
	return fail(problem, slot->spec, err,
		    "the record of program '%s' can't be written below " XDP_POLICY_RUN_DIR ": %s",
		    info->name, strerror(-err));
}

/*
 * Who looks at the chain from now on finds out by these what the data says; a program without one
 * would be taken for somebody else's. Those of new programs are written before anybody can see them
 * run.
 */
static int write_records(struct chain_load *load, bool new, struct chain_problem *problem)
{
	int err = 0, dir = record_at__open();

	if (dir < 0)
		return fail(problem, -1, dir, XDP_POLICY_RUN_DIR "/attached: %s", strerror(-dir));
	for (unsigned int i = 0; i < load->after.n && !err; i++)
		if (load->slot[i].spec >= 0 && (load->slot[i].fd >= 0) == new)
			err = write_record(load, dir, i, problem);
	close(dir);
	return err;
}

static void remove_records(struct chain_load *load)
{
	for (unsigned int i = 0; i < load->after.n; i++) {
		if (load->slot[i].recorded)
			record__remove(load->after.program[i].info.id);
		load->slot[i].recorded = false;
	}
}

static int attempt(struct chain_load *load, struct chain_problem *problem)
{
	struct chain live = load->before;
	char why[CHAIN_WHY_SIZE];
	int fds[CHAIN_MAX], err;

	for (unsigned int i = 0; i < load->after.n; i++)
		fds[i] = load->slot[i].fd;
	err = write_records(load, true, problem);
	if (!err) {
		err = chain__replace(&live, &load->after, fds, &load->times, why, &load->swap);
		if (err)
			fail(problem, -1, err, "%s", *why ? why : strerror(-err));
	}
	if (err)
		remove_records(load);
	else
		load->after = live;
	return err;
}

int chain_load__swap(struct chain_load *load, struct chain_problem *problem)
{
	int err = 0;

	*problem = (struct chain_problem){ .program = -1 };
	for (unsigned int i = 0; i < ATTEMPTS && load->changes; i++) {
		if (i) {
			usleep(2000U << i);
			err = prepare_again(load, problem);
			if (err)
				return err;
		}
		err = load->changes ? attempt(load, problem) : 0;
		if (err != -EAGAIN)
			break;
	}
	if (err == -EAGAIN)
		fail(problem, -1, err, "somebody else changes the chain all the time");
	if (!err)
		*problem = (struct chain_problem){ .program = -1 };
	return err;
}

int chain_load__revert(struct chain_load *load, struct chain_problem *problem)
{
	char why[CHAIN_WHY_SIZE];
	int err;

	*problem = (struct chain_problem){ .program = -1 };
	if (!load->swap)
		return 0;
	err = chain_swap__revert(load->swap, why);
	load->swap = NULL;
	if (err) {
		components__keep_pins(&load->components);
		return fail(problem, -1, err, "%s", why);
	}
	remove_records(load);
	return 0;
}

int chain_load__settle(struct chain_load *load, struct chain_problem *problem)
{
	char why[CHAIN_WHY_SIZE];
	int err, records_err;

	*problem = (struct chain_problem){ .program = -1 };
	records_err = write_records(load, false, problem);
	if (!load->swap)
		return records_err;
	components__keep_pins(&load->components);
	err = chain_swap__settle(load->swap, &load->times, why);
	load->swap = NULL;
	record__sweep();
	if (err)
		return fail(problem, -1, err, "the old dispatcher is still there: %s", why);
	return records_err;
}

void chain_load__free(struct chain_load *load)
{
	struct chain_problem problem;

	if (!load)
		return;
	if (load->swap)
		chain_load__settle(load, &problem);
	components__close(&load->components);
	free(load);
}
