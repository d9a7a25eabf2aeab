// SPDX-License-Identifier: LGPL-2.1-or-later
/* Where the host has files that count, and whether any of them has come, gone or changed. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

/* A file of what was read last, by its path; NULL for none, and for a place where none was. */
static const struct policy_file *find_before(const struct policy_files *before, const char *path)
{
	for (size_t i = 0; before && i < before->n; i++)
		if (before->file[i].kind != FILE_WATCHED && !strcmp(before->file[i].path, path))
			return &before->file[i];
	return NULL;
}

/* The name of a file in dir, which ends in a slash; NULL if path is elsewhere or farther down. */
static const char *name_in(const char *dir, const char *path)
{
	size_t len = strlen(dir);

	return strncmp(path, dir, len) || strchr(path + len, '/') ? NULL : path + len;
}

/* What is said of all files of a directory that is refused. */
static const char *fate(const struct policy_files *files, const char *path)
{
	size_t len = strlen(path);

	len -= len && path[len - 1] == '/';
	for (size_t i = 0; files->before && i < files->before->n; i++) {
		const struct policy_file *file = &files->before->file[i];

		if (file->kind != FILE_WATCHED && !strncmp(file->path, path, len) &&
		    file->path[len] == '/')
			return "what was read from it before holds";
	}
	return "no file in it counts";
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
		policy_log__msg(log, POLICY_ERROR, path, 0, "%s; %s", why, fate(files, path));
	files->root_unknown = files->root_unknown || unknown;
	files->n_dirs_refused++;
}

static bool is_absent(int err)
{
	return err == ENOENT || err == ENOTDIR;
}

static bool is_starved(int err)
{
	return err == ENOMEM || err == EMFILE || err == ENFILE;
}

/*
 * What nobody can look into may have anything in it, a deny too; it is not as if it were not there.
 */
static void tell_unreachable(const struct policy_files *files, const char *path, int err,
			     const struct policy_log *log)
{
	errno = err;
	policy_log__msg(log, POLICY_ERROR, path, 0, "cannot look at it: %m; %s", fate(files, path));
}

static void cannot_reach(struct policy_files *files, const char *path, int err,
			 const struct policy_log *log)
{
	tell_unreachable(files, path, err, log);
	files->n_dirs_refused++;
}

/* Whether it is in one of the three directories, and a message said so of that. */
static bool is_in_closed(const struct policy_files *files, const char *path)
{
	for (size_t i = 0; i < N_DIRS && i < files->n; i++)
		if (files->file[i].closed &&
		    !strncmp(path, files->file[i].path, strlen(files->file[i].path)))
			return true;
	return false;
}

/*
 * Whether files in this directory count; it is watched in any case. Returns < 0 without memory or
 * descriptors.
 */
