// SPDX-License-Identifier: LGPL-2.1-or-later
/* Decides what becomes of the place that a user named for output. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "below.h"
#include "common/output.h"
#include "policy/files.h"
#include "replace.h"

#define MAX_LINKS 40

struct place {
	const char *root; /* links lead to nowhere else; "" for the host */
	char *path;	  /* links followed */
	int fd;		  /* a stream that is written into, else -1 */
	bool exists;
	struct stat st;
};

static bool is_null_device(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

/* Not by the null device: a mask is one even if standard output goes nowhere, too. */
bool output__is_stdout(const char *path)
{
	struct stat st, out;

	if (!path || !strcmp(path, "-"))
		return true;
	return !stat(path, &st) && !fstat(STDOUT_FILENO, &out) && st.st_dev == out.st_dev &&
	       st.st_ino == out.st_ino && !is_null_device(&st);
}

__attribute__((format(printf, 3, 4))) static int refuse(char *why, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, OUTPUT_WHY_SIZE, fmt, args);
	va_end(args);
	return err;
}

static int fail(char *why, int err)
{
	return refuse(why, err, "cannot write: %s", strerror(-err));
}

/* --- links --- */

static size_t dir_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash + 1 - path) : 0;
}

/* The directory that path is in, to be freed. */
static char *dir_of(const char *path)
{
	size_t len = dir_len(path);

	return len ? strndup(path, len) : strdup(".");
}

/*
 * Whether somebody else put it into a directory like /tmp, in place of what was meant: the kernel
 * asks the same where a path is opened, if fs.protected_* are set.
 */
static bool is_planted(const char *path, const struct stat *st)
{
	char *dir = dir_of(path);
	struct stat parent;
	bool planted;

	planted = dir && !stat(dir, &parent) && parent.st_mode & S_ISVTX &&
		  parent.st_mode & (S_IWGRP | S_IWOTH) && st->st_uid != geteuid() &&
		  st->st_uid != parent.st_uid;
	free(dir);
	return planted;
}

/* The descriptor that a link such as /proc/self/fd/1 is, or -1: what it reads as is no path. */
static int own_descriptor(const char *path)
{
	char fds[64], *dir = dir_of(path), *real = dir ? realpath(dir, NULL) : NULL, *end;
	const char *name = path + dir_len(path);
	long fd = -1;

	snprintf(fds, sizeof(fds), "/proc/%d/fd", (int)getpid());
	if (real && !strcmp(real, fds)) {
		fd = strtol(name, &end, 10);
		if (*end || fd > INT_MAX)
			fd = -1;
	}
	free(real);
	free(dir);
	return (int)fd;
}

/* Puts in place of the path what the link there says. Returns 0 or a negative errno. */
static int follow_one(struct place *place)
{
	const char *path = place->path + strlen(place->root);
	char target[PATH_MAX], *next, *real;
	ssize_t len = readlink(place->path, target, sizeof(target) - 1);

	if (len < 0)
		return -errno;
	target[len] = '\0';
	if (asprintf(&next, "%.*s%s", *target == '/' ? 0 : (int)dir_len(path), path, target) < 0)
		return -ENOMEM;
	real = below__resolve(place->root, next, false);
	free(next);
	if (!real)
		return -errno;
	free(place->path);
	place->path = real;
	return 0;
}

/*
 * A link to the null device in the policy's directories masks a file: what goes there is lost.
 * Below another root that need not be there.
 */
static bool is_null(const struct place *place)
{
	if (place->exists)
		return is_null_device(&place->st);
	return *place->root && !strcmp(place->path + strlen(place->root), "/dev/null");
}

/* What is there; 1 if it is a link that can be followed. */
static int look_at(struct place *place, bool is_target, char *why)
{
	const char *path = place->path;
	int err;

	place->exists = !lstat(path, &place->st);
	err = place->exists ? 0 : -errno;
	if (is_target && is_null(place))
		return refuse(why, -EINVAL,
			      "found a link to %s, which masks the file; remove it to write a new "
			      "file in its place",
			      path + strlen(place->root));
	if (err == -ENOENT && is_target)
		return refuse(why, -ENOENT,
			      "found a link to '%s', which is not there, expected a file", path);
	if (err)
		return err == -ENOENT ? 0 : fail(why, err);
	if (is_planted(path, &place->st))
		return refuse(why, -EACCES,
			      "found %s of user %u in a directory where all may write, expected "
			      "our own",
			      S_ISLNK(place->st.st_mode) ? "a link" : "a file", place->st.st_uid);
	return S_ISLNK(place->st.st_mode);
}

/* On success place->path is no link but one to a descriptor of ours, of which fd is a copy then. */
static int follow(struct place *place, char *why)
{
	int err, fd;

	for (int i = 0; i < MAX_LINKS; i++) {
		err = look_at(place, i, why);
		if (err <= 0)
			return err;
		fd = own_descriptor(place->path);
		if (fd >= 0) {
			place->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
			return place->fd < 0 ? fail(why, -errno) : 0;
		}
		err = follow_one(place);
		if (err)
			return fail(why, err);
	}
	return fail(why, -ELOOP);
}

