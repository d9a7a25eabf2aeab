// SPDX-License-Identifier: LGPL-2.1-or-later
/* Files below another root directory, where links lead to nowhere else. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/in-root.h"

#define MAX_LINKS 40

/* A path that is resolved part by part, in strings below the root without a slash in front. */
struct walk {
	char done[PATH_MAX]; /* without links; empty for the root */
	char buf[PATH_MAX], *rest;
	char target[PATH_MAX]; /* of a link */
	unsigned int links;
};

static int set_errno(int err)
{
	errno = err;
	return -1;
}

static int append(char path[PATH_MAX], const char *text, size_t len)
{
	size_t old = strlen(path), slash = old && path[old - 1] != '/' && len;

	if (old + slash + len >= PATH_MAX)
		return set_errno(ENAMETOOLONG);
	if (slash)
		path[old] = '/';
	memcpy(path + old + slash, text, len);
	path[old + slash + len] = '\0';
	return 0;
}

/* Up one directory, though never out of the root. */
static void go_up(char path[PATH_MAX])
{
	char *slash = strrchr(path, '/');

	*(slash ? slash : path) = '\0';
}

/* Puts in front of what is left where the link leads to. */
static int follow(struct walk *walk, size_t len)
{
	char *target = walk->target;

	if (++walk->links > MAX_LINKS)
		return set_errno(ELOOP);
	go_up(walk->done);
	if (*target == '/')
		*walk->done = '\0';
	target[len] = '\0';
	if (append(target, walk->rest, strlen(walk->rest)))
		return -1;
	strcpy(walk->buf, target);
	walk->rest = walk->buf;
	return 0;
}

/* One part of what is left. */
static int step(int dir, struct walk *walk, bool follow_last)
{
	char *part = walk->rest + strspn(walk->rest, "/");
	size_t len = strcspn(part, "/"), next = strspn(part + len, "/");
	bool last = !part[len + next], up = len == 2 && !memcmp(part, "..", 2);
	ssize_t size;

	if (up)
		go_up(walk->done);
	else if (!(len == 1 && *part == '.') && append(walk->done, part, len))
		return -1;
	walk->rest = part + len + next;
	if (!*walk->done || up || (last && !follow_last && !next))
		return 0;
	size = readlinkat(dir, walk->done, walk->target, sizeof(walk->target) - 1);
	if (size > 0)
		return follow(walk, (size_t)size);
	return errno == EINVAL ? 0 : -1; /* it is no link */
}

/*
 * As openat2(2) does it, for where that is missing: before Linux 5.6, under valgrind(1), where it
 * is filtered. Whoever changes the directories meanwhile can lead it astray.
 */
static int walk_to(int dir, const char *path, int flags)
{
	struct walk *walk = calloc(1, sizeof(*walk));
	size_t len = strlen(path);
	int fd = -1, err;

	if (!walk)
		return set_errno(ENOMEM);
	if (len && path[len - 1] == '/')
		flags |= O_DIRECTORY;
	walk->rest = walk->buf;
	err = append(walk->buf, path, len);
	while (!err && walk->rest[strspn(walk->rest, "/")])
		err = step(dir, walk, !(flags & O_NOFOLLOW));
	if (!err)
		fd = openat(dir, *walk->done ? walk->done : ".", flags | O_NOFOLLOW | O_CLOEXEC);
	err = errno;
	free(walk);
	errno = err;
	return fd;
}

int in_root__openat(int dir, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned int)flags | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd = (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));

	return fd < 0 && errno == ENOSYS ? walk_to(dir, path, flags) : fd;
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
