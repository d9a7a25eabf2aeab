// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/input.h"
#include "common/output.h"
#include "policy/db.h"
#include "policy/ini.h"
#include "policy/yaml.h"
#include "progress.h"
#include "rule-file.h"

/* What a command reads may be more than what every process of a host shall. */
#define MAX_SIZE (1UL << 30)
/* What takes long enough to be spoken of. */
#define MANY (8UL << 20)

static const char *const format_names[] = {
	[FORMAT_INI] = "ini",
	[FORMAT_YAML] = "yaml",
	[FORMAT_JSON] = "json",
	[FORMAT_CDB] = "cdb",
};

int rule_format__by_name(const char *name)
{
	for (int f = 0; f <= FORMAT_CDB; f++)
		if (!strcmp(format_names[f], name))
			return f;
	return -1;
}

enum rule_format rule_format__of(const char *path)
{
	const char *suffix = strrchr(path, '.');

	for (int f = FORMAT_YAML; suffix && f <= FORMAT_CDB; f++)
		if (!strcmp(suffix + 1, format_names[f]))
			return f;
	return FORMAT_INI;
}

enum rule_format rule_format__of_output(const char *path, const struct argp_state *state)
{
	const char *suffix = strrchr(path, '.');

	if (suffix && !strcmp(suffix, ".yml"))
		argp_error(state,
			   "found the suffix .yml, expected .yaml: no other is read as YAML");
	return rule_format__of(path);
}

static int not_read(const char *path, int err, const char *why)
{
	tool_error("%s: %s", path, why);
	return tool_status_of(-err);
}

static int read_db(const char *path, struct policy_rules *rules)
{
	struct policy_db *db;
	struct policy_rule rule;
	char why[INPUT_WHY_SIZE];
	int fd = input__open(path, false, why), err;

	if (fd < 0)
		return not_read(path, fd, why);
	err = policy_db__open(fd, path, &db, &tool_log_stderr);
	close(fd);
	if (err == -ENOMEM)
		tool_error("%s: out of memory", path);
	if (err)
		return TOOL_CONFIG;
	for (uint32_t i = 0; i < policy_db__n_rules(db) && !err; i++) {
		if (!policy_db__rule(db, i, &rule)) {
			tool_error("%s: found rule %u that makes no sense", path, i + 1);
			err = -EINVAL;
			break;
		}
		rule.file = rules->file;
		err = policy_rules__copy(rules, &rule);
	}
	policy_db__close(db);
	if (err == -ENOMEM)
		tool_error("out of memory");
	return err ? TOOL_CONFIG : TOOL_OK;
}

static int read_text(const char *path, enum rule_format format, struct policy_rules *rules)
{
	char why[INPUT_WHY_SIZE], *text;
	size_t size;
	int err;

	err = input__read(path, MAX_SIZE, &text, &size, why);
	if (err)
		return not_read(path, err, why);
	if (size >= MANY && isatty(STDERR_FILENO))
		tool_error("reading %s, %zu MB", path, size >> 20);
	if (format == FORMAT_INI)
		err = policy_ini__parse(text, size, rules, &tool_log_stderr);
	else
		err = policy_yaml__parse(text, size, rules, &tool_log_stderr);
	free(text);
	if (err == -ENOMEM)
		tool_error("out of memory");
	return err ? TOOL_CONFIG : TOOL_OK;
}

int rule_file__read(const char *path, enum rule_format format, struct policy_rules *rules)
{
	if (!rules->file)
		rules->file = (char *)path;
	return format == FORMAT_CDB ? read_db(path, rules) : read_text(path, format, rules);
}

static int print_rules(FILE *out, enum rule_format format, const struct policy_rules *rules,
		       bool places)
{
	const struct policy_rule **list = calloc(rules->n ? rules->n : 1, sizeof(*list));
	int err;

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < rules->n; i++)
		list[i] = &rules->rule[i];
	if (format == FORMAT_INI)
		err = write_rules__ini(out, list, rules->n, places);
	else if (format == FORMAT_YAML)
		err = write_rules__yaml(out, list, rules->n, &tool_log_stderr);
	else
		err = write_rules__json(out, list, rules->n, &tool_log_stderr);
	free(list);
	if (!err && (fflush(out) || ferror(out)))
		err = -errno;
	return err;
}

/* Writes, and reads what was written: what is put in place is known to be good. */
static int write_db(int fd, const char *path, const struct policy_rules *rules)
{
	struct progress progress;
	struct policy_db *db;
	int err;

	progress__begin(&progress, "compiling");
	err = policy_db__write(fd, &rules, 1, progress__show, &progress);
	progress__end(&progress);
	if (err)
		return err;
	err = policy_db__open(fd, path, &db, &tool_log_stderr);
	if (!err)
		policy_db__close(db);
	return err;
}

struct to_write {
	const char *path;
	enum rule_format format;
	const struct policy_rules *rules;
};

static int print_any(FILE *out, void *ctx)
{
	const struct to_write *w = ctx;

	return w->format == FORMAT_CDB ? write_db(fileno(out), w->path, w->rules) :
					 print_rules(out, w->format, w->rules, false);
}

int rule_file__print(enum rule_format format, const struct policy_rules *rules, bool places)
{
	int err = print_rules(stdout, format, rules, places);

	if (err && err != -EILSEQ)
		return tool_cannot("standard output", "write", -err);
	return err ? TOOL_CONFIG : TOOL_OK;
}

int rule_file__write(const char *path, enum rule_format format, const struct policy_rules *rules)
{
	struct to_write w = { .path = path, .format = format, .rules = rules };
	const struct output output = { .print = print_any, .ctx = &w };
	char why[OUTPUT_WHY_SIZE];

	return tool_written(path, output__write(path, &output, why), why);
}
