// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Who can change a file: its owner, its mode, and those of its directories.
 */
#include <stdlib.h>
#include <string.h>

#include "owner.h"

static bool is_theirs(const struct stat *st, uid_t owner)
{
	return st->st_uid == owner || !st->st_uid;
}

bool owner__is_alone(const struct stat *st, uid_t owner)
{
	return is_theirs(st, owner) && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

/* In a sticky one others may add files, but not replace those of the owner. */
static bool is_safe_dir(const char *path, uid_t owner, struct stat *st)
{
	if (stat(path, st))
		return false;
	return owner__is_alone(st, owner) || (is_theirs(st, owner) && st->st_mode & S_ISVTX);
}

bool owner__has_path(const char *path, size_t from, uid_t owner, struct stat *ret, size_t *len)
{
	char *dir = strdup(path), *slash;
	struct stat st = { 0 };
	bool safe = dir;

	while (safe && (slash = strrchr(dir, '/')) && (size_t)(slash - dir) > from) {
		*slash = '\0';
		safe = is_safe_dir(dir, owner, &st);
	}
	if (safe && !from) {
		strcpy(dir, "/");
		safe = is_safe_dir(dir, owner, &st);
	}
	if (!safe && ret) {
		*ret = st;
		*len = dir ? strlen(dir) : 0;
	}
	free(dir);
	return safe;
}
