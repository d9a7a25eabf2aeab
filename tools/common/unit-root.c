// SPDX-License-Identifier: LGPL-2.1-or-later
/* The file system of a service as far as the files of its unit tell; nothing is mounted for it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/unit-root.h"
#include "unit-files.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

struct reader {
	struct unit_root *ret;
	const char *unit;
};

/* Without slashes at its end, so that "/" is empty; NULL without memory. */
static char *take_path(const char *text, size_t len)
{
	while (len && text[len - 1] == '/')
		len--;
	return strndup(text, len);
}

static int set_place(struct unit_root *ret, const struct unit_setting *setting, const char *value)
{
	free(ret->place);
	if (asprintf(&ret->place, "%s:%u: %s=%s", setting->path, setting->line, setting->key,
		     value) >= 0)
		return 0;
	ret->place = NULL;
	return -ENOMEM;
}

static int add_mount(struct unit_root *ret, const char *key, const char *at, size_t at_len,
		     const char *source, size_t source_len, bool hidden)
{
	struct unit_mount *larger = reallocarray(ret->mount, ret->n + 1, sizeof(*larger));

	if (!larger)
		return -ENOMEM;
	ret->mount = larger;
	larger += ret->n;
	*larger = (struct unit_mount){ .at = take_path(at, at_len), .hidden = hidden, .key = key };
	if (larger->at && source)
		larger->source = take_path(source, source_len);
	if (!larger->at || (source && !larger->source)) {
		free(larger->at);
		return -ENOMEM;
	}
	ret->n++;
	return 0;
}

/* Both of binds are one. */
static bool is_kind(const char *a, const char *b)
{
	return !strncmp(a, b, strlen("Bind"));
}

/* An empty setting takes those of its kind away; NULL: all */
static void clear_mounts(struct unit_root *ret, const char *key)
{
	size_t kept = 0;

	for (size_t i = 0; i < ret->n; i++) {
		if (key && !is_kind(ret->mount[i].key, key)) {
			ret->mount[kept++] = ret->mount[i];
			continue;
		}
		free(ret->mount[i].at);
		free(ret->mount[i].source);
	}
	ret->n = kept;
}

/* SOURCE[:AT[:OPTIONS]], or PATH[:OPTIONS] of what hides a path; '-' and '+' in front of both. */
static int read_mount(struct unit_root *ret, const char *key, const char *word, bool binds,
		      bool hidden)
{
	const char *source = word + strspn(word, "-+"), *at = source;
	size_t len = strcspn(source, ":"), at_len = len;

	if (*source != '/')
		return 0;
	if ((binds || hidden) && source[len]) {
		at = source + len + 1;
		at_len = strcspn(at, ":");
	}
	return add_mount(ret, key, at, at_len, binds ? source : NULL, len, hidden);
}

static int read_mounts(struct reader *reader, const struct unit_setting *setting, const char *key,
		       bool binds, bool hidden)
{
	char *value, *rest, *word;
	bool escaped;
	int err;

	if (!*setting->value) {
		clear_mounts(reader->ret, key);
		return 0;
	}
	value = unit_files__expand(reader->unit, setting->value);
	if (!value && errno == EINVAL) {
		reader->ret->hidden = true;
		return set_place(reader->ret, setting, setting->value);
	}
	if (!value)
		return -ENOMEM;
	err = set_place(reader->ret, setting, value);
	rest = value;
	while (!err && (word = unit_files__next_word(&rest, &escaped)))
		err = read_mount(reader->ret, key, word, binds, hidden);
	free(value);
	return err;
}

static int read_dir(struct reader *reader, const struct unit_setting *setting)
{
	struct unit_root *ret = reader->ret;
	char *value;

	free(ret->dir);
	ret->dir = NULL;
	if (!*setting->value)
		return 0;
	value = unit_files__expand(reader->unit, setting->value);
	if (!value && errno != EINVAL)
		return -ENOMEM;
	ret->hidden |= !value;
	if (value)
		ret->dir = take_path(value + (*value == '-'), strlen(value + (*value == '-')));
	free(value);
	return set_place(ret, setting, setting->value);
}

/* Settings that hide directories, unless their value says that they do not. */
static int read_switch(struct reader *reader, const struct unit_setting *setting)
{
	static const struct {
		const char *key, *dirs[3];
	} switches[] = {
		{ "ProtectHome", { "/home", "/root", "/run/user" } },
		{ "PrivateTmp", { "/tmp", "/var/tmp" } },
		{ "DynamicUser", { "/tmp", "/var/tmp" } },
	};
	const char *value = setting->value, *dir;
	int err = 0;

	for (size_t i = 0; i < N(switches); i++) {
		if (strcmp(setting->key, switches[i].key))
			continue;
		clear_mounts(reader->ret, switches[i].key);
		if (!*value || strchr("nNfF0", *value) || !strcasecmp(value, "off") ||
		    !strcmp(value, "read-only"))
			return 0;
		for (size_t k = 0; k < 3 && (dir = switches[i].dirs[k]) && !err; k++)
			err = add_mount(reader->ret, switches[i].key, dir, strlen(dir), NULL, 0,
					false);
	}
	return err;
}

