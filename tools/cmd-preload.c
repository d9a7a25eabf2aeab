// SPDX-License-Identifier: LGPL-2.1-or-later
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "preload/symbols.h"
#include "tool.h"

struct preload {
	struct tool_opts opts;
	bool status;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct preload *preload = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &preload->opts;
		return 0;
	case ARGP_KEY_ARG:
		if (preload->status || strcmp(arg, "status"))
			argp_error(state, "found '%s', expected status", arg);
		preload->status = true;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "found nothing, expected status");
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static char *read_below_root(const struct preload *preload, const char *path)
{
	char *below, *text;
	ssize_t n;
	int fd;

	if (asprintf(&below, "%s%s", preload->opts.root ? preload->opts.root : "", path) < 0)
		return NULL;
	fd = open(below, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	free(below);
	text = fd >= 0 ? calloc(1, 65536) : NULL;
	n = text ? read(fd, text, 65535) : -1;
	if (fd >= 0)
		close(fd);
	if (n < 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* Whether a list as the loader reads it, separated by blanks and colons, names our library. */
static bool names_us(const char *list)
{
	char word[512];

	while (policy_text__word(&list, " \t\n:", word, sizeof(word)))
		if (!strcmp(word, PRELOAD_PATH))
			return true;
	return false;
}

/* /etc/ld.so.preload, without its comments */
static bool is_host_wide(const struct preload *preload)
{
	char *text = read_below_root(preload, "/etc/ld.so.preload");
	bool found = false;

	if (!text)
		return false;
	for (char *c = text; (c = strchr(c, '#'));)
		memset(c, ' ', strcspn(c, "\n"));
	found = names_us(text);
	free(text);
	return found;
}

static bool exists(const struct preload *preload, const char *path)
{
	char *below;
	bool found;

	if (asprintf(&below, "%s%s", preload->opts.root ? preload->opts.root : "", path) < 0)
		return false;
	found = !access(below, F_OK);
	free(below);
	return found;
}

/* Whether the hooks can be opened and are of our version, as the shim will ask. */
static bool hooks_fit(void)
{
	static const struct preload_shim nothing;
	preload_hooks_fn *get;
	bool fit = false;
	void *handle;

	handle = dlopen(HOOKS_PATH, RTLD_NOW | RTLD_LOCAL);
	get = handle ? dlsym(handle, PRELOAD_HOOKS_SYMBOL) : NULL;
	if (get)
		fit = get(VERSION, &nothing);
	return fit;
}

static int print_status(const struct preload *preload)
{
	const char *env = getenv("LD_PRELOAD");
	struct {
		const char *name, *text;
		bool yes;
	} facts[] = {
		{ "shim", PRELOAD_PATH, exists(preload, PRELOAD_PATH) },
		{ "hooks", HOOKS_PATH " (this version)",
		  exists(preload, HOOKS_PATH) && hooks_fit() },
		{ "host", "named in /etc/ld.so.preload: every new process", is_host_wide(preload) },
		{ "environment", "named in LD_PRELOAD: what this shell starts",
		  env && names_us(env) },
		{ "disabled", POLICY_KILL_SWITCH " exists: nothing is done",
		  exists(preload, POLICY_KILL_SWITCH) },
	};
	bool works = facts[0].yes && facts[1].yes;

	if (preload->opts.json) {
		json_t *json = tool_json_new();

		for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
			json_object_set_new(json, facts[i].name, json_boolean(facts[i].yes));
		return tool_json_print(json) ? TOOL_FOUND : works ? TOOL_OK : TOOL_FOUND;
	}
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		printf("%-12s %-4s %s\n", facts[i].name, facts[i].yes ? "yes" : "no",
		       facts[i].text);
	return works ? TOOL_OK : TOOL_FOUND;
}

int cmd_preload(int argc, char **argv)
{
	static const struct argp_child children[] = { { &tool_argp, 0, NULL, 0 }, { 0 } };
	static const struct argp argp = {
		.parser = parse,
		.args_doc = "status",
		.doc = "Says whether the preload is installed and whole, and which processes get "
		       "it. The exit status is 1 if it is not whole.",
		.children = children,
	};
	struct preload preload = { 0 };

	argp_parse(&argp, argc, argv, 0, NULL, &preload);
	return print_status(&preload);
}
