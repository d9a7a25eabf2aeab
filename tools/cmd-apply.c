// SPDX-License-Identifier: LGPL-2.1-or-later
#include <bpf/libbpf.h>
#include <errno.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chain/lock.h"
#include "correct.h"
#include "netns.h"
#include "tool.h"

#define LOCK_TIMEOUT_MS 30000

struct apply {
	struct tool_opts opts;
	struct correct_opts correct;
	bool verbose;
	const char *netns;  /* which are asked for */
	const char *inside; /* the name of the one that we are in */
	char **args;
	int n_args;

	struct correction *corrections;
	size_t n;
	json_t *interfaces;
	bool left, failed, not_permitted, shown;
};

enum {
	COL_BEFORE,
	COL_AFTER,
	COL_WHY
};

static const char *outcome_name(const struct apply *apply, const struct correction *c)
{
	switch (c->outcome) {
	case CORRECT_CHANGED:
		return apply->correct.dry_run ? "would change" : "changed";
	case CORRECT_FIXED:
		return "cannot be changed";
	case CORRECT_FAILED:
		return "failed";
	case CORRECT_NONE:
		break;
	}
	return "nothing to do";
}

static void print_program(const struct chain_program *p, char *buf, size_t size)
{
	struct policy_value priority = { .num = p->priority }, actions = { .num = p->actions };
	char text[2][POLICY_VALUE_SIZE];

	policy_value__print(ATTR_PRIORITY, &priority, text[0], sizeof(text[0]));
	policy_value__print(ATTR_ACTIONS, &actions, text[1], sizeof(text[1]));
	snprintf(buf, size, "%5s %s %s", text[0], p->info.name, text[1]);
}

/* The reason stands beside the program's new place; of one that is taken off, beside its old one.
 */
static void print_why(const struct correction *c, unsigned int row, char *buf, size_t size)
{
	*buf = '\0';
	for (unsigned int i = 0; i < c->before.n; i++) {
		uint32_t id = row < c->after.n ? c->after.program[row].info.id :
						 c->before.program[row].info.id;

		if (c->before.program[i].info.id == id)
			wish__reason(&c->wish.program[i], buf, size);
	}
}

static void show_table(const struct correction *c)
{
	struct libscols_table *table = scols_new_table();
	char cell[POLICY_VALUE_SIZE * 3], why[WISH_REASON_SIZE];

	scols_table_new_column(table, "  BEFORE", 0, 0);
	scols_table_new_column(table, "AFTER", 0, 0);
	scols_table_new_column(table, "POLICY", 0, 0);
	scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
	for (unsigned int i = 0; i < c->before.n; i++) {
		struct libscols_line *line = scols_table_new_line(table, NULL);

		print_program(&c->before.program[i], cell, sizeof(cell));
		scols_line_set_data(line, COL_BEFORE, cell);
		*cell = '\0';
		if (i < c->after.n)
			print_program(&c->after.program[i], cell, sizeof(cell));
		scols_line_set_data(line, COL_AFTER, cell);
		print_why(c, i, why, sizeof(why));
		scols_line_set_data(line, COL_WHY, why);
	}
	scols_print_table(table);
	scols_unref_table(table);
}

static void show_times(const struct correction *c)
{
	printf("%s ms:", c->ifname);
	for (enum chain_phase phase = 0; phase < N_PHASES; phase++)
		printf(" %s %.1f", chain_phase_names[phase], c->times.ns[phase] / 1e6);
	putchar('\n');
}

static void show(const struct apply *apply, const struct correction *c)
{
	printf("%s%s%s", apply->inside, *apply->inside ? "/" : "", c->ifname);
	if (c->before.kind != CHAIN_NONE)
		printf(" (%s, %s %u", c->before.mode,
		       c->before.kind == CHAIN_DISPATCHER ? "dispatcher" : "program", c->before.id);
	if (c->before.id != c->after.id)
		printf(" -> %u", c->after.id);
	printf("%s: %s%s%s\n", c->before.kind != CHAIN_NONE ? ")" : "", outcome_name(apply, c),
	       *c->why ? ": " : "", c->why);
	if (c->outcome == CORRECT_CHANGED || c->outcome == CORRECT_FIXED)
		show_table(c);
	fflush(stdout);
}