static int read_setting(void *ctx, const struct unit_setting *setting)
{
	static const struct {
		const char *key;
		bool binds, hidden;
	} mounts[] = {
		{ "BindPaths", true, false },
		{ "BindReadOnlyPaths", true, false },
		{ "TemporaryFileSystem", false, false },
		{ "InaccessiblePaths", false, false },
		{ "InaccessibleDirectories", false, false },
		{ "MountImages", false, true },
	};
	struct reader *reader = ctx;

	if (!strcmp(setting->key, "RootDirectory"))
		return read_dir(reader, setting);
	if (!strcmp(setting->key, "RootDirectoryStartOnly")) {
		reader->ret->start_only = strchr("yYtT1", *setting->value) && *setting->value;
		return 0;
	}
	if (!strcmp(setting->key, "RootImage")) {
		reader->ret->hidden = *setting->value;
		return reader->ret->hidden ? set_place(reader->ret, setting, setting->value) : 0;
	}
	for (size_t i = 0; i < N(mounts); i++)
		if (!strcmp(setting->key, mounts[i].key))
			return read_mounts(reader, setting, mounts[i].key, mounts[i].binds,
					   mounts[i].hidden);
	return read_switch(reader, setting);
}

int unit_root__read(const char *root, const char *unit, struct unit_root *ret)
{
	struct reader reader = { .ret = ret, .unit = unit };
	bool exists;
	int err;

	*ret = (struct unit_root){ 0 };
	err = unit_files__each(root, unit, read_setting, &reader, &exists);
	if (ret->dir && !*ret->dir) { /* "/" */
		free(ret->dir);
		ret->dir = NULL;
	}
	if (err)
		unit_root__clear(ret);
	return err;
}

void unit_root__clear(struct unit_root *unit_root)
{
	clear_mounts(unit_root, NULL);
	free(unit_root->mount);
	free(unit_root->dir);
	free(unit_root->place);
	*unit_root = (struct unit_root){ 0 };
}

static bool is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return !strncmp(path, dir, len) && (path[len] == '/' || !path[len]);
}

/* The mount that a path is on: of those above it the lowest, and of equal ones the last. */
static const struct unit_mount *mount_of(const struct unit_root *unit_root, const char *path)
{
	const struct unit_mount *found = NULL;

	for (size_t i = 0; i < unit_root->n; i++) {
		const struct unit_mount *mount = &unit_root->mount[i];

		if (is_below(path, mount->at) && (!found || strlen(mount->at) >= strlen(found->at)))
			found = mount;
	}
	return found;
}

char *unit_root__path(const struct unit_root *unit_root, const char *path)
{
	const struct unit_mount *mount = mount_of(unit_root, path);
	const char *base = unit_root->dir ? unit_root->dir : "";
	char *ret;

	if (mount ? mount->hidden : unit_root->hidden) {
		errno = ENODATA;
		return NULL;
	}
	if (mount && !mount->source) {
		errno = ENOENT;
		return NULL;
	}
	if (mount) {
		base = mount->source;
		path += strlen(mount->at);
	}
	if (asprintf(&ret, "%s%s", base, path) >= 0)
		return ret;
	errno = ENOMEM;
	return NULL;
}

/* Whether the service has at a path what its root has there, or the host. */
static bool is_same(const struct unit_root *unit_root, const char *path)
{
	char *real = unit_root__path(unit_root, path);
	size_t len = unit_root->dir ? strlen(unit_root->dir) : 0;
	bool same = real && (!strcmp(real, path) || (!strncmp(real, unit_root->dir ?: "", len) &&
						     !strcmp(real + len, path)));

	free(real);
	return same;
}

const char *unit_root__hides(const struct unit_root *unit_root, const char *path)
{
	const struct unit_mount *mount = mount_of(unit_root, path);

	if (mount && !is_same(unit_root, path))
		return mount->key;
	for (size_t i = 0; i < unit_root->n; i++) {
		mount = &unit_root->mount[i];
		if (is_below(mount->at, path) && !is_same(unit_root, mount->at))
			return mount->key;
	}
	return NULL;
}

const char *unit_root__dir_of(const struct unit_root *unit_root, const char *executable)
{
	static const char *const libraries[] = { "/usr/lib", "/usr/lib64", "/lib", "/lib64" };
	bool own = true, host = true;

	for (size_t i = 0; i <= N(libraries); i++) {
		const char *path = i < N(libraries) ? libraries[i] : executable;
		const struct unit_mount *mount = mount_of(unit_root, path);
		char *real = unit_root__path(unit_root, path);

		own = own && !mount && real;
		host = host && real && !strcmp(real, path);
		free(real);
	}
	/* the directory of a machine's libraries is met there, too */
	for (size_t i = 0; i < unit_root->n; i++)
		if (strstr(unit_root->mount[i].at, "-linux-gnu") &&
		    !(unit_root->mount[i].source &&
		      !strcmp(unit_root->mount[i].source, unit_root->mount[i].at)))
			own = host = false;
	return host ? "" : own ? unit_root->dir : NULL;
}
