// SPDX-License-Identifier: LGPL-2.1-or-later
/* load: chains from a file, or from all files of the host. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "chain-dirs.h"
#include "chain/lock.h"
#include "chains/undo.h"
#include "common/program.h"
#include "load-run.h"
#include "netns.h"

enum {
	OPT_REPLACE_FOREIGN = 0x100,
	OPT_KEEP_FOREIGN,
	OPT_ADD,
	OPT_UNDO
};

struct load {
	struct tool_opts opts;
	struct load_run run;
	const char *netns, *path;
	bool all, undoes;
	struct load_undo undo;
	struct chain_file *files; /* until they are settled */
	size_t n_files;
};

static const struct argp_option options[] = {
	{ "all", 'a', NULL, 0, "Load all files of /etc/xdp/chains.d and the like", 0 },
	{ "add", OPT_ADD, NULL, 0, "Keep all programs that are there, beside those of the file",
	  0 },
	{ "keep-foreign", OPT_KEEP_FOREIGN, NULL, 0, "Keep programs that load has not attached",
	  0 },
	{ "replace-foreign", OPT_REPLACE_FOREIGN, NULL, 0,
	  "Take off programs that load has not attached", 0 },
	{ "undo", OPT_UNDO, NULL, 0,
	  "Give back the chains that the last load has replaced, on all of its interfaces or those "
	  "that are named",
	  0 },
	{ "dry-run", 'n', NULL, 0, "Change nothing, show what would be changed", 0 },
	{ "netns", 'N', "NAME", 0, "Do it in a network namespace, or \"all\"", 0 },
	{ "verbose", 'v', NULL, 0, "Show the verifier's whole log, and how long each step took",
	  0 },
	{ 0 },
};

/* What is a path can be no interface. */
static bool is_file(const char *arg)
{
	const char *dot = strrchr(arg, '.');

	return !strcmp(arg, "-") || strchr(arg, '/') ||
	       (dot && (!strcmp(dot, ".yaml") || !strcmp(dot, ".json")));
}

static void check_undo(const struct load *load, struct argp_state *state)
{
	if (load->all || load->run.add || load->run.foreign >= 0)
		argp_error(state, "found --undo and %s, expected one of them",
			   load->all			     ? "--all" :
			   load->run.add		     ? "--add" :
			   load->run.foreign == FOREIGN_KEEP ? "--keep-foreign" :
							       "--replace-foreign");
	for (int i = 0; i < load->undo.n_names; i++)
		if (is_file(load->undo.names[i]))
			argp_error(state, "found --undo and file '%s', expected interfaces",
				   load->undo.names[i]);
}

static void check_usage(struct load *load, struct argp_state *state)
{
	if (load->undoes) {
		check_undo(load, state);
		return;
	}
	if (load->undo.n_names > 1)
		argp_error(state, "found a second file '%s', expected one", load->undo.names[1]);
	load->path = load->undo.n_names ? *load->undo.names : NULL;
	if (!load->path && !load->all)
		argp_error(state, "found no file, expected one, or - for standard input, or --all");
	if (load->path && load->all)
		argp_error(state, "found --all and a file, expected one of them");
}

