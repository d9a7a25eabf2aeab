// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/table.h"
#include "coverage.h"
#include "tool.h"
#include "util/libbpf-words.h"

#define ADVICE_SIZE 512

/* What was found, and for which argument: 0 if all of the host was asked for. */
struct row {
	int asked;
	size_t nth;
	struct coverage coverage;
};

struct command {
	struct tool_opts opts;
	char **args;
	int n_args;
	struct coverage_host host;
	struct libscols_table *table;
	struct row **row;
	size_t n_rows;
	int asked;
	bool no_memory;
	json_t *list;
	struct coverage_scan scan;
	bool unreached, missing, refused;
};

enum {
	COL_APPLICATION,
	COL_REACHED,
	COL_NOW,
	COL_WHY,
	COL_ADVICE
};

static void append(char *buf, size_t size, const char *separator, const char *text)
{
	size_t len = strlen(buf);

	snprintf(buf + len, size - len, "%s%s", len ? separator : "", text);
}

static void print_why(const struct coverage *coverage, char *buf, size_t size)
{
	const char *sentence, *name;
	uint32_t note = 0;

	snprintf(buf, size, "%s", coverage_reason__sentence(coverage->reason));
	if (*coverage->detail)
		append(buf, size, ": ", coverage->detail);
	if (*coverage->script)
		append(buf, size, ", of ", coverage->name);
	for (unsigned int i = 0; (sentence = coverage_note__sentence(i, &note, &name)); i++)
		if (coverage->notes & note)
			append(buf, size, "; ", sentence);
}

static void print_name(const struct coverage *coverage, char *buf, size_t size)
{
	const char *path = *coverage->script ? coverage->script : coverage->name;

	if (coverage->what == WHAT_PROCESS)
		snprintf(buf, size, "%d %s", coverage->pid, path);
	else
		snprintf(buf, size, "%s", path);
	if (*coverage->unit) {
		append(buf, size, " (", coverage->unit);
		if (coverage->setting && strcmp(coverage->setting, "ExecStart"))
			append(buf, size, ", ", coverage->setting);
		append(buf, size, "", ")");
	}
}

static void add_row(struct command *command, const struct coverage *coverage)
{
	struct libscols_line *line = scols_table_new_line(command->table, NULL);
	char text[PATH_MAX + 300], why[2 * PATH_MAX], advice[ADVICE_SIZE];

	print_name(coverage, text, sizeof(text));
	print_why(coverage, why, sizeof(why));
	coverage__advise(coverage, advice, sizeof(advice));
	table__set(line, COL_APPLICATION, text);
	table__set(line, COL_REACHED, coverage_class__sentence(coverage__class(coverage)));
	table__set(line, COL_NOW, coverage_state__name(coverage->state));
	table__set(line, COL_WHY, why);
	table__set(line, COL_ADVICE, *advice ? advice : "-");
}

static void add_json(json_t *list, const struct coverage *coverage)
{
	static const char *const kinds[] = { "interface", "process", "executable", "library" };
	char why[2 * PATH_MAX], advice[ADVICE_SIZE];
	const char *name;
	json_t *json = json_object(), *notes = json_array();
	uint32_t note = 0;

	print_why(coverage, why, sizeof(why));
	coverage__advise(coverage, advice, sizeof(advice));
	json_object_set_new(json, "kind", json_string(kinds[coverage->what]));
	json_object_set_new(json, "name", tool_json_string(coverage->name));
	if (*coverage->script)
		json_object_set_new(json, "script", tool_json_string(coverage->script));
	if (coverage->pid)
		json_object_set_new(json, "pid", json_integer(coverage->pid));
	if (*coverage->unit)
		json_object_set_new(json, "unit", tool_json_string(coverage->unit));
	if (coverage->setting)
		json_object_set_new(json, "setting", json_string(coverage->setting));
	json_object_set_new(json, "class",
			    json_string(coverage_class__name(coverage__class(coverage))));
	json_object_set_new(json, "reason", json_string(coverage_reason__name(coverage->reason)));
	json_object_set_new(json, "state", json_string(coverage_state__name(coverage->state)));
	json_object_set_new(json, "reached", json_boolean(coverage__is_reached(coverage)));
	json_object_set_new(json, "why", tool_json_string(why));
	json_object_set_new(json, "advice", *advice ? tool_json_string(advice) : json_null());
	for (unsigned int i = 0; coverage_note__sentence(i, &note, &name); i++)
		if (coverage->notes & note)
			json_array_append_new(notes, json_string(name));
	json_object_set_new(json, "notes", notes);
	json_array_append_new(list, json);
}

