// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Whether this process still has the root directory and the mount namespace that it was started in.
 * Nothing of that time was noted. But the kernel keeps the program's file as it was opened then,
 * and the mount that it was opened through, of which each namespace has its own.
 */
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "root.h"

/* not self/exe: valgrind(1) answers for that itself, with the name of another program */
static const char program[] = "/proc/thread-self/exe";

static bool look_at(const char *path, struct statx *st)
{
	return !statx(AT_FDCWD, path, 0, STATX_INO | STATX_NLINK | STATX_MNT_ID, st);
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

bool root__is_original(void)
{
	struct statx then, now;
	char path[1024], *slash;
	ssize_t len = readlink(program, path, sizeof(path) - 1);

	if (len <= 0 || !look_at(program, &then))
		return false;
	path[len] = '\0';
	if (look_at(path, &now))
		return same_file(&then, &now);
	/* a program that was replaced since is gone, though its directory is not */
	slash = strrchr(path, '/');
	if (then.stx_nlink || !slash)
		return false;
	slash[slash == path] = '\0';
	return look_at(path, &now) && same_mount(&then, &now);
}
