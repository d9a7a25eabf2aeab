/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_TOOL_H
#define XDP_POLICY_TOOL_H

/* What the commands of xdp-policy share. */

#include <argp.h>
#include <jansson.h>
#include <stdio.h>

#include "policy/policy.h"

/* Frozen: scripts rely on them. */
enum tool_exit {
	TOOL_OK = 0,
	TOOL_FOUND = 1,	 /* check found something, or there is nothing to tell of */
	TOOL_USAGE = 2,	 /* as argp exits, see main() */
	TOOL_CONFIG = 3, /* part of the configuration is refused */
	TOOL_PERM = 4	 /* not permitted */
};

#define TOOL_JSON_VERSION 1

struct tool_command {
	const char *name;
	const char *args;
	const char *help;
	int (*run)(int argc, char **argv);
};

int cmd_check(int argc, char **argv);
int cmd_cat(int argc, char **argv);
int cmd_dump(int argc, char **argv);
int cmd_convert(int argc, char **argv);
int cmd_compile(int argc, char **argv);
int cmd_import(int argc, char **argv);
int cmd_edit(int argc, char **argv);
int cmd_defaults(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_apply(int argc, char **argv);
int cmd_load(int argc, char **argv);
int cmd_unload(int argc, char **argv);
int cmd_save(int argc, char **argv);
int cmd_watch(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_coverage(int argc, char **argv);
int cmd_preload(int argc, char **argv);

/* --root and --json; tool_argp parses them as a child of each command's own parser. */
struct tool_opts {
	const char *root;
	bool json;
	bool no_db; /* set by a command that has no use for the database */
};
extern const struct argp tool_argp;

/*
 * As printf(3), but what the text has of others is in the form for terminals of encode.h: a format
 * may have a line's end at its own end alone.
 */
__attribute__((format(printf, 1, 2))) void tool_print(const char *fmt, ...);
/* "xdp-policy: text", to standard error, in the same form. */
__attribute__((format(printf, 1, 2))) void tool_error(const char *fmt, ...);

/* Each says it and returns the exit status. */
int tool_no_memory(void);
int tool_cannot(const char *path, const char *what, int err);
/* The exit status for an errno. */
int tool_status_of(int err);

/*
 * The exit status of output__write(), whose reason it says: TOOL_CONFIG for what cannot be written
 * in a format, which is told already.
 */
int tool_written(const char *path, int err, const char *why);

/* What SIGXFSZ did when this program was started; it ignores it. For what it starts. */
extern void (*tool_on_xfsz)(int number);

/* A message sink that writes "file:line: text" to standard error. */
extern const struct policy_log tool_log_stderr;
void tool_print_message(FILE *out, enum policy_level level, const char *file, unsigned int line,
			const char *text);

/* Says that a network namespace cannot be entered; for netns__each(). */
void tool_no_netns(const char *name, int err);

/*
 * Opens the policy below opts->root with messages to standard error. On failure says why and
 * returns NULL with *exit_status set.
 */
struct policy *tool_open_policy(const struct tool_opts *opts, int *exit_status);

/* The exit status of a command that used the policy: TOOL_CONFIG if part of it is refused. */
int tool_policy_status(const struct policy *policy);

/*
 * What is to be known before anything else that a command says, if the policy is off: the first
 * line of its text. JSON has it as "disabled", off or not.
 */
void tool_tell_disabled(const struct tool_opts *opts, bool disabled, json_t *json, FILE *out);

/* A new object with its version, or exits without memory: a command has nothing to save. */
json_t *tool_json_new(void);
/* Prints and frees it. Returns TOOL_OK, or TOOL_FOUND if standard output does not take it. */
int tool_json_print(json_t *json);
/* The same in one line, for who reads a line at a time. */
int tool_json_print_line(json_t *json);
/* To any stream. Returns 0 or -1 with errno. */
int tool_json_write(json_t *json, FILE *out);
/* Any text as JSON, in the form of encode.h, since that takes UTF-8 alone. NULL is null. */
json_t *tool_json_string(const char *text);
/* Nanoseconds as milliseconds, to the third digit behind the point. */
json_t *tool_json_milliseconds(uint64_t ns);
/* A value as JSON: a number, a list of actions, a word. */
json_t *tool_json_value(enum policy_attr attr, const struct policy_value *value);

#endif
