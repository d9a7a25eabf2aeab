// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chain-table.h"
#include "chain/remarks.h"
#include "common/scale.h"
#include "load-run.h"
#include "netns.h"
#include "run/undo.h"
#include "util/encode.h"
#include "util/file-lock.h"
#include "util/libbpf-words.h"

/* What of the verifier's log is shown without --verbose. */
#define MAX_LOG_LINES 30

/* --- errors --- */

void load_run__tell(void *ctx, enum policy_level level, const char *file, unsigned int line,
		    const char *text)
{
	struct load_run *run = ctx;
	json_t *json;

	if (!run->errors) {
		tool_print_message(stderr, level, file, line, text);
		return;
	}
	json = json_pack("{s:o, s:o, s:s, s:o}", "file", tool_json_string(file), "line",
			 line ? json_integer(line) : json_null(), "level",
			 level == POLICY_ERROR	 ? "error" :
			 level == POLICY_WARNING ? "warning" :
						   "note",
			 "message", json_string(text));
	json_array_append_new(run->errors, json);
}

static void note_error(struct load_run *run, int err)
{
	run->failed = true;
	if (err == -EPERM || err == -EACCES)
		run->not_permitted = true;
}

static size_t count_lines(const char *begin, const char *end)
{
	size_t n = 0;

	for (; begin < end; begin++)
		n += *begin == '\n';
	return n;
}

static void print_log(const struct load_run *run, const struct chain_problem *problem)
{
	const char *log =
		chain_problem__log_end(problem, run->verbose ? SIZE_MAX : MAX_LOG_LINES, SIZE_MAX);

	if (log != problem->log)
		fprintf(stderr, "    ... %zu lines before these; --verbose shows all\n",
			count_lines(problem->log, log));
	while (*log) {
		size_t len = strcspn(log, "\n");
		char *line = strndup(log, len), *shown = line ? encode__shown_copy(line) : NULL;

		fprintf(stderr, "    %s\n", shown ? shown : "out of memory");
		free(shown);
		free(line);
		log += len + (log[len] == '\n');
	}
}

/* The place of the program that has the problem, or of its chain. */
static unsigned int line_of(const struct load_job *job, const struct chain_problem *problem)
{
	if (!job->entry)
		return 0;
	if (problem && problem->program >= 0 && (size_t)problem->program < job->entry->spec.n)
		return job->entry->program_line[problem->program];
	return job->entry->line;
}

static void tell_problem(struct load_run *run, const struct load_job *job,
			 struct chain_problem *problem)
{
	size_t n = json_array_size(run->errors);

	policy_log__msg(&run->log, POLICY_ERROR, job->path ? job->path : "xdp-policy",
			line_of(job, problem), "%s%s%s: %s", run->netns, *run->netns ? "/" : "",
			job->interface.name, problem->text);
	/* the verifier says EACCES as well, and so does a rule */
	note_error(run, problem->log || (problem->err == -EACCES && !geteuid()) ? 0 : problem->err);
	if (problem->log && run->errors) /* unless that was said before */
		json_object_set_new(json_array_get(run->errors, n), "log",
				    tool_json_string(problem->log));
	else if (problem->log)
		print_log(run, problem);
	chain_problem__clear(problem);
}

void load_run__unchanged(const struct load_run *run, const struct load_jobs *jobs)
{
	policy_log__msg(&run->log, POLICY_INFO, jobs->path ? jobs->path : "xdp-policy", 0,
			"nothing is changed");
}

/* --- what is done where --- */

void load_run__init(struct load_run *run)
{
	*run = (struct load_run){
		.foreign = -1,
		.netns = "",
		.log = { .fn = load_run__tell, .ctx = run },
	};
}

int load_run__open(struct load_run *run, const struct tool_opts *opts, struct policy **policy)
{
	int status = TOOL_OK;

	scale__prepare();
	libbpf_words__listen();
	*policy = tool_open_policy(opts, &status);
	if (!*policy)
		return status;
	run->policy = *policy;
	run->facts.root = opts->root;
	process__refresh(&run->facts);
	if (opts->json) {
		run->interfaces = json_array();
		run->errors = json_array();
	}
	tool_tell_disabled(opts, policy__is_disabled(*policy), NULL, stderr);
	if (policy__is_disabled(*policy))
		tool_error("what the chains themselves say counts");
	return 0;
}

