// SPDX-License-Identifier: LGPL-2.1-or-later
/* systemd's units: their processes, and what they would start. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coverage.h"

#define MAX_COMMANDS 16

/* What of a unit's files matters here, in the order of unit directories and drop-ins. */
struct unit {
	bool found, preloaded, skips;
	size_t n;
	char *command[MAX_COMMANDS];
};

static const char *const dirs[] = { "/etc/systemd/system", "/run/systemd/system",
				    "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
				    "/lib/systemd/system" };
#define N_DIRS (sizeof(dirs) / sizeof(dirs[0]))

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
}

/* The executable of a command line; nothing resets the list. */
static void add_command(struct unit *unit, const char *line)
{
	size_t len;

	if (!*line) {
		clear_commands(unit);
		return;
	}
	line += strspn(line, "-@:+!|"); /* how it is started */
	line += *line == '"';
	len = strcspn(line, "\" \t");
	if (!len || unit->n == MAX_COMMANDS)
		return;
	unit->command[unit->n] = strndup(line, len);
	unit->n += unit->command[unit->n] != NULL;
}

static void add_environment(struct unit *unit, char *list)
{
	static const char variable[] = "LD_PRELOAD=";
	char *value = strstr(list, variable);

	if (strstr(list, "LIBXDP_SKIP_DISPATCHER=1"))
		unit->skips = true;
	if (!value)
		return;
	value += strlen(variable);
	value[strcspn(value, "\"'")] = '\0';
	unit->preloaded = coverage__names_preload(value);
}

static void read_line(struct unit *unit, char *line, bool *service)
{
	static const char command[] = "ExecStart=", environment[] = "Environment=";

	line += strspn(line, " \t");
	if (*line == '[')
		*service = !strncmp(line, "[Service]", 9);
	else if (*service && !strncmp(line, command, strlen(command)))
		add_command(unit, line + strlen(command) + strspn(line + strlen(command), " \t"));
	else if (*service && !strncmp(line, environment, strlen(environment)))
		add_environment(unit, line + strlen(environment));
}

static bool read_file(const struct coverage_host *host, const char *path, struct unit *unit)
{
	char *text = coverage_host__read(host, path), *rest = text, *line;
	bool service = false;

	while (rest && (line = strsep(&rest, "\n")))
		read_line(unit, line, &service);
	free(text);
	return text;
}

static int is_conf(const struct dirent *entry)
{
	const char *suffix = strrchr(entry->d_name, '.');

	return suffix && !strcmp(suffix, ".conf");
}

static void read_dropins(const struct coverage_host *host, const char *dir, const char *name,
			 struct unit *unit)
{
	struct dirent **entries = NULL;
	char path[PATH_MAX];
	int n;

	snprintf(path, sizeof(path), "%s%s/%s.d", host->root, dir, name);
	n = scandir(path, &entries, is_conf, alphasort);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s.d/%s", dir, name, entries[i]->d_name);
		read_file(host, path, unit);
		free(entries[i]);
	}
	free(entries);
}

/* The highest file of a name, then all drop-ins, the highest last. */
static void read_name(const struct coverage_host *host, const char *name, struct unit *unit)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < N_DIRS && !unit->found; i++) {
		snprintf(path, sizeof(path), "%s/%s", dirs[i], name);
		unit->found = read_file(host, path, unit);
	}
	for (size_t i = N_DIRS; i-- > 0;)
		read_dropins(host, dirs[i], name, unit);
}

static void read_unit(const struct coverage_host *host, const char *name, struct unit *unit)
{
	const char *at = strchr(name, '@'), *suffix = strrchr(name, '.');
	char template[256];

	*unit = (struct unit){ 0 };
	if (strchr(name, '/'))
		return;
	if (at && suffix > at) {
		snprintf(template, sizeof(template), "%.*s%s", (int)(at - name + 1), name, suffix);
		read_name(host, template, unit);
	}
	read_name(host, name, unit);
}

bool coverage_unit__is_preloaded(const struct coverage_host *host, const char *name)
{
	struct unit unit;

	read_unit(host, name, &unit);
	clear_commands(&unit);
	return unit.preloaded;
}

static void tell_command(const struct coverage_host *host, const char *name,
			 const struct unit *unit, const char *command, coverage_fn *fn, void *ctx)
{
	struct coverage coverage = { .what = WHAT_EXECUTABLE };

	snprintf(coverage.unit, sizeof(coverage.unit), "%s", name);
	if (coverage__look_at_path(host->libraries, command, &coverage)) {
		coverage = (struct coverage){ .what = WHAT_EXECUTABLE, .reason = REASON_MISSING };
		snprintf(coverage.unit, sizeof(coverage.unit), "%s", name);
		snprintf(coverage.name, sizeof(coverage.name), "%s", command);
	}
	if (unit->skips && coverage__class(&coverage) <= COVERAGE_DAEMON)
		coverage.reason = REASON_SKIPS;
	coverage_host__set_state(host, unit->preloaded, &coverage);
	fn(ctx, &coverage);
}

bool coverage__each_of_unit(const struct coverage_host *host, const char *name, coverage_fn *fn,
			    void *ctx)
{
	struct coverage_count count = { 0 };
	struct unit unit;

	if (!*host->root)
		coverage__each_process(host, name, fn, ctx, &count);
	if (count.told)
		return true;
	read_unit(host, name, &unit);
	for (size_t i = 0; i < unit.n; i++)
		tell_command(host, name, &unit, unit.command[i], fn, ctx);
	clear_commands(&unit);
	return unit.found;
}
