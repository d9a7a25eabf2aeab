// SPDX-License-Identifier: LGPL-2.1-or-later
/* A file that is replaced as a whole, by a rename in its directory. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "replace.h"

/* So much of a name is in the temporary one, which may not be too long either. */
#define NAME_PART 200

/* Length of the directory's part of a path, its slash included. */
static int dir_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 - path : 0;
}

int replace__make_dirs(const char *path)
{
	char *dir = strdup(path);
	int err = dir ? 0 : -ENOMEM;
	mode_t mask = umask(022);

	for (char *slash = dir; !err && (slash = strchr(slash + 1, '/'));) {
		*slash = '\0';
		if (mkdir(dir, 0755) && errno != EEXIST) {
			err = -errno;
			/* one that is there may be on a file system that is read-only */
			if (!access(dir, F_OK))
				err = 0;
		}
		*slash = '/';
	}
	umask(mask);
	free(dir);
	return err;
}

int replace__begin(struct replace *r, const char *path)
{
	int len = dir_len(path), err;

	*r = (struct replace){ .fd = -1 };
	r->path = strdup(path);
	if (!r->path ||
	    asprintf(&r->temp, "%.*s.%.*s.XXXXXX", len, path, NAME_PART, path + len) < 0) {
		r->temp = NULL;
		replace__abort(r);
		return -ENOMEM;
	}
	r->fd = mkostemp(r->temp, O_CLOEXEC);
	if (r->fd >= 0)
		return 0;
	err = -errno;
	free(r->temp);
	r->temp = NULL;
	replace__abort(r);
	return err;
}

int replace__write_all(int fd, const char *text, size_t size)
{
	while (size) {
		ssize_t n = write(fd, text, size);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			text += n;
			size -= n;
		}
	}
	return 0;
}

/* Above all the label of SELinux; what this file system does not keep is left out. */
static void copy_attributes(const char *from, int to)
{
	char names[4096], value[4096];
	ssize_t n = listxattr(from, names, sizeof(names)), size;

	for (const char *name = names; n > 0 && name < names + n; name += strlen(name) + 1) {
		size = getxattr(from, name, value, sizeof(value));
		if (size >= 0)
			fsetxattr(to, name, value, size, 0);
	}
}

int replace__keep(int fd, const char *path, const struct stat *old)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if ((st.st_uid != old->st_uid || st.st_gid != old->st_gid) &&
	    fchown(fd, old->st_uid, old->st_gid))
		return -errno;
	copy_attributes(path, fd);
	return 0;
}

/* So that the new name is on disk when we say that it is there. */
static void sync_dir(const char *path)
{
	char *dir = strndup(path, dir_len(path));
	int fd;

	fd = dir ? open(*dir ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(dir);
}

int replace__commit(struct replace *r, mode_t mode)
{
	int err = 0;

	if (fchmod(r->fd, mode) || (!r->no_sync && fsync(r->fd)) || rename(r->temp, r->path))
		err = -errno;
	if (!err) {
		if (!r->no_sync)
			sync_dir(r->path);
		free(r->temp);
		r->temp = NULL;
	}
	replace__abort(r);
	return err;
}

void replace__abort(struct replace *r)
{
	if (r->temp)
		unlink(r->temp);
	if (r->fd >= 0)
		close(r->fd);
	free(r->temp);
	free(r->path);
	*r = (struct replace){ .fd = -1 };
}
