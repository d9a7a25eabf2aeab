// SPDX-License-Identifier: LGPL-2.1-or-later
/* LD_PRELOAD of a service: which of the many places that can set it has the last word. */
#include <errno.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "below.h"
#include "policy/files.h"
#include "unit-files.h"
#include "unit-preloads.h"

#define BLANKS " \t\r"

struct reader {
	struct unit_preloads *preloads;
	const char *root, *unit;
	const char *own;
	const char *name; /* of the variable */
	const char *path; /* of the file that is read */
	unsigned int line;
	bool after_own; /* what it sets now overrides our drop-in */
	/* DefaultEnvironment=, which no setting of a unit takes away, and its place */
	char *base, *base_place;
	int err;
};

static const char after_ours[] = ", which is read after our drop-in";

/* --- one setting --- */

__attribute__((format(printf, 3, 4))) static void set(struct reader *reader, char **ret,
						      const char *fmt, ...)
{
	char *text, *what;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vasprintf(&what, fmt, args);
	va_end(args);
	if (n < 0) {
		reader->err = -ENOMEM;
		return;
	}
	if (asprintf(&text, "%s:%u%s%s", reader->path, reader->line, *what ? ": " : "", what) < 0) {
		reader->err = -ENOMEM;
	} else {
		free(*ret);
		*ret = text;
	}
	free(what);
}

static void hinder(struct reader *reader, const char *what, const char *more)
{
	if (!reader->preloads->hinder)
		set(reader, &reader->preloads->hinder, "found %s%s", what, more);
}

/* What is behind "NAME=" in an assignment to the variable; NULL in another. */
static char *value_in(const struct reader *reader, char *assignment)
{
	size_t len = strlen(reader->name);

	return strncmp(assignment, reader->name, len) || assignment[len] != '=' ?
		       NULL :
		       assignment + len + 1;
}

static void put(struct reader *reader, char **ret, const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		reader->err = -ENOMEM;
	free(*ret);
	*ret = copy;
}

/* What a unit has set holds no more. */
static void forget(struct reader *reader)
{
	put(reader, &reader->preloads->value, reader->base);
	put(reader, &reader->preloads->place, reader->base_place);
	reader->preloads->from_file = false;
}

/* file: the EnvironmentFile= that sets it, or NULL */
static void take_value(struct reader *reader, const char *value, const char *file)
{
	struct unit_preloads *preloads = reader->preloads;

	if (preloads->from_file && !file)
		return;
	put(reader, &preloads->value, value);
	preloads->from_file = file;
	if (file)
		set(reader, &preloads->place, "EnvironmentFile=%s", file);
	else
		set(reader, &preloads->place, "%s", "");
}

static bool is_plain(struct reader *reader, const char *value, bool escaped)
{
	if (!escaped && !strpbrk(value, "\"'\\"))
		return true;
	hinder(reader, "quotes or '\\' within LD_PRELOAD=, expected plain paths", "");
	return false;
}

/* Environment=: assignments between blanks, all of one or its value in quotes; empty: forget all */
static void read_environment(struct reader *reader, char *text)
{
	bool escaped;
	char *word;

	if (!*text) {
		if (!reader->preloads->from_file)
			forget(reader);
		if (reader->after_own)
			hinder(reader, "an empty Environment=", after_ours);
		return;
	}
	while ((word = unit_files__next_word(&text, &escaped))) {
		char *value = value_in(reader, word);

		if (!value || !is_plain(reader, value, escaped))
			continue;
		if (reader->after_own)
			hinder(reader, "LD_PRELOAD=", after_ours);
		else
			take_value(reader, value, NULL);
	}
}

/* --- files of variables --- */

/* Without the quotes around all of it, which matter nothing. */
static char *unquote(char *value)
{
	size_t len = strlen(value);

	while (len && strchr(BLANKS, value[len - 1]))
		len--;
	value[len] = '\0';
	if (len >= 2 && (*value == '"' || *value == '\'') && value[len - 1] == *value) {
		value[len - 1] = '\0';
		value++;
	}
	return value;
}

/* The last assignment in a text of NAME=VALUE lines; NULL if there is none. */
static char *find_variable(const struct reader *reader, char *text)
{
	char *found = NULL, *line;

	while ((line = strsep(&text, "\n"))) {
		line += strspn(line, BLANKS);
		found = value_in(reader, line) ?: found;
	}
	return found ? unquote(found + strspn(found, BLANKS)) : NULL;
}

