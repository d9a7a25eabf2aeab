// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chain-dirs.h"
#include "chain/links.h"
#include "watch-work.h"

/* A file, in the last form that was good. */
struct watched {
	char *path;
	struct policy_stamp stamp;
	unsigned int version; /* of what was read; 0: nothing yet */
	bool refused;	      /* that is not what is there now, which is wrong */
	struct chain_file chains;
};

/* What was done on an interface. */
struct done {
	struct interface interface;
	char *path; /* for which file */
	unsigned int version;
	bool wanted; /* by a file, in this round */
	bool failed; /* it is not as the file says */
};

static void on_message(void *ctx, enum policy_level level, const char *file, unsigned int line,
		       const char *text)
{
	struct watch_work *w = ctx;
	char *said;

	if (asprintf(&said, "%s:%u: %s", file, line, text) < 0)
		return;
	if (said__is_new(&w->said, said))
		load_run__tell(&w->run, level, file, line, text);
	free(said);
}

/* --- files --- */

/* The same file in another directory is another form of it. */
static bool is_same_name(const char *a, const char *b)
{
	return !strcmp(basename(a), basename(b));
}

static struct watched *find_file(const struct watch_work *w, const char *path)
{
	for (size_t i = 0; i < w->n_files; i++)
		if (w->file[i].path && is_same_name(w->file[i].path, path))
			return &w->file[i];
	return NULL;
}

static void free_file(struct watched *file)
{
	chain_file__free(&file->chains);
	free(file->path);
}

static bool is_same(const struct watch_work *w, const struct watched *file)
{
	struct policy_stamp now;
	struct stat st;
	int err = policy_file__stat(file->path, w->root ? strlen(w->root) : 0, &st) ? errno : 0;

	policy_stamp__set(&now, &st, err);
	return policy_stamp__same(&file->stamp, &now);
}

/* One that is wrong, or was taken away while we look, keeps its last good form. */
static void read_file(struct watch_work *w, struct policy_file *found, struct watched *file)
{
	struct chain_file chains;

	/* what is wrong is to be said again */
	said__clear(&w->said);
	file->refused = false;
	switch (chain_dirs__read(w->root, found, &w->run.log, &chains)) {
	case FILE_GOOD:
		chain_file__free(&file->chains);
		file->chains = chains;
		file->version = ++w->version;
		break;
	case FILE_MASKED:
		chain_file__free(&file->chains);
		file->version = 0;
		break;
	case FILE_REFUSED:
		file->refused = true;
		break;
	case FILE_ABSENT:
		break;
	}
	file->stamp = found->stamp;
}

static struct watched move_file(struct watched *file)
{
	struct watched moved = *file;

	*file = (struct watched){ 0 };
	return moved;
}

/* What is known of the file, brought up to date. */
static void take_file(struct watch_work *w, struct policy_file *found, struct watched *ret)
{
	struct watched *old = find_file(w, found->path);

	if (old)
		*ret = move_file(old);
	if (!ret->path || strcmp(ret->path, found->path)) {
		free(ret->path);
		ret->path = strdup(found->path);
		ret->stamp.racy = true;
	}
	if (ret->path && !is_same(w, ret))
		read_file(w, found, ret);
}

/* Returns 0 or a negative errno, with the files as they were. */
static int read_files(struct watch_work *w)
{
	struct policy_files found;
	struct watched *files;
	size_t n = 0;
	int err = chain_dirs__find(w->root, &w->run.log, &found);

	if (err)
		return err;
	files = calloc(found.n + w->n_files + 1, sizeof(*files));
	for (size_t i = 0; files && i < found.n; i++)
		if (found.file[i].kind == FILE_RULES)
			take_file(w, &found.file[i], &files[n++]);
	w->dir_refused = found.n_dirs_refused;
	/* whatever was in a directory that does not count now */
	for (size_t i = 0; files && found.n_dirs_refused && i < w->n_files; i++)
		if (w->file[i].path)
			files[n++] = move_file(&w->file[i]);
	policy_files__free(&found);
	if (!files)
		return -ENOMEM;
	for (size_t i = 0; i < w->n_files; i++)
		free_file(&w->file[i]);
	free(w->file);
	w->file = files;
	w->n_files = n;
	return 0;
}

