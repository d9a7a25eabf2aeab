// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a name in /etc/ld.so.preload stands for in the roots of other processes. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "below.h"
#include "common/proc-looks.h"
#include "preload-edit.h"
#include "preload/elsewhere.h"
#include "preload/symbols.h"

#define MAX_TEXT 65536 /* of the file; it may be anybody's there */

/* A root as processes have it, and what was found there. */
struct seen {
	struct proc_root root;
	int lacks;
};

struct roots {
	struct proc_looks *looks;
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

/* The loader reads such a file neither. */
static bool is_no_file(int err)
{
	return err == -ENOENT || err == -ENOTDIR || err == -ELOOP || err == -EISDIR ||
	       err == -EINVAL;
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
		return is_no_file(err) ? 0 : err;
	fd = open_below(pid, PRELOAD_PATH);
	if (fd < 0)
		return 1;
	close(fd);
	return 0;
}

/* What is asked of the child, and what it answers. */
struct look {
	pid_t pid;
	int lacks;
};

static void look_in_child(void *ctx, void *data)
{
	struct look *look = data;

	(void)ctx;
	look->lacks = preload_elsewhere__lacks(look->pid);
}

static int look_at(struct roots *roots, pid_t pid)
{
	struct look look = { .pid = pid };
	struct seen seen, *larger;
	int err = proc_root__read(pid, &seen.root);
	pid_t silent;

	if (err)
		return err;
	for (size_t i = 0; i < roots->n; i++)
		if (proc_root__is_same(&roots->seen[i].root, &seen.root))
			return roots->seen[i].lacks;
	err = proc_looks__ask(roots->looks, pid, &look, &silent);
	seen.lacks = err ? err : look.lacks;
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

static void add(struct preload_elsewhere *ret, pid_t pid, int lacks)
{
	if (lacks == -EACCES || lacks == -EPERM) {
		ret->unreadable++;
	} else if (lacks < 0 && lacks != -ENOENT && lacks != -ESRCH) {
		if (lacks == -ETIMEDOUT && !ret->silent)
			ret->silent = pid;
		ret->unknown++;
	} else if (lacks > 0 && !ret->lacking++) {
		ret->pid = pid;
		read_name(pid, ret->name, sizeof(ret->name));
	}
}

void preload_elsewhere__look(struct preload_elsewhere *ret)
{
	struct roots roots = { .looks = proc_looks__new(look_in_child, NULL, sizeof(struct look)) };
	DIR *proc = roots.looks ? opendir("/proc") : NULL;
	struct dirent *entry;

	*ret = (struct preload_elsewhere){ 0 };
	while (proc && (entry = readdir(proc))) {
		char *end;
		long pid = strtol(entry->d_name, &end, 10);

		if (!*end && pid > 0)
			add(ret, pid, look_at(&roots, pid));
	}
	if (proc)
		closedir(proc);
	proc_looks__free(roots.looks);
	free(roots.seen);
}
