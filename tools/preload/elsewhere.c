// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a name in /etc/ld.so.preload stands for in the roots of other processes. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "below.h"
#include "preload-edit.h"
#include "preload/elsewhere.h"
#include "preload/symbols.h"

#define MAX_TEXT 65536 /* of the file; it may be anybody's there */

/* A root as processes have it, and what was found there. */
struct seen {
	ino_t namespace;
	dev_t dev;
	ino_t ino;
	int lacks;
};

struct roots {
	size_t n;
	struct seen *seen;
};

static int open_below(pid_t pid, const char *path)
{
	char root[32], real[PATH_MAX];

	snprintf(root, sizeof(root), "/proc/%d/root", pid);
	return below__open(root, path, real, sizeof(real));
}

/* Whether a text names the library by the path that is ours. */
static bool names_ours(const char *text, size_t size)
{
	static const char *const entries[] = { PRELOAD_PATH, PRELOAD_PATTERN };
	struct preload_found found;

	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
		if (!preload_file__find(text, size, entries[i], &found) && found.same)
			return true;
	return false;
}

int preload_elsewhere__lacks(pid_t pid)
{
	char *text = malloc(MAX_TEXT);
	int fd = text ? open_below(pid, PRELOAD_FILE) : -1, err = fd < 0 ? -errno : 0;
	ssize_t n = fd < 0 ? -1 : read(fd, text, MAX_TEXT);
	bool named = n > 0 && names_ours(text, n);

	free(text);
	if (fd >= 0)
		close(fd);
	if (!named)
		return err == -EACCES || err == -EPERM ? err : 0;
	fd = open_below(pid, PRELOAD_PATH);
	if (fd < 0)
		return 1;
	close(fd);
	return 0;
}

static int read_seen(pid_t pid, struct seen *ret)
{
	struct stat namespace, root;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
	if (stat(path, &namespace))
		return -errno;
	snprintf(path, sizeof(path), "/proc/%d/root", pid);
	if (stat(path, &root))
		return -errno;
	*ret = (struct seen){ namespace.st_ino, root.st_dev, root.st_ino, 0 };
	return 0;
}

static int look_at(struct roots *roots, pid_t pid)
{
	struct seen seen, *larger;
	int err = read_seen(pid, &seen);

	if (err)
		return err;
	for (size_t i = 0; i < roots->n; i++)
		if (roots->seen[i].namespace == seen.namespace && roots->seen[i].dev == seen.dev &&
		    roots->seen[i].ino == seen.ino)
			return roots->seen[i].lacks;
	seen.lacks = preload_elsewhere__lacks(pid);
	larger = reallocarray(roots->seen, roots->n + 1, sizeof(*larger));
	if (larger) {
		roots->seen = larger;
		larger[roots->n++] = seen;
	}
	return seen.lacks;
}

static void read_name(pid_t pid, char *name, size_t size)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	f = fopen(path, "re");
	if (f && fgets(name, size, f))
		name[strcspn(name, "\n")] = '\0';
	if (f)
		fclose(f);
}

void preload_elsewhere__look(struct preload_elsewhere *ret)
{
	struct roots roots = { 0 };
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	*ret = (struct preload_elsewhere){ 0 };
	while (proc && (entry = readdir(proc))) {
		char *end;
		long pid = strtol(entry->d_name, &end, 10);
		int lacks = *end || pid <= 0 ? 0 : look_at(&roots, pid);

		ret->unreadable += lacks == -EACCES || lacks == -EPERM;
		if (lacks <= 0)
			continue;
		if (!ret->lacking++) {
			ret->pid = pid;
			read_name(pid, ret->name, sizeof(ret->name));
		}
	}
	if (proc)
		closedir(proc);
	free(roots.seen);
}