static json_t *chain_json(const struct chain *chain)
{
	json_t *json = json_array();

	for (unsigned int i = 0; i < chain->n; i++) {
		const struct chain_program *p = &chain->program[i];
		struct policy_value priority = { .num = p->priority };
		struct policy_value actions = { .num = p->actions };

		json_array_append_new(json, json_pack("{s:o, s:I, s:s, s:o, s:o}", "program",
						      tool_json_string(p->info.name), "id",
						      (json_int_t)p->info.id, "tag", p->info.tag,
						      "priority",
						      tool_json_value(ATTR_PRIORITY, &priority),
						      "chain-call-actions",
						      tool_json_value(ATTR_ACTIONS, &actions)));
	}
	return json;
}

static void show_json(const struct apply *apply, const struct correction *c)
{
	json_t *json =
		json_pack("{s:s, s:s, s:b, s:I, s:I, s:o, s:o}", "interface", c->ifname, "outcome",
			  outcome_name(apply, c), "left", c->left, "dispatcher",
			  (json_int_t)c->after.id, "dispatcher-before", (json_int_t)c->before.id,
			  "before", chain_json(&c->before), "after", chain_json(&c->after));
	json_t *times = json_object();

	if (*apply->inside)
		json_object_set_new(json, "netns", tool_json_string(apply->inside));
	if (*c->why)
		json_object_set_new(json, "why", tool_json_string(c->why));
	for (enum chain_phase phase = 0; phase < N_PHASES; phase++)
		json_object_set_new(times, chain_phase_names[phase],
				    json_real(c->times.ns[phase] / 1e6));
	json_object_set_new(json, "milliseconds", times);
	json_array_append_new(apply->interfaces, json);
}

static void no_such_interface(struct apply *apply, const char *ifname)
{
	tool_error("%s: found no such interface, expected one", ifname);
	apply->failed = true;
}

static void add_interface(struct apply *apply, const char *ifname, int ifindex)
{
	struct correction *c = &apply->corrections[apply->n++];

	c->ifindex = ifindex;
	snprintf(c->ifname, sizeof(c->ifname), "%s", ifname);
}

/* The interfaces that are named, or all. */
static void collect(struct apply *apply)
{
	struct if_nameindex *all = NULL;
	size_t n = apply->n_args;

	if (!apply->n_args) {
		all = if_nameindex();
		if (!all) {
			tool_error("found no interfaces, expected a list of them: %m");
			apply->failed = true;
		}
		for (n = 0; all && all[n].if_index; n++)
			;
	}
	apply->corrections = calloc(n ? n : 1, sizeof(*apply->corrections));
	if (!apply->corrections) {
		tool_error("out of memory");
		apply->failed = true;
		n = 0;
	}
	for (size_t i = 0; i < n; i++) {
		const char *ifname = all ? all[i].if_name : apply->args[i];
		int ifindex = all ? (int)all[i].if_index : (int)if_nametoindex(ifname);

		if (ifindex)
			add_interface(apply, ifname, ifindex);
		else
			no_such_interface(apply, ifname);
	}
	if (all)
		if_freenameindex(all);
}

static bool is_shown(const struct apply *apply, const struct correction *c)
{
	return apply->n_args || c->before.kind != CHAIN_NONE || c->outcome == CORRECT_FAILED;
}

static void conclude(struct apply *apply, const struct correction *c)
{
	bool changes = c->outcome == CORRECT_CHANGED && apply->correct.dry_run;

	apply->failed = apply->failed || c->outcome == CORRECT_FAILED;
	apply->left = apply->left || c->left || changes;
	apply->not_permitted = apply->not_permitted || c->err == -EPERM || c->err == -EACCES;
	if (!is_shown(apply, c))
		return;
	apply->shown = true;
	if (apply->interfaces)
		show_json(apply, c);
	else if (apply->verbose && c->outcome == CORRECT_CHANGED && !apply->correct.dry_run)
		show_times(c);
}

/* Ends what is left to be done, which takes a while: the table has been shown. */
static void settle(const struct apply *apply, struct correction *c)
{
	int err = c->err;

	correct__settle(c);
	if (c->err && !err && !apply->interfaces)
		tool_error("%s: the old dispatcher is still there: %s", c->ifname, c->why);
}

