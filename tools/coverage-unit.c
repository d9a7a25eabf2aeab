// SPDX-License-Identifier: LGPL-2.1-or-later
/* systemd's units: their processes, and what they would start. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "below.h"
#include "common/unit-root.h"
#include "coverage.h"
#include "coverage/starts.h"
#include "preload-unit.h"
#include "preload/symbols.h"
#include "unit-files.h"
#include "unit-preloads.h"

#define MAX_WORDS 256 /* of a command line, as far as it is looked at */

static const char *const exec_keys[] = { "ExecStart",	  "ExecCondition", "ExecStartPre",
					 "ExecStartPost", "ExecReload",	   "ExecStop",
					 "ExecStopPost" };
#define EXEC_START 0 /* of exec_keys */

/* A line that starts something. */
struct command {
	size_t key;  /* of exec_keys */
	bool shell;  /* it is the user's shell that starts it */
	size_t n;    /* words; the first is the program */
	char **word; /* of one piece of memory with their texts */
};

/* What of a unit's files matters here. */
struct unit {
	const char *name;
	bool found, skips;
	size_t n;
	struct command *command;
};

bool coverage__is_unit_name(const char *name)
{
	static const char *const suffixes[] = { ".service", ".socket", ".scope", ".mount", ".timer",
						".target",  ".slice",  ".path",	 ".swap" };
	const char *suffix = strrchr(name, '.');

	for (size_t i = 0; suffix && i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (!strcmp(suffix, suffixes[i]))
			return true;
	return false;
}

/* --- its files --- */

/* An empty line makes all of its key before it void. */
static void clear_commands(struct unit *unit, size_t key)
{
	size_t kept = 0;

	for (size_t i = 0; i < unit->n; i++)
		if (unit->command[i].key == key)
			free(unit->command[i].word);
		else
			unit->command[kept++] = unit->command[i];
	unit->n = kept;
}

static void free_commands(struct unit *unit)
{
	for (size_t k = 0; k < sizeof(exec_keys) / sizeof(exec_keys[0]); k++)
		clear_commands(unit, k);
	free(unit->command);
}

/* The words of a line, with the line itself behind them. */
static int take_words(struct command *command, const char *line, bool other_name)
{
	char *text, *word;
	bool escaped;

	command->word = malloc(MAX_WORDS * sizeof(*command->word) + strlen(line) + 1);
	if (!command->word)
		return -ENOMEM;
	text = strcpy((char *)(command->word + MAX_WORDS), line);
	while (command->n < MAX_WORDS && (word = unit_files__next_word(&text, &escaped)))
		if (other_name && command->n == 1) /* what it is called stands second */
			other_name = false;
		else
			command->word[command->n++] = word;
	return 0;
}

static int add_command(struct unit *unit, size_t key, const char *value)
{
	struct command command = { .key = key }, *larger;
	size_t prefixes = strspn(value, "-@:+!|"); /* how it is started */
	char *line;
	int err;

	if (!*value)
		clear_commands(unit, key);
	command.shell = memchr(value, '|', prefixes);
	line = unit_files__expand(unit->name, value + prefixes);
	if (!line && errno != EINVAL)
		return -ENOMEM;
	/* with a specifier that nobody here knows it is a path that is not found */
	err = take_words(&command, line ? line : value + prefixes, memchr(value, '@', prefixes));
	free(line);
	larger = err || !command.n ? NULL :
				     reallocarray(unit->command, unit->n + 1, sizeof(*larger));
	if (!larger) {
		free(command.word);
		return err || command.n ? -ENOMEM : 0;
	}
	unit->command = larger;
	larger[unit->n++] = command;
	return 0;
}

static int read_setting(void *ctx, const struct unit_setting *setting)
{
	struct unit *unit = ctx;

	for (size_t k = 0; k < sizeof(exec_keys) / sizeof(exec_keys[0]); k++)
		if (!strcmp(setting->key, exec_keys[k]))
			return add_command(unit, k, setting->value);
	return 0;
}

bool coverage_unit__is_preloaded(const struct coverage_host *host, const char *name)
{
	struct unit_preloads preloads;
	bool found;

	if (strchr(name, '/') || !strchr(name, '.') ||
	    unit_preloads__read(host->root, name, NULL, &preloads))
		return false;
	found = preloads.value && !preloads.hinder && preload_unit__names_shim(preloads.value);
	unit_preloads__clear(&preloads);
	return found;
}

/* --- what it would start --- */

/* Where the commands of a unit are looked for: the host, or a directory that is their root. */
struct place {
	const struct coverage_host *host; /* what is enabled there */
	const char *dir;		  /* in front of paths below it */
	bool preloaded;
};

static void look_at(const struct place *place, const struct unit *unit,
		    const struct command *command, struct coverage *coverage)
{
	const char *word = command->word[0];
	struct libraries *libraries = place->host->libraries;

	if (coverage__look_at_path(libraries, word, coverage)) {
		coverage->reason = REASON_MISSING;
		snprintf(coverage->name, sizeof(coverage->name), "%s", word);
	} else if (command->shell || coverage__starts_another(libraries, coverage, word,
							      command->word + 1, command->n - 1)) {
		coverage__set_starts(coverage, command->shell ? "the user's shell" : word);
		if (coverage__drops_preload(word, command->word + 1, command->n - 1))
			coverage->notes |= NOTE_DROPS;
	}
	if (unit->skips && coverage__class(coverage) <= COVERAGE_DAEMON)
		coverage->reason = REASON_SKIPS;
	coverage_host__set_state(place->host, place->preloaded, coverage);
}

static void put_in_front(const char *dir, char path[PATH_MAX])
{
	size_t len = strlen(dir), path_len = strlen(path);

	if (len + path_len >= PATH_MAX)
		return;
	memmove(path + len, path, path_len + 1);
	memcpy(path, dir, len);
}

/* Below another root, whose libraries and whose /etc/ld.so.preload count. */
static void look_below(const struct coverage_host *host, const struct unit *unit,
		       const struct command *command, const struct place *place,
		       struct coverage *coverage)
{
	struct coverage_host below;
	struct place there = { .host = &below, .dir = place->dir };
	char root[PATH_MAX];

	snprintf(root, sizeof(root), "%s%s", host->root, place->dir);
	if (coverage_host__open(root, &below)) {
		coverage->reason = REASON_OTHER_ROOT;
		return;
	}
	below.daemon = host->daemon;
	below.disabled |= host->disabled;
	there.preloaded = place->preloaded && below.shim;
	look_at(&there, unit, command, coverage);
	coverage_host__close(&below);
	put_in_front(place->dir, coverage->name);
	if (*coverage->script)
		put_in_front(place->dir, coverage->script);
}

/* Of a policy that it does not have, or the preload, nothing has been shown. */
static void check_view(const struct unit_root *root, struct coverage *coverage)
{
	const char *path, *key;

	if (coverage__class(coverage) > COVERAGE_AT_OPEN || coverage->reason == REASON_OURS)
		return;
	for (unsigned int i = 0; (path = coverage_host__needs(i)); i++) {
		key = unit_root__hides(root, path);
		if (!key)
			continue;
		coverage->reason = REASON_HIDDEN;
		coverage->state = STATE_NOTHING;
		snprintf(coverage->detail, sizeof(coverage->detail),
			 "%s is hidden from it, by %s=", path, key);
		return;
	}
}

static void tell_command(const struct coverage_host *host, const struct unit *unit,
			 const struct unit_root *root, const struct command *command,
			 coverage_fn *fn, void *ctx)
{
	struct coverage coverage = { .what = WHAT_EXECUTABLE, .setting = exec_keys[command->key] };
	bool start_only = root->start_only && command->key != EXEC_START;
	struct place place = {
		.host = host,
		.dir = start_only ? "" : unit_root__dir_of(root, command->word[0]),
		.preloaded = coverage_unit__is_preloaded(host, unit->name),
	};

	snprintf(coverage.unit, sizeof(coverage.unit), "%s", unit->name);
	if (!place.dir) {
		coverage.reason = REASON_OTHER_ROOT;
		snprintf(coverage.name, sizeof(coverage.name), "%s", command->word[0]);
		snprintf(coverage.detail, sizeof(coverage.detail), "what it is, with %s",
			 root->place ? root->place : "its mounts");
	} else if (*place.dir) {
		look_below(host, unit, command, &place, &coverage);
	} else {
		look_at(&place, unit, command, &coverage);
	}
	if (!start_only)
		check_view(root, &coverage);
	fn(ctx, &coverage);
}

/* --- all of it --- */

/* The files that its processes run, so that a line which has started one is not told again. */
struct told {
	coverage_fn *fn;
	void *ctx;
	size_t n;
	char **file;
};

static void tell_process(void *ctx, const struct coverage *coverage)
{
	struct told *told = ctx;
	char **larger = reallocarray(told->file, told->n + 1, sizeof(*larger));

	if (larger) {
		told->file = larger;
		larger[told->n] = strdup(coverage->name);
		told->n += larger[told->n] != NULL;
	}
	told->fn(told->ctx, coverage);
}

static void tell_other(void *ctx, const struct coverage *coverage)
{
	struct told *told = ctx;

	for (size_t i = 0; i < told->n; i++)
		if (!strcmp(told->file[i], coverage->name))
			return;
	told->fn(told->ctx, coverage);
}

/* What runs was started by ExecStart=; other lines have ended, or are to come. */
static void tell_commands(const struct coverage_host *host, const struct unit *unit, bool runs,
			  struct told *told)
{
	struct unit_root root;

	if (unit_root__read(host->root, unit->name, &root))
		return;
	for (size_t i = 0; i < unit->n; i++)
		if (!runs || unit->command[i].key != EXEC_START)
			tell_command(host, unit, &root, &unit->command[i], tell_other, told);
	unit_root__clear(&root);
}

static void read_unit(const struct coverage_host *host, struct unit *unit)
{
	unit_files__each(host->root, unit->name, read_setting, unit, &unit->found);
	unit->skips = unit_preloads__is_set(host->root, unit->name, "LIBXDP_SKIP_DISPATCHER", "1");
}

bool coverage__each_command(const struct coverage_host *host, const char *name, coverage_fn *fn,
			    void *ctx)
{
	struct unit unit = { .name = name };
	struct told told = { .fn = fn, .ctx = ctx };

	read_unit(host, &unit);
	tell_commands(host, &unit, false, &told);
	free_commands(&unit);
	return unit.found;
}

bool coverage__each_of_unit(const struct coverage_host *host, const char *name, coverage_fn *fn,
			    void *ctx)
{
	struct unit unit = { .name = name };
	struct told told = { .fn = fn, .ctx = ctx };
	size_t n = 0;

	if (strchr(name, '/'))
		return false;
	if (!*host->root)
		n = coverage__each_process(host, name, tell_process, &told);
	read_unit(host, &unit);
	tell_commands(host, &unit, n, &told);
	free_commands(&unit);
	while (told.n)
		free(told.file[--told.n]);
	free(told.file);
	return n || unit.found;
}
