// SPDX-License-Identifier: LGPL-2.1-or-later
#include <bpf/libbpf.h>
#include <errno.h>
#include <libsmartcols.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"
#include "wish.h"

struct status {
	struct tool_opts opts;
	char **args;
	int n_args;
	struct policy *policy;
	char host[256];
	struct libscols_table *table;
	json_t *interfaces;
	bool drift, failed, not_permitted;
};

enum {
	COL_CHAIN,
	COL_PRIORITY,
	COL_ACTIONS,
	COL_POLICY
};

static void add_row(struct status *status, struct libscols_line *parent,
		    const struct wish_program *wanted, const struct chain_program *p, bool chains)
{
	struct libscols_line *line = scols_table_new_line(status->table, parent);
	char cell[WISH_TEXT_SIZE], reason[WISH_REASON_SIZE], text[WISH_REASON_SIZE + 8];

	scols_line_set_data(line, COL_CHAIN, p->info.name);
	wish__print(wanted, ATTR_PRIORITY, cell, sizeof(cell));
	scols_line_set_data(line, COL_PRIORITY, chains ? cell : "-");
	wish__print(wanted, ATTR_ACTIONS, cell, sizeof(cell));
	scols_line_set_data(line, COL_ACTIONS, chains ? cell : "-");
	wish__reason(wanted, reason, sizeof(reason));
	snprintf(text, sizeof(text), "%s%s", wish_program__drifts(wanted) ? "DRIFT, " : "", reason);
	scols_line_set_data(line, COL_POLICY, text);
}

static json_t *wanted_json(const struct wish_program *wanted, enum policy_attr attr)
{
	const struct policy_result *result = &wanted->decision.attr[attr];
	const struct policy_place place = policy_origin__place(&result->origin, attr);
	json_t *json = json_pack("{s:b, s:b}", "undecided", result->undecided, "drift",
				 wanted->drift[attr]);

	if (attr != ATTR_ATTACH)
		json_object_set_new(json, "live", tool_json_value(attr, &wanted->live[attr]));
	if (!result->undecided)
		json_object_set_new(json, "wanted", tool_json_value(attr, &result->value));
	json_object_set_new(json, "source", json_string(result->source));
	if (place.file)
		json_object_update_new(json,
				       json_pack("{s:o, s:i}", "file", tool_json_string(place.file),
						 "line", (int)place.line));
	return json;
}

static void add_program_json(json_t *programs, const struct wish_program *wanted,
			     const struct chain_program *p)
{
	json_t *json =
		json_pack("{s:s, s:i, s:s, s:b}", "program", p->info.name, "id", (int)p->info.id,
			  "tag", p->info.tag, "drift", wish_program__drifts(wanted));

	for_each_attr(attr)
		json_object_set_new(json, policy_key__attr(attr)->name, wanted_json(wanted, attr));
	json_array_append_new(programs, json);
}

static const char *kind_name(enum chain_kind kind)
{
	switch (kind) {
	case CHAIN_DISPATCHER:
		return "dispatcher";
	case CHAIN_LEGACY:
		return "legacy";
	case CHAIN_LINK:
		return "bpf_link";
	case CHAIN_NONE:
		break;
	}
	return "none";
}

static const char *mode_name(const struct chain *chain)
{
	return chain->mode ? chain->mode : "unknown";
}

static void print_title(const char *ifname, const struct chain *chain, char *buf, size_t size)
{
	if (chain->kind == CHAIN_NONE)
		snprintf(buf, size, "%s (no program)", ifname);
	else
		snprintf(buf, size, "%s (%s, %s %u)", ifname, mode_name(chain),
			 chain->kind == CHAIN_DISPATCHER ? "dispatcher" : "no dispatcher, program",
			 chain->id);
}

static json_t *add_chain_json(struct status *status, const char *ifname, const struct chain *chain)
{
	json_t *programs = json_array();
	json_t *json =
		json_pack("{s:s, s:s, s:s*, s:o}", "interface", ifname, "kind",
			  kind_name(chain->kind), "mode", mode_name(chain), "programs", programs);

	if (chain->version)
		json_object_set_new(json, "dispatcher-version", json_integer(chain->version));
	if (chain->fixed[0])
		json_object_set_new(json, "fixed", tool_json_string(chain->fixed));
	json_array_append_new(status->interfaces, json);
	return programs;
}

