// SPDX-License-Identifier: LGPL-2.1-or-later
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chain/process.h"
#include "preload-file.h"
#include "preload-probe.h"
#include "preload-unit.h"
#include "replace.h"
#include "tool.h"
#include "unit-preloads.h"

/* So that a file is known for ours, and a reader knows where it came from. */
#define HEAD                                                                                        \
	"# Made by `xdp-policy preload enable --unit`; `xdp-policy preload disable --unit` takes\n" \
	"# it away. Do not add to it: another drop-in is the place for that.\n"                     \
	"[Service]\n"                                                                               \
	"Environment=\"LD_PRELOAD="

/* --- its name --- */

static bool is_unit_char(char c)
{
	return isalnum((unsigned char)c) || (c && strchr(":-_.\\@", c));
}

/* Of another kind than a service: these have no processes of their own, or not by Environment=. */
static bool is_other_kind(const char *name)
{
	static const char *const others[] = {
		".socket", ".timer", ".mount", ".automount", ".swap",
		".target", ".path",  ".slice", ".scope",     ".device"
	};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < sizeof(others) / sizeof(others[0]); i++)
		if (!strcmp(dot, others[i]))
			return true;
	return false;
}

static int set_name(struct preload_unit *unit, const char *name)
{
	const char *suffix = ".service";
	size_t len = strlen(name), good = 0;
	bool has_suffix = len > strlen(suffix) && !strcmp(name + len - strlen(suffix), suffix);

	while (is_unit_char(name[good]))
		good++;
	if (!len || name[good] || *name == '.' || *name == '@' || !strcmp(name, suffix)) {
		tool_error("found '%s', expected the name of a systemd unit", name);
		return TOOL_USAGE;
	}
	if (is_other_kind(name)) {
		tool_error("found '%s', expected a service", name);
		return TOOL_USAGE;
	}
	if (snprintf(unit->name, sizeof(unit->name), "%s%s", name, has_suffix ? "" : suffix) >=
	    (int)sizeof(unit->name)) {
		tool_error("found a name of %zu characters, expected that of a systemd unit, which "
			   "has %zu at most",
			   len, sizeof(unit->name) - 1);
		return TOOL_USAGE;
	}
	unit->is_template = strstr(unit->name, "@.service");
	return TOOL_OK;
}

int preload_unit__open(struct preload_unit *unit, const char *root, const char *name)
{
	int status;

	*unit = (struct preload_unit){ 0 };
	status = set_name(unit, name);
	if (status)
		return status;
	if (asprintf(&unit->dropin, "%s" PRELOAD_UNIT_DIR "/%s.d/" PRELOAD_DROPIN, root,
		     unit->name) >= 0)
		return TOOL_OK;
	unit->dropin = NULL;
	return tool_no_memory();
}

void preload_unit__close(struct preload_unit *unit)
{
	free(unit->dropin);
	free(unit->theirs);
	free(unit->elsewhere);
	*unit = (struct preload_unit){ 0 };
}

/* --- the drop-in --- */

static char *read_dropin(const struct preload_unit *unit, enum policy_file_state *state)
{
	struct policy_stamp stamp;
	char *text = NULL, *copy;
	size_t size = 0;

	*state = policy_file__read(unit->dropin, (uid_t)-1, &text, &size, &stamp, &tool_log_stderr);
	copy = *state == FILE_GOOD ? strndup(text, size) : NULL;
	free(text);
	return copy;
}

bool preload_unit__names_shim(const char *list)
{
	char word[512];

	while (policy_text__word(&list, " \t:\"\n", word, sizeof(word)))
		if (preload_file__is_ours(word, strlen(word)) ||
		    preload_file__is_ours(strchrnul(word, '='), strlen(strchrnul(word, '='))))
			return true;
	return false;
}

bool preload_unit__is_enabled(const struct preload_unit *unit)
{
	enum policy_file_state state;
	char *text = read_dropin(unit, &state);
	bool enabled = text && preload_unit__names_shim(text);

	free(text);
	return enabled;
}

/* Ours in front of theirs; a '%' of ours is none of systemd's. */
static char *make_text(const char *entry, const char *theirs)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fputs(HEAD, out);
	for (const char *c = entry; *c; c++)
		fprintf(out, *c == '%' ? "%%%%" : "%c", *c);
	fprintf(out, "%s%s\"\n", theirs ? ":" : "", theirs ? theirs : "");
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