void load_run__each(struct load_run *run, const char *netns,
		    void (*fn)(void *ctx, const char *name), void *ctx)
{
	int lock = run->dry_run ? -1 : tool_take_lock();

	if (lock < 0 && !run->dry_run) {
		note_error(run, lock);
		return;
	}
	if (netns__each(netns, fn, tool_no_netns, ctx))
		run->failed = true;
	if (lock < 0)
		return;
	tool_drop_lock(lock);
	tool_sweep(run->about_all);
}

int load_run__read(struct load_run *run, const char *path, struct chain_file *ret)
{
	int err = chain_file__read(path, &run->log, ret);

	if (!err)
		return 0;
	run->failed = true;
	if (err == -ENOMEM)
		tool_error("out of memory");
	else if (err != -ENOENT)
		run->bad_config = true;
	return err;
}

int load_jobs__unload(const struct interfaces *interfaces, struct load_jobs *ret)
{
	*ret = (struct load_jobs){ 0 };
	ret->job = calloc(interfaces->n ? interfaces->n : 1, sizeof(*ret->job));
	if (!ret->job)
		return -ENOMEM;
	for (; ret->n < interfaces->n; ret->n++)
		ret->job[ret->n] = (struct load_job){
			.interface = interfaces->interface[ret->n],
			.spec.foreign = FOREIGN_KEEP,
		};
	return 0;
}

void load_jobs__clear(struct load_jobs *jobs)
{
	for (size_t i = 0; i < jobs->n; i++)
		chain_load__free(jobs->job[i].load);
	free(jobs->job);
	*jobs = (struct load_jobs){ 0 };
}

/* --- what is shown --- */

static const char *outcome_name(const struct load_run *run, const struct load_job *job)
{
	switch (job->outcome) {
	case LOAD_DONE:
		if (job->undo)
			return run->dry_run ? "would be undone" : "undone";
		if (job->entry)
			return run->dry_run ? "would be loaded" : "loaded";
		return run->dry_run ? "would be unloaded" : "unloaded";
	case LOAD_FAILED:
		return "failed";
	case LOAD_SAME:
	case LOAD_NONE:
		break;
	}
	return "nothing to do";
}

/* The rules behind the values of a program that is in the chain now. */
static void print_reason(const void *ctx, unsigned int row, char *buf, size_t size)
{
	const struct chain_load *load = ctx;
	const struct policy_decision *decision;
	char text[256];
	int spec;

	if (row >= chain_load__after(load)->n)
		return;
	spec = chain_load__spec_of(load, row);
	if (spec < 0) {
		snprintf(buf, size, "stays");
		return;
	}
	decision = chain_load__decision(load, spec);
	for_each_attr(attr) {
		struct policy_place place =
			policy_origin__place(&decision->attr[attr].origin, attr);

		if (!place.file)
			continue;
		snprintf(text, sizeof(text), "%s:%u", place.file, place.line);
		chain_remark__add(buf, size, text);
	}
}

static struct chain_change as_change(const struct load_run *run, const struct load_job *job)
{
	return (struct chain_change){
		.netns = run->netns,
		.ifname = job->interface.name,
		.before = chain_load__before(job->load),
		.after = chain_load__after(job->load),
		.outcome = outcome_name(run, job),
		.why = "",
		.reason = print_reason,
		.ctx = job->load,
	};
}

static void show(const struct load_run *run, const struct load_job *job)
{
	struct chain_change change = as_change(run, job);
	const char *remark = chain_load__remark(job->load);

	if (*remark)
		policy_log__msg(&run->log, POLICY_INFO, job->path ? job->path : "xdp-policy",
				line_of(job, NULL), "%s%s%s: %s", run->netns,
				*run->netns ? "/" : "", job->interface.name, remark);
	if (run->interfaces || (job->outcome == LOAD_SAME && run->quiet_if_same))
		return;
	chain_change__print(&change);
	if (job->outcome == LOAD_DONE)
		chain_change__print_table(&change);
	fflush(stdout);
}

