// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "chain/lock.h"
#include "instance.h"

int instance__claim(const char *name, char pid[INSTANCE_PID_SIZE])
{
	int dir = run_dir__open(NULL), fd;
	ssize_t n;

	if (dir < 0)
		return dir;
	fd = openat(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		fd = -errno;
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
