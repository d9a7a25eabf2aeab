// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/files.h"
#include "unit-files.h"
#include "unit-preloads.h"

#define VARIABLE "LD_PRELOAD="

struct reader {
	struct unit_preloads *preloads;
	const char *root;
	const char *own;
	const char *path; /* of the file that is read */
	bool after_own;	  /* what it sets now overrides our drop-in */
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
	bool escaped;
	char *word;

	if (!*text) {
		free(reader->preloads->value);
		reader->preloads->value = NULL;
		if (reader->after_own)
			hinder(reader, line,
			       "found an empty Environment=, which is read after our drop-in");
		return;
	}
	while ((word = unit_files__next_word(&text, &escaped)))
		if (!strncmp(word, VARIABLE, strlen(VARIABLE)))
			take_value(reader, line, word + strlen(VARIABLE), escaped);
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

static int read_setting(void *ctx, const struct unit_setting *setting)
{
	struct reader *reader = ctx;
	int order = setting->dropin && reader->own ? strcmp(setting->dropin, reader->own) : -1;

	if (!order)
		return 0;
	reader->path = setting->path;
	reader->after_own = order > 0;
	if (!strcmp(setting->key, "Environment"))
		read_environment(reader, setting->line, setting->value);
	else if (!strcmp(setting->key, "EnvironmentFile"))
		read_environment_file(reader, setting->line, setting->value);
	else if (!strcmp(setting->key, "UnsetEnvironment"))
		read_unset(reader, setting->line, setting->value);
	return reader->err;
}

int unit_preloads__read(const char *root, const char *unit, const char *own,
			struct unit_preloads *ret)
{
	struct unit_preloads preloads = { 0 };
	struct reader reader = { .preloads = &preloads, .root = root, .own = own };
	int err;

	err = unit_files__each(root, unit, read_setting, &reader, &preloads.exists);
	if (err)
		unit_preloads__clear(&preloads);
	else
		*ret = preloads;
	return err;
}

void unit_preloads__clear(struct unit_preloads *preloads)
{
	free(preloads->value);
	free(preloads->place);
	free(preloads->hinder);
	*preloads = (struct unit_preloads){ 0 };
}
