// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The file is replaced by rename in its own directory; a loader that starts meanwhile reads the old
 * one or the new one. Two of us wait for each other by a lock of the directory. Others know of no
 * lock: what they wrote while we were at work is seen, and we begin again.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "below.h"
#include "preload-edit.h"
#include "replace.h"
#include "tool.h"
#include "util/file-lock.h"

/* How long somebody else may have the directory locked. */
#define LOCK_MS 30000

#define KEPT_SUFFIX ".xdp-policy-old"
#define ATTEMPTS    20
#define STALE	    60 /* seconds */

struct text {
	char *data;
	size_t size;
	struct stat st;
	bool exists;
};

/* --- which file --- */

/*
 * A link stays: what it leads to is replaced, as who made it meant. One that leads nowhere is no
 * file to the loader, so that none of ours can be there.
 */
static int find_path(struct preload_edit *edit, const char *root, bool add)
{
	char target[PATH_MAX], *path = below__resolve(root, PRELOAD_FILE, false);
	ssize_t len;
	int status;

	if (!path) {
		status = tool_status_of(errno);
		tool_error("%s" PRELOAD_FILE ": cannot find its directory: %m", root);
		return status;
	}
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0) {
		edit->path = path;
		return TOOL_OK;
	}
	target[len] = '\0';
	edit->path = below__resolve(root, PRELOAD_FILE, true);
	if (!edit->path && add)
		tool_error("%s: found a link to '%s', which is not there, expected a file", path,
			   target);
	free(path);
	return edit->path || !add ? TOOL_OK : TOOL_CONFIG;
}

/* --- its text --- */

static void clear(struct text *text)
{
	free(text->data);
	*text = (struct text){ 0 };
}

/* What cannot be read at all has none of ours, and nothing is to be taken out of it. */
static int read_text(const char *path, bool add, struct text *ret)
{
	struct policy_stamp stamp;
	struct text text = { 0 };

	if (lstat(path, &text.st)) {
		*ret = text;
		return errno == ENOENT || (errno == ENOTDIR && !add) ?
			       TOOL_OK :
			       tool_cannot(path, "read", errno);
	}
	if (!add && S_ISDIR(text.st.st_mode)) {
		*ret = text;
		return TOOL_OK;
	}
	text.exists = true;
	switch (policy_file__read(path, 0, (uid_t)-1, &text.data, &text.size, &stamp,
				  &tool_log_stderr)) {
	case FILE_REFUSED:
		return !access(path, R_OK) ? TOOL_CONFIG : tool_cannot(path, "read", errno);
	case FILE_ABSENT:
		text.exists = false;
		break;
	case FILE_MASKED:
		text.data = NULL;
		text.size = 0;
		break;
	case FILE_GOOD:
		break;
	}
	if (add && text.size && memchr(text.data, '\0', text.size)) {
		tool_error("%s: found a NUL byte, behind which the loader reads nothing, expected "
			   "text",
			   path);
		clear(&text);
		return TOOL_CONFIG;
	}
	*ret = text;
	return TOOL_OK;
}

static bool same_text(const struct text *a, const struct text *b)
{
	return a->exists == b->exists && a->size == b->size &&
	       (!a->size || !memcmp(a->data, b->data, a->size)) &&
	       (!a->exists || a->st.st_ino == b->st.st_ino);
}

static int make_new(const struct text *old, const char *entry, struct text *new)
{
	const char *data = old->data ? old->data : "";

	*new = (struct text){ 0 };
	return entry ? preload_file__add(data, old->size, entry, &new->data, &new->size) :
		       preload_file__remove(data, old->size, &new->data, &new->size);
}

/* --- replacing it --- */

/* Writes what is to come into path beside it, with owner, mode and attributes of the old file. */
static int prepare(struct replace *replace, const struct preload_edit *edit, const char *path,
		   const struct text *old, const struct text *content)
{
	int err = replace__begin(replace, path);

	if (err)
		return err;
	if (replace__write_all(replace->fd, content->data, content->size))
		err = -errno;
	else if (old->exists)
		err = replace__keep(replace->fd, edit->path, &old->st);
	if (err)
		replace__abort(replace);
	return err;
}

static int commit(struct replace *replace, const struct text *old)
{
	return replace__commit(replace, old->exists ? old->st.st_mode & 07777 : 0644);
}

/* The way back for whoever can start nothing any more but a static shell. */
static int keep_old(struct preload_edit *edit, const struct text *old)
{
	struct replace replace;
	int err;

	if (!edit->kept && asprintf(&edit->kept, "%s" KEPT_SUFFIX, edit->path) < 0) {
		edit->kept = NULL;
		return -ENOMEM;
	}
	err = prepare(&replace, edit, edit->kept, old, old);
	return err ? err : commit(&replace, old);
}

/* What was kept is of no more use when the file says the same again. */
static void drop_kept(const struct preload_edit *edit, const struct text *new)
{
	struct text kept;
	char *path;

	if (asprintf(&path, "%s" KEPT_SUFFIX, edit->path) < 0)
		return;
	if (!access(path, F_OK) && !read_text(path, false, &kept)) {
		if (kept.exists && kept.size == new->size &&
		    (!new->size || !memcmp(kept.data, new->data, new->size)))
			unlink(path);
		clear(&kept);
	}
	free(path);
}