static int write_dropin(struct preload_unit *unit, const char *text)
{
	struct replace replace;
	enum policy_file_state state;
	char *old = read_dropin(unit, &state);
	bool same = old && !strcmp(old, text), foreign = old && strncmp(old, HEAD, strlen(HEAD));
	int err;

	free(old);
	if (same)
		return TOOL_OK;
	if (foreign) {
		tool_error("%s: found a file that this command has not made, expected none",
			   unit->dropin);
		return TOOL_CONFIG;
	}
	err = replace__make_dirs(unit->dropin);
	if (!err)
		err = replace__begin(&replace, unit->dropin);
	if (err)
		return tool_cannot(unit->dropin, "write", -err);
	if (replace__write_all(replace.fd, text, strlen(text))) {
		err = -errno;
		replace__abort(&replace);
	} else {
		err = replace__commit(&replace, 0644);
	}
	if (err)
		return tool_cannot(unit->dropin, "write", -err);
	unit->changed = true;
	return TOOL_OK;
}

/* Whether the unit's own files let us set the variable. */
static int check_unit(struct preload_unit *unit, const struct unit_preloads *found,
		      const char *root, bool force)
{
	unit->known = found->exists;
	if (!found->exists && !force) {
		tool_error("found no unit %s below %s/, expected one; --force makes the drop-in "
			   "for one that is to come",
			   unit->name, root);
		return TOOL_FOUND;
	}
	if (!found->hinder)
		return TOOL_OK;
	tool_error("%s; what this command writes would have no effect", found->hinder);
	return TOOL_CONFIG;
}

static int merge(struct preload_unit *unit, const struct unit_preloads *found, const char *entry)
{
	char *text;
	int status;

	if (found->value && preload_unit__names_shim(found->value)) {
		unit->elsewhere = strdup(found->place);
		return unit->elsewhere ? TOOL_OK : tool_no_memory();
	}
	if (found->value && *found->value) {
		unit->theirs = strdup(found->value);
		if (!unit->theirs)
			return tool_no_memory();
	}
	text = make_text(entry, unit->theirs);
	status = text ? write_dropin(unit, text) : tool_no_memory();
	free(text);
	return status;
}

int preload_unit__enable(struct preload_unit *unit, const char *root, const char *entry, bool force)
{
	struct unit_preloads found;
	int status;

	if (unit_preloads__read(root, unit->name, PRELOAD_DROPIN, &found))
		return tool_no_memory();
	status = check_unit(unit, &found, root, force);
	if (!status)
		status = merge(unit, &found, entry);
	unit_preloads__clear(&found);
	return status;
}

/* The lines of HEAD, and one more. */
static bool is_ours(const char *text)
{
	const char *end;

	if (strncmp(text, HEAD, strlen(HEAD)))
		return false;
	end = strchr(text + strlen(HEAD), '\n');
	return end && !end[1];
}

int preload_unit__disable(struct preload_unit *unit)
{
	enum policy_file_state state;
	char *text = read_dropin(unit, &state), *slash;
	bool ours = text && is_ours(text);

	free(text);
	if (state == FILE_ABSENT)
		return TOOL_OK;
	if (!ours) {
		tool_error("%s: found more than `xdp-policy preload enable --unit` writes, "
			   "expected that; take the shim out of LD_PRELOAD by hand",
			   unit->dropin);
		return TOOL_CONFIG;
	}
	if (unlink(unit->dropin))
		return tool_cannot(unit->dropin, "remove", errno);
	unit->changed = true;
	slash = strrchr(unit->dropin, '/');
	*slash = '\0';
	rmdir(unit->dropin); /* unless others are in it */
	*slash = '/';
	return TOOL_OK;
}

/* --- what runs now --- */

static bool is_of_unit(const struct preload_unit *unit, const char *pid)
{
	char path[300], text[4096], name[256];
	size_t n;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/cgroup", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = '\0';
	fclose(file);
	process__unit_of(text, name, sizeof(name));
	return !strcmp(name, unit->name);
}

void preload_unit__processes(const struct preload_unit *unit, struct preload_processes *ret)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	*ret = (struct preload_processes){ 0 };
	while (proc && (entry = readdir(proc))) {
		int mapped;

		if (!isdigit((unsigned char)*entry->d_name) || !is_of_unit(unit, entry->d_name))
			continue;
		mapped = preload_probe__is_mapped(entry->d_name);
		ret->all++;
		ret->with += mapped > 0;
		ret->unreadable += mapped < 0;
	}
	if (proc)
		closedir(proc);
}