/* --- what is done --- */

static struct done *find_done(const struct watch_work *w, int ifindex)
{
	for (size_t i = 0; i < w->n_done; i++)
		if (w->done[i].interface.ifindex == ifindex)
			return &w->done[i];
	return NULL;
}

static void forget(struct watch_work *w, struct done *done)
{
	free(done->path);
	*done = w->done[--w->n_done];
}

static bool is_done(const struct done *done, const struct watched *file, const struct load_job *job)
{
	return done && done->version == file->version && is_same_name(done->path, file->path) &&
	       !strcmp(done->interface.name, job->interface.name);
}

/* Notes that it was tried; a second time it would end in the same way. */
static void note(struct watch_work *w, const struct watched *file,
		 const struct interface *interface)
{
	struct done *done = find_done(w, interface->ifindex);
	char *path = strdup(file->path);

	if (!done && path) {
		done = reallocarray(w->done, w->n_done + 1, sizeof(*done));
		if (done) {
			w->done = done;
			done += w->n_done++;
			done->path = NULL;
		}
	}
	if (!done || !path) {
		free(path);
		return;
	}
	free(done->path);
	*done = (struct done){ *interface, path, file->version, true, false };
	done->interface.altnames = NULL; /* they are the list's */
}

/* What a file that cannot be loaded has loaded before stays. */
static void keep(struct watch_work *w, const struct watched *file)
{
	for (size_t i = 0; i < w->n_done; i++)
		if (is_same_name(w->done[i].path, file->path))
			w->done[i].wanted = true;
}

/* Takes those out that are done. */
static void drop_done(struct watch_work *w, const struct watched *file, struct load_jobs *jobs)
{
	size_t n = 0;

	for (size_t i = 0; i < jobs->n; i++) {
		struct done *done = find_done(w, jobs->job[i].interface.ifindex);

		if (is_done(done, file, &jobs->job[i]))
			done->wanted = true;
		else
			jobs->job[n++] = jobs->job[i];
	}
	jobs->n = n;
}

static void note_failed(struct watch_work *w, const struct load_jobs *jobs)
{
	for (size_t i = 0; i < jobs->n; i++) {
		struct done *done = find_done(w, jobs->job[i].interface.ifindex);

		if (done)
			done->failed = true;
	}
	w->failed = true;
}

static void load_file(struct watch_work *w, struct watched *file,
		      const struct interfaces *interfaces)
{
	struct load_jobs jobs;

	w->failed |= file->refused;
	if (!file->version)
		return;
	if (load_run__match(&w->run, &file->chains, interfaces, &jobs)) {
		keep(w, file);
		w->failed = true;
	} else {
		drop_done(w, file, &jobs);
		for (size_t i = 0; i < jobs.n; i++)
			note(w, file, &jobs.job[i].interface);
		if (jobs.n && load_run__do(&w->run, &jobs)) {
			keep(w, file);
			note_failed(w, &jobs);
		}
	}
	load_jobs__clear(&jobs);
}

/* As it is called now; NULL if it is gone. */
static const struct interface *find_interface(const struct interfaces *interfaces, int ifindex)
{
	for (size_t i = 0; i < interfaces->n; i++)
		if (interfaces->interface[i].ifindex == ifindex)
			return &interfaces->interface[i];
	return NULL;
}

/* What no file wants any more. One that fails is not tried again. */
static void unload_rest(struct watch_work *w, const struct interfaces *interfaces)
{
	for (size_t i = w->n_done; i--;) {
		const struct interface *interface =
			find_interface(interfaces, w->done[i].interface.ifindex);
		const struct interfaces one = { .n = 1,
						.interface = (struct interface *)interface };
		struct load_jobs jobs;

		if (w->done[i].wanted)
			continue;
		if (!interface)
			sweeper__soon(w->sweeper, w->done[i].interface.ifindex);
		if (interface && !load_jobs__unload(&one, &jobs)) {
			if (load_run__do(&w->run, &jobs))
				w->failed = true;
			load_jobs__clear(&jobs);
		}
		forget(w, &w->done[i]);
	}
}

