// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/files.h"
#include "unit-preloads.h"

#define VARIABLE "LD_PRELOAD="
#define BLANKS	 " \t\r"

/* As systemd searches them; of a name that is in several the first counts. */
static const char *const dirs[] = {
	"/etc/systemd/system.control", "/run/systemd/system.control",
	"/run/systemd/transient",      "/run/systemd/generator.early",
	"/etc/systemd/system",	       "/etc/systemd/system.attached",
	"/run/systemd/system",	       "/run/systemd/system.attached",
	"/run/systemd/generator",      "/usr/local/lib/systemd/system",
	"/usr/lib/systemd/system",     "/lib/systemd/system",
	"/run/systemd/generator.late",
};
#define N_DIRS (sizeof(dirs) / sizeof(dirs[0]))

struct reader {
	struct unit_preloads *preloads;
	const char *root;
	const char *path; /* of the file that is read */
	bool in_service;
	bool after_own; /* what it sets now overrides our drop-in */
	int err;
};

/* --- one setting --- */

static void set(struct reader *reader, char **ret, unsigned int line, const char *what)
{
	char *text;

	if (asprintf(&text, "%s:%u%s%s", reader->path, line, *what ? ": " : "", what) < 0) {
		reader->err = -ENOMEM;
		return;
	}
	free(*ret);
	*ret = text;
}

static void hinder(struct reader *reader, unsigned int line, const char *what)
{
	if (!reader->preloads->hinder)
		set(reader, &reader->preloads->hinder, line, what);
}

static void take_value(struct reader *reader, unsigned int line, const char *value, bool escaped)
{
	struct unit_preloads *preloads = reader->preloads;

	if (escaped || strpbrk(value, "\"'")) {
		hinder(reader, line,
		       "found quotes or '\\' within " VARIABLE ", expected plain paths");
		return;
	}
	if (reader->after_own) {
		hinder(reader, line, "found " VARIABLE ", which is read after our drop-in");
		return;
	}
	free(preloads->value);
	preloads->value = strdup(value);
	if (!preloads->value)
		reader->err = -ENOMEM;
	set(reader, &preloads->place, line, "");
}

/* Environment=: assignments between blanks, all of one or its value in quotes; empty: forget all */
static void read_environment(struct reader *reader, unsigned int line, char *text)
{
	char quote = 0, *out, *word;
	bool escaped;

	if (!text[strspn(text, BLANKS)]) {
		free(reader->preloads->value);
		reader->preloads->value = NULL;
		if (reader->after_own)
			hinder(reader, line,
			       "found an empty Environment=, which is read after our drop-in");
		return;
	}
	while (text += strspn(text, BLANKS), *text) {
		escaped = false;
		for (word = out = text; *text && (quote || !strchr(BLANKS, *text)); text++) {
			if (*text == '\\' && text[1]) {
				escaped = true;
				*out++ = *++text;
			} else if (*text == quote) {
				quote = 0;
			} else if (!quote && (*text == '"' || *text == '\'')) {
				quote = *text;
			} else {
				*out++ = *text;
			}
		}
		if (*text)
			text++;
		*out = '\0';
		if (!strncmp(word, VARIABLE, strlen(VARIABLE)))
			take_value(reader, line, word + strlen(VARIABLE), escaped);
	}
}

/* What is set there wins over Environment=, in whatever file that stands. */
static void read_environment_file(struct reader *reader, unsigned int line, const char *path)
{
	struct policy_stamp stamp;
	char *pattern, *text, *at;
	glob_t found;
	size_t size;

	path += *path == '-';
	if (asprintf(&pattern, "%s%s", reader->root, path) < 0) {
		reader->err = -ENOMEM;
		return;
	}
	if (glob(pattern, 0, NULL, &found)) {
		free(pattern);
		return;
	}
	for (size_t i = 0; i < found.gl_pathc; i++) {
		if (policy_file__read(found.gl_pathv[i], (uid_t)-1, &text, &size, &stamp, NULL) !=
		    FILE_GOOD)
			continue;
		at = memmem(text, size, VARIABLE, strlen(VARIABLE));
		if (at && (at == text || strchr("\n \t", at[-1])))
			hinder(reader, line,
			       "found an EnvironmentFile= with " VARIABLE
			       ", which overrides every Environment=");
		free(text);
	}
	globfree(&found);
	free(pattern);
}

static void read_unset(struct reader *reader, unsigned int line, const char *text)
{
	char word[256];

	while (policy_text__word(&text, " \t\"'", word, sizeof(word)))
		if (!strncmp(word, "LD_PRELOAD", strlen("LD_PRELOAD")))
			hinder(reader, line, "found UnsetEnvironment=LD_PRELOAD");
}

static void read_line(struct reader *reader, unsigned int line, char *text)
{
	char *value, *end;

	text += strspn(text, BLANKS);
	if (*text == '[')
		reader->in_service = !strncmp(text, "[Service]", strlen("[Service]"));
	value = strchr(text, '=');
	if (!reader->in_service || !value)
		return;
	end = value++;
	while (end > text && strchr(BLANKS, end[-1]))
		end--;
	*end = '\0';
	value += strspn(value, BLANKS);
	if (!strcmp(text, "Environment"))
		read_environment(reader, line, value);
	else if (!strcmp(text, "EnvironmentFile"))
		read_environment_file(reader, line, value);
	else if (!strcmp(text, "UnsetEnvironment"))
		read_unset(reader, line, value);
}

/* --- one file --- */

