// SPDX-License-Identifier: LGPL-2.1-or-later
#include <linux/if_link.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "chain/record.h"
#include "joining.h"
#include "object.h"
#include "report.h"
#include "state.h"

#define N_IDS(joining) (sizeof((joining)->record) / sizeof((joining)->record[0]))

static const struct chain_program *find_slot(const struct chain *chain, uint32_t id)
{
	for (unsigned int i = 0; i < chain->n; i++)
		if (chain->program[i].info.id == id)
			return &chain->program[i];
	return NULL;
}

static void write_record(struct joining *joining, const struct proginfo *info,
			 struct policy_subject *subject)
{
	const struct record_attach record = { .info = info, .subject = subject };

	if (joining->n_records == N_IDS(joining))
		return;
	state__describe_all(subject);
	/* whoever reads the record has the beginning of a name from the kernel, too */
	if (!subject->value[COND_PROGRAM] || subject->name_cut)
		subject->value[COND_PROGRAM] = *info->name && !info->cut ? info->name : NULL;
	if (!record__write(&record))
		joining->record[joining->n_records++] = info->id;
}

static void set_want(struct joining *joining, uint32_t id, const struct policy_value *want)
{
	for (unsigned int i = 0; i < joining->chain.n; i++) {
		struct chain_program *slot = &joining->chain.program[i];

		if (slot->info.id != id)
			continue;
		/* where libxdp has put it among others of its name */
		slot->is_new = true;
		slot->rank = i;
		joining->want[i].priority = want[ATTR_PRIORITY].num;
		joining->want[i].actions = want[ATTR_ACTIONS].num;
		joining->differs = joining->differs || slot->priority != want[ATTR_PRIORITY].num ||
				   slot->actions != want[ATTR_ACTIONS].num;
	}
}

void joining__add(struct joining *joining, const struct proginfo *info,
		  struct policy_subject *subject, const struct policy_value *want)
{
	if (want)
		set_want(joining, info->id, want);
	write_record(joining, info, subject);
}

enum policy_mode joining__mode(uint32_t flags)
{
	return flags & XDP_FLAGS_DRV_MODE ? MODE_NATIVE :
	       flags & XDP_FLAGS_SKB_MODE ? MODE_SKB :
	       flags & XDP_FLAGS_HW_MODE  ? MODE_HW :
					    MODE_AUTO;
}

/* What the policy gives a program, now that the interface and the application's wish are known. */
static void decide(struct joining *joining, const struct policy_subject *known,
		   const struct policy_value now[N_ATTRS], struct policy_value want[N_ATTRS])
{
	static const enum policy_attr attrs[] = { ATTR_PRIORITY, ATTR_ACTIONS };
	struct policy_subject subject = *known;
	struct policy_decision decision;
	struct state_place place;
	struct report report;

	state__describe(&subject);
	state__describe_place(&subject, joining->ifindex, &place);
	subject.value[COND_MODE] = policy_mode__name(joining__mode(joining->flags));
	policy__resolve(joining->policy, &subject, NULL, &decision);
	if (report__denial(joining->policy, &subject, &decision)) {
		joining->denied = true;
		return;
	}
	report__start(&report, &subject, &decision);
	for (size_t i = 0; i < sizeof(attrs) / sizeof(attrs[0]); i++) {
		const struct policy_result *result = &decision.attr[attrs[i]];

		want[attrs[i]] = now[attrs[i]];
		if (subject.app.unknown && !policy_origin__is_rule(&result->origin))
			continue;
		want[attrs[i]] = result->value;
		report__change(&report, attrs[i], now[attrs[i]]);
	}
	report__send(&report, "");
}

struct walk {
	struct joining *joining;
	struct chain live;	   /* what is attached so far */
	uint32_t lone;		   /* or the program that is attached alone */
	uint32_t found[CHAIN_MAX]; /* new ones that are of an open object */
	unsigned int n_found;
};

static void values_of(const struct chain_program *slot, struct policy_value values[N_ATTRS])
{
	values[ATTR_PRIORITY].num = slot->priority;
	values[ATTR_ACTIONS].num = slot->actions;
}

static void add_new(struct joining *joining, const struct bpf_object *obj,
		    const struct chain_program *slot, struct policy_subject *subject)
{
	struct policy_value told[N_ATTRS] = { 0 }, now[N_ATTRS] = { 0 }, want[N_ATTRS];
	struct runcfg cfg;

	object__told(obj, subject->value[COND_PROGRAM], &cfg);
	told[ATTR_PRIORITY].num = cfg.priority;
	told[ATTR_ACTIONS].num = cfg.actions;
	values_of(slot, now);
	subject->app = runcfg__wishes(now, told, &subject->btf);
	subject->app.has[ATTR_MODE] = joining__mode(joining->flags) != MODE_AUTO;
	subject->app.value[ATTR_MODE].num = joining__mode(joining->flags);
	decide(joining, subject, now, want);
	if (!joining->denied)
		joining__add(joining, &slot->info, subject, want);
}

/*
 * One that is of no object here: it was loaded by somebody else, or its object was never asked for
 * its BTF. All there is to go by is what the kernel and the chain have of it.
 */