static void load_all(struct watch_work *w, const struct interfaces *interfaces)
{
	for (size_t i = 0; i < w->n_done; i++)
		w->done[i].wanted = false;
	for (size_t i = 0; i < w->n_files; i++)
		load_file(w, &w->file[i], interfaces);
	/* what is not tried again is not well for that */
	for (size_t i = 0; i < w->n_done; i++)
		w->failed |= w->done[i].wanted && w->done[i].failed;
	unload_rest(w, interfaces);
	load_run__settle(&w->run);
	load_run__drop_claims(&w->run);
}

static void look_at_all(struct watch_work *w)
{
	struct interfaces interfaces = { 0 };
	int err;

	links__remember(true);
	chain__recover();
	policy__refresh(w->policy);
	err = read_files(w);
	w->failed = err || w->dir_refused;
	if (err) {
		tool_error("the chain files cannot be read: %s", strerror(-err));
	} else if (interfaces__find(NULL, 0, NULL, &interfaces)) {
		interfaces__sort(&interfaces, false);
		load_all(w, &interfaces);
	} else {
		w->failed = true;
	}
	interfaces__free(&interfaces);
}

/* --- what is told of a look --- */

/* The daemon's metrics have the same words. */
static void print_json(struct watch_work *w)
{
	json_t *json = tool_json_new();

	json_object_set_new(json, "disabled", json_boolean(policy__is_disabled(w->policy)));
	json_object_set_new(json, "failing", json_boolean(w->failing));
	json_object_set_new(json, "pending", json_boolean(w->pending));
	json_object_set_new(json, "last-success",
			    w->last_success ? json_integer(w->last_success) : json_null());
	json_object_set_new(json, "interfaces", w->run.interfaces);
	json_object_set_new(json, "errors", w->run.errors);
	tool_json_print_line(json);
	w->run.interfaces = json_array();
	w->run.errors = json_array();
}

static void print_text(const struct watch_work *w, bool before)
{
	if (w->failing && !before)
		tool_error("failing: not all chains are as their files say");
	else if (!w->failing && before)
		tool_error("well again: all chains are as their files say");
}

static void conclude(struct watch_work *w, bool pending)
{
	bool first = !w->n_looks++, before = w->failing;
	bool changed = first || before != w->failed || w->pending != pending;

	w->failing = w->failed;
	w->pending = pending;
	if (!w->failing)
		w->last_success = time(NULL);
	if (!w->run.interfaces)
		print_text(w, before);
	else if (changed || json_array_size(w->run.interfaces) || json_array_size(w->run.errors))
		print_json(w);
}

int watch_work__look(struct watch_work *w)
{
	int lock = tool_take_lock();

	w->failed = true;
	if (lock >= 0) {
		look_at_all(w);
		tool_drop_lock(lock);
		links__remember(false);
		said__end_round(&w->said);
	}
	if (lock != -EINTR)
		conclude(w, lock == -ETIMEDOUT);
	return lock == -ETIMEDOUT ? lock : 0;
}

void watch_work__reload(struct watch_work *w)
{
	policy__reload(w->policy);
	for (size_t i = 0; i < w->n_files; i++)
		w->file[i].stamp.racy = true;
}

int watch_work__open(struct watch_work *w, const struct tool_opts *opts)
{
	load_run__init(&w->run);
	w->root = opts->root;
	w->run.log = (struct policy_log){ .fn = on_message, .ctx = w };
	w->run.may_be_missing = true;
	w->run.quiet_if_same = true;
	return load_run__open(&w->run, opts, &w->policy);
}

void watch_work__close(struct watch_work *w)
{
	for (size_t i = 0; i < w->n_files; i++)
		free_file(&w->file[i]);
	for (size_t i = 0; i < w->n_done; i++)
		free(w->done[i].path);
	free(w->file);
	free(w->done);
	json_decref(w->run.interfaces);
	json_decref(w->run.errors);
	said__clear(&w->said);
	policy__close(w->policy);
}
