// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load-internal.h"
#include "lock.h"
#include "pins.h"
#include "record-at.h"
#include "util/ifinfo.h"

#define ATTEMPTS 10

int chain_problem__set(struct chain_problem *problem, int program, int err, const char *fmt, ...)
{
	va_list args;

	problem->err = err;
	problem->program = program;
	va_start(args, fmt);
	vsnprintf(problem->text, sizeof(problem->text), fmt, args);
	va_end(args);
	return err;
}

const char *chain_problem__log_end(const struct chain_problem *problem, size_t lines, size_t size)
{
	const char *log = problem->log, *end = log + strlen(log), *begin = end, *at = end;

	while (at > log && lines--) {
		for (at--; at > log && at[-1] != '\n'; at--)
			;
		if ((size_t)(end - at) >= size)
			break;
		begin = at;
	}
	return begin;
}

void chain_problem__clear(struct chain_problem *problem)
{
	free(problem->log);
	*problem = (struct chain_problem){ .program = -1 };
}

/* What nobody else could have caused, and what may go by. */
static bool is_lack(int err)
{
	return err == -ENOMEM || err == -EMFILE || err == -ENFILE || err == -EIO;
}

/* A record that is there, but can't be read now, makes no program somebody else's. */
static int read_records(struct chain_load *load)
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
		load->records[i] = (struct component_record){ .in_chain = record.in_chain };
		if (record.load_key && strlen(record.load_key) == LOAD_KEY_SIZE - 1)
			strcpy(load->records[i].load_key, record.load_key);
		record__clear(&record);
		ret = is_lack(err) ? err : 0;
	}
	record_dirs__close(&dirs);
	return ret;
}

static bool has_program(const struct chain *chain, uint32_t id)
{
	for (unsigned int i = 0; i < chain->n; i++)
		if (chain->program[i].info.id == id)
			return true;
	return false;
}

static bool is_instead_of(const struct chain_spec *spec, uint32_t id)
{
	for (unsigned int i = 0; i < spec->n_instead_of; i++)
		if (spec->instead_of[i] == id)
			return true;
	return false;
}

/* What somebody else has put there since is not ours to take off. */
static int check_instead_of(const struct chain_load *load, struct chain_problem *problem)
{
	const struct chain_spec *spec = load->spec;

	for (unsigned int i = 0; spec->instead_of && i < load->before.n; i++) {
		const struct proginfo *info = &load->before.program[i].info;

		if (!is_instead_of(spec, info->id))
			return chain_problem__set(
				problem, -1, -EBUSY,
				"found program '%s' (id %u), which came after the load that is to "
				"be undone, expected none: take it off, or load what shall run "
				"from its file",
				proginfo__label(info), info->id);
	}
	for (unsigned int i = 0; spec->instead_of && i < spec->n_instead_of; i++)
		if (!has_program(&load->before, spec->instead_of[i]))
			return chain_problem__set(
				problem, -1, -EBUSY,
				"found program %u taken off after the load that is to be undone, "
				"expected it there: load what shall run from its file",
				spec->instead_of[i]);
	return 0;
}

static int read_chain(struct chain_load *load, struct chain_problem *problem)
{
	int err = chain__read(load->ifindex, load->before.n ? &load->before : NULL, &load->before);
	char why[CHAIN_WHY_SIZE], dir_why[RUN_DIR_WHY_SIZE];

	if (err)
		return chain_problem__set(problem, -1, err, "the chain cannot be read: %s",
					  pins__strerror(err, why));
	if (load->before.fixed[0])
		return chain_problem__set(problem, -1, -EBUSY, "%s", load->before.fixed);
	err = read_records(load);
	return err ? chain_problem__set(problem, -1, err, "%s",
					run_dir__strerror(err, "attached", dir_why)) :
		     check_instead_of(load, problem);
}

static int check_number(const struct chain_spec *spec, struct chain_problem *problem)
{
	if (spec->n <= CHAIN_MAX)
		return 0;
	return chain_problem__set(problem, CHAIN_MAX, -E2BIG,
				  "found %u programs, expected at most %u", (unsigned int)spec->n,
				  CHAIN_MAX);
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
		.load_key = load->components.component[slot->spec].load_key,
	};
	int err;

	chain_load__describe(load, slot->spec, NULL, &subject);
	err = record_at__write(dir, &attach);
	slot->recorded = !err;
	if (!err || err == -EEXIST)
		return 0;
	return chain_problem__set(
		problem, slot->spec, err,
		"the record of program '%s' cannot be written below " XDP_POLICY_RUN_DIR ": %s",
		proginfo__label(info), strerror(-err));
}

/* One that comes back has the record that it had. */
static bool has_data(const struct chain_load *load, unsigned int i)
{
	int spec = load->slot[i].spec;

	return spec >= 0 && !load->spec->program[spec].past;
}

/*
 * Who looks at the chain from now on finds out by these what the data says; a program without one
 * would be taken for somebody else's. Those of new programs are written before anybody can see them
 * run.
 */