static bool is_comment(const char *text)
{
	text += strspn(text, BLANKS);
	return *text == '#' || *text == ';';
}

/* A '\' at the end of a line joins the next one to it; comments between them are none of it. */
static void read_text(struct reader *reader, char *text)
{
	unsigned int line = 0, first = 0;
	char *joined = NULL, *all, *next;

	for (; text && !reader->err; text = next) {
		size_t len = strcspn(text, "\n");
		bool more;

		next = text[len] ? text + len + 1 : NULL;
		text[len] = '\0';
		line++;
		if (is_comment(text))
			continue;
		more = len && text[len - 1] == '\\';
		if (more)
			text[len - 1] = ' ';
		if (!joined)
			first = line;
		if (asprintf(&all, "%s%s", joined ? joined : "", text) < 0) {
			reader->err = -ENOMEM;
			break;
		}
		free(joined);
		joined = all;
		if (more && next)
			continue;
		read_line(reader, first, joined);
		free(joined);
		joined = NULL;
	}
	free(joined);
}

static void read_file(struct reader *reader, const char *path)
{
	struct policy_stamp stamp;
	char *text, *copy;
	size_t size;

	if (policy_file__read(path, (uid_t)-1, &text, &size, &stamp, NULL) != FILE_GOOD)
		return;
	copy = strndup(text, size);
	free(text);
	if (!copy) {
		reader->err = -ENOMEM;
		return;
	}
	reader->path = path;
	reader->in_service = false;
	read_text(reader, copy);
	free(copy);
}

/* --- which files --- */

/* "a@.service" of "a@b.service"; false if it is no instance */
static bool template_of(const char *unit, char *ret, size_t size)
{
	const char *at = strchr(unit, '@'), *dot = strrchr(unit, '.');

	if (!at || !dot || at + 1 == dot)
		return false;
	return snprintf(ret, size, "%.*s%s", (int)(at + 1 - unit), unit, dot) < (int)size;
}

static bool find_unit_file(struct reader *reader, const char *name, char **ret)
{
	for (size_t i = 0; i < N_DIRS; i++) {
		if (asprintf(ret, "%s%s/%s", reader->root, dirs[i], name) < 0) {
			reader->err = -ENOMEM;
			return false;
		}
		if (!access(*ret, F_OK))
			return true;
		free(*ret);
	}
	return false;
}

struct list {
	char **path;
	size_t n;
};

static const char *base(const char *path)
{
	return strrchr(path, '/') + 1;
}

/* Adds what is in a directory, but for names that are there already. */
static void add_dir(struct reader *reader, struct list *list, const char *dir, const char *name)
{
	char pattern[1024], **grown;
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s%s/%s.d/*.conf", reader->root, dir, name);
	if (glob(pattern, 0, NULL, &found))
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		bool masked = false;

		for (size_t j = 0; j < list->n && !masked; j++)
			masked = !strcmp(base(list->path[j]), base(found.gl_pathv[i]));
		if (masked)
			continue;
		grown = reallocarray(list->path, list->n + 1, sizeof(*grown));
		if (grown)
			list->path = grown;
		if (!grown || !(list->path[list->n] = strdup(found.gl_pathv[i]))) {
			reader->err = -ENOMEM;
			break;
		}
		list->n++;
	}
	globfree(&found);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(base(*(char *const *)a), base(*(char *const *)b));
}

/* The unit's own first, then those of a-b-.service and a-.service, its template's, all services'.
 */
static void list_dropins(struct reader *reader, const char *unit, struct list *list)
{
	const char *suffix = strrchr(unit, '.');
	char name[512];

	for (size_t i = 0; i < N_DIRS; i++) {
		add_dir(reader, list, dirs[i], unit);
		for (const char *dash = suffix; dash > unit; dash--) {
			if (dash[-1] != '-' || dash == suffix)
				continue;
			snprintf(name, sizeof(name), "%.*s%s", (int)(dash - unit), unit, suffix);
			add_dir(reader, list, dirs[i], name);
		}
		if (template_of(unit, name, sizeof(name)))
			add_dir(reader, list, dirs[i], name);
	}
	for (size_t i = 0; i < N_DIRS; i++)
		add_dir(reader, list, dirs[i], suffix + 1);
	if (list->n)
		qsort(list->path, list->n, sizeof(*list->path), by_name);
}

int unit_preloads__read(const char *root, const char *unit, const char *own,
			struct unit_preloads *ret)
{
	struct unit_preloads preloads = { 0 };
	struct reader reader = { .preloads = &preloads, .root = root };
	struct list list = { 0 };
	char name[512], *path;

	preloads.exists =
		find_unit_file(&reader, unit, &path) ||
		(template_of(unit, name, sizeof(name)) && find_unit_file(&reader, name, &path));
	if (preloads.exists) {
		read_file(&reader, path);
		free(path);
	}
	list_dropins(&reader, unit, &list);
	for (size_t i = 0; i < list.n && !reader.err; i++) {
		int order = strcmp(base(list.path[i]), own);

		reader.after_own = order > 0;
		if (order)
			read_file(&reader, list.path[i]);
	}
	for (size_t i = 0; i < list.n; i++)
		free(list.path[i]);
	free(list.path);
	if (reader.err)
		unit_preloads__clear(&preloads);
	else
		*ret = preloads;
	return reader.err;
}

void unit_preloads__clear(struct unit_preloads *preloads)
{
	free(preloads->value);
	free(preloads->place);
	free(preloads->hinder);
	*preloads = (struct unit_preloads){ 0 };
}
