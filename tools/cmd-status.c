// SPDX-License-Identifier: LGPL-2.1-or-later
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chain-table.h"
#include "chain/links.h"
#include "chain/pins.h"
#include "chain/remarks.h"
#include "common/program.h"
#include "common/scale.h"
#include "common/table.h"
#include "interfaces.h"
#include "netns.h"
#include "tool.h"
#include "wish.h"
#include "util/libbpf-words.h"

struct status {
	struct tool_opts opts;
	char **args;
	int n_args;
	struct policy *policy;
	char host[256];
	struct libscols_table *table;
	json_t *interfaces;
	const char *netns;  /* which are asked for */
	bool *found;	    /* which of the names, in any of them */
	const char *inside; /* the name of the one that we are in */
	unsigned int watch; /* seconds between two looks; 0: one look */
	bool drift, failed, not_permitted;
};

enum {
	COL_CHAIN,
	COL_PRIORITY,
	COL_ACTIONS,
	COL_POLICY
};

static void add_row(struct status *status, struct libscols_line *parent,
		    const struct wish_program *wanted, const struct chain *chain, unsigned int nth)
{
	struct libscols_line *line = scols_table_new_line(status->table, parent);
	char cell[WISH_TEXT_SIZE], reason[WISH_REASON_SIZE];
	char text[WISH_REASON_SIZE + N_REMARKS * CHAIN_REMARK_SIZE];

	table__set(line, COL_CHAIN, proginfo__label(&chain->program[nth].info));
	wish__print(wanted, ATTR_PRIORITY, cell, sizeof(cell));
	table__set(line, COL_PRIORITY, cell);
	wish__print(wanted, ATTR_ACTIONS, cell, sizeof(cell));
	table__set(line, COL_ACTIONS, cell);
	wish__reason(wanted, reason, sizeof(reason));
	snprintf(text, sizeof(text), "%s%s", wish_program__drifts(wanted) ? "DRIFT, " : "", reason);
	chain__append_remarks(chain, nth, text, sizeof(text));
	table__set(line, COL_POLICY, text);
}

static json_t *wanted_json(const struct wish_program *wanted, enum policy_attr attr)
{
	const struct policy_result *result = &wanted->decision.attr[attr];
	const struct policy_place place = policy_origin__place(&result->origin, attr);
	json_t *json = json_pack("{s:b, s:b}", "undecided", result->undecided, "drift",
				 wanted->drift[attr]);

	if (attr != ATTR_ATTACH)
		json_object_set_new(json, "live",
				    wanted->known[attr] ?
					    tool_json_value(attr, &wanted->live[attr]) :
					    json_null());
	if (wish__missing(wanted, attr))
		json_object_set_new(json, "missing", json_string(wish__missing(wanted, attr)));
	if (!result->undecided)
		json_object_set_new(json, "wanted", tool_json_value(attr, &result->value));
	json_object_set_new(json, "source", tool_json_string(result->source));
	if (place.file)
		json_object_update_new(json,
				       json_pack("{s:o, s:i}", "file", tool_json_string(place.file),
						 "line", (int)place.line));
	return json;
}

static void add_program_json(json_t *programs, const struct wish_program *wanted,
			     const struct chain *chain, unsigned int nth)
{
	const struct chain_program *p = &chain->program[nth];
	json_t *json = json_pack("{s:o, s:i, s:s, s:b}", "program", chain_table__name(&p->info),
				 "id", (int)p->info.id, "tag", p->info.tag, "drift",
				 wish_program__drifts(wanted));

	for_each_attr(attr)
		json_object_set_new(json, policy_key__attr(attr)->name, wanted_json(wanted, attr));
	chain_table__add_remarks(json, chain, nth);
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

static void print_title(const struct status *status, const char *ifname, const struct chain *chain,
			char *buf, size_t size)
{
	const char *slash = *status->inside ? "/" : "";

	if (chain->kind == CHAIN_NONE)
		snprintf(buf, size, "%s%s%s (no program)", status->inside, slash, ifname);
	else
		snprintf(buf, size, "%s%s%s (%s, %s %u)", status->inside, slash, ifname,
			 mode_name(chain),
			 chain->kind == CHAIN_DISPATCHER ? "dispatcher" : "no dispatcher, program",
			 chain->id);
}

static json_t *add_chain_json(struct status *status, const char *ifname, const struct chain *chain)
{
	json_t *programs = json_array();
	json_t *json =
		json_pack("{s:o, s:s, s:s*, s:o}", "interface", tool_json_string(ifname), "kind",
			  kind_name(chain->kind), "mode", mode_name(chain), "programs", programs);

	if (*status->inside)
		json_object_set_new(json, "netns", tool_json_string(status->inside));
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
	char title[128 + NAME_MAX];

	print_title(status, ifname, chain, title, sizeof(title));
	table__set(line, COL_CHAIN, title);
	if (chain->fixed[0])
		table__set(line, COL_POLICY, chain->fixed);
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
			add_program_json(programs, &wish.program[i], chain, i);
		else
			add_row(status, line, &wish.program[i], chain, i);
	}
	wish__clear(&wish);
}

