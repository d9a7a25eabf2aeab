// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "dir-watch.h"
#include "util/in-root.h"

/* Files come by several steps, and directories with all that is in them. */
#define SETTLE_USEC 20000

/* What is written without an end, by a process that keeps the file open, is not found. */
#define EVENTS                                                                              \
	(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CLOSE_WRITE | IN_ATTRIB | \
	 IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

struct dir_watch {
	struct dir_watch *next;
	struct dir_watches *watches;
	char *dir;
	size_t root_len;
	void (*fn)(void *ctx);
	sd_event_source *source, *timer;
	char at[PATH_MAX]; /* dir, or the nearest directory above it that there is */
	bool failed;
};

/* What is missing of dir: the name of the next directory in the one that is watched; or "". */
static const char *next_step(const struct dir_watch *watch, size_t *len)
{
	const char *step = watch->dir + strlen(watch->at);

	step += *step == '/';
	*len = strcspn(step, "/");
	return step;
}

static int on_event(sd_event_source *source, const struct inotify_event *event, void *userdata)
{
	struct dir_watch *watch = userdata;
	size_t len;
	const char *step = next_step(watch, &len);
	int enabled;

	(void)source;
	/* above the directory, only the way to it matters */
	if (len && event->len && (strncmp(step, event->name, len) || event->name[len]))
		return 0;
	if (sd_event_source_get_enabled(watch->timer, &enabled) >= 0 && !enabled) {
		sd_event_source_set_time_relative(watch->timer, SETTLE_USEC);
		sd_event_source_set_enabled(watch->timer, SD_EVENT_ONESHOT);
	}
	return 0;
}

static int watch_opened(struct dir_watch *watch, sd_event_source **ret)
{
	int fd = in_root__open(watch->at, watch->root_len, O_PATH | O_DIRECTORY), err;
	char path[32];

	if (fd < 0)
		return -errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	err = sd_event_add_inotify(watch->watches->event, ret, path, EVENTS, on_event, watch);
	close(fd);
	return err;
}

/*
 * Watches the directory or the nearest one above it, in the root; returns a negative errno if it
 * cannot.
 */
static int watch_nearest(struct dir_watch *watch, sd_event_source **ret)
{
	char *slash;
	int err;

	snprintf(watch->at, sizeof(watch->at), "%s", watch->dir);
	for (;;) {
		err = watch_opened(watch, ret);
		if ((err != -ENOENT && err != -ENOTDIR) || !watch->at[1] ||
		    strlen(watch->at) <= watch->root_len)
			return err;
		/* up to the root, which is always there */
		slash = strrchr(watch->at, '/');
		slash[slash == watch->at] = '\0';
	}
}

static bool is_deeper(const struct dir_watch *watch)
{
	size_t len;
	const char *step = next_step(watch, &len);
	char path[PATH_MAX];
	struct stat st;

	if (!len)
		return false;
	snprintf(path, sizeof(path), "%.*s", (int)(step + len - watch->dir), watch->dir);
	return !in_root__stat(path, watch->root_len, &st);
}

static void renew(struct dir_watch *watch)
{
	int err;

	/* again, if what was missing has come meanwhile; not for ever, if it is no directory */
	for (int i = 0; i < 8; i++) {
		sd_event_source *source = NULL;

		err = watch_nearest(watch, &source);
		if (err < 0)
			break;
		sd_event_source_set_priority(source, watch->watches->priority);
		sd_event_source_disable_unref(watch->source);
		watch->source = source;
		if (!is_deeper(watch))
			break;
	}
	if (err < 0 && !watch->failed)
		watch->watches->failed(watch->dir, err);
	watch->failed = err < 0;
}

/* First the watch, then the look: so nothing falls between them. */
static int on_settled(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct dir_watch *watch = userdata;

	(void)source;
	(void)usec;
	renew(watch);
	watch->fn(watch->watches->ctx);
	return 0;
}

int dir_watch__add(struct dir_watches *watches, const char *dir, size_t root_len,
		   void (*fn)(void *ctx))
{
	struct dir_watch *watch = calloc(1, sizeof(*watch));
	int err = -ENOMEM;

	if (!watch)
		return err;
	watch->next = watches->first;
	watches->first = watch;
	watch->watches = watches;
	watch->fn = fn;
	watch->root_len = root_len;
	watch->dir = strdup(dir);
	if (watch->dir)
		err = sd_event_add_time(watches->event, &watch->timer, CLOCK_MONOTONIC, 0, 1000,
					on_settled, watch);
	if (err < 0)
		return err;
	sd_event_source_set_enabled(watch->timer, SD_EVENT_OFF);
	renew(watch);
	return 0;
}

void dir_watches__renew(struct dir_watches *watches)
{
	for (struct dir_watch *watch = watches->first; watch; watch = watch->next)
		renew(watch);
}

void dir_watches__free(struct dir_watches *watches)
{
	struct dir_watch *watch = watches->first, *next;

	watches->first = NULL;
	for (; watch; watch = next) {
		next = watch->next;
		sd_event_source_disable_unref(watch->source);
		sd_event_source_disable_unref(watch->timer);
		free(watch->dir);
		free(watch);
	}
}