static void set_foreign(struct load *load, enum chain_foreign foreign, struct argp_state *state)
{
	if (load->run.foreign >= 0 && load->run.foreign != (int)foreign)
		argp_error(state, "found --keep-foreign and --replace-foreign, expected one of "
				  "them");
	load->run.foreign = foreign;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct load *load = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &load->opts;
		return 0;
	case 'a':
		load->all = true;
		return 0;
	case OPT_ADD:
		load->run.add = true;
		return 0;
	case OPT_KEEP_FOREIGN:
		set_foreign(load, FOREIGN_KEEP, state);
		return 0;
	case OPT_REPLACE_FOREIGN:
		set_foreign(load, FOREIGN_REPLACE, state);
		return 0;
	case 'n':
		load->run.dry_run = true;
		return 0;
	case 'N':
		load->netns = arg;
		return 0;
	case 'v':
		load->run.verbose = true;
		return 0;
	case OPT_UNDO:
		load->undoes = true;
		return 0;
	case ARGP_KEY_ARGS:
		load->undo.names = state->argv + state->next;
		load->undo.n_names = state->argc - state->next;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_END:
		check_usage(load, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void load_file(struct load *load, const struct chain_file *file,
		      const struct interfaces *interfaces)
{
	struct load_jobs jobs;
	int err = load_run__match(&load->run, file, interfaces, &jobs);

	if (!err)
		load_run__do(&load->run, &jobs);
	load_jobs__clear(&jobs);
}

static void load_one_of_all(struct load *load, struct policy_file *file,
			    const struct interfaces *interfaces)
{
	struct chain_file *chains = &load->files[load->n_files];

	switch (chain_dirs__read(load->opts.root, file, &load->run.log, chains)) {
	case FILE_GOOD:
		load->n_files++;
		load_file(load, chains, interfaces);
		return;
	case FILE_REFUSED:
		load->run.bad_config = true;
		return;
	case FILE_MASKED:
	case FILE_ABSENT:
		return;
	}
}

/* Each file on its own: a bad one is no reason to leave an interface without its chain. */
static void load_all(struct load *load, const struct interfaces *interfaces)
{
	struct policy_files files;
	int err = chain_dirs__find(load->opts.root, &load->run.log, &files);

	if (err) {
		tool_error("the chain files cannot be listed: %s", strerror(-err));
		load->run.failed = true;
		return;
	}
	load->files = calloc(files.n ? files.n : 1, sizeof(*load->files));
	if (!load->files) {
		tool_error("out of memory");
		load->run.failed = true;
	}
	for (size_t i = 0; i < files.n && load->files; i++)
		if (files.file[i].kind == FILE_RULES)
			load_one_of_all(load, &files.file[i], interfaces);
	if (!load->n_files && !load->run.bad_config && !load->run.failed && !files.n_dirs_refused)
		policy_log__msg(&load->run.log, POLICY_INFO, "xdp-policy", 0,
				"found no chain file in chains.d, see xdp-chain(5); nothing to do");
	load->run.bad_config = load->run.bad_config || files.n_dirs_refused;
	policy_files__free(&files);
}

static void free_files(struct load *load)
{
	while (load->n_files)
		chain_file__free(&load->files[--load->n_files]);
	free(load->files);
	load->files = NULL;
}

static void load_on(struct load *load, struct interfaces *interfaces)
{
	interfaces__sort(interfaces, false);
	if (load->all)
		load_all(load, interfaces);
	else
		load_file(load, load->files, interfaces);
}

static void load_chains(struct load *load)
{
	struct interfaces interfaces;

	if (load_run__find(&load->run, load->all ? NULL : load->files, &interfaces))
		load_on(load, &interfaces);
	else
		load->run.failed = true;
	load_run__settle(&load->run);
	if (load->all)
		free_files(load);
	interfaces__free(&interfaces);
	load_run__drop_claims(&load->run);
}

static void undo_on(struct load *load)
{
	if (!load->undo.found)
		load->undo.found = interfaces__new_found(load->netns, load->undo.n_names);
	load_undo__do(&load->undo, &load->run);
	load_run__settle(&load->run);
	load_undo__clear(&load->undo);
}

static void load_netns(void *ctx, const char *name)
{
	struct load *load = ctx;

	load->run.netns = name;
	if (!load->run.dry_run)
		chain__recover();
	if (load->undoes)
		undo_on(load);
	else
		load_chains(load);
	load->run.netns = "";
}

static int read_file(struct load *load)
{
	load->files = calloc(1, sizeof(*load->files));
	if (!load->files) {
		tool_error("out of memory");
		load->run.failed = true;
		return -ENOMEM;
	}
	load->n_files = 1;
	return load_run__read(&load->run, load->path, load->files);
}

static int run(struct load *load)
{
	struct policy *policy;
	int status = load_run__open(&load->run, &load->opts, &policy);

	if (status)
		return status;
	if (load->undoes || load->all || !read_file(load))
		load_run__each(&load->run, load->netns, load_netns, load);
	if (load->undoes)
		load_undo__end(&load->undo, &load->run);
	free_files(load);
	status = load_run__finish(&load->run);
	policy__close(policy);
	return status;
}

int cmd_load(int argc, char **argv)
{
	static const struct argp_child children[] = { { &tool_argp, 0, NULL, 0 }, { 0 } };
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "FILE|-\n--all\n--undo [INTERFACE...]",
		.doc = "Loads the chains of XDP programs that a file describes onto their "
		       "interfaces: all of them in one step each, or nothing is changed.",
		.children = children,
	};
	struct load load = { 0 };

	load_run__init(&load.run);
	load.run.keeps_undo = true;
	argp_parse(&argp, argc, argv, 0, NULL, &load);
	return run(&load);
}
