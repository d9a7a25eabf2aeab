// SPDX-License-Identifier: LGPL-2.1-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "db.h"
#include "files.h"
#include "util/in-root.h"

/* from the highest to the lowest; fixed, since a host has one policy whatever the prefix */
static const char *const dirs[] = { "/etc/xdp", "/run/xdp", "/usr/lib/xdp" };
#define N_DIRS	(sizeof(dirs) / sizeof(dirs[0]))
#define DIR_RUN 1 /* that of POLICY_KILL_SWITCH */

static const char main_name[] = "priorities.conf";
static const char dropin_name[] = "priorities.d";
static const char switch_name[] = "xdpswitch.conf";

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

/* A mask is one below any root, and must be told from a link to nothing. */
static int stat_below(const char *path, size_t root_len, struct stat *st)
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
		policy_stamp__set(stamp, NULL, errno);
		return refuse(path, log, "found a file that fstat() fails on, expected a file");
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

	policy_stamp__set(stamp, &st, stat_below(path, root_len, &st) ? errno : 0);
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
	policy_log__msg(log, POLICY_ERROR, path, 0,
			"found a file that can't be opened, expected a readable one: %m");
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
		return refuse(path, log, "found no memory to read it");
	}
	n = read_all(fd, text, file_size + 1);
	if (n != file_size) { /* it grows or shrinks under our eyes: half of a policy is none */
		free(text);
		stamp->racy = true;
		return refuse(path, log,
			      n < 0 ? "found a file that can't be read" :
				      "found a file that is being written to");
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

static struct policy_file *add_file(struct policy_files *files, char *path,
				    enum policy_file_kind kind)
{
	struct policy_file *file;

	if (!path)
		return NULL;
	file = reallocarray(files->file, files->n + 1, sizeof(*file));
	if (!file) {
		free(path);
		return NULL;
	}
	files->file = file;
	file = &files->file[files->n++];
	*file = (struct policy_file){ .path = path, .kind = kind };
	return file;
}

static char *join(const char *a, const char *b, const char *c)
{
	char *path = malloc(strlen(a) + strlen(b) + strlen(c) + 1);

	if (path)
		stpcpy(stpcpy(stpcpy(path, a), b), c);
	return path;
}

/* Who stat(2) says owns what belongs to nobody of this user namespace. */
#define OVERFLOW_UID 65534

/*
 * Whether the host's root is nobody here. Then the owner of / is no help either: what is any
 * unknown user's looks as root's does.
 */
static bool is_root_unknown(const char *root, const struct stat *refused, uid_t owner)
{
	struct stat st;

	return !owner && refused->st_uid == OVERFLOW_UID && !stat(*root ? root : "/", &st) &&
	       st.st_uid == OVERFLOW_UID;
}

/* In such a namespace one message says it of all. */
static void refuse_dir(struct policy_files *files, const char *root, const char *path,
		       const struct stat *st, uid_t owner, const char *why,
		       const struct policy_log *log)
{
	bool unknown = is_root_unknown(root, st, owner);

	if (unknown && !files->root_unknown)
		policy_log__msg(log, POLICY_ERROR, *root ? root : "/", 0,
				"found owner %d, expected 0: root is nobody in this user "
				"namespace; no file of the policy counts",
				OVERFLOW_UID);
	else if (!unknown)
		policy_log__msg(log, POLICY_ERROR, path, 0, "%s; no file in it counts", why);
	files->root_unknown = files->root_unknown || unknown;
	files->n_dirs_refused++;
}

/* Whether files in this directory count; it is watched in any case. Returns < 0 without memory. */
static int look_at_dir(struct policy_files *files, const char *root, char *path, bool is_dropin_dir,
		       uid_t owner, const struct policy_log *log)
{
	struct policy_file *file = add_file(files, path, FILE_WATCHED);
	struct stat st;
	char why[160];

	if (!file)
		return -ENOMEM;
	if (stat_below(path, files->root_len, &st)) {
		policy_stamp__set(&file->stamp, NULL, errno);
		/* not of a link to nothing: what it points to may come */
		file->implied = file->stamp.err == ENOENT && is_dropin_dir &&
				in_root__lstat(path, files->root_len, &st);
		file->state = FILE_ABSENT;
		return 0;
	}
	policy_stamp__set(&file->stamp, &st, 0);
	if (S_ISDIR(st.st_mode) && !policy_file__check_owner(&st, owner, why, sizeof(why)))
		return 1;
	if (!S_ISDIR(st.st_mode))
		snprintf(why, sizeof(why), "found no directory, expected one");
	file->state = FILE_REFUSED;
	refuse_dir(files, root, path, &st, owner, why, log);
	return 0;
}

/*
 * lstat() of a file in one of the three, whose looks are the first of files: in a directory that is
 * not there, as most are not, there is none, and it is watched. Returns 0 or a positive errno.
 */
static int look_in_dir(const struct policy_files *files, size_t dir, const char *path,
		       struct stat *st)
{
	if (files->file[dir].stamp.err == ENOENT)
		return ENOENT;
	return in_root__lstat(path, files->root_len, st) ? errno : 0;
}

/* The first of the directories that has the file has it all. */
static int find_single(const char *root, const bool *usable, const char *name,
		       enum policy_file_kind kind, struct policy_files *files)
{
	for (size_t i = 0; i < N_DIRS; i++) {
		struct policy_file *file;
		struct stat st;
		char *dir, *path;
		int err;

		dir = join(root, dirs[i], "/");
		path = dir ? join(dir, name, "") : NULL;
		free(dir);
		file = add_file(files, path, FILE_WATCHED);
		if (!file)
			return -ENOMEM;
		err = look_in_dir(files, i, path, &st);
		if (err && (!usable[i] || err == ENOENT || err == ENOTDIR)) {
			policy_stamp__set(&file->stamp, NULL, err);
			file->implied = file->stamp.err == ENOENT;
			continue;
		}
		if (!usable[i]) {
			/* stat, as policy_files__changed() will: a link's target may change too */
			policy_stamp__set(&file->stamp, &st,
					  stat_below(path, files->root_len, &st) ? errno : 0);
			continue;
		}
		file->kind = kind;
		return 0;
	}
	return 0;
}

struct dropin {
	char *name;
	size_t dir;
};

struct dropins {
	size_t n;
	struct dropin *entry;
};

bool policy_files__is_dropin(const char *name)
{
	const char *suffix = strrchr(name, '.');

	if (*name == '.' || !suffix)
		return false;
	return !strcmp(suffix, ".conf") || !strcmp(suffix, ".yaml") || !strcmp(suffix, ".json");
}

static bool has_dropin(const struct dropins *dropins, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(dropins->entry[i].name, name))
			return true;
	return false;
}