/* All are swapped first, and then wait for one grace together. */
static void correct_all(struct apply *apply)
{
	for (size_t i = 0; i < apply->n; i++)
		correct__begin(&apply->correct, &apply->corrections[i]);
	for (size_t i = 0; i < apply->n && !apply->interfaces; i++)
		if (is_shown(apply, &apply->corrections[i]))
			show(apply, &apply->corrections[i]);
	for (size_t i = 0; i < apply->n; i++) {
		settle(apply, &apply->corrections[i]);
		conclude(apply, &apply->corrections[i]);
		correct__end(&apply->corrections[i]);
	}
}

static int take_lock(struct apply *apply)
{
	int lock = chain_lock__take(LOCK_TIMEOUT_MS);

	if (lock >= 0)
		return lock;
	if (lock == -ETIMEDOUT)
		tool_error("%s/lock: found it taken for %d seconds, expected others to be done",
			   XDP_POLICY_RUN_DIR, LOCK_TIMEOUT_MS / 1000);
	else
		tool_error("%s/lock: %s", XDP_POLICY_RUN_DIR, strerror(-lock));
	apply->failed = true;
	apply->not_permitted = lock == -EPERM || lock == -EACCES;
	return lock;
}

static void apply_netns(void *ctx, const char *name)
{
	struct apply *apply = ctx;

	apply->inside = name;
	if (!apply->correct.dry_run)
		chain__recover();
	collect(apply);
	correct_all(apply);
	free(apply->corrections);
	apply->n = 0;
}

static int finish(struct apply *apply)
{
	if (apply->interfaces) {
		json_t *json = tool_json_new();

		json_object_set_new(json, "interfaces", apply->interfaces);
		if (tool_json_print(json))
			apply->failed = true;
	} else if (!apply->shown && !apply->failed) {
		puts("nothing to do: no XDP program on any interface");
	}
	if (apply->not_permitted)
		return TOOL_PERM;
	if (policy__n_errors(apply->correct.policy))
		return TOOL_CONFIG;
	return apply->left || apply->failed ? TOOL_FOUND : TOOL_OK;
}

static int run(struct apply *apply)
{
	int lock = apply->correct.dry_run ? -1 : take_lock(apply);

	if (lock >= 0 || apply->correct.dry_run) {
		if (netns__each(apply->netns, apply_netns, tool_no_netns, apply))
			apply->failed = true;
	}
	if (lock >= 0) {
		record__sweep();
		chain_lock__release(lock);
	}
	return finish(apply);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct apply *apply = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &apply->opts;
		return 0;
	case 'N':
		apply->netns = arg;
		return 0;
	case 'n':
		apply->correct.dry_run = true;
		return 0;
	case 'v':
		apply->verbose = true;
		return 0;
	case 'D':
		apply->correct.enforce_deny = true;
		return 0;
	case ARGP_KEY_ARGS:
		apply->args = state->argv + state->next;
		apply->n_args = state->argc - state->next;
		state->next = state->argc;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int cmd_apply(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "dry-run", 'n', NULL, 0, "Change nothing, show what would be changed", 0 },
		{ "enforce-deny", 'D', NULL, 0, "Take off programs that must not be attached", 0 },
		{ "netns", 'N', "NAME", 0, "Do it in a network namespace, or \"all\"", 0 },
		{ "verbose", 'v', NULL, 0, "Show how long each step took", 0 },
		{ 0 },
	};
	static const struct argp_child children[] = { { &tool_argp, 0, NULL, 0 }, { 0 } };
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "[INTERFACE...]",
		.doc = "Makes live chains follow the policy: the same programs in another order, "
		       "swapped in one step, without a packet lost. The exit status is 1 if "
		       "something still differs.",
		.children = children,
	};
	struct apply apply = { 0 };
	struct policy *policy;
	char host[256] = "";
	int rc;

	argp_parse(&argp, argc, argv, 0, NULL, &apply);
	libbpf_set_print(NULL);
	gethostname(host, sizeof(host) - 1);
	policy = tool_open_policy(&apply.opts, &rc);
	if (!policy)
		return rc;
	apply.correct.policy = policy;
	apply.correct.host = host;
	if (apply.opts.json)
		apply.interfaces = json_array();
	if (policy__is_disabled(policy) && !apply.correct.dry_run) {
		tool_error("the policy is switched off; nothing is changed");
		rc = TOOL_OK;
	} else {
		rc = run(&apply);
	}
	policy__close(policy);
	return rc;
}
