// SPDX-License-Identifier: LGPL-2.1-or-later
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "below.h"
#include "chain/process.h"
#include "common/unit-root.h"
#include "preload-file.h"
#include "preload-probe.h"
#include "preload-unit.h"
#include "preload/symbols.h"
#include "replace.h"
#include "tool.h"
#include "unit-preloads.h"

/* So that a file is known for ours, and a reader knows where it came from. */
#define HEAD                                                                                        \
	"# Made by `xdp-policy preload enable --unit`; `xdp-policy preload disable --unit` takes\n" \
	"# it away. Do not add to it: another drop-in is the place for that.\n"

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
		tool_error("found a name of %zu bytes, expected that of a systemd unit, which "
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

	*unit = (struct preload_unit){ .root = root };
	status = set_name(unit, name);
	if (status)
		return status;
	if (asprintf(&unit->dropin, "%s" PRELOAD_UNIT_DIR "/%s.d/" PRELOAD_DROPIN, root,
		     unit->name) < 0)
		unit->dropin = NULL;
	if (asprintf(&unit->variables, "%s" PRELOAD_UNIT_DIR "/%s.d/" PRELOAD_VARIABLES, root,
		     unit->name) < 0)
		unit->variables = NULL;
	if (unit->dropin && unit->variables)
		return TOOL_OK;
	preload_unit__close(unit);
	return tool_no_memory();
}

void preload_unit__close(struct preload_unit *unit)
{
	free(unit->dropin);
	free(unit->variables);
	free(unit->theirs);
	free(unit->theirs_by);
	free(unit->elsewhere);
	*unit = (struct preload_unit){ 0 };
}

/* --- the drop-in --- */

static char *read_own(const struct preload_unit *unit, const char *path,
		      enum policy_file_state *state)
{
	struct policy_stamp stamp;
	char *text = NULL, *copy;
	size_t size = 0;

	*state = policy_file__read(path, strlen(unit->root), (uid_t)-1, &text, &size, &stamp,
				   &tool_log_stderr);
	copy = *state == FILE_GOOD ? strndup(text, size) : NULL;
	free(text);
	return copy;
}