/* Puts new in the place of old, if that is still there. Returns -EAGAIN if it is not. */
static int swap(struct preload_edit *edit, const struct text *old, const struct text *new, bool add)
{
	bool empty = !add && preload_file__is_blank(new->data, new->size);
	struct replace replace = { .fd = -1 };
	struct text now = { 0 };
	int err = 0;

	if (!empty)
		err = prepare(&replace, edit, edit->path, old, new);
	if (err)
		return err;
	if (read_text(edit->path, add, &now) || !same_text(old, &now))
		err = -EAGAIN;
	clear(&now);
	if (err)
		replace__abort(&replace);
	else if (empty)
		err = unlink(edit->path) ? -errno : 0;
	else
		err = commit(&replace, old);
	if (!err)
		edit->change = empty ? PRELOAD_REMOVED : PRELOAD_CHANGED;
	return err;
}

/* Returns 0, a negative errno, or an exit status. */
static int attempt(struct preload_edit *edit, const char *entry)
{
	struct text old, new = { 0 };
	int err;

	err = read_text(edit->path, entry, &old);
	if (err)
		return err;
	err = preload_file__find(old.data ? old.data : "", old.size, entry, &edit->found);
	if (!err)
		err = make_new(&old, entry, &new);
	if (!err && (new.size != old.size || (new.size &&memcmp(new.data, old.data, new.size)))) {
		if (entry && old.exists)
			err = keep_old(edit, &old);
		if (!err)
			err = swap(edit, &old, &new, entry);
		if (!err && !entry)
			drop_kept(edit, &new);
	}
	clear(&old);
	clear(&new);
	return err;
}

/* Temporary files of a killed one; others, such as rsync(1), have such names for a moment. */
static void sweep(const struct preload_edit *edit)
{
	const char *slash = strrchr(edit->path, '/');
	struct stat st;
	glob_t found;
	char *pattern;

	if (asprintf(&pattern, "%.*s/.%s*.??????", (int)(slash - edit->path), edit->path,
		     slash + 1) < 0)
		return;
	if (!glob(pattern, GLOB_NOSORT, NULL, &found)) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			if (!lstat(found.gl_pathv[i], &st) && st.st_mtime < time(NULL) - STALE)
				unlink(found.gl_pathv[i]);
		globfree(&found);
	}
	free(pattern);
}

/* Everybody can lock a directory that is his to read: so not for ever. */
static int lock_dir(const struct preload_edit *edit)
{
	char *dir = strndup(edit->path, strrchr(edit->path, '/') - edit->path + 1);
	int fd = dir ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1, err;
	char holder[FILE_LOCK_HOLDER_SIZE];

	err = fd >= 0 ? file_lock__take(fd, dir, LOCK_MS) : 0;
	if (err == -ETIMEDOUT) {
		file_lock__holder(fd, holder);
		tool_error("%s: %s has held its lock for %d seconds", dir, holder, LOCK_MS / 1000);
	}
	free(dir);
	if (!err)
		return fd;
	close(fd);
	errno = -err;
	return -1;
}

static int edit_locked(struct preload_edit *edit, const char *entry)
{
	int err = -EAGAIN;

	sweep(edit);
	for (int i = 0; i < ATTEMPTS && err == -EAGAIN; i++)
		err = attempt(edit, entry);
	if (err == -EAGAIN) {
		tool_error("%s: other processes keep changing it; try again", edit->path);
		return TOOL_FOUND;
	}
	return err < 0 ? tool_cannot(edit->path, "replace", -err) : err;
}

/* So that without work to do no privileges are needed. */
static bool has_work(struct preload_edit *edit, const char *entry, int *status)
{
	const struct preload_found *found = &edit->found;
	struct text old;

	*status = read_text(edit->path, entry, &old);
	if (*status)
		return false;
	if (preload_file__find(old.data ? old.data : "", old.size, entry, &edit->found))
		*status = tool_no_memory();
	clear(&old);
	return !*status && (entry ? found->ours != 1 || found->same != 1 : found->ours);
}

int preload_edit__run(const char *root, const char *entry, struct preload_edit *ret)
{
	int status, err, fd;

	*ret = (struct preload_edit){ 0 };
	status = find_path(ret, root, entry);
	if (status || !ret->path || !has_work(ret, entry, &status))
		return status;
	err = entry ? replace__make_dirs(ret->path) : 0;
	if (err)
		return tool_cannot(ret->path, "make its directory", -err);
	fd = lock_dir(ret);
	if (fd < 0)
		return tool_cannot(ret->path, "lock its directory", errno);
	status = edit_locked(ret, entry);
	close(fd);
	return status;
}

bool preload_edit__look(const char *root, const char *entry, struct preload_found *ret)
{
	char *path = below__resolve(root, PRELOAD_FILE, true);
	struct text text = { 0 };
	bool there = false;

	*ret = (struct preload_found){ 0 };
	if (path && !access(path, F_OK) && !read_text(path, false, &text))
		there = text.exists &&
			!preload_file__find(text.data ? text.data : "", text.size, entry, ret);
	clear(&text);
	free(path);
	return there;
}

void preload_edit__free(struct preload_edit *edit)
{
	free(edit->path);
	free(edit->kept);
	*edit = (struct preload_edit){ 0 };
}
