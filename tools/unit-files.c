// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "below.h"
#include "unit-files.h"

#define BLANKS	 " \t\r"
#define MAX_FILE 65536

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
	const char *root;
	const char *section; /* whose settings are wanted: "[Service]" */
	unit_fn *fn;
	void *ctx;
	struct unit_setting setting; /* the path and the drop-in's name of what is read */
	bool in_section;
	int err;
};

/* --- one setting --- */

char *unit_files__next_word(char **text, bool *escaped)
{
	char quote = 0, *at = *text + strspn(*text, BLANKS), *out = at, *word = at;

	*escaped = false;
	if (!*at)
		return NULL;
	for (; *at && (quote || !strchr(BLANKS, *at)); at++) {
		if (*at == '\\' && at[1]) {
			*escaped = true;
			*out++ = *++at;
		} else if (*at == quote) {
			quote = 0;
		} else if (!quote && (*at == '"' || *at == '\'')) {
			quote = *at;
		} else {
			*out++ = *at;
		}
	}
	*text = at + (*at != '\0');
	*out = '\0';
	return word;
}

static void read_line(struct reader *reader, unsigned int line, char *text)
{
	char *value, *end;

	text += strspn(text, BLANKS);
	if (*text == '[')
		reader->in_section = !strncmp(text, reader->section, strlen(reader->section));
	value = strchr(text, '=');
	if (!reader->in_section || !value)
		return;
	end = value++;
	while (end > text && strchr(BLANKS, end[-1]))
		end--;
	*end = '\0';
	reader->setting.line = line;
	reader->setting.key = text;
	reader->setting.value = value + strspn(value, BLANKS);
	reader->err = reader->fn(reader->ctx, &reader->setting);
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

/* A file of no more than MAX_FILE; NULL if it cannot be read or is none. */
static char *load(const char *root, const char *path)
{
	char real[PATH_MAX], *text;
	int fd = below__open(root, path, real, sizeof(real));
	ssize_t n;

	if (fd < 0)
		return NULL;
	text = calloc(1, MAX_FILE + 1);
	n = text ? read(fd, text, MAX_FILE) : -1;
	close(fd);
	if (n > 0)
		return text;
	free(text);
	return NULL;
}

/* path has the root in front */
static void read_file(struct reader *reader, const char *path, const char *dropin)
{
	char *text = load(reader->root, path + strlen(reader->root));

	if (!text)
		return;
	reader->setting.path = path;
	reader->setting.dropin = dropin;
	reader->in_section = false;
	read_text(reader, text);
	free(text);
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

/* The path of a file, or of a pattern, in a directory below the root; NULL if that is not there. */
static char *path_in(struct reader *reader, const char *dir, const char *name)
{
	char *path, *real = NULL;

	if (asprintf(&path, "%s/%s", dir, name) < 0) {
		reader->err = -ENOMEM;
		return NULL;
	}
	real = below__resolve(reader->root, path, false);
	if (!real && errno == ENOMEM)
		reader->err = -ENOMEM;
	free(path);
	return real;
}

static char *find_in(struct reader *reader, const char *dir, const char *name)
{
	char *path = path_in(reader, dir, name);
	struct stat st;

	if (path && !lstat(path, &st))
		return path;
	free(path);
	return NULL;
}

static bool find_unit_file(struct reader *reader, const char *name, char **ret)
{
	*ret = NULL;
	for (size_t i = 0; i < N_DIRS && !*ret && !reader->err; i++)
		*ret = find_in(reader, dirs[i], name);
	return *ret;
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
	char files[600], *pattern, **grown;
	glob_t found;
	int err;

	snprintf(files, sizeof(files), "%s.d/*.conf", name);
	pattern = path_in(reader, dir, files);
	err = pattern ? glob(pattern, 0, NULL, &found) : -1;
	free(pattern);
	if (err)
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

/* Reads the files of a list, and takes it apart. */
static void read_list(struct reader *reader, struct list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		if (!reader->err)
			read_file(reader, list->path[i], base(list->path[i]));
		free(list->path[i]);
	}
	free(list->path);
}

int unit_files__each(const char *root, const char *unit, unit_fn *fn, void *ctx, bool *exists)
{
	struct reader reader = { .root = root, .section = "[Service]", .fn = fn, .ctx = ctx };
	struct list list = { 0 };
	char name[512], *path;

	*exists = find_unit_file(&reader, unit, &path) ||
		  (template_of(unit, name, sizeof(name)) && find_unit_file(&reader, name, &path));
	if (*exists) {
		read_file(&reader, path, NULL);
		free(path);
	}
	list_dropins(&reader, unit, &list);
	read_list(&reader, &list);
	return reader.err;
}

int unit_files__each_of_manager(const char *root, unit_fn *fn, void *ctx)
{
	static const char *const manager_dirs[] = { "/etc/systemd", "/run/systemd",
						    "/usr/local/lib/systemd", "/usr/lib/systemd" };
	static const char name[] = "system.conf";
	struct reader reader = { .root = root, .section = "[Manager]", .fn = fn, .ctx = ctx };
	struct list list = { 0 };
	bool found = false;

	for (size_t i = 0; i < sizeof(manager_dirs) / sizeof(manager_dirs[0]); i++) {
		/* the first of the directories that has the file has it all */
		char *path = found ? NULL : find_in(&reader, manager_dirs[i], name);

		if (path) {
			found = true;
			read_file(&reader, path, NULL);
		}
		free(path);
		add_dir(&reader, &list, manager_dirs[i], name);
	}
	if (list.n)
		qsort(list.path, list.n, sizeof(*list.path), by_name);
	read_list(&reader, &list);
	return reader.err;
}

/* --- specifiers --- */

/* "-" stands for "/" in an escaped name, and others by number: what has none of both is itself. */
static bool is_plain(const char *text, size_t len)
{
	return !memchr(text, '-', len) && !memchr(text, '\\', len);
}

/* What a specifier of this unit stands for; false if that is not known here. */
static bool expand_one(const char *unit, char c, FILE *out)
{
	static const struct {
		char c;
		const char *text;
	} fixed[] = { { '%', "%" },	     { 't', "/run" },	  { 'S', "/var/lib" },
		      { 'C', "/var/cache" }, { 'L', "/var/log" }, { 'E', "/etc" },
		      { 'T', "/tmp" },	     { 'V', "/var/tmp" } };
	const char *dot = strrchr(unit, '.'), *end = dot ? dot : unit + strlen(unit);
	const char *at = memchr(unit, '@', end - unit), *prefix_end = at ? at : end;
	const char *instance = at ? at + 1 : end, *last = memrchr(unit, '-', prefix_end - unit);

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		if (fixed[i].c == c)
			return fputs(fixed[i].text, out) >= 0;
	switch (c) {
	case 'n':
		return fputs(unit, out) >= 0;
	case 'N':
		return fprintf(out, "%.*s", (int)(end - unit), unit) >= 0;
	case 'P':
		if (!is_plain(unit, prefix_end - unit))
			return false;
		/* fall through */
	case 'p':
		return fprintf(out, "%.*s", (int)(prefix_end - unit), unit) >= 0;
	case 'j':
		last = last ? last + 1 : unit;
		return fprintf(out, "%.*s", (int)(prefix_end - last), last) >= 0;
	case 'I':
		if (!is_plain(instance, end - instance))
			return false;
		/* fall through */
	case 'i':
		if (at && instance == end) /* of a template */
			return false;
		return fprintf(out, "%.*s", (int)(end - instance), instance) >= 0;
	default:
		return false;
	}
}

char *unit_files__expand(const char *unit, const char *value)
{
	bool known = true;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (const char *c = value; *c && known; c++)
		if (*c == '%')
			known = c[1] && expand_one(unit, *++c, out);
		else
			fputc(*c, out);
	if (!fclose(out) && known)
		return text;
	free(text);
	errno = known ? ENOMEM : EINVAL;
	return NULL;
}
