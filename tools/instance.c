// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chain/lock.h"
#include "instance.h"

int instance__claim(const char *name, char pid[INSTANCE_PID_SIZE])
{
	int dir = run_dir__open(NULL), fd;
	ssize_t n;

	if (dir < 0)
		return dir;
	fd = run_dir__file(dir, name, O_RDWR);
	close(dir);
	if (fd < 0)
		return fd;
	if (!flock(fd, LOCK_EX | LOCK_NB)) {
		if (!ftruncate(fd, 0))
			dprintf(fd, "%d\n", (int)getpid());
		return fd;
	}
	n = read(fd, pid, INSTANCE_PID_SIZE - 1);
	close(fd);
	pid[n < 0 ? 0 : n] = '\0';
	pid[strcspn(pid, "\n")] = '\0';
	if (!*pid)
		strcpy(pid, "?");
	return -EBUSY;
}

int instance__release(int fd)
{
	int err = ftruncate(fd, 0) ? -errno : 0;

	close(fd);
	return err;
}

bool instance__runs(const char *root, const char *name)
{
	bool runs = false;
	struct stat st;
	char *path;
	int fd;

	if (asprintf(&path, "%s" XDP_POLICY_RUN_DIR "/%s", root, name) < 0)
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0) {
		runs = flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
		close(fd);
	} else if (errno == EACCES) {
		runs = !stat(path, &st) && st.st_size > 0;
	}
	free(path);
	return runs;
}
