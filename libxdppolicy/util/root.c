// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Whether this process still has the root directory and the mount namespace that it was started in.
 * Nothing of that time was noted. But the kernel keeps the program's file as it was opened then,
 * and the mount that it was opened through, of which each namespace has its own.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "root.h"

/* not self/exe: valgrind(1) answers for that itself, with the name of another program */
static const char program[] = "/proc/thread-self/exe";

static bool look_at(const char *path, struct statx *st)
{
	return !statx(AT_FDCWD, path, 0, STATX_INO | STATX_MNT_ID, st);
}

static bool same_mount(const struct statx *a, const struct statx *b)
{
	return a->stx_mnt_id == b->stx_mnt_id;
}

static bool same_file(const struct statx *a, const struct statx *b)
{
	return a->stx_dev_major == b->stx_dev_major && a->stx_dev_minor == b->stx_dev_minor &&
	       a->stx_ino == b->stx_ino && same_mount(a, b);
}

/* A directory that was entered by chroot(2) is none, unless it was mounted for that. */
static bool root_is_mount(void)
{
	struct statx st;

	return !statx(AT_FDCWD, "/", 0, STATX_INO, &st) &&
	       st.stx_attributes & st.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT;
}

/*
 * A program that was replaced since is gone from its path, and so may its directory be. What is
 * left of the path is on the mount that it was opened through; in another root directory that is
 * a mount of its own or none.
 */
static bool leads_to_mount(char *path, const struct statx *then)
{
	struct statx now;
	char *slash;

	do {
		slash = strrchr(path, '/');
		if (!slash)
			return false;
		slash[slash == path] = '\0';
	} while (!look_at(path, &now) && slash != path);
	return same_mount(then, &now) && root_is_mount();
}

bool root__is_original(void)
{
	struct statx then, now;
	char *path = malloc(PATH_MAX); /* of the stack that may be all */
	bool is_original = false;
	ssize_t len = path ? readlink(program, path, PATH_MAX - 1) : -1;

	if (len > 0 && look_at(program, &then)) {
		path[len] = '\0';
		is_original = (look_at(path, &now) && same_file(&then, &now)) ||
			      leads_to_mount(path, &then);
	}
	free(path);
	return is_original;
}
