// SPDX-License-Identifier: LGPL-2.1-or-later
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chain-dirs.h"
#include "common/input.h"
#include "lint.h"
#include "policy/db.h"
#include "policy/plugin.h"
#include "tool.h"

struct check {
	struct tool_opts opts;
	bool quiet, strict, disabled;
	char **args;
	int n_args;
	json_t *findings;
	unsigned int n_errors, n_warnings, n_files, n_rules, n_chains;
	struct chain_file *chains; /* of one argument, or of the host */
	size_t n_chain_files;
	struct policy_log log;
	struct lint_log lint;
};

#define KEY_STRICT 0x100

static const struct argp_option options[] = {
	{ "quiet", 'q', NULL, 0, "Say nothing if nothing is wrong", 0 },
	{ "strict", KEY_STRICT, NULL, 0, "Fail on warnings, too", 0 },
	{ 0 },
};

static void print_finding(const struct check *check, enum policy_level level, const char *file,
			  unsigned int line, const char *code, const char *text)
{
	static const char *const kinds[] = {
		[POLICY_ERROR] = "", [POLICY_WARNING] = "warning: ", [POLICY_INFO] = "note: "
	};

	/* nothing is wrong */
	if (level == POLICY_INFO && check->quiet)
		return;
	tool_print("%s:", file);
	if (line)
		printf("%u:", line);
	printf(" %s%s", kinds[level], text);
	if (code)
		printf(" [%s]", code);
	putchar('\n');
}

/* Messages are what this command is for: they go to standard output. */
static void add_finding(void *ctx, enum policy_level level, const char *file, unsigned int line,
			const char *code, const char *text)
{
	static const char *const names[] = {
		[POLICY_ERROR] = "error", [POLICY_WARNING] = "warning", [POLICY_INFO] = "note"
	};
	struct check *check = ctx;

	check->n_errors += level == POLICY_ERROR;
	check->n_warnings += level == POLICY_WARNING;
	if (check->findings)
		json_array_append_new(
			check->findings,
			json_pack("{s:o, s:o, s:s, s:s?, s:o}", "file", tool_json_string(file),
				  "line", line ? json_integer(line) : json_null(), "level",
				  names[level], "code", code, "message", json_string(text)));
	else
		print_finding(check, level, file, line, code, text);
}

static void collect(void *ctx, enum policy_level level, const char *file, unsigned int line,
		    const char *text)
{
	add_finding(ctx, level, file, line, NULL, text);
}

static void no_memory(struct check *check)
{
	check->n_errors++;
	tool_error("out of memory");
}

static void check_switch(struct check *check, const char *path, const char *text, size_t size)
{
	struct policy_switch sw;

	policy_switch__parse(&sw, path, text, size, &check->log);
	policy_plugins__check(PLUGIN_DIR, &sw, path, &check->log);
}

/* Of a file that is left out nothing follows. */
static void check_rules(struct check *check, const char *path, const char *text, size_t size)
{
	struct policy_rules rules = { .file = (char *)path };
	int rc;

	rc = policy_rules__parse(&rules, text, size, &check->log);
	if (!rc)
		rc = lint__rules(&rules, &check->lint);
	if (rc == -ENOMEM)
		no_memory(check);
	if (!rc)
		check->n_rules += rules.n;
	policy_rules__clear(&rules);
}

/* They are looked at together at last. */
static void add_chains(struct check *check, struct chain_file *file)
{
	struct chain_file *grown =
		reallocarray(check->chains, check->n_chain_files + 1, sizeof(*grown));

	if (!grown) {
		chain_file__free(file);
		no_memory(check);
		return;
	}
	check->chains = grown;
	grown[check->n_chain_files++] = *file;
	check->n_chains += file->n;
}

static void check_chains(struct check *check, const char *path, const char *text, size_t size)
{
	char *dir = chain_file__dir(path);
	struct chain_file file;
	int rc = chain_file__parse(text, size, path, dir ? dir : ".", &check->log, &file);

	free(dir);
	if (rc == -ENOMEM)
		no_memory(check);
	if (!rc)
		add_chains(check, &file);
}

static void finish_chains(struct check *check, const char *root, const struct policy_files *dirs)
{
	if (lint__chain_files(check->chains, check->n_chain_files, root, dirs, &check->lint))
		no_memory(check);
	while (check->n_chain_files)
		chain_file__free(&check->chains[--check->n_chain_files]);
	free(check->chains);
	check->chains = NULL;
}

