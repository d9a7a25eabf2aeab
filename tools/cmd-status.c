// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <libsmartcols.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <xdp/libxdp.h>

#include "chain/live.h"
#include "chain/netdev.h"
#include "tool.h"

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

/* What the policy wants of a live program, beside what it has. */
struct wanted {
	struct policy_value live[N_ATTRS];
	struct policy_decision decision;
	bool drift[N_ATTRS];
};

static struct policy_value mode_value(const char *mode)
{
	struct policy_value value = policy_value__default(ATTR_MODE);
	char err[POLICY_ERROR_SIZE];

	if (mode)
		policy_value__parse(ATTR_MODE, mode, &value, err, sizeof(err));
	return value;
}

/* Whether the live program is not as the policy wants it; any mode is right for "auto". */
static bool is_drift(const struct wanted *wanted, enum policy_attr attr)
{
	const struct policy_result *result = &wanted->decision.attr[attr];

	if (result->undecided || (attr == ATTR_MODE && result->value.num == MODE_AUTO))
		return false;
	return result->value.num != wanted->live[attr].num;
}

static void decide(const struct status *status, const char *ifname, const struct chain *chain,
		   const struct chain_program *p, struct wanted *ret)
{
	static const struct policy_resolve_opts opts = { .unknown_undecided = true };
	char driver[NETDEV_DRIVER_SIZE];
	struct policy_subject subject = {
		.value = {
			[COND_PROGRAM] = p->info.name,
			[COND_TAG] = p->info.tag,
			[COND_INTERFACE] = ifname,
			[COND_HOST] = status->host,
			[COND_DRIVER] = netdev__driver(ifname, driver),
			[COND_MODE] = chain->mode,
		},
		.app.unknown = true,
		.btf = runcfg__known(&p->info.author),
	};

	*ret = (struct wanted){
		.live = {
			[ATTR_PRIORITY] = { .num = p->priority },
			[ATTR_ACTIONS] = { .num = p->actions },
			[ATTR_ATTACH] = { .num = ATTACH_ALLOW },
			[ATTR_MODE] = mode_value(chain->mode),
		},
	};
	policy__resolve(status->policy, &subject, &opts, &ret->decision);
	for_each_attr(attr)
		ret->drift[attr] = is_drift(ret, attr);
}

static bool any_drift(const struct wanted *wanted)
{
	for_each_attr(attr)
		if (wanted->drift[attr])
			return true;
	return false;
}

/* "50", or "50 -> 10" where the policy wants 10 */
static void print_cell(const struct wanted *wanted, enum policy_attr attr, char *buf, size_t size)
{
	char live[POLICY_VALUE_SIZE], want[POLICY_VALUE_SIZE];
	const struct policy_result *result = &wanted->decision.attr[attr];

	policy_value__print(attr, &wanted->live[attr], live, sizeof(live));
	policy_value__print(attr, &result->value, want, sizeof(want));
	if (wanted->drift[attr])
		snprintf(buf, size, "%s -> %s", live, want);
	else
		snprintf(buf, size, "%s", live);
}

static void append(char *buf, size_t size, const char *text)
{
	size_t len = strlen(buf);

	snprintf(buf + len, size - len, "%s%s", len ? ", " : "", text);
}

/* Which rules stand behind the row, and which fact is missing where none could be applied. */
static void print_reason(const struct wanted *wanted, char *buf, size_t size)
{
	char text[256], cell[2 * POLICY_VALUE_SIZE + 8];

	*buf = '\0';
	if (any_drift(wanted))
		append(buf, size, "DRIFT");
	for_each_attr(attr) {
		const struct policy_result *result = &wanted->decision.attr[attr];
		const struct policy_place place = policy_origin__place(&result->origin, attr);

		if (result->undecided && place.file)
			snprintf(text, sizeof(text), "undecided: %s:%u asks for %s", place.file,
				 place.line, policy_key__cond(ffs(result->missing) - 1)->name);
		else if (attr == ATTR_ATTACH && wanted->drift[attr])
			snprintf(text, sizeof(text), "attach denied by %s:%u", place.file,
				 place.line);
		else if (place.file)
			snprintf(text, sizeof(text), "%s:%u", place.file, place.line);
		else if (wanted->drift[attr])
			snprintf(text, sizeof(text), "%s", result->source);
		else
			continue;
		if (attr == ATTR_MODE && wanted->drift[attr]) {
			print_cell(wanted, attr, cell, sizeof(cell));
			append(buf, size, cell);
		}
		if (!strstr(buf, text))
			append(buf, size, text);
	}
}

