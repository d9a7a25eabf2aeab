// SPDX-License-Identifier: LGPL-2.1-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "netns.h"

int netns__open(const char *name)
{
	char path[sizeof(NETNS_DIR) + NAME_MAX + 1];
	struct statfs fs;
	int fd;

	snprintf(path, sizeof(path), NETNS_DIR "/%s", name);
	fd = open(strchr(name, '/') ? name : path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	if (!fstatfs(fd, &fs) && fs.f_type == NSFS_MAGIC)
		return fd;
	close(fd);
	return -EAGAIN;
}

static int is_name(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

char **netns__list(void)
{
	struct dirent **entries;
	int n = scandir(NETNS_DIR, &entries, is_name, alphasort);
	char **names;

	if (n < 0 && errno != ENOENT)
		return NULL;
	n = n < 0 ? 0 : n;
	names = calloc(n + 1, sizeof(*names));
	for (int i = 0; i < n; i++) {
		if (names)
			names[i] = strdup(entries[i]->d_name);
		free(entries[i]);
	}
	if (n)
		free(entries);
	return names;
}

void netns__free_list(char **names)
{
	for (char **name = names; name && *name; name++)
		free(*name);
	free(names);
}

static bool is_same(int a, int b)
{
	struct stat x, y;

	return !fstat(a, &x) && !fstat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* own is where we are and come back to; a name of it counts as it does without name. */
static int call_in(int own, const char *name, bool skip_own,
		   void (*fn)(void *ctx, const char *name), void *ctx)
{
	int fd = netns__open(name), err = 0;

	if (fd < 0)
		return fd;
	if (is_same(fd, own)) {
		if (!skip_own)
			fn(ctx, name);
	} else if (setns(fd, CLONE_NEWNET)) {
		err = -errno;
	} else {
		fn(ctx, name);
		/* the next thing done would be done to other interfaces */
		if (setns(own, CLONE_NEWNET))
			abort();
	}
	close(fd);
	return err;
}

static unsigned int call_in_all(int own, void (*fn)(void *ctx, const char *name),
				void (*fail)(const char *name, int err), void *ctx)
{
	char **names = netns__list();
	unsigned int n_failed = 0;
	int err;

	if (!names) {
		fail(NETNS_DIR, -errno);
		return 1;
	}
	for (char **name = names; *name; name++) {
		err = call_in(own, *name, true, fn, ctx);
		if (!err)
			continue;
		fail(*name, err);
		n_failed++;
	}
	netns__free_list(names);
	return n_failed;
}

unsigned int netns__each(const char *which, void (*fn)(void *ctx, const char *name),
			 void (*fail)(const char *name, int err), void *ctx)
{
	bool all = which && !strcmp(which, "all");
	unsigned int n_failed = 0;
	int own, err;

	if (!which || all)
		fn(ctx, "");
	if (!which)
		return 0;
	own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (own < 0) {
		fail("/proc/self/ns/net", -errno);
		return 1;
	}
	if (all) {
		n_failed = call_in_all(own, fn, fail, ctx);
	} else {
		err = call_in(own, which, false, fn, ctx);
		if (err)
			fail(which, err);
		n_failed = !!err;
	}
	close(own);
	return n_failed;
}
