// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

/* As env(1) and the shell tell them apart. */
enum {
	NOT_EXECUTABLE = 126,
	NOT_FOUND = 127
};

/* In front of what is preloaded already, which stays. */
static int add_preload(void)
{
	const char *before = getenv("LD_PRELOAD");
	char *all;
	int err;

	if (asprintf(&all, "%s%s%s", PRELOAD_PATH, before && *before ? ":" : "",
		     before ? before : "") < 0)
		return -ENOMEM;
	err = setenv("LD_PRELOAD", all, 1);
	free(all);
	return err;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	char ***command = state->input;

	(void)arg;
	switch (key) {
	case ARGP_KEY_ARGS:
		*command = state->argv + state->next;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "found no command, expected one");
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int cmd_run(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse,
		.args_doc = "-- COMMAND [ARG...]",
		.doc = "Runs a command, and what it starts, with the preload: programs that they "
		       "open or attach through libxdp get the policy's values. The exit status is "
		       "the command's, or 126 or 127 if it cannot be run.",
	};
	char **command = NULL;
	int err;

	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &command);
	if (access(PRELOAD_PATH, R_OK)) {
		tool_error("%s: found no preload library, expected it to be installed",
			   PRELOAD_PATH);
		return NOT_EXECUTABLE;
	}
	if (add_preload()) {
		tool_error("out of memory");
		return NOT_EXECUTABLE;
	}
	signal(SIGXFSZ, tool_on_xfsz);
	execvp(command[0], command);
	err = errno;
	signal(SIGXFSZ, SIG_IGN);
	tool_error("%s: %s", command[0], strerror(err));
	return err == ENOENT ? NOT_FOUND : NOT_EXECUTABLE;
}
