// SPDX-License-Identifier: LGPL-2.1-or-later
/* systemd's units: their processes, and what they would start. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coverage.h"
#include "preload-unit.h"
#include "unit-files.h"
#include "unit-preloads.h"

/* What of a unit's files matters here. */
struct unit {
	bool found, skips;
	size_t n;
	char **command;
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

static void clear_commands(struct unit *unit)
{
	while (unit->n)
		free(unit->command[--unit->n]);
	free(unit->command);
	unit->command = NULL;
}

/* The executable of a command line; an empty one makes all before it void. */
static int add_command(struct unit *unit, char *line)
{
	char **larger, *word;
	bool escaped;

	if (!*line)
		clear_commands(unit);
	line += strspn(line, "-@:+!|"); /* how it is started */
	word = unit_files__next_word(&line, &escaped);
	if (!word || !*word)
		return 0;
	larger = reallocarray(unit->command, unit->n + 1, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	unit->command = larger;
	larger[unit->n] = strdup(word);
	if (!larger[unit->n])
		return -ENOMEM;
	unit->n++;
	return 0;
}

static void add_environment(struct unit *unit, char *list)
{
	static const char variable[] = "LIBXDP_SKIP_DISPATCHER=";
	bool escaped;
	char *word;

	if (!*list)
		unit->skips = false;
	while ((word = unit_files__next_word(&list, &escaped)))
		if (!strncmp(word, variable, strlen(variable)))
			unit->skips = !strcmp(word + strlen(variable), "1");
}

static int read_setting(void *ctx, const struct unit_setting *setting)
{
	struct unit *unit = ctx;

	if (!strcmp(setting->key, "ExecStart"))
		return add_command(unit, setting->value);
	if (!strcmp(setting->key, "Environment"))
		add_environment(unit, setting->value);
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

static void tell_command(const struct coverage_host *host, const char *name,
			 const struct unit *unit, const char *command, coverage_fn *fn, void *ctx)
{
	bool preloaded = coverage_unit__is_preloaded(host, name);
	struct coverage coverage = { .what = WHAT_EXECUTABLE };

	snprintf(coverage.unit, sizeof(coverage.unit), "%s", name);
	if (coverage__look_at_path(host->libraries, command, &coverage)) {
		coverage = (struct coverage){ .what = WHAT_EXECUTABLE, .reason = REASON_MISSING };
		snprintf(coverage.unit, sizeof(coverage.unit), "%s", name);
		snprintf(coverage.name, sizeof(coverage.name), "%s", command);
	}
	if (unit->skips && coverage__class(&coverage) <= COVERAGE_DAEMON)
		coverage.reason = REASON_SKIPS;
	coverage_host__set_state(host, preloaded, &coverage);
	fn(ctx, &coverage);
}

bool coverage__each_of_unit(const struct coverage_host *host, const char *name, coverage_fn *fn,
			    void *ctx)
{
	struct unit unit = { 0 };
	size_t told = 0;

	if (strchr(name, '/'))
		return false;
	if (!*host->root)
		told = coverage__each_process(host, name, fn, ctx);
	if (told)
		return true;
	unit_files__each(host->root, name, read_setting, &unit, &unit.found);
	for (size_t i = 0; i < unit.n; i++)
		tell_command(host, name, &unit, unit.command[i], fn, ctx);
	clear_commands(&unit);
	return unit.found;
}
