// SPDX-License-Identifier: LGPL-2.1-or-later
/* Small files that are read and replaced as a whole. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run-file.h"
#include "util/limit.h"

/* Returns 0, -EPERM, or why it can't be told. */
static int check_trust(int dir, int fd)
{
	struct stat st, dir_st;

	if (fstat(fd, &st) || fstat(dir, &dir_st))
		return -errno;
	return S_ISREG(st.st_mode) && st.st_uid == dir_st.st_uid && !(st.st_mode & 022) ? 0 :
											  -EPERM;
}

static ssize_t read_all(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size) {
		n = read(fd, buf + len, size - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			return len;
		len += n;
	}
	return -EFBIG;
}

int run_file__read(int dir, const char *name, char *buf, size_t size)
{
	/* not to wait for the other end of a pipe that somebody put there */
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int len;

	if (fd < 0)
		return -errno;
	len = check_trust(dir, fd);
	if (!len)
		len = read_all(fd, buf, size);
	close(fd);
	return len;
}

static int write_all(int fd, const char *text, size_t len)
{
	ssize_t n;

	while (len) {
		n = write(fd, text, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		text += n;
		len -= n;
	}
	return 0;
}

static int make_file(int dir, const char *name, const char *text, size_t len)
{
	int fd, err;

	if (!limit__may_write(len))
		return -EFBIG;
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	err = fchmod(fd, 0644) ? -errno : write_all(fd, text, len);
	/* what would not be read is not left there either */
	if (!err)
		err = check_trust(dir, fd);
	close(fd);
	if (err)
		unlinkat(dir, name, 0);
	return err;
}

/* Others may have our number: those of another pid namespace, or one that was killed. */
#define MAX_TRIES 8

/* A file with a name that nobody else writes to. */
static int make_new_file(int dir, const char *name, const char *text, size_t len,
			 char new_name[RUN_FILE_NAME_SIZE])
{
	int err = -EEXIST;

	for (int i = 0; i < MAX_TRIES && err == -EEXIST; i++) {
		snprintf(new_name, RUN_FILE_NAME_SIZE, "%s" RUN_FILE_NEW "%d", name, gettid() + i);
		err = make_file(dir, new_name, text, len);
	}
	return err;
}

int run_file__put(int dir, const char *name, const char *text, size_t len, bool replace)
{
	char new_name[RUN_FILE_NAME_SIZE];
	int err;

	err = make_new_file(dir, name, text, len, new_name);
	if (err)
		return err;
	if (!renameat2(dir, new_name, dir, name, replace ? 0 : RENAME_NOREPLACE))
		return 0;
	err = -errno;
	unlinkat(dir, new_name, 0);
	return err;
}
