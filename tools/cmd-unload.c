// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>

#include "chain/record.h"
#include "common/program.h"
#include "load-run.h"
#include "run/undo.h"

struct unload {
	struct tool_opts opts;
	struct load_run run;
	const char *netns;
	bool *found; /* which of the names, in any namespace */
	bool all;
	char **args;
	int n_args;
};

static const struct argp_option options[] = {
	{ "all", 'a', NULL, 0, "From all interfaces", 0 },
	{ "dry-run", 'n', NULL, 0, "Change nothing, show what would be changed", 0 },
	{ "netns", 'N', "NAME", 0, "Do it in a network namespace, or \"all\"", 0 },
	{ "verbose", 'v', NULL, 0, "Show how long each step took", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct unload *unload = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &unload->opts;
		return 0;
	case 'a':
		unload->all = unload->run.about_all = true;
		return 0;
	case 'n':
		unload->run.dry_run = true;
		return 0;
	case 'N':
		unload->netns = arg;
		return 0;
	case 'v':
		unload->run.verbose = true;
		return 0;
	case ARGP_KEY_ARGS:
		unload->args = state->argv + state->next;
		unload->n_args = state->argc - state->next;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_END:
		if (unload->all == !!unload->n_args)
			argp_error(state, "found %s, expected interfaces or --all",
				   unload->all ? "both" : "no interface");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static bool has_ours(const struct chain *chain)
{
	struct record_dirs dirs;
	bool ours = false;

	record_dirs__open(&dirs);
	for (unsigned int i = 0; i < chain->n && !ours; i++) {
		struct record record;

		record__read(&dirs, &chain->program[i].info, &record);
		ours = record.in_chain;
		record__clear(&record);
	}
	record_dirs__close(&dirs);
	return ours;
}

/* An interface that cannot be changed is no reason to leave the others: each is done alone. */
static void unload_one(struct unload *unload, const struct interface *interface)
{
	struct interfaces one = { .n = 1, .interface = (struct interface *)interface };
	struct load_jobs jobs;
	struct chain chain;
	int err = chain__read(interface->ifindex, NULL, &chain);

	if (err == -ENODEV && unload->all) /* it has gone since it was listed */
		return;
	if (!err && !has_ours(&chain)) {
		if (!unload->run.dry_run)
			undo__drop(interface->ifindex);
		load_run__leave(&unload->run, interface, &chain);
		return;
	}
	if (load_jobs__unload(&one, &jobs)) {
		tool_error("out of memory");
		unload->run.failed = true;
		return;
	}
	load_run__do(&unload->run, &jobs);
	load_jobs__clear(&jobs);
}

static void unload_netns(void *ctx, const char *name)
{
	struct unload *unload = ctx;
	struct interfaces interfaces;

	unload->run.netns = name;
	if (!unload->found)
		unload->found = interfaces__new_found(unload->netns, unload->n_args);
	if (!unload->run.dry_run)
		chain__recover();
	if (!interfaces__find(unload->args, unload->n_args, unload->found, &interfaces))
		unload->run.failed = true;
	interfaces__sort(&interfaces, true);
	for (size_t i = 0; i < interfaces.n; i++)
		unload_one(unload, &interfaces.interface[i]);
	load_run__settle(&unload->run);
	interfaces__free(&interfaces);
	unload->run.netns = "";
}

int cmd_unload(int argc, char **argv)
{
	static const struct argp_child children[] = { { &tool_argp, 0, NULL, 0 }, { 0 } };
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "[INTERFACE...]",
		.doc = "Takes off the programs that load has attached. Others stay.",
		.children = children,
	};
	struct unload unload = { 0 };
	struct policy *policy;
	int status;

	load_run__init(&unload.run);
	argp_parse(&argp, argc, argv, 0, NULL, &unload);
	unload.run.quiet_if_same = unload.all;
	status = load_run__open(&unload.run, &unload.opts, &policy);
	if (status)
		return status;
	load_run__each(&unload.run, unload.netns, unload_netns, &unload);
	if (!interfaces__all_found(unload.args, unload.n_args, unload.found))
		unload.run.failed = true;
	status = load_run__finish(&unload.run);
	policy__close(policy);
	return status;
}