static int scan_dropins(const char *path, size_t root_len, size_t dir,
			bool (*counts)(const char *name), struct dropins *dropins)
{
	size_t from_higher = dropins->n;
	struct dirent *entry;
	int fd = in_root__open(path, root_len, O_RDONLY | O_DIRECTORY | O_NONBLOCK), rc = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d) {
		rc = -errno;
		if (fd >= 0)
			close(fd);
		return rc;
	}
	while (!rc && (entry = readdir(d))) {
		struct dropin *more;

		if (!counts(entry->d_name) || has_dropin(dropins, from_higher, entry->d_name))
			continue;
		more = reallocarray(dropins->entry, dropins->n + 1, sizeof(*more));
		if (!more) {
			rc = -ENOMEM;
			break;
		}
		dropins->entry = more;
		more[dropins->n].dir = dir;
		more[dropins->n].name = strdup(entry->d_name);
		if (more[dropins->n].name)
			dropins->n++;
		else
			rc = -ENOMEM;
	}
	closedir(d);
	return rc;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct dropin *)a)->name, ((const struct dropin *)b)->name);
}

static int find_dropins(const char *root, uid_t owner, const bool *usable, const char *dropin_dir,
			bool (*counts)(const char *name), struct policy_files *files,
			const struct policy_log *log)
{
	char *path[N_DIRS] = { NULL };
	struct dropins dropins = { 0 };
	int rc = 0;

	for (size_t i = 0; i < N_DIRS && !rc; i++) {
		char *dir = join(root, dirs[i], "/");

		path[i] = dir ? join(dir, dropin_dir, "/") : NULL;
		free(dir);
		if (!path[i])
			rc = -ENOMEM;
		else if (usable[i])
			rc = look_at_dir(files, root, strndup(path[i], strlen(path[i]) - 1), true,
					 owner, log);
		if (rc <= 0)
			continue;
		rc = scan_dropins(path[i], files->root_len, i, counts, &dropins);
		/* no descriptors, no memory: the caller keeps what it has and tries again */
		if (rc && rc != -ENOMEM && rc != -EMFILE && rc != -ENFILE) {
			errno = -rc;
			rc = 0;
			policy_log__msg(log, POLICY_ERROR, path[i], 0,
					"found a directory that can't be read, expected a readable "
					"one: %m; no file in it counts");
			files->n_dirs_refused++;
		}
	}
	if (dropins.n)
		qsort(dropins.entry, dropins.n, sizeof(*dropins.entry), by_name);
	for (size_t i = 0; i < dropins.n; i++) {
		struct dropin *entry = &dropins.entry[i];

		if (!rc && !add_file(files, join(path[entry->dir], entry->name, ""), FILE_RULES))
			rc = -ENOMEM;
		free(entry->name);
	}
	free(dropins.entry);
	for (size_t i = 0; i < N_DIRS; i++)
		free(path[i]);
	return rc;
}

