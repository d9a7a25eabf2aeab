// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "below.h"
#include "util/in-root.h"

/* The path of an open file; empty if it is not known. */
static size_t path_of(int fd, char *path, size_t size)
{
	char link[32];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, size - 1);
	len = len > 0 ? len : 0;
	path[len] = '\0';
	return len;
}

static int refuse(int fd, int err)
{
	close(fd);
	errno = err;
	return -1;
}

int below__open(const char *root, const char *path, char *real, size_t size)
{
	char base[PATH_MAX];
	struct stat st;
	size_t len;
	int dir, fd;

	dir = open(*root ? root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -1;
	fd = in_root__openat(dir, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	len = path_of(dir, base, sizeof(base));
	if (fd < 0)
		return refuse(dir, errno);
	close(dir);
	if (fstat(fd, &st))
		return refuse(fd, errno);
	if (!S_ISREG(st.st_mode))
		return refuse(fd, S_ISDIR(st.st_mode) ? EISDIR : EINVAL);
	if (!path_of(fd, real, size) || strncmp(real, base, len))
		return refuse(fd, ENOENT);
	/* "/" has no name of its own in front of the others */
	if (len > 1)
		memmove(real, real + len, strlen(real + len) + 1);
	return fd;
}

bool below__exists(const char *root, const char *path)
{
	struct stat st;
	char *below;
	bool found;

	if (asprintf(&below, "%s%s", root, path) < 0)
		return false;
	found = !in_root__stat(below, strlen(root), &st);
	free(below);
	return found;
}