static void add_row(struct status *status, struct libscols_line *parent,
		    const struct wanted *wanted, const struct chain_program *p, bool chains)
{
	struct libscols_line *line = scols_table_new_line(status->table, parent);
	char cell[2 * POLICY_VALUE_SIZE + 8], reason[600];

	scols_line_set_data(line, COL_CHAIN, p->info.name);
	print_cell(wanted, ATTR_PRIORITY, cell, sizeof(cell));
	scols_line_set_data(line, COL_PRIORITY, chains ? cell : "-");
	print_cell(wanted, ATTR_ACTIONS, cell, sizeof(cell));
	scols_line_set_data(line, COL_ACTIONS, chains ? cell : "-");
	print_reason(wanted, reason, sizeof(reason));
	scols_line_set_data(line, COL_POLICY, reason);
}

static json_t *wanted_json(const struct wanted *wanted, enum policy_attr attr)
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

static void add_program_json(json_t *programs, const struct wanted *wanted,
			     const struct chain_program *p)
{
	json_t *json = json_pack("{s:s, s:i, s:s, s:b}", "program", p->info.name, "id",
				 (int)p->info.id, "tag", p->info.tag, "drift", any_drift(wanted));

	for_each_attr(attr)
		json_object_set_new(json, policy_key__attr(attr)->name, wanted_json(wanted, attr));
	json_array_append_new(programs, json);
}

static const char *kind_name(enum chain_kind kind)
{
	return kind == CHAIN_DISPATCHER ? "dispatcher" : kind == CHAIN_LEGACY ? "legacy" : "none";
}

static const char *mode_name(const struct chain *chain)
{
	return chain->mode ? chain->mode : "unknown";
}

static void show_chain(struct status *status, const char *ifname, const struct chain *chain)
{
	struct libscols_line *line = NULL;
	json_t *programs = NULL;
	char title[128];

	if (status->interfaces) {
		programs = json_array();
		json_array_append_new(status->interfaces,
				      json_pack("{s:s, s:s, s:s*, s:o}", "interface", ifname,
						"kind", kind_name(chain->kind), "mode",
						mode_name(chain), "programs", programs));
	} else {
		line = scols_table_new_line(status->table, NULL);
		if (chain->kind == CHAIN_NONE)
			snprintf(title, sizeof(title), "%s (no program)", ifname);
		else
			snprintf(title, sizeof(title), "%s (%s, %s %u)", ifname, mode_name(chain),
				 chain->kind == CHAIN_LEGACY ? "no dispatcher, program" :
							       "dispatcher",
				 chain->id);
		scols_line_set_data(line, COL_CHAIN, title);
	}
	for (unsigned int i = 0; i < chain->n; i++) {
		struct wanted wanted;

		decide(status, ifname, chain, &chain->program[i], &wanted);
		if (chain->kind == CHAIN_LEGACY) /* nothing chains there */
			wanted.drift[ATTR_PRIORITY] = wanted.drift[ATTR_ACTIONS] = false;
		status->drift = status->drift || any_drift(&wanted);
		if (programs)
			add_program_json(programs, &wanted, &chain->program[i]);
		else
			add_row(status, line, &wanted, &chain->program[i],
				chain->kind == CHAIN_DISPATCHER);
	}
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
	err = chain__read(ifindex, &chain);
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

static int silent(enum libxdp_print_level level, const char *fmt, va_list args)
{
	(void)level;
	(void)fmt;
	(void)args;
	return 0;
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
	libxdp_set_print(silent);
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