static void add_loaded(struct joining *joining, const struct chain_program *slot)
{
	struct policy_subject subject = { .app.unknown = true };
	struct policy_value want[N_ATTRS];
	int fd = bpf_prog_get_fd_by_id(slot->info.id), err;
	struct proginfo info;

	if (fd < 0)
		return;
	err = proginfo__read(fd, &info);
	close(fd);
	if (err)
		return;
	proginfo__describe(&info, &subject);
	object__describe_loaded(info.id, &subject);
	subject.btf.has[ATTR_PRIORITY] = subject.btf.has[ATTR_ACTIONS] = true;
	values_of(slot, subject.btf.value);
	decide(joining, &subject, subject.btf.value, want);
	if (joining->denied)
		return;
	subject.btf = (struct policy_known){ .unknown = true };
	joining__add(joining, &info, &subject, want);
}

static bool is_found(const struct walk *walk, uint32_t id)
{
	for (unsigned int i = 0; i < walk->n_found; i++)
		if (walk->found[i] == id)
			return true;
	return false;
}

static void add_others(const struct walk *walk)
{
	const struct chain *chain = &walk->joining->chain;

	for (unsigned int i = 0; i < chain->n; i++) {
		uint32_t id = chain->program[i].info.id;

		if (!find_slot(&walk->live, id) && !is_found(walk, id))
			add_loaded(walk->joining, &chain->program[i]);
	}
}

static void add_program(struct walk *walk, const struct bpf_object *obj,
			const struct bpf_program *prog)
{
	struct policy_subject subject = { .app.unknown = true };
	const struct chain_program *slot;
	struct proginfo info;

	if (proginfo__read_short(bpf_program__fd(prog), &info))
		return;
	slot = find_slot(&walk->joining->chain, info.id);
	/* what was there before has its record and its values, which are the policy's already */
	if ((!slot && info.id != walk->lone) || find_slot(&walk->live, info.id))
		return;
	if (slot && walk->n_found < CHAIN_MAX)
		walk->found[walk->n_found++] = info.id;
	object__describe(obj, prog, &subject);
	subject.value[COND_OBJECT] = object__path(obj);
	object__describe_author(obj, &subject);
	if (slot)
		add_new(walk->joining, obj, slot, &subject);
	else
		joining__add(walk->joining, &info, &subject, NULL);
}

static void add_object(const struct bpf_object *obj, void *ctx)
{
	const struct bpf_program *prog = NULL;

	if (object__is_dispatcher(obj))
		return;
	while ((prog = bpf_object__next_program(obj, (struct bpf_program *)prog)))
		if (program__is_attachable(prog) && bpf_program__fd(prog) >= 0)
			add_program(ctx, obj, prog);
}

/* Of a static libxdp: what is attached of the objects that are open, or is of none of them. */
static void add_static(struct joining *joining, int fd, const struct bpf_xdp_attach_opts *opts)
{
	struct policy_subject subject = { .app.unknown = true, .btf.unknown = true };
	struct walk walk = { .joining = joining };
	bool replaces = joining->chain.n && opts && opts->old_prog_fd > 0;
	struct proginfo info;

	if (replaces)
		chain__read_new(joining->ifindex, opts->old_prog_fd, &walk.live);
	if (proginfo__read_short(fd, &info))
		return;
	if (strcmp(info.name, "xdp_dispatcher") != 0)
		walk.lone = info.id;
	object__for_each(add_object, &walk);
	/* as long as it is known which are new */
	if (!replaces || walk.live.n)
		add_others(&walk);
	if (!walk.lone)
		return;
	/* one that was found has its record already */
	proginfo__read_btf(fd, &info);
	write_record(joining, &info, &subject);
}

static void read_chain(struct joining *joining, int fd)
{
	struct chain *chain = &joining->chain;

	if (chain__read_new(joining->ifindex, fd, chain))
		return;
	for (unsigned int i = 0; i < chain->n; i++)
		joining->want[i] = (struct chain_want){
			.priority = chain->program[i].priority,
			.actions = chain->program[i].actions,
		};
}

void joining__begin(struct joining *joining, const struct policy *policy, bool shared, int ifindex,
		    int fd, uint32_t flags, const struct bpf_xdp_attach_opts *opts)
{
	*joining = (struct joining){ .policy = policy, .ifindex = ifindex, .flags = flags };
	if (!shared || call__current()->attaching.differs)
		read_chain(joining, fd);
	if (shared)
		joining__add_shared(joining);
	else
		add_static(joining, fd, opts);
	/* where no daemon does it: else the records of a job that runs again and again pile up */
	if (joining->n_records)
		record__sweep(RECORD_SWEEP_SOME);
}

void joining__build(struct joining *joining)
{
	char why[CHAIN_WHY_SIZE], ifname[IF_NAMESIZE];
	int err;

	if (!joining->differs)
		return;
	err = stand_in__make(&joining->chain, joining->want, why, &joining->stand_in);
	if (!err)
		return;
	if (!state__lock())
		return;
	state__log(LOG_ERR, "%s: values not applied: %s",
		   if_indextoname(joining->ifindex, ifname) ? ifname : "?",
		   *why ? why : strerror(-err));
	state__unlock();
}

void joining__end(struct joining *joining, bool stands_in, bool attached)
{
	stand_in__end(joining->stand_in, stands_in);
	for (unsigned int i = 0; !attached && i < joining->n_records; i++)
		record__remove(joining->record[i]);
}