/* What an unload leaves. */
static void tell_others(const struct load_run *run, const char *ifname, const struct chain *after)
{
	for (unsigned int i = 0; i < after->n; i++)
		policy_log__msg(&run->log, POLICY_INFO, "xdp-policy", 0,
				"%s: found program '%s' (id %u), which load has not attached; it "
				"stays",
				ifname, proginfo__label(&after->program[i].info),
				after->program[i].info.id);
}

void load_run__leave(const struct load_run *run, const struct interface *interface,
		     const struct chain *chain)
{
	static const struct chain_times times;
	struct chain_change change = {
		.netns = run->netns,
		.ifname = interface->name,
		.before = chain,
		.after = chain,
		.outcome = "nothing to do",
		.why = "",
	};

	if (run->quiet_if_same && chain->kind == CHAIN_NONE)
		return;
	if (run->interfaces)
		json_array_append_new(run->interfaces, chain_change__json(&change, &times));
	else
		chain_change__print(&change);
	fflush(stdout);
	tell_others(run, interface->name, chain);
}

static void conclude(const struct load_run *run, const struct load_job *job)
{
	const struct chain_times *times = chain_load__times(job->load);
	struct chain_change change = as_change(run, job);

	if (!job->entry && !job->undo)
		tell_others(run, job->interface.name, chain_load__after(job->load));
	if (run->interfaces && !(job->outcome == LOAD_SAME && run->quiet_if_same))
		json_array_append_new(run->interfaces, chain_change__json(&change, times));
	else if (run->verbose && !run->interfaces && job->outcome == LOAD_DONE && !run->dry_run)
		chain_change__print_times(job->interface.name, times);
}

/* --- all of them, or none --- */

static int prepare_all(struct load_run *run, struct load_jobs *jobs)
{
	const struct chain_load_opts opts = {
		.policy = run->policy,
		.facts = &run->facts,
		.dry_run = run->dry_run,
	};
	int failed = 0;

	for (size_t i = 0; i < jobs->n; i++) {
		struct load_job *job = &jobs->job[i];
		struct chain_problem problem = { .program = -1 };
		int err = chain_load__prepare(&opts, job->interface.name, job->interface.ifindex,
					      &job->spec, &problem, &job->load);

		if (!err)
			err = chain_load__shut(job->load, &problem);
		job->outcome = LOAD_NONE;
		if (err) {
			job->outcome = LOAD_FAILED;
			tell_problem(run, job, &problem);
			failed = failed ? failed : err;
		}
		chain_problem__clear(&problem);
	}
	return failed;
}

/* Interfaces stand in the order in which they get programs: what is on top of others comes last. */
static bool comes_off(const struct load_job *job)
{
	return !chain_load__after(job->load)->n;
}

/* Gives back what was there before, if it is swapped. */
static bool revert_one(struct load_run *run, struct load_job *job)
{
	struct chain_problem problem = { .program = -1 };
	bool ok = true;

	if (job->outcome == LOAD_FAILED)
		return true;
	if (job->outcome == LOAD_DONE && chain_load__revert(job->load, &problem)) {
		tell_problem(run, job, &problem);
		ok = false;
	} else {
		job->outcome = LOAD_NONE;
	}
	chain_problem__clear(&problem);
	return ok;
}

static void revert(struct load_run *run, struct load_jobs *jobs)
{
	bool ok = true;

	for (size_t i = jobs->n; i--;)
		if (!comes_off(&jobs->job[i]))
			ok &= revert_one(run, &jobs->job[i]);
	for (size_t i = 0; i < jobs->n; i++)
		if (comes_off(&jobs->job[i]))
			ok &= revert_one(run, &jobs->job[i]);
	if (ok)
		load_run__unchanged(run, jobs);
}

