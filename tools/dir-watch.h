/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_DIR_WATCH_H
#define XDP_POLICY_DIR_WATCH_H

/* Directories that may come and go, and what comes and goes in them. */

#include <systemd/sd-event.h>

struct dir_watch;

struct dir_watches {
	/* given */
	sd_event *event;
	int64_t priority;			  /* of its event sources */
	void (*failed)(const char *dir, int err); /* it can't be watched, for now */
	void *ctx;

	struct dir_watch *first;
};

/*
 * Calls fn after every change in dir, whose first root_len characters are a root directory in which
 * links stay, as in-root.h has it; some milliseconds after the first of a burst. What is missed
 * is what is written without an end, by a process that keeps the file open. Returns 0 or a negative
 * errno.
 */
int dir_watch__add(struct dir_watches *watches, const char *dir, size_t root_len,
		   void (*fn)(void *ctx));
/*
 * Watches what the paths lead to now. A link farther up, or one that leads over others, is no part
 * of what is watched: whoever looks at everything from time to time is to call this, too.
 */
void dir_watches__renew(struct dir_watches *watches);
void dir_watches__free(struct dir_watches *watches);

#endif
