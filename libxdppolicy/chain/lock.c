// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lock.h"
#include "policy/files.h"

/* Who can read a file can lock it. */
#define RUN_FILE_MODE 0600

static const char lock_name[] = "lock";

/* Who can write to a directory of ours could make us remove or believe things. */
static int check_dir(int fd)
{
	struct stat st;
	int err = -EPERM;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		err = -errno;
	else if (!st.st_uid && !(st.st_mode & (S_IWGRP | S_IWOTH)))
		return fd;
	close(fd);
	return err;
}

static int open_dir(int at, const char *name, bool make)
{
	int made = make ? mkdirat(at, name, 0755) : 0;
	int fd, saved_errno;

	/* whatever the umask of the process, which may be an application's */
	if (make && (made ? errno != EEXIST : fchmodat(at, name, 0755, 0)))
		fd = -1;
	else
		fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (at >= 0) {
		saved_errno = errno;
		close(at);
		errno = saved_errno;
	}
	return check_dir(fd);
}

static int find_dir(const char *name, bool make)
{
	int fd = open_dir(AT_FDCWD, XDP_POLICY_RUN_DIR, make);

	return fd >= 0 && name ? open_dir(fd, name, make) : fd;
}

int run_dir__open(const char *name)
{
	return find_dir(name, true);
}

int run_dir__find(const char *name)
{
	return find_dir(name, false);
}

int run_dir__file(int dir, const char *name, int flags)
{
	int fd = openat(dir, name, flags | O_CREAT | O_NOFOLLOW | O_CLOEXEC, RUN_FILE_MODE);
	struct stat st;

	if (fd < 0)
		return -errno;
	/* one that a umask has made useless for others of the same user; no reason to fail */
	if (!fstat(fd, &st) && (st.st_mode & RUN_FILE_MODE) != RUN_FILE_MODE)
		(void)!fchmod(fd, RUN_FILE_MODE);
	return fd;
}

/* Whether that is what is wrong: what path is, if it is a directory or has to be one. */
static bool explain_dir(const char *path, bool must_be, char *buf)
{
	char why[160];
	struct stat st;

	if (lstat(path, &st) || (!S_ISDIR(st.st_mode) && !must_be))
		return false;
	if (!S_ISDIR(st.st_mode))
		snprintf(buf, RUN_DIR_WHY_SIZE, "%s: found %s, expected a directory", path,
			 S_ISLNK(st.st_mode) ? "a link" :
			 S_ISREG(st.st_mode) ? "a file" :
					       policy_file__type(st.st_mode));
	else if (policy_file__check_owner(&st, 0, why, sizeof(why)))
		snprintf(buf, RUN_DIR_WHY_SIZE, "%s: %s", path, why);
	else
		return false;
	return true;
}

char *run_dir__strerror(int err, const char *name, char buf[RUN_DIR_WHY_SIZE])
{
	char path[64];

	snprintf(path, sizeof(path), "%s%s%s", XDP_POLICY_RUN_DIR, name ? "/" : "",
		 name ? name : "");
	if (!explain_dir(XDP_POLICY_RUN_DIR, true, buf) && !explain_dir(path, false, buf))
		snprintf(buf, RUN_DIR_WHY_SIZE, "%s: %s", path, strerror(-err));
	return buf;
}

/* The directories below it, and what is missing of whoever has no use of one. */
static const struct {
	const char *name, *without;
} run_dirs[] = {
	{ "attached", "what applications and load have attached is not known, and no chain can be "
		      "loaded" },
	{ "seen", "what programs had before the policy changed them is not known, and not kept" },
	{ "journal", "no chain can be changed" },
	{ "retired", "what was replaced stays pinned" },
};

bool run_dir__is_refused(const char *name, char buf[RUN_DIR_WHY_SIZE])
{
	int fd = run_dir__find(name);
	char path[64];

	if (fd >= 0)
		close(fd);
	snprintf(path, sizeof(path), XDP_POLICY_RUN_DIR "/%s", name);
	return fd < 0 && fd != -ENOENT && explain_dir(path, true, buf);
}

void run_dirs__each_refused(void (*fn)(void *ctx, const char *text), void *ctx)
{
	char why[RUN_DIR_WHY_SIZE], text[2 * RUN_DIR_WHY_SIZE];

	for (size_t i = 0; i < sizeof(run_dirs) / sizeof(run_dirs[0]); i++) {
		if (!run_dir__is_refused(run_dirs[i].name, why))
			continue;
		snprintf(text, sizeof(text), "%s; %s", why, run_dirs[i].without);
		fn(ctx, text);
	}
}

int chain_lock__take(unsigned int timeout_ms)
{
	int dir = run_dir__open(NULL), fd, err;

	if (dir < 0)
		return dir;
	fd = run_dir__file(dir, lock_name, O_RDWR);
	close(dir);
	if (fd < 0)
		return fd;
	err = file_lock__take(fd, XDP_POLICY_RUN_DIR "/lock", timeout_ms);
	if (!err)
		return fd;
	close(fd);
	return err;
}

void chain_lock__holder(char buf[FILE_LOCK_HOLDER_SIZE])
{
	int dir = run_dir__find(NULL);
	int fd = dir < 0 ? -1 : openat(dir, lock_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	file_lock__holder(fd, buf);
	if (fd >= 0)
		close(fd);
	if (dir >= 0)
		close(dir);
}

void chain_lock__release(int fd)
{
	close(fd);
}
