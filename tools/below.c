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

/* What the first len bytes of path are without links, with root in front; NULL with errno. */
static char *resolve_part(int dir, const char *root, const char *path, size_t len)
{
	char base[PATH_MAX], real[PATH_MAX], *part = strndup(path, len), *ret = NULL;
	size_t base_len = path_of(dir, base, sizeof(base)), real_len;
	int fd = part ? in_root__openat(dir, len ? part : "/", O_PATH) : -1, err = errno;

	free(part);
	if (fd < 0) {
		errno = err;
		return NULL;
	}
	real_len = path_of(fd, real, sizeof(real));
	close(fd);
	/* "/" has no name of its own in front of the others */
	base_len = base_len > 1 ? base_len : 0;
	if (real_len < base_len || strncmp(real, base, base_len) ||
	    (real[base_len] && real[base_len] != '/')) {
		errno = ENOENT;
		return NULL;
	}
	if (asprintf(&ret, "%s%s", root, real + base_len) >= 0)
		return ret;
	errno = ENOMEM;
	return NULL;
}

/* Whether something is there: what cannot be resolved is a link to nothing then. */
static bool is_there(int dir, const char *path, size_t len)
{
	char *part = strndup(path, len);
	int fd = part ? in_root__openat(dir, part, O_PATH | O_NOFOLLOW) : -1;

	free(part);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* The length of path without its last part and the slashes in front of that. */
static size_t parent_len(const char *path, size_t len)
{
	while (len && path[len - 1] != '/')
		len--;
	while (len && path[len - 1] == '/')
		len--;
	return len;
}

/* The longest part that is there, and what is missing behind it as it is. */
static char *resolve(int dir, const char *root, const char *path, size_t len)
{
	char *part, *ret = NULL;

	while (!(part = resolve_part(dir, root, path, len))) {
		if (errno != ENOENT || !len)
			return NULL;
		if (is_there(dir, path, len) || strstr(path + parent_len(path, len), "/..")) {
			errno = ENOENT;
			return NULL;
		}
		len = parent_len(path, len);
	}
	if (asprintf(&ret, "%s%s", part, path + len) < 0)
		ret = NULL;
	free(part);
	if (!ret)
		errno = ENOMEM;
	return ret;
}

char *below__resolve(const char *root, const char *path, bool follow_last)
{
	size_t len = strlen(path);
	int dir, err;
	char *ret;

	if (!*root)
		return follow_last ? realpath(path, NULL) : strdup(path);
	dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return NULL;
	ret = resolve(dir, root, path, follow_last ? len : parent_len(path, len));
	err = errno;
	close(dir);
	errno = err;
	return ret;
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