static struct libscols_line *add_title(struct status *status, const char *ifname,
				       const struct chain *chain)
{
	struct libscols_line *line = scols_table_new_line(status->table, NULL);
	char title[128];

	print_title(ifname, chain, title, sizeof(title));
	scols_line_set_data(line, COL_CHAIN, title);
	if (chain->fixed[0])
		scols_line_set_data(line, COL_POLICY, chain->fixed);
	return line;
}

static void show_chain(struct status *status, const char *ifname, const struct chain *chain)
{
	struct libscols_line *line = NULL;
	json_t *programs = NULL;
	struct wish wish;

	wish__decide(status->policy, status->host, ifname, chain, &wish);
	status->drift = status->drift || wish.drift;
	if (status->interfaces)
		programs = add_chain_json(status, ifname, chain);
	else
		line = add_title(status, ifname, chain);
	for (unsigned int i = 0; i < chain->n; i++) {
		if (programs)
			add_program_json(programs, &wish.program[i], &chain->program[i]);
		else
			add_row(status, line, &wish.program[i], &chain->program[i],
				chain->kind == CHAIN_DISPATCHER);
	}
	wish__clear(&wish);
}

static void show_interface(struct status *status, const char *ifname, bool asked_for)
{
	int ifindex = if_nametoindex(ifname);
	struct chain chain;
	int err;

	if (!ifindex) {
		tool_error("%s: found no such interface, expected one", ifname);
		status->failed = true;
		return;
	}
	err = chain__read(ifindex, NULL, &chain);
	if (!err) {
		if (asked_for || chain.kind != CHAIN_NONE)
			show_chain(status, ifname, &chain);
		return;
	}
	tool_error("%s: found a chain that can't be read: %s", ifname, strerror(-err));
	status->failed = true;
	status->not_permitted = status->not_permitted || err == -EPERM || err == -EACCES;
}

static void show_all(struct status *status)
{
	struct if_nameindex *all = if_nameindex();

	for (struct if_nameindex *i = all; i && i->if_index; i++)
		show_interface(status, i->if_name, false);
	if (all)
		if_freenameindex(all);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct status *status = state->input;

	(void)arg;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &status->opts;
		return 0;
	case ARGP_KEY_ARGS:
		status->args = state->argv + state->next;
		status->n_args = state->argc - state->next;
		state->next = state->argc;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void start_table(struct status *status)
{
	status->table = scols_new_table();
	scols_table_new_column(status->table, "CHAIN", 0, SCOLS_FL_TREE);
	scols_table_new_column(status->table, "PRIORITY", 0, 0);
	scols_table_new_column(status->table, "ACTIONS", 0, 0);
	scols_table_new_column(status->table, "POLICY", 0, 0);
	scols_table_set_termforce(status->table, SCOLS_TERMFORCE_NEVER);
	if (!isatty(STDOUT_FILENO))
		scols_table_enable_ascii(status->table, 1);
}

static int finish(struct status *status)
{
	int rc = TOOL_OK;

	if (status->interfaces) {
		json_t *json = tool_json_new();

		json_object_set_new(json, "interfaces", status->interfaces);
		rc = tool_json_print(json);
	} else {
		if (!scols_table_is_empty(status->table))
			scols_print_table(status->table);
		else if (!status->failed)
			puts("no XDP program on any interface");
		scols_unref_table(status->table);
	}
	if (status->not_permitted)
		return TOOL_PERM;
	if (policy__n_errors(status->policy))
		return TOOL_CONFIG;
	return status->drift || status->failed ? TOOL_FOUND : rc;
}

int cmd_status(int argc, char **argv)
{
	static const struct argp_child children[] = { { &tool_argp, 0, NULL, 0 }, { 0 } };
	static const struct argp argp = {
		.parser = parse,
		.args_doc = "[INTERFACE...]",
		.doc = "Shows the live chains in the order in which they run, beside what the "
		       "policy wants, and why. The exit status is 1 if they differ.",
		.children = children,
	};
	struct status status = { 0 };
	int rc;

	argp_parse(&argp, argc, argv, 0, NULL, &status);
	libbpf_set_print(NULL);
	gethostname(status.host, sizeof(status.host) - 1);
	status.policy = tool_open_policy(&status.opts, &rc);
	if (!status.policy)
		return rc;
	if (status.opts.json)
		status.interfaces = json_array();
	else
		start_table(&status);
	for (int i = 0; i < status.n_args; i++)
		show_interface(&status, status.args[i], true);
	if (!status.n_args)
		show_all(&status);
	rc = finish(&status);
	policy__close(status.policy);
	return rc;
}