/* It counts as the files beside it do: others that can make it are not to be believed. */
static int find_kill_switch(const char *root, bool counts, struct policy_files *files,
			    const struct policy_log *log)
{
	struct policy_file *file =
		add_file(files, join(root, POLICY_KILL_SWITCH, ""), FILE_WATCHED);
	struct stat st;
	bool exists;
	int err;

	if (!file)
		return -ENOMEM;
	err = look_in_dir(files, DIR_RUN, file->path, &st);
	exists = !err;
	if (exists && !counts)
		policy_log__msg(log, POLICY_WARNING, file->path, 0,
				"found in a directory that does not count: nothing is switched "
				"off by it");
	files->disabled = exists && counts;
	if (exists && stat_below(file->path, files->root_len, &st)) /* a link to nothing */
		err = errno;
	policy_stamp__set(&file->stamp, &st, err);
	file->implied = !exists && err == ENOENT;
	return 0;
}

bool policy_files__is_disabled(const char *root)
{
	char *dir = join(root, dirs[DIR_RUN], ""), *path = join(root, POLICY_KILL_SWITCH, "");
	char why[160];
	struct stat st;
	uid_t owner = *root && !stat(root, &st) ? st.st_uid : 0;
	bool disabled = dir && path && !in_root__lstat(path, strlen(root), &st) &&
			!stat_below(dir, strlen(root), &st) &&
			!policy_file__check_owner(&st, owner, why, sizeof(why));

	free(dir);
	free(path);
	return disabled;
}

static int watch(struct policy_files *files, char *path)
{
	struct policy_file *file = add_file(files, path, FILE_WATCHED);
	struct stat st;

	if (!file)
		return -ENOMEM;
	policy_stamp__set(&file->stamp, &st, stat_below(path, files->root_len, &st) ? errno : 0);
	file->state = FILE_ABSENT;
	return 0;
}

/*
 * Its directory counts as those of the rules do, and is only spoken of if there is a database. Of a
 * link to nothing it alone tells whether it is there.
 */
