// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chain-table.h"
#include "common/program.h"
#include "common/scale.h"
#include "correct.h"
#include "interfaces.h"
#include "netns.h"
#include "tool.h"
#include "util/libbpf-words.h"

struct apply {
	struct tool_opts opts;
	struct correct_opts correct;
	bool verbose;
	const char *netns;  /* which are asked for */
	bool *found;	    /* which of the names, in any of them */
	const char *inside; /* the name of the one that we are in */
	char **args;
	int n_args;

	struct correction *corrections;
	size_t n;
	json_t *interfaces;
	bool off; /* nothing is looked at */
	bool left, failed, not_permitted, shown;
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

/* Where a program of the new chain was before; -1 if it was not there. */
static int find_id(const struct chain *chain, uint32_t id)
{
	for (unsigned int i = 0; i < chain->n; i++)
		if (chain->program[i].info.id == id)
			return (int)i;
	return -1;
}

/* The nth of those that are taken off. */
static int find_removed(const struct correction *c, unsigned int nth)
{
	for (unsigned int i = 0; i < c->before.n; i++)
		if (find_id(&c->after, c->before.program[i].info.id) < 0 && !nth--)
			return (int)i;
	return -1;
}

/*
 * The reason stands beside the program's new place. Below the new chain there is room for as many
 * as are taken off: they are named there, since beside them stands what was last before.
 */
static void print_why(const void *ctx, unsigned int row, char *buf, size_t size)
{
	const struct correction *c = ctx;
	bool removed = row >= c->after.n;
	int at = removed ? find_removed(c, row - c->after.n) :
			   find_id(&c->before, c->after.program[row].info.id);
	size_t len = 0;

	if (at < 0)
		return;
	if (removed)
		len = (size_t)snprintf(buf, size, "%s is taken off: ",
				       proginfo__label(&c->before.program[at].info));
	if (len < size)
		wish__reason(&c->wish.program[at], buf + len, size - len);
}

static struct chain_change as_change(const struct apply *apply, const struct correction *c)
{
	return (struct chain_change){
		.netns = apply->inside,
		.ifname = c->ifname,
		.before = &c->before,
		.after = &c->after,
		.outcome = outcome_name(apply, c),
		.why = c->why,
		.reason = print_why,
		.ctx = c,
	};
}

static void show(const struct apply *apply, const struct correction *c)
{
	struct chain_change change = as_change(apply, c);

	chain_change__print(&change);
	if (c->outcome == CORRECT_CHANGED || c->outcome == CORRECT_FIXED)
		chain_change__print_table(&change);
	program__flush();
}

/* Those that must not be attached, and the rule that says so. */
static json_t *denied_json(const struct correction *c)
{
	json_t *denied = json_array();

	for (unsigned int i = 0; i < c->wish.n; i++) {
		const struct proginfo *info = &c->before.program[i].info;
		const struct wish_program *program = &c->wish.program[i];
		struct policy_place place = policy_origin__place(
			&program->decision.attr[ATTR_ATTACH].origin, ATTR_ATTACH);

		if (!program->drift[ATTR_ATTACH])
			continue;
		json_array_append_new(denied,
				      json_pack("{s:o, s:I, s:o, s:o, s:b}", "program",
						chain_table__name(info), "id", (json_int_t)info->id,
						"file", tool_json_string(place.file), "line",
						place.file ? json_integer(place.line) : json_null(),
						"taken-off", find_id(&c->after, info->id) < 0));
	}
	return denied;
}

static void show_json(const struct apply *apply, const struct correction *c)
{
	struct chain_change change = as_change(apply, c);
	json_t *json = chain_change__json(&change, &c->times);

	json_object_set_new(json, "left", json_boolean(c->left));
	json_object_set_new(json, "denied", denied_json(c));
	json_array_append_new(apply->interfaces, json);
}

/* The interfaces that are named, or all. */
static void collect(struct apply *apply)
{
	struct interfaces found;

	if (!interfaces__find(apply->args, apply->n_args, apply->found, &found))
		apply->failed = true;
	apply->corrections = calloc(found.n ? found.n : 1, sizeof(*apply->corrections));
	if (!apply->corrections) {
		tool_error("out of memory");
		apply->failed = true;
		found.n = 0;
	}
	for (; apply->n < found.n; apply->n++) {
		struct correction *c = &apply->corrections[apply->n];

		c->ifindex = found.interface[apply->n].ifindex;
		memcpy(c->ifname, found.interface[apply->n].name, sizeof(c->ifname));
	}
	interfaces__free(&found);
}

/* One that was not named has gone since it was listed. */
static bool is_gone(const struct apply *apply, const struct correction *c)
{
	return !apply->n_args && c->outcome == CORRECT_FAILED && c->err == -ENODEV;
}

static bool is_shown(const struct apply *apply, const struct correction *c)
{
	if (is_gone(apply, c))
		return false;
	return apply->n_args || c->before.kind != CHAIN_NONE || c->outcome == CORRECT_FAILED;
}

static void conclude(struct apply *apply, const struct correction *c)
{
	bool changes = c->outcome == CORRECT_CHANGED && apply->correct.dry_run;

	if (is_gone(apply, c))
		return;
	apply->failed = apply->failed || c->outcome == CORRECT_FAILED;
	apply->left = apply->left || c->left || changes;
	apply->not_permitted = apply->not_permitted || c->err == -EPERM || c->err == -EACCES;
	if (!is_shown(apply, c))
		return;
	apply->shown = true;
	if (apply->interfaces)
		show_json(apply, c);
	else if (apply->verbose && c->outcome == CORRECT_CHANGED && !apply->correct.dry_run)
		chain_change__print_times(c->ifname, &c->times);
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

static void tell_disabled(const struct apply *apply, json_t *json)
{
	tool_tell_disabled(&apply->opts, policy__is_disabled(apply->correct.policy), json, stdout);
}

static int finish(struct apply *apply)
{
	if (apply->interfaces) {
		json_t *json = tool_json_new();

		tell_disabled(apply, json);
		json_object_set_new(json, "interfaces", apply->interfaces);
		if (tool_json_print(json))
			apply->failed = true;
	} else if (!apply->shown && !apply->failed && !apply->off) {
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
	int lock = apply->correct.dry_run ? -1 : tool_take_lock();

	if (lock < 0 && !apply->correct.dry_run) {
		apply->failed = true;
		apply->not_permitted = lock == -EPERM || lock == -EACCES;
	}
	if (lock >= 0 || apply->correct.dry_run) {
		apply->found = interfaces__new_found(apply->netns, apply->n_args);
		if (netns__each(apply->netns, apply_netns, tool_no_netns, apply))
			apply->failed = true;
		if (!interfaces__all_found(apply->args, apply->n_args, apply->found))
			apply->failed = true;
	}
	if (lock >= 0) {
		tool_drop_lock(lock);
		tool_sweep(!apply->n_args);
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
	scale__prepare();
	libbpf_words__listen();
	gethostname(host, sizeof(host) - 1);
	policy = tool_open_policy(&apply.opts, &rc);
	if (!policy)
		return rc;
	apply.correct.policy = policy;
	apply.correct.host = host;
	if (apply.opts.json)
		apply.interfaces = json_array();
	else
		tell_disabled(&apply, NULL);
	apply.off = policy__is_disabled(policy) && !apply.correct.dry_run;
	rc = apply.off ? finish(&apply) : run(&apply);
	policy__close(policy);
	return rc;
}