static void show(void *ctx, const struct coverage *coverage)
{
	struct command *command = ctx;
	struct row **more = reallocarray(command->row, command->n_rows + 1, sizeof(*more));
	struct row *row = malloc(sizeof(*row));

	command->row = more ? more : command->row;
	if (!more || !row) {
		command->no_memory = true;
		free(row);
		return;
	}
	*row = (struct row){ command->asked, command->n_rows, *coverage };
	command->row[command->n_rows++] = row;
}

static const char *sorted_name(const struct row *row)
{
	return *row->coverage.script ? row->coverage.script : row->coverage.name;
}

/*
 * In the order of the arguments; of one, or of all, interfaces, processes and files by their names,
 * eth2 before eth10 in each locale. The commands of a unit are in its own order.
 */
static int by_name(const void *a, const void *b)
{
	const struct row *x = *(struct row *const *)a, *y = *(struct row *const *)b;
	int order = x->asked - y->asked;

	if (!order)
		order = (int)x->coverage.what - (int)y->coverage.what;
	if (!order && (!x->coverage.setting || !y->coverage.setting))
		order = strverscmp(sorted_name(x), sorted_name(y));
	if (!order)
		order = x->coverage.pid - y->coverage.pid;
	return order ? order : (x->nth > y->nth) - (x->nth < y->nth);
}

static void show_rows(struct command *command)
{
	if (command->n_rows)
		qsort(command->row, command->n_rows, sizeof(struct row *), by_name);
	for (size_t i = 0; i < command->n_rows; i++) {
		if (command->list)
			add_json(command->list, &command->row[i]->coverage);
		else
			add_row(command, &command->row[i]->coverage);
		free(command->row[i]);
	}
	free(command->row);
}

/* What was asked for, or runs. */
static void show_and_judge(void *ctx, const struct coverage *coverage)
{
	struct command *command = ctx;

	show(ctx, coverage);
	command->unreached = command->unreached || !coverage__is_reached(coverage);
}

/* --- what is asked for --- */

static void not_found(struct command *command, const char *arg, const char *expected, int err)
{
	if (err == -ENOENT || err == -ESRCH)
		tool_error("found no '%s', expected %s", arg, expected);
	else if (err == -EINVAL)
		tool_error("%s: found no regular file, expected one", arg);
	else
		tool_error("%s: %s", arg, strerror(-err));
	command->missing = true;
	command->refused = command->refused || err == -EACCES || err == -EPERM;
}

static void ask_process(struct command *command, const char *arg)
{
	struct coverage coverage;
	long pid = strtol(arg, NULL, 10);
	int err = -ESRCH;

	if (*command->host.root) {
		tool_error("found process %s, expected files: --root looks at nothing else", arg);
		command->missing = true;
		return;
	}
	if (pid > 0 && pid <= INT_MAX)
		err = coverage__look_at_process(&command->host, pid, &coverage);
	if (err)
		not_found(command, arg, "a process that runs a program", err);
	else
		show_and_judge(command, &coverage);
}

static int ask_file(struct command *command, const char *arg)
{
	struct coverage coverage = { .what = WHAT_EXECUTABLE };
	char path[PATH_MAX], *cwd = NULL;
	int err;

	/* the shell's directory has no meaning below another root */
	if (*arg != '/' && strchr(arg, '/') && !*command->host.root)
		cwd = getcwd(NULL, 0);
	snprintf(path, sizeof(path), "%s%s%s", cwd ? cwd : "", cwd ? "/" : "", arg);
	free(cwd);
	err = coverage__look_at_path(command->host.libraries, path, &coverage);
	if (err)
		return err;
	coverage_host__set_state(&command->host, false, &coverage);
	show_and_judge(command, &coverage);
	return 0;
}

static bool ask_unit(struct command *command, const char *name)
{
	return coverage__each_of_unit(&command->host, name, show_and_judge, command);
}

/* Whether there is such an interface, by any of its names; what it runs is shown, if anything. */
static bool ask_interface(struct command *command, const char *name)
{
	struct interfaces interfaces = { 0 };
	bool found =
		!*command->host.root && interfaces__find_there(name, &interfaces) && interfaces.n;
	int err = found ? coverage__each_interface(&command->host, &interfaces, show_and_judge,
						   command) :
			  0;

	interfaces__free(&interfaces);
	if (err)
		not_found(command, name, "an interface", err);
	return found;
}

/* A word: the unit of that name if there is one, else the interface, else the command. */
static void ask_word(struct command *command, const char *word)
{
	char unit[256];
	int err;

	snprintf(unit, sizeof(unit), "%s.service", word);
	if (strlen(word) < 200 && ask_unit(command, unit))
		return;
	if (ask_interface(command, word))
		return;
	err = ask_file(command, word);
	if (err)
		not_found(command, word, "a unit, an interface or a command", err);
}

