// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "netns.h"
#include "policyd.h"

/* `ip netns add` makes the file first, and no event tells when it becomes a namespace. */
#define NETNS_RETRY_USEC (RATE_SECOND / 20)

static void drop_space(struct space *space)
{
	struct port *port, *next;

	HASH_ITER(hh, space->ports, port, next)
		port__drop(port);
	links__close(space);
	if (space->fd >= 0)
		close(space->fd);
	free(space->name);
	free(space);
}

/* Owns fd, whatever comes of it. */
static struct space *add_space(struct daemon *daemon, const char *name, int fd)
{
	struct space *space = calloc(1, sizeof(*space)), **end = &daemon->spaces;
	struct stat st;
	int err = -ENOMEM;

	if (!space) {
		close(fd);
		return NULL;
	}
	space->daemon = daemon;
	space->fd = fd;
	space->seen = true;
	space->name = strdup(name);
	if (space->name)
		err = fstat(fd, &st) ? -errno : 0;
	if (!err) {
		space->dev = st.st_dev;
		space->ino = st.st_ino;
		err = links__open(space);
	}
	if (err) {
		log__error("network namespace %s: cannot be watched: %s",
			   name[0] ? name : "of the host", strerror(-err));
		work__failed(daemon);
		drop_space(space);
		return NULL;
	}
	while (*end)
		end = &(*end)->next;
	*end = space;
	return space;
}

int space__enter(struct daemon *daemon, struct space *space)
{
	int err;

	if (!space)
		space = daemon->spaces;
	if (!space || daemon->inside == space)
		return 0;
	if (!setns(space->fd, CLONE_NEWNET)) {
		daemon->inside = space;
		return 0;
	}
	err = -errno;
	work__failed(daemon);
	log__error("network namespace %s: cannot be entered: %s",
		   space->name[0] ? space->name : "of the host", strerror(-err));
	/* whatever we did next would be done to other interfaces */
	if (space == daemon->spaces)
		abort();
	return err;
}

static struct space *find_space(const struct daemon *daemon, int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return NULL;
	for (struct space *space = daemon->spaces; space; space = space->next)
		if (space->dev == st.st_dev && space->ino == st.st_ino)
			return space;
	return NULL;
}

/* Returns -EAGAIN if the name is worth another look soon. */
static int look_at(struct daemon *daemon, const char *name)
{
	int fd = netns__open(name);
	struct space *space;

	if (fd < 0)
		return fd;
	/* several names of one namespace count once, and none of the host's */
	space = find_space(daemon, fd);
	if (space) {
		space->seen = true;
		close(fd);
		return 0;
	}
	space = add_space(daemon, name, fd);
	if (space)
		log__print(LOG_INFO, NULL, "network namespace %s: served", name);
	return 0;
}

static bool look_at_all(struct daemon *daemon)
{
	char **names = netns__list();
	bool again = false;

	for (char **name = names; name && *name; name++)
		again |= look_at(daemon, *name) == -EAGAIN;
	netns__free_list(names);
	return again;
}

/* A name that is not there may come, or be a typing error. */
static bool look_at_named(struct daemon *daemon)
{
	bool again = false;

	for (const char **name = daemon->opts.netns; name && *name; name++) {
		int err = look_at(daemon, *name);

		again |= err == -EAGAIN;
		if (err >= 0 || daemon->ready || daemon->netns_tries)
			continue;
		daemon->failed = true;
		log__print(LOG_WARNING, NULL, "network namespace %s: cannot be served yet: %s",
			   *name, strerror(-err));
	}
	return again;
}

static void drop_unseen(struct daemon *daemon)
{
	struct space **at = &daemon->spaces->next;

	while (*at) {
		struct space *space = *at;

		if (space->seen) {
			at = &space->next;
			continue;
		}
		log__print(LOG_INFO, NULL, "network namespace %s: gone", space->name);
		*at = space->next;
		drop_space(space);
	}
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	space__scan(userdata);
	return 0;
}

void space__scan(struct daemon *daemon)
{
	bool again;

	for (struct space *space = daemon->spaces->next; space; space = space->next)
		space->seen = false;
	again = look_at_named(daemon);
	if (daemon->opts.all_netns)
		again |= look_at_all(daemon);
	drop_unseen(daemon);
	/* what does not become one soon is left to the next rescan */
	if (!again)
		daemon->netns_tries = 0;
	else if (daemon->netns_tries++ < 40)
		sd_event_add_time_relative(daemon->event, NULL, CLOCK_MONOTONIC, NETNS_RETRY_USEC,
					   0, on_retry, daemon);
}

static void on_change(void *ctx)
{
	space__scan(ctx);
}

int space__init(struct daemon *daemon)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	if (!add_space(daemon, "", fd))
		return -EIO;
	daemon->inside = daemon->spaces;
	if (!daemon->opts.all_netns && !daemon->opts.netns)
		return 0;
	err = dir_watch__add(&daemon->watches, NETNS_DIR, 0, on_change);
	if (!err)
		space__scan(daemon);
	return err;
}

void space__free(struct daemon *daemon)
{
	struct space *space = daemon->spaces, *next;

	daemon->spaces = NULL;
	for (; space; space = next) {
		next = space->next;
		drop_space(space);
	}
}
