// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <stdbool.h>
#include <unistd.h>

#include "lock.h"

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
	int fd, saved_errno;

	if (make && mkdirat(at, name, 0755) && errno != EEXIST)
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

static int open_lock(int dir, int flags)
{
	int fd;

	if (dir < 0)
		return dir;
	fd = openat(dir, "lock", flags | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		fd = -errno;
	close(dir);
	return fd;
}

int chain_lock__take(unsigned int timeout_ms)
{
	int fd = open_lock(run_dir__open(NULL), O_RDWR | O_CREAT), err;

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
	int fd = open_lock(run_dir__find(NULL), O_RDONLY);

	file_lock__holder(fd, buf);
	if (fd >= 0)
		close(fd);
}

void chain_lock__release(int fd)
{
	close(fd);
}