static int look_at_dir(struct policy_files *files, const char *root, char *path, bool is_dropin_dir,
		       uid_t owner, const struct policy_log *log)
{
	struct policy_file *file = add_file(files, path, FILE_WATCHED);
	struct stat st;
	char why[160];

	if (!file)
		return -ENOMEM;
	if (policy_file__stat(path, files->root_len, &st)) {
		policy_stamp__set(&file->stamp, NULL, errno);
		/* not of a link to nothing: what it points to may come */
		file->implied = file->stamp.err == ENOENT && is_dropin_dir &&
				in_root__lstat(path, files->root_len, &st);
		file->state = FILE_ABSENT;
		if (is_starved(file->stamp.err))
			return -file->stamp.err;
		if (is_absent(file->stamp.err))
			return 0;
		file->state = FILE_REFUSED;
		files->n_dirs_refused++;
		if (!is_in_closed(files, path))
			tell_unreachable(files, path, file->stamp.err, log);
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

/* One that its directory takes down: what was read of it before holds, if anything was. */
static void refuse_with_dir(const struct policy_files *files, struct policy_file *file,
			    enum policy_file_kind kind)
{
	struct stat st;
	/* stat, as policy_files__changed() will: a link's target may change too */
	int err = policy_file__stat(file->path, files->root_len, &st) ? errno : 0;

	policy_stamp__set(&file->stamp, &st, err);
	file->kind = kind;
	file->state = FILE_REFUSED;
}

/*
 * The first of the directories that has the file has it all. In one that is refused none counts,
 * but a switch that is there, or may be, is one that cannot be read, and not the next one's to
 * replace; nor is any file that was read when the directory was not refused yet.
 */
static int find_single(const char *root, const bool *usable, const char *name,
		       enum policy_file_kind kind, struct policy_files *files,
		       const struct policy_log *log)
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
		if (files->file[i].state == FILE_REFUSED && find_before(files->before, path)) {
			refuse_with_dir(files, file, kind);
			return 0;
		}
		err = look_in_dir(files, i, path, &st);
		file->closed = err == EACCES && usable[i];
		if (file->closed && !files->file[i].closed)
			tell_unreachable(files, files->file[i].path, err, log);
		files->file[i].closed |= file->closed;
		if (is_absent(err) || (err && !usable[i] && kind != FILE_SWITCH)) {
			policy_stamp__set(&file->stamp, NULL, err);
			file->implied = file->stamp.err == ENOENT;
			continue;
		}
		if (!usable[i] && kind == FILE_SWITCH && !files->root_unknown) {
			refuse_with_dir(files, file, kind);
			return 0;
		}
		if (!usable[i]) {
			refuse_with_dir(files, file, FILE_WATCHED);
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
	bool refused; /* with its directory */
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

static int add_dropin(struct dropins *dropins, size_t dir, const char *name, bool refused)
{
	struct dropin *more = reallocarray(dropins->entry, dropins->n + 1, sizeof(*dropins->entry));

	if (!more)
		return -ENOMEM;
	dropins->entry = more;
	more[dropins->n] = (struct dropin){ .name = strdup(name), .dir = dir, .refused = refused };
	if (!more[dropins->n].name)
		return -ENOMEM;
	dropins->n++;
	return 0;
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
		if (!counts(entry->d_name) || has_dropin(dropins, from_higher, entry->d_name))
			continue;
		rc = add_dropin(dropins, dir, entry->d_name, false);
	}
	closedir(d);
	return rc;
}

/* Of a directory that is refused: what was read from it before it was. */
static int keep_dropins(const struct policy_files *before, const char *path, size_t dir,
			struct dropins *dropins)
{
	size_t from_higher = dropins->n;
	int rc = 0;

	for (size_t i = 0; before && i < before->n && !rc; i++) {
		const struct policy_file *file = &before->file[i];
		const char *name = file->kind == FILE_RULES ? name_in(path, file->path) : NULL;

		if (name && !has_dropin(dropins, from_higher, name))
			rc = add_dropin(dropins, dir, name, true);
	}
	return rc;
}

/* The files of one directory, path with a slash behind it. Returns < 0 without memory. */
static int list_dropins(const char *root, uid_t owner, bool usable, const char *path, size_t dir,
			bool (*counts)(const char *name), struct dropins *dropins,
			struct policy_files *files, const struct policy_log *log)
{
	bool refused = files->file[dir].state == FILE_REFUSED;
	int rc = 0;

	if (usable) {
		rc = look_at_dir(files, root, strndup(path, strlen(path) - 1), true, owner, log);
		refused = !rc && files->file[files->n - 1].state == FILE_REFUSED;
	}
	if (rc > 0) {
		rc = scan_dropins(path, files->root_len, dir, counts, dropins);
		/* no descriptors, no memory: the caller keeps what it has and tries again */
		refused = rc && !is_starved(-rc);
	}
	if (!refused)
		return rc;
	if (rc) {
		errno = -rc;
		policy_log__msg(log, POLICY_ERROR, path, 0, "cannot read: %m; %s",
				fate(files, path));
		files->n_dirs_refused++;
	}
	return keep_dropins(files->before, path, dir, dropins);
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
		else
			rc = list_dropins(root, owner, usable[i], path[i], i, counts, &dropins,
					  files, log);
	}
	if (dropins.n)
		qsort(dropins.entry, dropins.n, sizeof(*dropins.entry), by_name);
	for (size_t i = 0; i < dropins.n; i++) {
		struct dropin *entry = &dropins.entry[i];
		struct policy_file *file =
			rc ? NULL :
			     add_file(files, join(path[entry->dir], entry->name, ""), FILE_RULES);

		if (!rc && !file)
			rc = -ENOMEM;
		if (file && entry->refused)
			refuse_with_dir(files, file, FILE_RULES);
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
	if (exists && policy_file__stat(file->path, files->root_len, &st)) /* a link to nothing */
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
			!policy_file__stat(dir, strlen(root), &st) &&
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
	policy_stamp__set(&file->stamp, &st,
			  policy_file__stat(path, files->root_len, &st) ? errno : 0);
	file->state = FILE_ABSENT;
	return 0;
}

/*
 * Its directory counts as those of the rules do, and is only spoken of if there is a database. Of a
 * link to nothing it alone tells whether it is there; so it is watched.
 */
static int find_db(const char *root, uid_t owner, struct policy_files *files,
		   const struct policy_log *log)
{
	char *path = join(root, POLICY_DB_PATH, ""), *dir, why[160];
	struct policy_file *file = add_file(files, path, FILE_DB);
	enum policy_file_kind kept;
	struct stat st;

	if (!file)
		return -ENOMEM;
	kept = find_before(files->before, path) ? FILE_DB : FILE_WATCHED;
	dir = strndup(path, strrchr(path, '/') - path);
	if (!dir)
		return -ENOMEM;
	if (in_root__lstat(path, files->root_len, &st)) {
		int err = errno;

		file->implied = is_absent(err);
		if (!file->implied)
			cannot_reach(files, dir, err, log);
		refuse_with_dir(files, file, file->implied ? FILE_WATCHED : kept);
		return watch(files, dir);
	}
	if (policy_file__stat(dir, files->root_len, &st)) {
		free(dir);
		return -ENOMEM;
	}
	if (policy_file__check_owner(&st, owner, why, sizeof(why))) {
		refuse_dir(files, root, dir, &st, owner, why, log);
		refuse_with_dir(files, file, kept);
	}
	/* its mode may be another without a change of the file */
	return watch(files, dir);
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

/* A process may have entered another root directory: what it read before it did is not from there.
 */
static void note_root(const char *root, const struct policy_files *before,
		      struct policy_files *files)
{
	struct stat st;

	if (stat(*root ? root : "/", &st))
		return;
	files->root_dev = st.st_dev;
	files->root_ino = st.st_ino;
	if (before && before->root_dev == st.st_dev && before->root_ino == st.st_ino)
		files->before = before;
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

int policy_files__find(const char *root, uid_t owner, const struct policy_files *before,
		       struct policy_files *ret, const struct policy_log *log)
{
	struct policy_files files = { .root_len = strlen(root) };
	bool usable[N_DIRS];
	int rc;

	note_root(root, before, &files);
	rc = look_at_dirs(root, owner, usable, &files, log);

	if (rc >= 0)
		rc = find_kill_switch(root, usable[DIR_RUN], &files, log);
	if (!rc)
		rc = find_single(root, usable, switch_name, FILE_SWITCH, &files, log);
	if (!rc)
		rc = find_single(root, usable, main_name, FILE_RULES, &files, log);
	if (!rc)
		rc = find_dropins(root, owner, usable, dropin_name, policy_files__is_dropin, &files,
				  log);
	if (!rc)
		rc = find_db(root, owner, &files, log);
	if (rc < 0) {
		policy_files__free(&files);
		return rc;
	}
	files.before = NULL;
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
		err = policy_file__stat(files->file[i].path, files->root_len, &st) ? errno : 0;
		policy_stamp__set(&now, &st, err);
		if (!policy_stamp__same(&files->file[i].stamp, &now))
			return true;
	}
	return false;
}