static void check_text(struct check *check, const char *path, const char *text, size_t size)
{
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;

	check->n_files++;
	if (!strncmp(base, "xdpswitch.conf", strlen("xdpswitch.conf")))
		check_switch(check, path, text, size);
	else if (chain_file__is_one(path, text, size))
		check_chains(check, path, text, size);
	else
		check_rules(check, path, text, size);
}

static void check_stream(struct check *check, const char *path)
{
	char why[INPUT_WHY_SIZE], *text;
	size_t size;

	if (input__read(path, POLICY_MAX_FILE_SIZE, &text, &size, why))
		policy_log__msg(&check->log, POLICY_ERROR, path, 0, "%s", why);
	else
		check_text(check, path, text, size);
	free(text);
}

static void check_db(struct check *check, const char *path)
{
	struct policy_stamp stamp;
	struct policy_db *db;
	int fd, rc;

	if (policy_file__open(path, 0, (uid_t)-1, &fd, &stamp, &check->log) != FILE_GOOD)
		return;
	check->n_files++;
	rc = policy_db__open(fd, path, &db, &check->log);
	close(fd);
	if (rc == -ENOMEM)
		no_memory(check);
	if (rc)
		return;
	check->n_rules += policy_db__n_rules(db);
	policy_db__close(db);
}

static bool is_db(const char *path)
{
	const char *suffix = strrchr(path, '.');

	return suffix && !strcmp(suffix, ".cdb");
}

/* A file that is not in its place yet: its text counts, not its owner. */
static void check_file(struct check *check, const char *path)
{
	struct policy_stamp stamp;
	size_t size = 0;
	char *text = NULL;

	switch (policy_file__read(path, 0, (uid_t)-1, &text, &size, &stamp, &check->log)) {
	case FILE_GOOD:
		check_text(check, path, text, size);
		free(text);
		break;
	case FILE_ABSENT:
		policy_log__msg(&check->log, POLICY_ERROR, path, 0,
				"cannot open: No such file or directory");
		break;
	case FILE_MASKED:
		check->n_files++;
		break;
	case FILE_REFUSED:
		break;
	}
}

static int is_rules_or_switch(const struct dirent *entry)
{
	return policy_files__is_dropin(entry->d_name);
}

static void check_dir(struct check *check, const char *path);

static void check_below(struct check *check, const char *path, const char *name)
{
	char *below;

	if (asprintf(&below, "%s/%s", path, name) < 0)
		return;
	if (!access(below, F_OK))
		check_dir(check, below);
	free(below);
}

/* All files of a directory that is, or shall become, an /etc/xdp, a priorities.d or a chains.d. */
static void check_dir(struct check *check, const char *path)
{
	struct dirent **entries;
	char *below;
	int n;

	n = scandir(path, &entries, is_rules_or_switch, alphasort);
	if (n < 0) {
		policy_log__msg(&check->log, POLICY_ERROR, path, 0, "cannot read: %m");
		return;
	}
	for (int i = 0; i < n; i++) {
		if (asprintf(&below, "%s/%s", path, entries[i]->d_name) >= 0) {
			check_file(check, below);
			free(below);
		}
		free(entries[i]);
	}
	free(entries);
	check_below(check, path, "priorities.d");
	check_below(check, path, "chains.d");
}

/* An empty directory is hardly what was meant, and "0 errors" would praise it. */
static void check_whole_dir(struct check *check, const char *path)
{
	unsigned int n_files = check->n_files, n_errors = check->n_errors;

	check_dir(check, path);
	if (check->n_files == n_files && check->n_errors == n_errors)
		policy_log__msg(
			&check->log, POLICY_WARNING, path, 0,
			"found no file whose name ends in .conf, .yaml or .json: nothing is "
			"checked");
}

static void check_arg(struct check *check, const char *arg)
{
	struct stat st;

	if (input__is_stream(arg))
		check_stream(check, arg);
	else if (!stat(arg, &st) && S_ISDIR(st.st_mode))
		check_whole_dir(check, arg);
	else if (is_db(arg) && !access(arg, F_OK))
		check_db(check, arg);
	else
		check_file(check, arg);
}

/* Of the directories above them the policy has said what there is to say. */
static void collect_chains(void *ctx, enum policy_level level, const char *file, unsigned int line,
			   const char *text)
{
	if (strstr(file, "/chains.d"))
		collect(ctx, level, file, line, text);
}

