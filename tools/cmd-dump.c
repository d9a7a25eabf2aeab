// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * All rules in force, in the long form only: in the order of the files a short one could not stand
 * behind a long one.
 */
#include <stdio.h>
#include <string.h>

#include "policy/db.h"
#include "rule-file.h"

struct dump {
	struct tool_opts opts;
	int format;
	const char *source; /* "files", "cdb" or NULL for both */
};

static const struct argp_option options[] = {
	{ "format", 'f', "FORMAT", 0, "Print ini (this is the default), yaml or json", 0 },
	{ "source", 's', "SOURCE", 0, "Only the rules of source files, or of source cdb", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct dump *dump = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &dump->opts;
		return 0;
	case 'f':
		dump->format = rule_format__by_name(arg);
		if (dump->format < 0 || dump->format == FORMAT_CDB)
			argp_error(state, "found format '%s', expected ini, yaml or json", arg);
		return 0;
	case 's':
		if (strcmp(arg, "files") && strcmp(arg, "cdb"))
			argp_error(state, "found source '%s', expected files or cdb", arg);
		dump->source = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static bool wants(const struct dump *dump, const char *source)
{
	return !dump->source || !strcmp(dump->source, source);
}

static int add_files(const struct policy *policy, struct policy_rules *rules)
{
	int err = 0;

	for (size_t i = 0; i < policy__n_rules(policy) && !err; i++)
		err = policy_rules__copy(rules, policy__rule(policy, i));
	return err;
}

static int add_db(const struct policy *policy, struct policy_rules *rules)
{
	const struct policy_db *db = policy__db(policy);
	struct policy_rule rule;
	int err = 0;

	for (uint32_t i = 0; db && i < policy_db__n_rules(db) && !err; i++)
		if (policy_db__rule(db, i, &rule))
			err = policy_rules__copy(rules, &rule);
	return err;
}

/* Whether the database is asked before the files: the source that is asked first overrides. */
static bool db_is_first(const struct policy *policy)
{
	const struct policy_steps *steps = &policy__switch(policy)->attr[ATTR_PRIORITY];

	for (size_t i = 0; i < steps->n; i++)
		if (steps->step[i].source == SOURCE_FILES || steps->step[i].source == SOURCE_CDB)
			return steps->step[i].source == SOURCE_CDB;
	return false;
}

/* In one file the later rule overrides: so the source that is asked first comes last. */
static int collect(const struct dump *dump, const struct policy *policy, struct policy_rules *rules)
{
	int err = 0;

	if (wants(dump, "cdb") && !db_is_first(policy))
		err = add_db(policy, rules);
	if (wants(dump, "files") && !err)
		err = add_files(policy, rules);
	if (wants(dump, "cdb") && db_is_first(policy) && !err)
		err = add_db(policy, rules);
	return err;
}

int cmd_dump(int argc, char **argv)
{
	static const struct argp_child children[] = { { &tool_argp, 0, NULL, 0 }, { 0 } };
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.doc = "Prints all rules that are in force, as one rule file that could replace "
		       "them. The later rule overrides the earlier. --json is --format json.",
		.children = children,
	};
	struct dump dump = { .format = FORMAT_INI };
	struct policy_rules rules = { 0 };
	struct policy *policy;
	int status, printed;

	argp_parse(&argp, argc, argv, 0, NULL, &dump);
	if (dump.opts.json)
		dump.format = FORMAT_JSON;
	policy = tool_open_policy(&dump.opts, &status);
	if (!policy)
		return status;
	status = tool_policy_status(policy);
	if (collect(&dump, policy, &rules)) {
		tool_error("out of memory");
		status = TOOL_FOUND;
	} else {
		if (dump.format == FORMAT_INI)
			printf("# %zu rule%s\n", rules.n, rules.n == 1 ? "" : "s");
		printed = rule_file__print(dump.format, &rules, true);
		status = printed ? printed : status;
	}
	policy_rules__clear(&rules);
	policy__close(policy);
	return status;
}
