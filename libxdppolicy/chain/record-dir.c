// SPDX-License-Identifier: LGPL-2.1-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "record-dir.h"
#include "util/limit.h"
#include "util/sample.h"

/* "4294967295.new-2147483647" */
#define NAME_SIZE 40

static const char new_suffix[] = ".new-";

/* Nobody takes so long to write a file: its writer was killed. */
#define MAX_WRITE_SECONDS 10

static void name_of(uint32_t id, char name[NAME_SIZE])
{
	snprintf(name, NAME_SIZE, "%" PRIu32, id);
}

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

int record_dir__read(int dir, uint32_t id, char *buf, size_t size)
{
	char name[NAME_SIZE];
	int fd, len;

	name_of(id, name);
	/* not to wait for the other end of a pipe that somebody put there */
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
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
	unlinkat(dir, name, 0); /* left by a process that was killed and had our number */
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

int record_dir__put(int dir, uint32_t id, const char *text, size_t len, bool replace)
{
	char name[NAME_SIZE], new_name[NAME_SIZE];
	int err;

	name_of(id, name);
	snprintf(new_name, sizeof(new_name), "%" PRIu32 "%s%d", id, new_suffix, gettid());
	err = make_file(dir, new_name, text, len);
	if (err)
		return err;
	if (!renameat2(dir, new_name, dir, name, replace ? 0 : RENAME_NOREPLACE))
		return 0;
	err = -errno;
	unlinkat(dir, new_name, 0);
	return err;
}

void record_dir__remove(int dir, uint32_t id)
{
	char name[NAME_SIZE];

	name_of(id, name);
	unlinkat(dir, name, 0);
}

/* Whether a file is ours by its name, and of which program. */
static bool parse_name(const char *name, uint32_t *id)
{
	unsigned long long num;
	char *end;

	if (*name < '0' || *name > '9')
		return false;
	errno = 0;
	num = strtoull(name, &end, 10);
	*id = num;
	return !errno && num <= UINT32_MAX &&
	       (!*end || !strncmp(end, new_suffix, strlen(new_suffix)));
}

/* Of a program that lives: the rest of a write that was never ended. */
static bool is_abandoned(int dir, const char *name)
{
	struct stat st;

	return strstr(name, new_suffix) && !fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) &&
	       time(NULL) - st.st_mtime > MAX_WRITE_SECONDS;
}

struct file {
	uint32_t id;
	char name[NAME_SIZE];
};

static void choose(DIR *d, struct sample *files)
{
	struct dirent *entry;
	struct file *file;
	uint32_t id;

	while ((entry = readdir(d))) {
		if (!parse_name(entry->d_name, &id) || strlen(entry->d_name) >= NAME_SIZE)
			continue;
		file = sample__next(files);
		if (!file)
			continue;
		file->id = id;
		strcpy(file->name, entry->d_name);
	}
}

void record_dir__sweep(int dir, bool (*gone)(uint32_t id), size_t max)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct sample files = { .max = max, .size = sizeof(struct file) };
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d) {
		if (fd >= 0)
			close(fd);
		return;
	}
	choose(d, &files);
	closedir(d);
	for (size_t i = 0; i < files.n; i++) {
		const struct file *file = (const struct file *)files.kept + i;

		if (gone(file->id) || is_abandoned(dir, file->name))
			unlinkat(dir, file->name, 0);
	}
	free(files.kept);
}