static void show_interface(struct status *status, const struct interface *interface)
{
	char why[CHAIN_WHY_SIZE];
	struct chain chain;
	int err = chain__read(interface->ifindex, NULL, &chain);

	if (!err) {
		if (status->n_args || chain.kind != CHAIN_NONE)
			show_chain(status, interface->name, &chain);
		return;
	}
	/* it has gone since they were listed */
	if (err == -ENODEV && !status->n_args)
		return;
	tool_error("%s: found a chain that cannot be read: %s", interface->name,
		   pins__strerror(err, why));
	status->failed = true;
	status->not_permitted = status->not_permitted || err == -EPERM || err == -EACCES;
}

static void show_netns(void *ctx, const char *name)
{
	struct status *status = ctx;
	struct interfaces interfaces;

	status->inside = name;
	if (!interfaces__find(status->args, status->n_args, status->found, &interfaces))
		status->failed = true;
	for (size_t i = 0; i < interfaces.n; i++)
		show_interface(status, &interfaces.interface[i]);
	interfaces__free(&interfaces);
}

static void start(struct status *status)
{
	static const char *const columns[] = { "CHAIN", "PRIORITY", "ACTIONS", "POLICY" };

	status->drift = status->failed = status->not_permitted = false;
	if (status->opts.json) {
		status->interfaces = json_array();
		return;
	}
	status->table = table__new(columns, 4, true);
}

static void finish(struct status *status, FILE *out)
{
	bool disabled = policy__is_disabled(status->policy);

	if (status->interfaces) {
		json_t *json = tool_json_new();

		tool_tell_disabled(&status->opts, disabled, json, out);
		json_object_set_new(json, "interfaces", status->interfaces);
		status->interfaces = NULL;
		tool_json_write(json, out);
		return;
	}
	tool_tell_disabled(&status->opts, disabled, NULL, out);
	if (!table__print(status->table, out) && !status->failed)
		fputs("no XDP program on any interface\n", out);
}

/* One look at everything, as text; NULL without memory. */
static char *look(struct status *status)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	start(status);
	tool_tell_run_dirs();
	status->found = interfaces__new_found(status->netns, status->n_args);
	if (netns__each(status->netns, show_netns, tool_no_netns, status))
		status->failed = true;
	if (!interfaces__all_found(status->args, status->n_args, status->found))
		status->failed = true;
	finish(status, out);
	fclose(out);
	return text;
}

static bool print(const char *text)
{
	if (text && fputs(text, stdout) >= 0 && !fflush(stdout))
		return true;
	tool_error("cannot write: %m");
	return false;
}

/* Until it is interrupted: on a terminal in place, else each time that something is new. */
static int watch(struct status *status)
{
	bool terminal = isatty(STDOUT_FILENO), ok = true;
	char *text, *before = NULL;

	while (ok) {
		policy__refresh(status->policy);
		links__remember(true);
		text = look(status);
		if (!before || !text || strcmp(before, text)) {
			if (terminal)
				fputs("\033[H\033[J", stdout); /* home, and clear the rest */
			ok = print(text);
		}
		free(before);
		before = text;
		links__remember(false);
		sleep(status->watch);
	}
	free(before);
	return TOOL_FOUND;
}

static int show_once(struct status *status)
{
	char *text = look(status);
	bool ok = print(text);

	free(text);
	if (status->not_permitted)
		return TOOL_PERM;
	if (policy__n_errors(status->policy))
		return TOOL_CONFIG;
	return status->drift || status->failed || !ok ? TOOL_FOUND : TOOL_OK;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct status *status = state->input;
	char *end;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &status->opts;
		return 0;
	case 'w':
		status->watch = arg ? strtoul(arg, &end, 10) : 1;
		if (arg && (*end || !status->watch || status->watch > 86400))
			argp_error(state, "found --watch=%s, expected seconds, 1 to 86400", arg);
		return 0;
	case 'N':
		status->netns = arg;
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

int cmd_status(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "netns", 'N', "NAME", 0, "Look into a network namespace, or \"all\"", 0 },
		{ "watch", 'w', "SECONDS", OPTION_ARG_OPTIONAL,
		  "Look again every second, or every so many; print what is new", 0 },
		{ 0 },
	};
	static const struct argp_child children[] = { { &tool_argp, 0, NULL, 0 }, { 0 } };
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "[INTERFACE...]",
		.doc = "Shows the live chains in the order in which they run, beside what the "
		       "policy wants, and why. The exit status is 1 if they differ.",
		.children = children,
	};
	struct status status = { 0 };
	int rc;

	argp_parse(&argp, argc, argv, 0, NULL, &status);
	scale__prepare();
	libbpf_words__listen();
	gethostname(status.host, sizeof(status.host) - 1);
	status.policy = tool_open_policy(&status.opts, &rc);
	if (!status.policy)
		return rc;
	rc = status.watch ? watch(&status) : show_once(&status);
	policy__close(status.policy);
	return rc;
}