static void check_host_chains(struct check *check)
{
	const struct policy_log log = { .fn = collect_chains, .ctx = check };
	struct chain_file chains;
	struct policy_files files;

	if (chain_dirs__find(check->opts.root, &log, &files)) {
		no_memory(check);
		return;
	}
	for (size_t i = 0; i < files.n; i++) {
		if (files.file[i].kind != FILE_RULES)
			continue;
		check->n_files++;
		if (chain_dirs__read(check->opts.root, &files.file[i], &log, &chains) == FILE_GOOD)
			add_chains(check, &chains);
	}
	finish_chains(check, check->opts.root, &files);
	policy_files__free(&files);
}

static int check_host(struct check *check)
{
	struct policy_opts opts = { .root = check->opts.root, .log = check->log };
	const struct policy_files *files;
	struct policy *policy;
	int err;

	err = policy__open(&opts, &policy);
	if (err) {
		tool_error("%s: %s", opts.root ? opts.root : "/", strerror(-err));
		return err == -EACCES ? TOOL_PERM : TOOL_USAGE;
	}
	files = policy__files(policy);
	for (size_t i = 0; i < files->n; i++)
		check->n_files += files->file[i].kind != FILE_WATCHED;
	check->n_rules = policy__n_rules(policy);
	if (lint__policy(policy, opts.root, &check->lint))
		no_memory(check);
	policy__close(policy);
	check_host_chains(check);
	return TOOL_OK;
}

static int finish(struct check *check)
{
	bool found = check->n_errors || check->n_warnings;

	if (check->findings) {
		json_t *json = tool_json_new();

		tool_tell_disabled(&check->opts, check->disabled, json, stdout);
		json_object_set_new(json, "files", json_integer(check->n_files));
		json_object_set_new(json, "rules", json_integer(check->n_rules));
		json_object_set_new(json, "chains", json_integer(check->n_chains));
		json_object_set_new(json, "errors", json_integer(check->n_errors));
		json_object_set_new(json, "warnings", json_integer(check->n_warnings));
		json_object_set_new(json, "findings", check->findings);
		if (tool_json_print(json))
			return TOOL_FOUND;
	} else if (found || !check->quiet) {
		printf("%u file%s, %u rule%s", check->n_files, check->n_files == 1 ? "" : "s",
		       check->n_rules, check->n_rules == 1 ? "" : "s");
		if (check->n_chains)
			printf(", %u chain%s", check->n_chains, check->n_chains == 1 ? "" : "s");
		printf(": %u error%s, %u warning%s\n", check->n_errors,
		       check->n_errors == 1 ? "" : "s", check->n_warnings,
		       check->n_warnings == 1 ? "" : "s");
	}
	return check->n_errors || (check->strict && check->n_warnings) ? TOOL_FOUND : TOOL_OK;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct check *check = state->input;

	(void)arg;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &check->opts;
		return 0;
	case 'q':
		check->quiet = true;
		return 0;
	case KEY_STRICT:
		check->strict = true;
		return 0;
	case ARGP_KEY_ARGS:
		check->args = state->argv + state->next;
		check->n_args = state->argc - state->next;
		state->next = state->argc;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int cmd_check(int argc, char **argv)
{
	static const struct argp_child children[] = { { &tool_argp, 0, NULL, 0 }, { 0 } };
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "[FILE|DIR|-]...",
		.doc = "Looks for errors in the policy of this host, or in the files given, whose "
		       "owner and mode do not matter, and warns of what works but is hardly meant.",
		.children = children,
	};
	struct check check = {
		.log = { .fn = collect, .ctx = &check, .n_more = &check.n_errors },
		.lint = { .fn = add_finding, .ctx = &check },
	};
	int status = TOOL_OK;

	argp_parse(&argp, argc, argv, 0, NULL, &check);
	check.disabled = policy_files__is_disabled(check.opts.root ? check.opts.root : "");
	if (check.opts.json)
		check.findings = json_array();
	else if (!check.n_args) /* a file that is given is judged by itself */
		tool_tell_disabled(&check.opts, check.disabled, NULL, stdout);
	for (int i = 0; i < check.n_args; i++) {
		check_arg(&check, check.args[i]);
		finish_chains(&check, NULL, NULL);
	}
	if (!check.n_args)
		status = check_host(&check);
	return status ? status : finish(&check);
}