static void ask(struct command *command, const char *arg)
{
	int err;

	if (strchr(arg, '/')) {
		err = ask_file(command, arg);
		if (err)
			not_found(command, arg, "a file", err);
	} else if (!arg[strspn(arg, "0123456789")]) {
		ask_process(command, arg);
	} else if (!coverage__is_unit_name(arg)) {
		ask_word(command, arg);
	} else if (!ask_unit(command, arg)) {
		not_found(command, arg, "a unit", -ENOENT);
	}
}

/* --- the host --- */

static int show_host(struct command *command)
{
	struct interfaces interfaces;
	int err;

	if (!*command->host.root) {
		interfaces__find(NULL, 0, NULL, &interfaces);
		err = coverage__each_interface(&command->host, &interfaces, show_and_judge,
					       command);
		interfaces__free(&interfaces);
		if (err) {
			tool_error("the interfaces' programs: %s", strerror(-err));
			command->missing = true;
		}
		coverage__each_process(&command->host, NULL, show_and_judge, command);
	}
	/* installed by root, and as much as there is */
	command->host.budget = UINT64_MAX;
	err = coverage__each_installed(&command->host, show, command, &command->scan);
	return err ? tool_no_memory() : TOOL_OK;
}

/* --- the answer --- */

static void start(struct command *command)
{
	static const char *const columns[] = { "APPLICATION", "REACHED", "NOW", "WHY",
					       "WHAT TO DO" };

	if (command->opts.json) {
		command->list = json_array();
		return;
	}
	command->table = table__new(columns, sizeof(columns) / sizeof(columns[0]), false);
	table__wrap(command->table);
}

static int print_json(struct command *command)
{
	const struct coverage_host *host = &command->host;
	json_t *json = tool_json_new();

	json_object_update_new(json, json_pack("{s:{s:b, s:b, s:b}, s:b}", "preload", "installed",
					       host->shim, "host", host->host, "disabled",
					       host->disabled, "daemon", host->daemon));
	tool_tell_disabled(&command->opts, host->disabled, json, stdout);
	if (!command->n_args)
		json_object_update_new(json, json_pack("{s:I, s:b}", "untold",
						       (json_int_t)command->scan.untold, "cut",
						       command->scan.cut));
	json_object_set_new(json, "applications", command->list);
	return tool_json_print(json);
}

static void print_table(struct command *command)
{
	tool_tell_disabled(&command->opts, command->host.disabled, NULL, stdout);
	if (!table__print(command->table, stdout) && !command->missing)
		puts("found nothing that attaches XDP");
	if (command->scan.untold)
		printf("%zu programs cannot be told: static, with libbpf or calls of bpf(2) inside, "
		       "or the like\n",
		       command->scan.untold);
	if (command->scan.cut)
		puts("there are more files than were looked at");
	if (*command->host.root && !command->n_args)
		tool_print("files alone below %s: no interface, no process\n", command->host.root);
}

static int run(struct command *command)
{
	int rc = TOOL_OK, written = TOOL_OK;

	start(command);
	for (command->asked = 0; command->asked < command->n_args; command->asked++)
		ask(command, command->args[command->asked]);
	if (!command->n_args)
		rc = show_host(command);
	show_rows(command);
	if (command->no_memory)
		rc = tool_no_memory();
	if (command->list)
		written = print_json(command);
	else
		print_table(command);
	if (command->refused)
		return TOOL_PERM;
	return rc || written || command->unreached || command->missing ? TOOL_FOUND : TOOL_OK;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct command *command = state->input;

	(void)arg;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &command->opts;
		return 0;
	case ARGP_KEY_ARGS:
		command->args = state->argv + state->next;
		command->n_args = state->argc - state->next;
		state->next = state->argc;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int cmd_coverage(int argc, char **argv)
{
	static const struct argp_child children[] = { { &tool_argp, 0, NULL, 0 }, { 0 } };
	static const struct argp argp = {
		.parser = parse,
		.args_doc = "[BINARY|PID|UNIT|INTERFACE...]",
		.doc = "Says how applications are reached by the policy: those given, or all of "
		       "this host. The exit status is 1 if one that was asked for or runs is not "
		       "reached now.",
		.children = children,
	};
	struct command command = { 0 };
	int rc;

	argp_parse(&argp, argc, argv, 0, NULL, &command);
	libbpf_words__listen();
	rc = coverage_host__open(command.opts.root ? command.opts.root : "", &command.host);
	if (rc) {
		tool_error("%s", strerror(-rc));
		return TOOL_FOUND;
	}
	rc = run(&command);
	coverage_host__close(&command.host);
	return rc;
}