int output__follow(const char *root, const char *path, char **ret, char why[OUTPUT_WHY_SIZE])
{
	struct place place = { .root = root, .path = below__resolve(root, path, false), .fd = -1 };
	int err = place.path ? follow(&place, why) : fail(why, -errno);

	if (!err && place.fd >= 0)
		err = refuse(why, -EINVAL, "found an open descriptor, expected a file");
	if (place.fd >= 0)
		close(place.fd);
	*ret = err ? NULL : place.path;
	if (err)
		free(place.path);
	return err;
}

/* --- what is there --- */

static bool is_stream(mode_t mode)
{
	return S_ISCHR(mode) || S_ISFIFO(mode);
}

/* Without waiting for a reader of a FIFO, who may never come. */
static int open_stream(struct place *place, bool wait, char *why)
{
	struct stat st;

	place->fd = open(place->path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	if (place->fd < 0 && errno == ENXIO && S_ISFIFO(place->st.st_mode))
		return refuse(why, -ENXIO, "found a FIFO that no process reads, expected a reader");
	if (place->fd < 0)
		return fail(why, -errno);
	if (fstat(place->fd, &st) || !is_stream(st.st_mode))
		return fail(why, -EAGAIN); /* another one by now */
	/* a reader may be slow, or wait for us to end */
	if (wait && fcntl(place->fd, F_SETFL, 0))
		return fail(why, -errno);
	return 0;
}

/* A file in the place of a directory of drop-ins would keep it from being made. */
static bool is_dir_name(const char *name)
{
	return !*name || !strcmp(name, "priorities.d") || !strcmp(name, "chains.d");
}

static int find_place(const char *path, bool figures, struct place *place, char *why)
{
	int err;

	if (output__is_stdout(path)) {
		place->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
		return place->fd < 0 ? fail(why, -errno) : 0;
	}
	place->path = strdup(path);
	err = place->path ? follow(place, why) : fail(why, -ENOMEM);
	if (err || place->fd >= 0)
		return err;
	if (!place->exists && is_dir_name(place->path + dir_len(place->path)))
		return refuse(why, -EISDIR, "found the name of a directory, expected a file's");
	if (!place->exists || S_ISREG(place->st.st_mode))
		return 0;
	if (is_stream(place->st.st_mode))
		return open_stream(place, !figures, why);
	return refuse(why, S_ISDIR(place->st.st_mode) ? -EISDIR : -EINVAL,
		      "found %s, expected a file, a FIFO or a character device",
		      policy_file__type(place->st.st_mode));
}

/* --- writing --- */

static int print_to(int fd, const struct output *output)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0), err;
	FILE *out = copy < 0 ? NULL : fdopen(copy, "w");

	if (!out) {
		err = -errno;
		if (copy >= 0)
			close(copy);
		return err;
	}
	err = output->print(out, output->ctx);
	if (!err && (fflush(out) || ferror(out)))
		err = errno ? -errno : -EIO;
	if (fclose(out) && !err)
		err = -errno;
	return err;
}

static int copy_all(int from, int to)
{
	char buf[8192];
	ssize_t n;

	if (lseek(from, 0, SEEK_SET))
		return -errno;
	while ((n = read(from, buf, sizeof(buf))))
		if (n < 0 || replace__write_all(to, buf, n))
			return -errno;
	return 0;
}

/* In memory first: a database is written out of order, and half of a text is of no use. */
static int write_stream(int fd, const struct output *output)
{
	int memory = memfd_create("xdp-policy output", MFD_CLOEXEC), err;

	if (memory < 0)
		return -errno;
	err = print_to(memory, output);
	if (!err)
		err = copy_all(memory, fd);
	close(memory);
	return err;
}

int output__make_dir(const char *path)
{
	static const char *const own[] = {
		"/etc/xdp/",
		"/etc/xdp/priorities.d/",
		"/etc/xdp/chains.d/",
		"/run/xdp/",
		"/run/xdp/priorities.d/",
		"/run/xdp/chains.d/",
		"/usr/lib/xdp/",
		"/usr/lib/xdp/priorities.d/",
		"/usr/lib/xdp/chains.d/",
		"/var/lib/xdp-policy/",
	};
	size_t len = dir_len(path);

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (strlen(own[i]) == len && !strncmp(own[i], path, len))
			return replace__make_dirs(path);
	return 0;
}

static int write_file(const struct place *place, const struct output *output)
{
	bool keep = place->exists && !output->figures;
	mode_t mode = keep ? place->st.st_mode & 0777 : 0644;
	struct replace replace;
	int err;

	err = output__make_dir(place->path);
	if (!err)
		err = replace__begin(&replace, place->path);
	if (err)
		return err;
	err = print_to(replace.fd, output);
	if (!err && keep)
		err = replace__keep(replace.fd, place->path, &place->st);
	replace.no_sync = output->figures;
	if (!err)
		return replace__commit(&replace, mode);
	replace__abort(&replace);
	return err;
}

int output__write(const char *path, const struct output *output, char why[OUTPUT_WHY_SIZE])
{
	struct place place = { .root = "", .fd = -1 };
	int err;

	*why = '\0';
	err = find_place(path, output->figures, &place, why);
	if (!err) {
		err = place.fd >= 0 ? write_stream(place.fd, output) : write_file(&place, output);
		if (err)
			fail(why, err);
	}
	if (place.fd >= 0)
		close(place.fd);
	free(place.path);
	return err;
}
