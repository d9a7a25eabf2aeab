// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "below.h"
#include "common/output.h"
#include "policy/db.h"
#include "replace.h"
#include "rule-file.h"

struct compile {
	struct tool_opts opts;
	const char *output;
	char **args;
	int n_args;
};

static const struct argp_option options[] = {
	{ "output", 'o', "FILE", 0, "Write there, not to " POLICY_DB_PATH, 0 },
	{ 0 },
};

static bool is_stdout(const struct compile *compile)
{
	return compile->output && output__is_stdout(compile->output);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct compile *compile = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &compile->opts;
		return 0;
	case 'o':
		compile->output = arg;
		return 0;
	case ARGP_KEY_END:
		if (compile->opts.json && is_stdout(compile))
			argp_error(state, "found --json, expected an --output that is a file");
		return 0;
	case ARGP_KEY_ARGS:
		compile->args = state->argv + state->next;
		compile->n_args = state->argc - state->next;
		state->next = state->argc;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* All rules of the host's files, in the order in which they count. */
static int read_host(const struct compile *compile, struct policy_rules *rules)
{
	struct policy *policy;
	int status = TOOL_OK;

	policy = tool_open_policy(&compile->opts, &status);
	if (!policy)
		return status;
	status = tool_policy_status(policy);
	for (size_t i = 0; i < policy__n_rules(policy) && !status; i++)
		if (policy_rules__copy(rules, policy__rule(policy, i)))
			status = TOOL_FOUND;
	policy__close(policy);
	for (size_t i = 0; i < rules->n; i++)
		rules->rule[i].file = NULL; /* it was the policy's */
	if (status == TOOL_CONFIG)
		tool_error("part of the policy is refused, nothing is written");
	return status;
}

static int read_args(const struct compile *compile, struct policy_rules *rules)
{
	int status = TOOL_OK;

	for (int i = 0; i < compile->n_args && !status; i++) {
		rules->file = compile->args[i];
		status =
			rule_file__read(compile->args[i], rule_format__of(compile->args[i]), rules);
	}
	return status;
}

/*
 * The database's name, and where that is once links are followed, which stay below the root. Its
 * own directory is nobody else's to make.
 */
static int find_default(const struct compile *compile, char **name, char **place)
{
	const char *root = compile->opts.root ? compile->opts.root : "";
	char why[OUTPUT_WHY_SIZE], *path;
	int err;

	if (asprintf(name, "%s" POLICY_DB_PATH, root) < 0) {
		*name = NULL;
		return tool_no_memory();
	}
	path = below__resolve(root, POLICY_DB_PATH, false);
	err = path ? replace__make_dirs(path) : -errno;
	free(path);
	if (err)
		return tool_cannot(*name, "make its directory", -err);
	return tool_written(*name, output__follow(root, POLICY_DB_PATH, place, why), why);
}

int cmd_compile(int argc, char **argv)
{
	static const struct argp_child children[] = { { &tool_argp, 0, NULL, 0 }, { 0 } };
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "[FILE...]",
		.doc = "Compiles rule files, of any format and in their order, into a database. "
		       "Without FILE: those of the host. If any of them is wrong nothing is "
		       "written.",
		.children = children,
	};
	/* one that is damaged is what is to be replaced */
	struct compile compile = { .opts.no_db = true };
	struct policy_rules rules = { 0 };
	char *name = NULL, *place = NULL;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &compile);
	status = compile.n_args ? read_args(&compile, &rules) : read_host(&compile, &rules);
	if (!status && !compile.output) {
		status = find_default(&compile, &name, &place);
		compile.output = name;
	}
	if (!status)
		status = rule_file__write(place ? place : compile.output, FORMAT_CDB, &rules);
	if (!status && compile.opts.json)
		status = tool_json_print(json_pack("{s:i, s:i, s:o}", "version", TOOL_JSON_VERSION,
						   "rules", (int)rules.n, "file",
						   tool_json_string(compile.output)));
	else if (!status && !is_stdout(&compile))
		tool_print("%s: %zu rule%s\n", compile.output, rules.n, rules.n == 1 ? "" : "s");
	policy_rules__clear(&rules);
	free(name);
	free(place);
	return status;
}
