// SPDX-License-Identifier: LGPL-2.1-or-later
/* Files below another root directory, where links lead to nowhere else. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/in-root.h"

int in_root__openat(int dir, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned int)flags | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
}

int in_root__open(const char *path, size_t root_len, int flags)
{
	const char *below = path + root_len;
	int dir, fd, err;
	char *root;

	if (!root_len)
		return open(path, flags | O_CLOEXEC);
	root = strndup(path, root_len);
	dir = root ? open(root, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	free(root);
	if (dir < 0)
		return -1;
	fd = in_root__openat(dir, *below ? below : "/", flags);
	err = errno;
	close(dir);
	errno = err;
	return fd;
}

static int stat_opened(int fd, struct stat *st)
{
	int rc, err;

	if (fd < 0)
		return -1;
	rc = fstat(fd, st);
	err = errno;
	close(fd);
	errno = err;
	return rc;
}

int in_root__stat(const char *path, size_t root_len, struct stat *st)
{
	if (!root_len)
		return stat(path, st);
	return stat_opened(in_root__open(path, root_len, O_PATH), st);
}

int in_root__lstat(const char *path, size_t root_len, struct stat *st)
{
	if (!root_len)
		return lstat(path, st);
	return stat_opened(in_root__open(path, root_len, O_PATH | O_NOFOLLOW), st);
}

ssize_t in_root__readlink(const char *path, size_t root_len, char *buf, size_t size)
{
	ssize_t len;
	int fd;

	if (!root_len)
		return readlink(path, buf, size);
	fd = in_root__open(path, root_len, O_PATH | O_NOFOLLOW);
	if (fd < 0)
		return -1;
	len = readlinkat(fd, "", buf, size);
	close(fd);
	return len;
}