static int find_db(const char *root, uid_t owner, struct policy_files *files,
		   const struct policy_log *log)
{
	char *path = join(root, POLICY_DB_PATH, ""), *dir, why[160];
	struct policy_file *file = add_file(files, path, FILE_DB);
	struct stat st;

	if (!file)
		return -ENOMEM;
	dir = strndup(path, strrchr(path, '/') - path);
	if (!dir)
		return -ENOMEM;
	if (in_root__lstat(path, files->root_len, &st)) {
		policy_stamp__set(&file->stamp, NULL, errno);
		file->kind = FILE_WATCHED;
		file->implied = true;
		return watch(files, dir);
	}
	if (stat_below(dir, files->root_len, &st)) {
		free(dir);
		return -ENOMEM;
	}
	if (policy_file__check_owner(&st, owner, why, sizeof(why))) {
		refuse_dir(files, root, dir, &st, owner, why, log);
		file->kind = FILE_WATCHED;
		policy_stamp__set(&file->stamp, &st,
				  stat_below(path, files->root_len, &st) ? errno : 0);
		/* its mode may be mended without a change of the file */
		return watch(files, dir);
	}
	if (stat_below(path, files->root_len, &st) && errno == ENOENT)
		return watch(files, dir);
	free(dir);
	return 0;
}

/* Which of the three can have files that count. Returns < 0 without memory. */
static int look_at_dirs(const char *root, uid_t owner, bool usable[N_DIRS],
			struct policy_files *files, const struct policy_log *log)
{
	int rc = 0;

	for (size_t i = 0; i < N_DIRS && rc >= 0; i++) {
		rc = look_at_dir(files, root, join(root, dirs[i], ""), false, owner, log);
		usable[i] = rc > 0;
	}
	return rc;
}

int policy_files__find_dropins(const char *root, uid_t owner, const char *dir,
			       bool (*counts)(const char *name), struct policy_files *ret,
			       const struct policy_log *log)
{
	struct policy_files files = { .root_len = strlen(root) };
	bool usable[N_DIRS];
	int rc = look_at_dirs(root, owner, usable, &files, log);

	if (rc >= 0)
		rc = find_dropins(root, owner, usable, dir, counts, &files, log);
	if (rc < 0)
		policy_files__free(&files);
	else
		*ret = files;
	return rc < 0 ? rc : 0;
}

int policy_files__find(const char *root, uid_t owner, struct policy_files *ret,
		       const struct policy_log *log)
{
	struct policy_files files = { .root_len = strlen(root) };
	bool usable[N_DIRS];
	int rc = look_at_dirs(root, owner, usable, &files, log);

	if (rc >= 0)
		rc = find_kill_switch(root, usable[DIR_RUN], &files, log);
	if (!rc)
		rc = find_single(root, usable, switch_name, FILE_SWITCH, &files);
	if (!rc)
		rc = find_single(root, usable, main_name, FILE_RULES, &files);
	if (!rc)
		rc = find_dropins(root, owner, usable, dropin_name, policy_files__is_dropin, &files,
				  log);
	if (!rc)
		rc = find_db(root, owner, &files, log);
	if (rc < 0) {
		policy_files__free(&files);
		return rc;
	}
	*ret = files;
	return 0;
}

void policy_files__free(struct policy_files *files)
{
	for (size_t i = 0; i < files->n; i++)
		free(files->file[i].path);
	free(files->file);
	*files = (struct policy_files){ 0 };
}

bool policy_files__changed(const struct policy_files *files)
{
	for (size_t i = 0; i < files->n; i++) {
		struct policy_stamp now;
		struct stat st;
		int err;

		if (files->file[i].implied)
			continue;
		err = stat_below(files->file[i].path, files->root_len, &st) ? errno : 0;
		policy_stamp__set(&now, &st, err);
		if (!policy_stamp__same(&files->file[i].stamp, &now))
			return true;
	}
	return false;
}
