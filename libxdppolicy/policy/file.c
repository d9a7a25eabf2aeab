// SPDX-License-Identifier: LGPL-2.1-or-later
/* One file of the host: whether it counts, what stands in it, and how to see that it is another. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "file.h"
#include "util/in-root.h"

/* A kernel clock tick is at most 10 ms; the file's times are no finer. */
#define TICK_NS 20000000LL

void policy_stamp__set(struct policy_stamp *stamp, const struct stat *st, int err)
{
	struct timespec now;
	long long age;

	*stamp = (struct policy_stamp){ .err = err };
	if (err)
		return;
	stamp->dev = st->st_dev;
	stamp->ino = st->st_ino;
	stamp->size = st->st_size;
	stamp->mode = st->st_mode;
	stamp->uid = st->st_uid;
	stamp->ctime = st->st_ctim;
	/* what the kernel stamps files with: late by any time where processors are taken away */
	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	age = (now.tv_sec - st->st_ctim.tv_sec) * 1000000000LL + now.tv_nsec - st->st_ctim.tv_nsec;
	stamp->racy = age >= 0 && age < TICK_NS;
}

bool policy_stamp__same(const struct policy_stamp *a, const struct policy_stamp *b)
{
	/* whatever changes a file's times changes its ctime */
	return a->err == b->err && a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       a->mode == b->mode && a->uid == b->uid && a->ctime.tv_sec == b->ctime.tv_sec &&
	       a->ctime.tv_nsec == b->ctime.tv_nsec && !a->racy;
}

const char *policy_file__check_owner(const struct stat *st, uid_t owner, char *buf, size_t size)
{
	if (owner == (uid_t)-1)
		return NULL;
	if (st->st_uid != owner)
		snprintf(buf, size, "found owner %u, expected %u", st->st_uid, owner);
	else if (st->st_mode & 022)
		snprintf(buf, size,
			 "found mode %04o, expected no write permission for group and others",
			 st->st_mode & 07777);
	else
		return NULL;
	return buf;
}

const char *policy_file__type(mode_t mode)
{
	return S_ISDIR(mode)  ? "a directory" :
	       S_ISFIFO(mode) ? "a named pipe" :
	       S_ISSOCK(mode) ? "a socket" :
	       S_ISBLK(mode)  ? "a block device" :
				"a device";
}

static bool is_dev_null(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

/* A mask in a tree that has no /dev/null of its own, such as an image. */
static bool links_to_dev_null(const char *path, size_t root_len)
{
	char target[16];

	return in_root__readlink(path, root_len, target, sizeof(target)) == 9 &&
	       !memcmp(target, "/dev/null", 9);
}

int policy_file__stat(const char *path, size_t root_len, struct stat *st)
{
	int rc = in_root__stat(path, root_len, st);

	if (rc && root_len && errno == ENOENT) {
		if (links_to_dev_null(path, root_len))
			return stat("/dev/null", st);
		errno = ENOENT;
	}
	return rc;
}

static ssize_t read_all(int fd, char *buf, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(fd, buf + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		done += n;
	}
	return done;
}

static enum policy_file_state refuse(const char *path, const struct policy_log *log,
				     const char *why)
{
	policy_log__msg(log, POLICY_ERROR, path, 0, "%s", why);
	return FILE_REFUSED;
}

/* Whether what was opened counts: FILE_GOOD, FILE_MASKED, or FILE_REFUSED after a message. */
static enum policy_file_state check_fd(const char *path, int fd, uid_t owner, struct stat *st,
				       struct policy_stamp *stamp, const struct policy_log *log)
{
	char why[160];

	if (fstat(fd, st)) {
		snprintf(why, sizeof(why), "cannot look at it: %m");
		policy_stamp__set(stamp, NULL, errno);
		return refuse(path, log, why);
	}
	policy_stamp__set(stamp, st, 0);
	if (is_dev_null(st))
		return FILE_MASKED;
	if (!S_ISREG(st->st_mode)) {
		snprintf(why, sizeof(why), "found %s, expected a regular file",
			 policy_file__type(st->st_mode));
		return refuse(path, log, why);
	}
	if (policy_file__check_owner(st, owner, why, sizeof(why)))
		return refuse(path, log, why);
	return st->st_size ? FILE_GOOD : FILE_MASKED;
}

/* What it means that a file could not be opened. */
static enum policy_file_state not_opened(const char *path, size_t root_len, int err,
					 struct policy_stamp *stamp, const struct policy_log *log)
{
	struct stat st;

	policy_stamp__set(stamp, &st, policy_file__stat(path, root_len, &st) ? errno : 0);
	if (err == EMFILE || err == ENFILE || err == ENOMEM) {
		stamp->racy = true; /* look again, though it does not change */
		stamp->starved = !stamp->err;
	}
	if (links_to_dev_null(path, root_len))
		return FILE_MASKED;
	if ((err == ENOENT || err == ENOTDIR) && in_root__lstat(path, root_len, &st))
		return FILE_ABSENT;
	if (err == ENOENT)
		return refuse(path, log, "found a link to nothing, expected a file");
	errno = err;
	policy_log__msg(log, POLICY_ERROR, path, 0, "cannot open: %m");
	return FILE_REFUSED;
}

static enum policy_file_state open_file(const char *path, size_t root_len, uid_t owner, int *ret,
					struct stat *st, struct policy_stamp *stamp,
					const struct policy_log *log)
{
	enum policy_file_state state;
	int fd;

	/* O_NONBLOCK: opening a named pipe must not wait for a writer */
	fd = in_root__open(path, root_len, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return not_opened(path, root_len, errno, stamp, log);
	state = check_fd(path, fd, owner, st, stamp, log);
	if (state == FILE_GOOD)
		*ret = fd;
	else
		close(fd);
	return state;
}

static enum policy_file_state read_fd(const char *path, int fd, off_t file_size, char **ret,
				      size_t *ret_size, struct policy_stamp *stamp,
				      const struct policy_log *log)
{
	char why[160], *text;
	ssize_t n;

	if (file_size > POLICY_MAX_FILE_SIZE) {
		snprintf(why, sizeof(why), "found %lld bytes, expected at most %d",
			 (long long)file_size, POLICY_MAX_FILE_SIZE);
		return refuse(path, log, why);
	}
	text = malloc(file_size + 1);
	if (!text) {
		stamp->starved = stamp->racy = true; /* look again, though it does not change */
		return refuse(path, log, "out of memory");
	}
	n = read_all(fd, text, file_size + 1);
	if (n != file_size) { /* it grows or shrinks under our eyes: half of a policy is none */
		snprintf(why, sizeof(why),
			 n < 0 ? "cannot read: %m" : "found a file that is being written to");
		free(text);
		stamp->racy = true;
		return refuse(path, log, why);
	}
	text[n] = '\0';
	*ret = text;
	*ret_size = n;
	return FILE_GOOD;
}

enum policy_file_state policy_file__read(const char *path, size_t root_len, uid_t owner,
					 char **text, size_t *size, struct policy_stamp *stamp,
					 const struct policy_log *log)
{
	enum policy_file_state state;
	struct stat st;
	int fd;

	state = open_file(path, root_len, owner, &fd, &st, stamp, log);
	if (state != FILE_GOOD)
		return state;
	state = read_fd(path, fd, st.st_size, text, size, stamp, log);
	close(fd);
	return state;
}

enum policy_file_state policy_file__open(const char *path, size_t root_len, uid_t owner, int *fd,
					 struct policy_stamp *stamp, const struct policy_log *log)
{
	struct stat st;

	return open_file(path, root_len, owner, fd, &st, stamp, log);
}
