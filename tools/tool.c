// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "common/program.h"
#include "policy/files.h"
#include "tool.h"
#include "util/encode.h"
#include "util/in-root.h"

static const struct argp_option options[] = {
	{ "root", 'r', "DIR", 0, "Take DIR for the root directory", 10 },
	{ "json", 'j', NULL, 0, "Print JSON", 10 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct tool_opts *opts = state->input;

	switch (key) {
	case 'r':
		opts->root = program__root(arg, state);
		return 0;
	case 'j':
		opts->json = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp tool_argp = { .options = options, .parser = parse };

static void print_shown(FILE *out, const char *fmt, va_list args)
{
	bool ends = *fmt && fmt[strlen(fmt) - 1] == '\n';
	char *text = NULL, *shown = NULL;
	int len = vasprintf(&text, fmt, args);

	if (len >= 0) {
		text[len - ends] = '\0';
		shown = encode__shown_copy(text);
		free(text);
	}
	fprintf(out, "%s%s", shown ? shown : "out of memory", ends ? "\n" : "");
	free(shown);
}

void tool_print(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print_shown(stdout, fmt, args);
	va_end(args);
}

void tool_error(const char *fmt, ...)
{
	va_list args;

	fputs("xdp-policy: ", stderr);
	va_start(args, fmt);
	print_shown(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

int tool_status_of(int err)
{
	return err == EACCES || err == EPERM || err == EROFS ? TOOL_PERM : TOOL_FOUND;
}

int tool_no_memory(void)
{
	tool_error("out of memory");
	return TOOL_FOUND;
}

int tool_cannot(const char *path, const char *what, int err)
{
	tool_error("%s: cannot %s: %s", path, what, strerror(err));
	return tool_status_of(err);
}

int tool_written(const char *path, int err, const char *why)
{
	if (!err)
		return TOOL_OK;
	if (err == -EILSEQ)
		return TOOL_CONFIG;
	tool_error("%s: %s", path && strcmp(path, "-") ? path : "standard output", why);
	return tool_status_of(-err);
}

void tool_print_message(FILE *out, enum policy_level level, const char *file, unsigned int line,
			const char *text)
{
	const char *kind = level == POLICY_WARNING ? "warning: " : "";
	char *shown = encode__shown_copy(file);

	fputs(shown ? shown : "out of memory", out);
	free(shown);
	if (line)
		fprintf(out, ":%u", line);
	fprintf(out, ": %s%s\n", kind, text);
}

static void print_stderr(void *ctx, enum policy_level level, const char *file, unsigned int line,
			 const char *text)
{
	(void)ctx;
	tool_print_message(stderr, level, file, line, text);
}

const struct policy_log tool_log_stderr = { .fn = print_stderr };

struct policy *tool_open_policy(const struct tool_opts *opts, int *exit_status)
{
	struct policy_opts policy_opts = {
		.root = opts->root,
		.log = tool_log_stderr,
		.no_db = opts->no_db,
	};
	struct policy *policy = NULL;
	int err;

	err = policy__open(&policy_opts, &policy);
	if (!err)
		return policy;
	tool_error("%s: %s", opts->root ? opts->root : "/", strerror(-err));
	*exit_status = err == -EACCES ? TOOL_PERM : TOOL_USAGE;
	return NULL;
}

void tool_no_netns(const char *name, int err)
{
	if (err == -ENOENT || err == -EAGAIN)
		tool_error("found no network namespace %s, expected one of `ip netns`", name);
	else
		tool_error("network namespace %s: %s", name, strerror(-err));
}

int tool_policy_status(const struct policy *policy)
{
	return policy__n_errors(policy) ? TOOL_CONFIG : TOOL_OK;
}

void tool_tell_disabled(const struct tool_opts *opts, bool disabled, json_t *json, FILE *out)
{
	char *path = NULL, *shown = NULL, since[64] = "";
	struct stat st;
	struct tm tm;

	if (json) {
		json_object_set_new(json, "disabled", json_boolean(disabled));
		return;
	}
	if (!disabled)
		return;
	if (asprintf(&path, "%s" POLICY_KILL_SWITCH, opts->root ? opts->root : "") < 0)
		path = NULL;
	/* it may be gone since it was found */
	if (path && !in_root__lstat(path, opts->root ? strlen(opts->root) : 0, &st) &&
	    localtime_r(&st.st_mtime, &tm))
		strftime(since, sizeof(since), " since %Y-%m-%d %H:%M:%S", &tm);
	shown = path ? encode__shown_copy(path) : NULL;
	fprintf(out, "the policy is off%s: found %s; it does nothing until that is removed\n",
		since, shown ? shown : POLICY_KILL_SWITCH);
	free(shown);
	free(path);
}

json_t *tool_json_new(void)
{
	json_t *json = json_pack("{s:i}", "version", TOOL_JSON_VERSION);

	if (!json) {
		tool_error("out of memory");
		exit(TOOL_FOUND);
	}
	return json;
}

/* Of 17 digits, jansson's own choice, the last ones are none of ours: 0.30000000000000004 */
#define JSON_FLAGS (JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(15))

static int write_json(json_t *json, FILE *out, size_t flags)
{
	int err = json_dumpf(json, out, JSON_FLAGS | flags);

	json_decref(json);
	putc('\n', out);
	return err || fflush(out) ? -1 : 0;
}

int tool_json_write(json_t *json, FILE *out)
{
	return write_json(json, out, JSON_INDENT(2));
}

static int print_json(json_t *json, size_t flags)
{
	if (!write_json(json, stdout, flags))
		return TOOL_OK;
	tool_error("cannot write: %m");
	return TOOL_FOUND;
}

int tool_json_print(json_t *json)
{
	return print_json(json, JSON_INDENT(2));
}

int tool_json_print_line(json_t *json)
{
	return print_json(json, JSON_COMPACT);
}

json_t *tool_json_string(const char *text)
{
	char *utf8 = text ? encode__utf8_copy(text) : NULL;
	json_t *json = text ? json_string(utf8) : json_null();

	free(utf8);
	return json;
}

json_t *tool_json_milliseconds(uint64_t ns)
{
	return json_real((ns + 500) / 1000 / 1e3);
}

/* Each action with its sign, as in the files; an empty list is "none". */
static json_t *action_list(const char *text)
{
	json_t *list = json_array();
	char word[32];

	while (policy_text__word(&text, " ", word, sizeof(word)))
		if (strcmp(word, "none"))
			json_array_append_new(list, json_string(word));
	return list;
}

json_t *tool_json_value(enum policy_attr attr, const struct policy_value *value)
{
	char text[POLICY_VALUE_SIZE];

	if (attr == ATTR_PRIORITY)
		return json_integer(value->num);
	policy_value__print(attr, value, text, sizeof(text));
	return attr == ATTR_ACTIONS ? action_list(text) : json_string(text);
}