static void read_variables(struct reader *reader, const char *path)
{
	struct policy_stamp stamp;
	char *text, *value;
	size_t size;

	if (policy_file__read(path, strlen(reader->root), (uid_t)-1, &text, &size, &stamp, NULL) !=
	    FILE_GOOD)
		return;
	value = find_variable(reader, text);
	if (value && reader->after_own)
		hinder(reader, "an EnvironmentFile= with LD_PRELOAD=", after_ours);
	else if (value && is_plain(reader, value, false))
		take_value(reader, value, path);
	free(text);
}

/* What is set there wins over Environment=, in whatever file that stands. */
static void read_environment_file(struct reader *reader, const char *setting)
{
	char *pattern, *path;
	glob_t found;

	if (!*setting) {
		if (reader->preloads->from_file)
			forget(reader);
		if (reader->after_own && reader->preloads->from_file)
			hinder(reader, "an empty EnvironmentFile=", after_ours);
		return;
	}
	path = unit_files__expand(reader->unit, setting + (*setting == '-'));
	if (!path && errno == EINVAL) {
		set(reader, &reader->preloads->remark,
		    "found EnvironmentFile=%s, which was not looked at; %s= in it would override "
		    "what this command writes",
		    setting, reader->name);
		return;
	}
	pattern = path ? below__resolve(reader->root, path, false) : NULL;
	if (!pattern && errno == ENOMEM)
		reader->err = -ENOMEM;
	free(path);
	if (pattern && !glob(pattern, 0, NULL, &found)) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			read_variables(reader, found.gl_pathv[i]);
		globfree(&found);
	}
	free(pattern);
}

static bool has_word(const char *text, const char *name)
{
	char word[256];

	while (policy_text__word(&text, " \t\"'", word, sizeof(word)))
		if (!strncmp(word, name, strlen(name)))
			return true;
	return false;
}

/* --- the files of the manager and the unit --- */

static int read_manager(void *ctx, const struct unit_setting *setting)
{
	struct reader *reader = ctx;

	reader->path = setting->path;
	reader->line = setting->line;
	if (strcmp(setting->key, "DefaultEnvironment"))
		return 0;
	read_environment(reader, setting->value);
	return reader->err;
}

static int read_setting(void *ctx, const struct unit_setting *setting)
{
	struct reader *reader = ctx;
	int order = setting->dropin && reader->own ? strcmp(setting->dropin, reader->own) : -1;

	if (!order)
		return 0;
	reader->path = setting->path;
	reader->line = setting->line;
	reader->after_own = order > 0;
	if (!strcmp(setting->key, "Environment"))
		read_environment(reader, setting->value);
	else if (!strcmp(setting->key, "EnvironmentFile"))
		read_environment_file(reader, setting->value);
	else if (!strcmp(setting->key, "UnsetEnvironment") &&
		 has_word(setting->value, reader->name))
		hinder(reader, "UnsetEnvironment=", reader->name);
	else if (!strcmp(setting->key, "PassEnvironment") && has_word(setting->value, reader->name))
		set(reader, &reader->preloads->remark,
		    "found PassEnvironment=%s, whose value is not known; what this command writes "
		    "is in its place",
		    reader->name);
	return reader->err;
}

static int read_variable(const char *root, const char *unit, const char *own, const char *name,
			 struct unit_preloads *ret)
{
	struct unit_preloads preloads = { 0 };
	struct reader reader = {
		.preloads = &preloads, .root = root, .unit = unit, .own = own, .name = name
	};
	int err;

	err = unit_files__each_of_manager(root, read_manager, &reader);
	put(&reader, &reader.base, preloads.value);
	put(&reader, &reader.base_place, preloads.place);
	if (!err)
		err = reader.err;
	if (!err)
		err = unit_files__each(root, unit, read_setting, &reader, &preloads.exists);
	free(reader.base);
	free(reader.base_place);
	if (err)
		unit_preloads__clear(&preloads);
	else
		*ret = preloads;
	return err;
}

int unit_preloads__read(const char *root, const char *unit, const char *own,
			struct unit_preloads *ret)
{
	return read_variable(root, unit, own, "LD_PRELOAD", ret);
}

bool unit_preloads__is_set(const char *root, const char *unit, const char *name, const char *value)
{
	struct unit_preloads found;
	bool set;

	if (read_variable(root, unit, NULL, name, &found))
		return false;
	set = found.value && !found.hinder && !strcmp(found.value, value);
	unit_preloads__clear(&found);
	return set;
}

void unit_preloads__clear(struct unit_preloads *preloads)
{
	free(preloads->value);
	free(preloads->place);
	free(preloads->hinder);
	free(preloads->remark);
	*preloads = (struct unit_preloads){ 0 };
}