static int swap_one(struct load_run *run, struct load_job *job)
{
	struct chain_problem problem = { .program = -1 };
	int err = 0;

	if (file_lock__is_interrupted()) {
		err = -EINTR;
		snprintf(problem.text, sizeof(problem.text), "%s", strerror(EINTR));
	} else if (!run->dry_run) {
		err = chain_load__swap(job->load, &problem);
	}

	job->outcome = err ? LOAD_FAILED : chain_load__changes(job->load) ? LOAD_DONE : LOAD_SAME;
	if (err)
		tell_problem(run, job, &problem);
	chain_problem__clear(&problem);
	return err;
}

/* A signal does not end it in the middle; it is looked for before each, and where one waits. */
static int swap_all(struct load_run *run, struct load_jobs *jobs)
{
	sigset_t set, before;
	int err = 0;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &before);
	for (size_t i = jobs->n; i-- && !err;)
		if (comes_off(&jobs->job[i]))
			err = swap_one(run, &jobs->job[i]);
	for (size_t i = 0; i < jobs->n && !err; i++)
		if (!comes_off(&jobs->job[i]))
			err = swap_one(run, &jobs->job[i]);
	if (err)
		revert(run, jobs);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return err;
}

/* While the programs are there: what is replaced is given up when the change is settled. */
static void keep_undo(struct load_run *run, const struct load_job *job)
{
	char why[UNDO_WHY_SIZE];

	if (job->outcome != LOAD_DONE || run->dry_run)
		return;
	if (!run->keeps_undo) {
		undo__drop(job->interface.ifindex);
		return;
	}
	if (!run->undo_run)
		run->undo_run = undo__new_run();
	if (undo__keep(run->undo_run, chain_load__before(job->load), chain_load__after(job->load),
		       why))
		policy_log__msg(&run->log, POLICY_INFO, job->path ? job->path : "xdp-policy",
				line_of(job, NULL),
				"%s%s%s: load --undo will not give back what was there before, "
				"which can't be kept: %s",
				run->netns, *run->netns ? "/" : "", job->interface.name, why);
}

/* Takes a moment, if there was something before: the tables have been shown. */
static void settle_jobs(struct load_run *run, struct load_jobs *jobs)
{
	for (size_t i = 0; i < jobs->n; i++) {
		struct load_job *job = &jobs->job[i];
		struct chain_problem problem = { .program = -1 };

		keep_undo(run, job);
		if (!run->dry_run && chain_load__settle(job->load, &problem))
			tell_problem(run, job, &problem);
		chain_problem__clear(&problem);
		conclude(run, job);
	}
	load_jobs__clear(jobs);
}

/* Without memory for that, now. */
static void settle_later(struct load_run *run, struct load_jobs *jobs)
{
	struct load_jobs *swapped =
		reallocarray(run->swapped, run->n_swapped + 1, sizeof(*swapped));

	if (!swapped) {
		settle_jobs(run, jobs);
		return;
	}
	run->swapped = swapped;
	swapped[run->n_swapped++] = *jobs;
	*jobs = (struct load_jobs){ 0 };
}

void load_run__settle(struct load_run *run)
{
	for (size_t i = 0; i < run->n_swapped; i++)
		settle_jobs(run, &run->swapped[i]);
	free(run->swapped);
	run->swapped = NULL;
	run->n_swapped = 0;
}

int load_run__do(struct load_run *run, struct load_jobs *jobs)
{
	int err = prepare_all(run, jobs);

	if (err)
		load_run__unchanged(run, jobs);
	else
		err = swap_all(run, jobs);
	if (err)
		return err;
	for (size_t i = 0; i < jobs->n; i++)
		show(run, &jobs->job[i]);
	settle_later(run, jobs);
	return 0;
}

int load_run__finish(struct load_run *run)
{
	load_run__drop_claims(run);
	if (run->interfaces) {
		json_t *json = tool_json_new();

		json_object_set_new(json, "disabled",
				    json_boolean(policy__is_disabled(run->policy)));
		json_object_set_new(json, "interfaces", run->interfaces);
		json_object_set_new(json, "errors", run->errors);
		if (tool_json_print(json))
			run->failed = true;
	}
	if (run->not_permitted)
		return TOOL_PERM;
	if (run->bad_config || policy__n_errors(run->policy))
		return TOOL_CONFIG;
	return run->failed ? TOOL_FOUND : TOOL_OK;
}