/* Where such a file is written: links of its directories lead to nowhere but below the root. */
static char *place_of(const struct preload_unit *unit, const char *path)
{
	return below__resolve(unit->root, path + strlen(unit->root), false);
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

static bool has_shim(const struct preload_unit *unit, const char *path)
{
	enum policy_file_state state;
	char *text = read_own(unit, path, &state);
	bool found = text && preload_unit__names_shim(text);

	free(text);
	return found;
}

bool preload_unit__is_enabled(const struct preload_unit *unit)
{
	return has_shim(unit, unit->dropin) ||
	       (below__exists(unit->root, unit->dropin + strlen(unit->root)) &&
		has_shim(unit, unit->variables));
}

/*
 * Ours in front of theirs, between what begins and what ends it. A '%' of ours is none of systemd's
 * where that would take it for one.
 */
static char *make_text(const char *begin, const char *entry, const char *theirs, const char *end,
		       bool percent)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fputs(begin, out);
	for (const char *c = entry; *c; c++)
		fprintf(out, *c == '%' && percent ? "%%%%" : "%c", *c);
	fprintf(out, "%s%s%s", theirs ? ":" : "", theirs ? theirs : "", end);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

static int replace_own(const struct preload_unit *unit, const char *path, const char *text)
{
	char *place = place_of(unit, path);
	int err = place ? replace__make_dirs(place) : -errno;
	struct replace replace;

	if (!err)
		err = replace__begin(&replace, place);
	free(place);
	if (err)
		return err;
	if (!replace__write_all(replace.fd, text, strlen(text)))
		return replace__commit(&replace, 0644);
	err = -errno;
	replace__abort(&replace);
	return err;
}

/* text is freed; NULL is a lack of memory. */
static int write_own(struct preload_unit *unit, const char *path, char *text)
{
	enum policy_file_state state;
	char *old = text ? read_own(unit, path, &state) : NULL;
	bool same = old && !strcmp(old, text), foreign = old && strncmp(old, HEAD, strlen(HEAD));
	int err;

	free(old);
	if (!text)
		return tool_no_memory();
	if (same) {
		free(text);
		return TOOL_OK;
	}
	if (foreign) {
		free(text);
		tool_error("%s: found a file that this command has not made, expected none", path);
		return TOOL_CONFIG;
	}
	err = replace_own(unit, path, text);
	free(text);
	if (err)
		return tool_cannot(path, "write", -err);
	unit->changed = true;
	return TOOL_OK;
}

/* with_dir: and its directory, unless others are in it. Returns 0 or a negative errno. */
static int remove_own(const struct preload_unit *unit, const char *path, bool with_dir)
{
	char *place = place_of(unit, path);
	int err = place && !unlink(place) ? 0 : -errno;

	if (!err && with_dir) {
		*strrchr(place, '/') = '\0';
		rmdir(place);
	}
	free(place);
	return err;
}

/* What an EnvironmentFile= sets only another one overrides: ours, beside the drop-in. */
static int write_variables(struct preload_unit *unit, const char *root, const char *entry)
{
	int status = write_own(unit, unit->variables,
			       make_text(HEAD "LD_PRELOAD=", entry, unit->theirs, "\n", false));

	if (status)
		return status;
	return write_own(unit, unit->dropin,
			 make_text(HEAD "[Service]\nEnvironmentFile=",
				   unit->variables + strlen(root), NULL, "\n", true));
}

static int write_dropin(struct preload_unit *unit, const char *entry)
{
	int status = write_own(unit, unit->dropin,
			       make_text(HEAD "[Service]\nEnvironment=\"LD_PRELOAD=", entry,
					 unit->theirs, "\"\n", true));

	if (!status)
		remove_own(unit, unit->variables, false); /* of an earlier time */
	return status;
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

/* LD_PRELOAD names a file that the service would look for below its own root. */
static int check_root(struct preload_unit *unit, const char *root, bool force)
{
	struct unit_root unit_root;
	char *path;
	bool there, hidden;

	if (unit_root__read(root, unit->name, &unit_root))
		return tool_no_memory();
	path = unit_root__path(&unit_root, PRELOAD_PATH);
	hidden = !path && errno == ENODATA;
	there = path && below__exists(root, path);
	if (!there && unit_root.place)
		tool_error("%s: found %s " PRELOAD_PATH " for %s, expected it there: bring its "
			   "directory and the policy in by BindReadOnlyPaths=%.*s -/etc/xdp "
			   "-/run/xdp, or install them there; see xdp-policy-preload(7)%s",
			   unit_root.place, hidden ? "no way to look for" : "no", unit->name,
			   (int)(strrchr(PRELOAD_PATH, '/') - PRELOAD_PATH), PRELOAD_PATH,
			   force ? "" : "; --force if it is there when the service starts");
	there = there || !unit_root.place;
	free(path);
	unit_root__clear(&unit_root);
	return there || force ? TOOL_OK : TOOL_CONFIG;
}

static int merge(struct preload_unit *unit, const struct unit_preloads *found, const char *root,
		 const char *entry)
{
	if (found->value && preload_unit__names_shim(found->value)) {
		unit->elsewhere = strdup(found->place);
		return unit->elsewhere ? TOOL_OK : tool_no_memory();
	}
	if (found->value && *found->value) {
		unit->theirs = strdup(found->value);
		unit->theirs_by = strdup(found->place);
		if (!unit->theirs || !unit->theirs_by)
			return tool_no_memory();
	}
	return found->from_file ? write_variables(unit, root, entry) : write_dropin(unit, entry);
}

int preload_unit__enable(struct preload_unit *unit, const char *root, const char *entry, bool force)
{
	struct unit_preloads found;
	int status;

	if (unit_preloads__read(root, unit->name, PRELOAD_DROPIN, &found))
		return tool_no_memory();
	status = check_unit(unit, &found, root, force);
	if (!status)
		status = check_root(unit, root, force);
	if (!status && found.remark)
		tool_error("%s", found.remark);
	if (!status)
		status = merge(unit, &found, root, entry);
	unit_preloads__clear(&found);
	return status;
}

/* The lines of HEAD, and so many more. */
static bool is_ours(const char *text, unsigned int lines)
{
	const char *end = text + strlen(HEAD);

	if (strncmp(text, HEAD, strlen(HEAD)))
		return false;
	while (lines-- && end)
		end = (end = strchr(end, '\n')) ? end + 1 : NULL;
	return end && !*end;
}

static int check_own(const struct preload_unit *unit, const char *path, unsigned int lines,
		     bool *there)
{
	enum policy_file_state state;
	char *text = read_own(unit, path, &state);
	bool ours = text && is_ours(text, lines);

	free(text);
	*there = state != FILE_ABSENT;
	if (ours || !*there)
		return TOOL_OK;
	tool_error("%s: found more than `xdp-policy preload enable --unit` writes, expected that; "
		   "take the shim out of LD_PRELOAD by hand",
		   path);
	return TOOL_CONFIG;
}

int preload_unit__disable(struct preload_unit *unit)
{
	bool dropin, variables = false;
	int status = check_own(unit, unit->dropin, 2, &dropin), err = 0;

	if (!status)
		status = check_own(unit, unit->variables, 1, &variables);
	if (status || (!dropin && !variables))
		return status;
	if (dropin)
		err = remove_own(unit, unit->dropin, true);
	if (err)
		return tool_cannot(unit->dropin, "remove", -err);
	if (variables)
		err = remove_own(unit, unit->variables, true);
	if (err)
		return tool_cannot(unit->variables, "remove", -err);
	unit->changed = true;
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