static int write_records(struct chain_load *load, bool new, struct chain_problem *problem)
{
	int err = 0, dir = record_at__open();
	char why[RUN_DIR_WHY_SIZE];

	if (dir < 0)
		return chain_problem__set(problem, -1, dir, "%s",
					  run_dir__strerror(dir, "attached", why));
	for (unsigned int i = 0; i < load->after.n && !err; i++)
		if (has_data(load, i) && load->slot[i].new == new)
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

/* From here on the pins hold what is new. */
static int park(struct chain_load *load, struct chain_problem *problem)
{
	char why[CHAIN_WHY_SIZE];
	int fds[CHAIN_MAX], err;

	for (unsigned int i = 0; i < load->after.n; i++)
		fds[i] = load->slot[i].new ? load->components.component[load->slot[i].spec].fd : -1;
	err = write_records(load, true, problem);
	if (err)
		return err;
	err = chain_swap__prepare(&load->before, &load->after, fds, &load->times, why, &load->swap);
	return err ? chain_problem__set(problem, -1, err, "%s", *why ? why : strerror(-err)) : 0;
}

static void unpark(struct chain_load *load)
{
	if (load->swap)
		chain_swap__drop(load->swap);
	load->swap = NULL;
	remove_records(load);
}

static int plan(struct chain_load *load, struct chain_problem *problem)
{
	int err = chain_load__decide(load, problem);

	if (!err)
		err = chain_load__plan(load, problem);
	if (!err && load->changes && !load->opts.dry_run) {
		err = park(load, problem);
		if (err)
			unpark(load);
	}
	return err;
}

static int prepare_once(struct chain_load *load, struct chain_problem *problem)
{
	uint64_t clock = chain_times__now();
	int err;

	components__close(&load->components);
	err = check_number(load->spec, problem);
	if (!err)
		err = read_chain(load, problem);
	if (!err)
		err = components__load(load->spec, &load->before, load->records, load->opts.dry_run,
				       &load->components, problem);
	chain_times__add(&load->times, PHASE_READ, &clock);
	return err ? err : plan(load, problem);
}

/* The chain is not what it was. What is loaded can be used, but if it was loaded for what is gone.
 */
static int prepare_again(struct chain_load *load, struct chain_problem *problem)
{
	struct chain before = load->before;
	int err = read_chain(load, problem);

	if (!err && !components__match(&load->components, &before, &load->before))
		return prepare_once(load, problem);
	return err ? err : plan(load, problem);
}

static int prepare(struct chain_load *load, struct chain_problem *problem)
{
	int err = prepare_once(load, problem);

	for (unsigned int i = 1; i < ATTEMPTS && err == -EAGAIN; i++) {
		usleep(2000U << i);
		err = prepare_again(load, problem);
	}
	return err;
}

int chain_load__shut(struct chain_load *load, struct chain_problem *problem)
{
	int err = components__shut(&load->components);

	return err ? chain_problem__set(problem, -1, err, "out of memory") : 0;
}

int chain_load__prepare(const struct chain_load_opts *opts, const char *ifname, int ifindex,
			const struct chain_spec *spec, struct chain_problem *problem,
			struct chain_load **ret)
{
	struct chain_load *load = calloc(1, sizeof(*load));
	int err;

	*problem = (struct chain_problem){ .program = -1 };
	if (!load)
		return chain_problem__set(problem, -1, -ENOMEM, "out of memory");
	*load = (struct chain_load){
		.opts = *opts,
		.ifname = ifname,
		.ifindex = ifindex,
		.spec = spec,
	};
	components__init(&load->components);
	if (policy__conds(opts->policy) & 1U << COND_INTERFACE)
		ifinfo__list_altnames(ifindex, &load->altnames);
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

const char *chain_load__remark(const struct chain_load *load)
{
	return load->swap ? chain_swap__remark(load->swap) : "";
}

const struct chain_times *chain_load__times(const struct chain_load *load)
{
	return &load->times;
}

static int attempt(struct chain_load *load, struct chain_problem *problem)
{
	struct chain live = load->before;
	char why[CHAIN_WHY_SIZE];
	int err = chain_swap__attach(load->swap, &live, &load->times, why);

	if (err) {
		unpark(load);
		return chain_problem__set(problem, -1, err, "%s",
					  *why ? why : pins__strerror(err, why));
	}
	load->swapped = true;
	load->after = live;
	return 0;
}

int chain_load__swap(struct chain_load *load, struct chain_problem *problem)
{
	int err = 0;

	*problem = (struct chain_problem){ .program = -1 };
	for (unsigned int i = 0; i < ATTEMPTS && load->changes; i++) {
		if (i) {
			usleep(2000U << i);
			err = prepare_again(load, problem);
		}
		if (!err)
			err = load->changes ? attempt(load, problem) : 0;
		if (err != -EAGAIN)
			break;
	}
	if (err == -EAGAIN)
		chain_problem__set(problem, -1, err,
				   "other processes keep changing the chain; try again");
	if (!err)
		*problem = (struct chain_problem){ .program = -1 };
	return err;
}

int chain_load__revert(struct chain_load *load, struct chain_problem *problem)
{
	char why[CHAIN_WHY_SIZE];
	int err;

	*problem = (struct chain_problem){ .program = -1 };
	if (!load->swapped)
		return 0;
	err = chain_swap__revert(load->swap, why);
	if (err)
		return chain_problem__set(problem, -1, err, "%s", why);
	load->reverted = true;
	remove_records(load);
	return 0;
}

int chain_load__settle(struct chain_load *load, struct chain_problem *problem)
{
	char why[CHAIN_WHY_SIZE];
	int err, records_err;

	*problem = (struct chain_problem){ .program = -1 };
	records_err = load->reverted ? 0 : write_records(load, false, problem);
	if (!load->swapped || !load->swap)
		return records_err;
	if (!load->reverted)
		components__keep_pins(&load->components);
	err = chain_swap__settle(load->swap, &load->times, why);
	load->swap = NULL;
	if (err)
		return chain_problem__set(problem, -1, err, "the old dispatcher is still there: %s",
					  why);
	return records_err;
}

void chain_load__free(struct chain_load *load)
{
	struct chain_problem problem;

	if (!load)
		return;
	if (load->swap && load->swapped)
		chain_load__settle(load, &problem);
	else if (load->swap)
		unpark(load);
	components__close(&load->components);
	free(load->altnames);
	free(load);
}
