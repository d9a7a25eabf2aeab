// SPDX-License-Identifier: LGPL-2.1-or-later
/* Opens and reads the files that a user named. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/input.h"
#include "policy/files.h"

static bool is_stdin(const char *path)
{
	return !strcmp(path, "-");
}

static bool flows(mode_t mode)
{
	return S_ISCHR(mode) || S_ISFIFO(mode);
}

bool input__is_stream(const char *path)
{
	struct stat st;

	return is_stdin(path) || (!stat(path, &st) && flows(st.st_mode));
}

/* Of a FIFO with a name: an end of a pipe was given to us open, and its writer may have ended. */
static bool has_writer(int fd)
{
	struct statfs fs;
	int ends[2];
	ssize_t n;

	if ((!fstatfs(fd, &fs) && fs.f_type == PIPEFS_MAGIC) || pipe2(ends, O_CLOEXEC))
		return true;
	/* takes nothing away, and says 0 only without a writer */
	n = tee(fd, ends[1], 1, SPLICE_F_NONBLOCK);
	close(ends[0]);
	close(ends[1]);
	return n;
}

static int look_at(int fd, const char *path, bool streams, char *why)
{
	bool ours = is_stdin(path); /* as it was given to us, and it may be a socket */
	struct stat st;

	if (fstat(fd, &st)) {
		snprintf(why, INPUT_WHY_SIZE, "cannot look at it: %m");
		return -errno;
	}
	if (S_ISREG(st.st_mode))
		return 0;
	if (!streams || !(flows(st.st_mode) || (ours && S_ISSOCK(st.st_mode)))) {
		snprintf(why, INPUT_WHY_SIZE, "found %s, expected a %sfile",
			 policy_file__type(st.st_mode), streams ? "" : "regular ");
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	}
	if (S_ISFIFO(st.st_mode) && !ours && !has_writer(fd)) {
		snprintf(why, INPUT_WHY_SIZE,
			 "found a FIFO that no process writes to, expected a writer");
		return -ENXIO;
	}
	return 0;
}

int input__open(const char *path, bool streams, char why[INPUT_WHY_SIZE])
{
	int fd, err;

	if (is_stdin(path))
		fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
	else
		fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0) {
		snprintf(why, INPUT_WHY_SIZE, "cannot open: %m");
		return -errno;
	}
	err = look_at(fd, path, streams, why);
	/* a writer may be slow; what was open before is its owner's to set */
	if (!err && !is_stdin(path) && fcntl(fd, F_SETFL, 0)) {
		err = -errno;
		snprintf(why, INPUT_WHY_SIZE, "cannot read: %m");
	}
	if (!err)
		return fd;
	close(fd);
	return err;
}

/* Up to max bytes and one more, which says that there are more. */
static int read_all(int fd, size_t max, char **ret, size_t *size)
{
	char *text = NULL, *more;
	size_t room = 0;
	ssize_t n = 1;

	for (*size = 0; n && *size <= max;) {
		if (*size == room) {
			room = room ? room * 2 : 1 << 16;
			more = realloc(text, room + 1);
			if (!more)
				break;
			text = more;
		}
		n = read(fd, text + *size, room - *size);
		if (n > 0)
			*size += n;
		else if (n < 0 && errno != EINTR)
			break;
	}
	*ret = text;
	if (!n)
		text[*size] = '\0';
	return !n && *size <= max ? 0 : *size > max ? -EFBIG : -errno;
}

int input__read(const char *path, size_t max, char **text, size_t *size, char why[INPUT_WHY_SIZE])
{
	int fd = input__open(path, true, why), err;

	*text = NULL;
	if (fd < 0)
		return fd;
	err = read_all(fd, max, text, size);
	close(fd);
	if (!err)
		return 0;
	if (err == -EFBIG)
		snprintf(why, INPUT_WHY_SIZE, "found more than %zu bytes, expected at most that",
			 max);
	else
		snprintf(why, INPUT_WHY_SIZE, "cannot read: %s", strerror(-err));
	free(*text);
	*text = NULL;
	return err;
}
