// SPDX-License-Identifier: LGPL-2.1-or-later
/* xdp-policy: a table of commands, one file each. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/program.h"
#include "interfaces.h"
#include "policy/meant.h"
#include "tool.h"
#include "util/file-lock.h"

static const struct tool_command commands[] = {
	{ "check", "[FILE|DIR|-]...", "Look for errors in the policy or in files", cmd_check },
	{ "cat", "", "Print the policy's files in their order", cmd_cat },
	{ "dump", "", "Print all rules in force as one file", cmd_dump },
	{ "convert", "FILE|-", "Write a rule file in another format", cmd_convert },
	{ "compile", "[FILE...]", "Compile rule files into a database", cmd_compile },
	{ "import", "FILE|-", "Write an orchestrator's data as a rule file", cmd_import },
	{ "edit", "[FILE]", "Edit a file of the policy safely", cmd_edit },
	{ "defaults", "OBJECT...", "Print what programs' authors compiled in, as JSON",
	  cmd_defaults },
	{ "explain", "PROGRAM|OBJECT...", "Say what is decided for a program, and why",
	  cmd_explain },
	{ "run", "-- COMMAND [ARG...]", "Run a command that obeys the policy", cmd_run },
	{ "apply", "[INTERFACE...]", "Make live chains follow the policy", cmd_apply },
	{ "load", "FILE|-", "Load chains of XDP programs from a file", cmd_load },
	{ "unload", "INTERFACE...", "Take off what load has attached", cmd_unload },
	{ "save", "[INTERFACE...]", "Write live chains as a file for load", cmd_save },
	{ "watch", "", "Load chain files whenever they change", cmd_watch },
	{ "status", "[INTERFACE...]", "Show live chains beside the policy's wishes", cmd_status },
	{ "coverage", "[BINARY|PID...]", "Say how applications are reached", cmd_coverage },
	{ "preload", "enable|disable ...", "Bring the preload to applications", cmd_preload },
	{ 0 },
};

static const struct tool_command *find_command(const char *name)
{
	for (const struct tool_command *c = commands; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

/* The list of commands, behind the usage line of --help. */
static char *help_filter(int key, const char *text, void *input)
{
	size_t size;
	char *out;
	FILE *f;

	(void)input;
	if (key != ARGP_KEY_HELP_PRE_DOC)
		return (char *)text;
	f = open_memstream(&out, &size);
	if (!f)
		return (char *)text;
	fputs("System policy for XDP: run priorities and chain call actions.\n\nCommands:\n", f);
	for (const struct tool_command *c = commands; c->name; c++)
		fprintf(f, "  %-8s %-19s %s\n", c->name, c->args, c->help);
	fputs("\n'xdp-policy COMMAND --help' tells of one command's options.", f);
	fclose(f);
	return out;
}

/* How many words are in front of the command that is to be run. */
static int count_own(int argc, char **argv)
{
	int n = 1;

	while (n < argc && (*argv[n] == '-' || !*argv[n]) && strcmp(argv[n], "--"))
		n++;
	return n;
}

static int run_command(const struct tool_command *command, struct argp_state *state)
{
	char **argv = state->argv + state->next - 1, name[64];
	int argc = state->argc - state->next + 1, status;
	bool is_run = command->run == cmd_run;
	char *word = argv[0];

	/* so that argp names the command in its messages; our own parser looks at it again */
	snprintf(name, sizeof(name), "xdp-policy %s", command->name);
	argv[0] = name;
	program__refuse_empty(name, is_run ? count_own(argc, argv) : argc, argv);
	status = command->run(argc, argv);
	argv[0] = word;
	return status;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	int *status = state->input;
	const struct tool_command *command;

	switch (key) {
	case ARGP_KEY_ARG:
		command = find_command(arg);
		if (command) {
			*status = run_command(command, state);
		} else {
			const char *names[sizeof(commands) / sizeof(commands[0])];
			struct policy_hint hint;
			size_t n = 0;

			for (; commands[n].name; n++)
				names[n] = commands[n].name;
			hint = policy_meant__hint(arg, names, n);
			tool_error("found '%s', expected a command%s", arg,
				   *hint.text ? hint.text : " (see --help)");
			*status = TOOL_USAGE;
		}
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "found no command, expected one");
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

void (*tool_on_xfsz)(int number);

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse,
		.args_doc = "COMMAND [ARG...]",
		.doc = "\v",
		.help_filter = help_filter,
	};
	int status = TOOL_OK;

	/* a write beyond a limit is an error, after which we clean up, even of --help */
	tool_on_xfsz = signal(SIGXFSZ, SIG_IGN);
	argp_err_exit_status = TOOL_USAGE;
	file_lock__on_wait(tool_waiting);
	program__check_output();
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &status);
	return program__end(status);
}
