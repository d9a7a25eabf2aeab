// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * `xdp-policy watch`: what happens to the host's chain files and interfaces. A program of its own,
 * since it needs libraries that would slow down the start of all other commands.
 */
#include <errno.h>
#include <limits.h>
#include <linux/rtnetlink.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "chain-dirs.h"
#include "chain/lock.h"
#include "common/program.h"
#include "common/sweeper.h"
#include "dir-watch.h"
#include "instance.h"
#include "util/netlink.h"
#include "watch-work.h"

/* Interfaces come with a row of events. */
#define SETTLE_USEC 50000

/* Others have the lock for much longer than they should. */
#define RETRY_USEC 5000000

/* Then it is signals' turn. */
#define DATAGRAMS_AT_ONCE 64

struct watcher {
	struct tool_opts opts;
	uint64_t rescan; /* in microseconds */
	struct watch_work work;
	sd_event *event;
	sd_event_source *timer;
	struct sweeper sweeper;
	struct dir_watches dirs;
	struct netlink *netlink;
};

#define KEY_RESCAN 0x100

static const struct argp_option options[] = {
	{ "json", 'j', NULL, 0, "Print JSON, an object a line", 0 },
	{ "rescan", KEY_RESCAN, "SECONDS", 0, "Look at everything so often (60)", 0 },
	{ "root", 'r', "DIR", 0, "Take DIR for the root directory", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct watcher *w = state->input;

	switch (key) {
	case 'j':
		w->opts.json = true;
		return 0;
	case KEY_RESCAN:
		w->rescan = program__rescan(arg, state) * 1000000ULL;
		return 0;
	case 'r':
		w->opts.root = program__root(arg, state);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "found '%s', expected no argument", arg);
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void look(struct watcher *w)
{
	int err = watch_work__look(&w->work);

	if (!err)
		return;
	sd_event_source_set_time_relative(w->timer, RETRY_USEC);
	sd_event_source_set_enabled(w->timer, SD_EVENT_ONESHOT);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	look(userdata);
	return 0;
}

/* What brings no event: a link far from the directories that is another, a change that was lost. */
static int on_rescan(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct watcher *w = userdata;

	(void)usec;
	dir_watches__renew(&w->dirs);
	sweeper__soon(&w->sweeper, 0);
	look(w);
	sd_event_source_set_time_relative(source, w->rescan);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct watcher *w = userdata;
	uint64_t now = 0;

	(void)source;
	(void)info;
	sd_event_now(w->event, CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu", (unsigned long long)now);
	dir_watches__renew(&w->dirs);
	watch_work__reload(&w->work);
	look(w);
	sd_notify(0, "READY=1");
	return 0;
}

static void wake(void *ctx)
{
	struct watcher *w = ctx;
	int enabled = SD_EVENT_OFF;

	sd_event_source_get_enabled(w->timer, &enabled);
	if (enabled != SD_EVENT_OFF)
		return;
	sd_event_source_set_time_relative(w->timer, SETTLE_USEC);
	sd_event_source_set_enabled(w->timer, SD_EVENT_ONESHOT);
}

/* Whatever the kernel says, and whatever was lost: all are looked at. */
static int on_links(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct watcher *w = userdata;
	struct netlink_part part;
	int err = 0;

	(void)source;
	(void)fd;
	(void)revents;
	for (int i = 0; i < DATAGRAMS_AT_ONCE && err != -EAGAIN; i++) {
		err = netlink__receive(w->netlink, &part);
		if (err != -EPERM && err != -EAGAIN)
			wake(w);
	}
	return 0;
}

static void tell_sweep(void *ctx, int n, int err)
{
	(void)ctx;
	if (n)
		tool_error("removed %d dispatchers that ran nowhere", n);
	else
		tool_error("what runs nowhere cannot be told, and stays: %s", strerror(-err));
}

static void not_watched(const char *dir, int err)
{
	tool_error("%s: cannot be watched: %s", dir, strerror(-err));
}

static int watch_dirs(struct watcher *w)
{
	const char *root = w->opts.root ? w->opts.root : "";
	char path[PATH_MAX];
	int err = 0;

	w->dirs = (struct dir_watches){ .event = w->event, .failed = not_watched, .ctx = w };
	for (size_t i = 0; i < N_CHAIN_DIRS && !err; i++) {
		snprintf(path, sizeof(path), "%s%s", root, chain_dirs[i]);
		err = dir_watch__add(&w->dirs, path, strlen(root), wake);
	}
	return err;
}

static int watch_links(struct watcher *w)
{
	int err = netlink__open(RTMGRP_LINK, &w->netlink);

	return err ? err :
		     sd_event_add_io(w->event, NULL, netlink__fd(w->netlink), EPOLLIN, on_links, w);
}

static int watch_signals(struct watcher *w)
{
	sigset_t set;
	int err;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	/* without a handler a signal ends the loop */
	err = sd_event_add_signal(w->event, NULL, SIGTERM, NULL, NULL);
	if (err >= 0)
		err = sd_event_add_signal(w->event, NULL, SIGINT, NULL, NULL);
	return err < 0 ? err : sd_event_add_signal(w->event, NULL, SIGHUP, on_hangup, w);
}

/* Everything is watched before anything is read. */
static int watch(struct watcher *w)
{
	int err = sd_event_default(&w->event);

	if (err >= 0)
		err = watch_signals(w);
	if (err >= 0)
		err = sd_event_add_time(w->event, &w->timer, CLOCK_MONOTONIC, 0, 1000, on_timer, w);
	if (err >= 0)
		err = sd_event_source_set_enabled(w->timer, SD_EVENT_OFF);
	if (err >= 0)
		err = sweeper__init(&w->sweeper, w->event, SD_EVENT_PRIORITY_IDLE);
	if (err >= 0)
		err = watch_dirs(w);
	if (err >= 0)
		err = watch_links(w);
	if (err >= 0)
		err = sd_event_add_time_relative(w->event, NULL, CLOCK_MONOTONIC, w->rescan, 0,
						 on_rescan, w);
	if (err < 0)
		return err;
	w->work.sweeper = &w->sweeper;
	sweeper__soon(&w->sweeper, 0); /* what has gone before we came */
	look(w);
	sd_notify(0, "READY=1");
	return sd_event_loop(w->event);
}

static void clear(struct watcher *w)
{
	dir_watches__free(&w->dirs);
	netlink__close(w->netlink);
	sweeper__free(&w->sweeper);
	sd_event_source_disable_unref(w->timer);
	sd_event_unref(w->event);
}

static int watch_alone(struct watcher *w)
{
	char pid[INSTANCE_PID_SIZE], why[RUN_DIR_WHY_SIZE];
	int lock = instance__claim("watch", pid), err;

	if (lock == -EBUSY)
		tool_error("watch: already running, as process %s", pid);
	else if (lock < 0)
		tool_error("%s", run_dir__strerror(lock, "watch", why));
	if (lock < 0)
		return lock == -EPERM || lock == -EACCES ? TOOL_PERM : TOOL_FOUND;
	err = watch(w);
	if (err < 0)
		tool_error("cannot watch: %s", strerror(-err));
	clear(w);
	instance__release(lock);
	return err < 0 ? TOOL_FOUND : TOOL_OK;
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.doc = "Loads the chain files of this host, and again whenever one of them changes "
		       "or an interface appears. The chains stay when it ends.",
	};
	struct watcher w = {
		.rescan = PROGRAM_RESCAN * 1000000ULL,
		.sweeper.tell = tell_sweep,
	};
	int status;

	signal(SIGXFSZ, SIG_IGN); /* it is an error of a write, after which we clean up */
	argp_err_exit_status = TOOL_USAGE;
	program__check_output();
	program__refuse_empty(program_invocation_short_name, argc, argv);
	argp_parse(&argp, argc, argv, 0, NULL, &w);
	status = watch_work__open(&w.work, &w.opts);
	if (status)
		return program__end(status);
	status = watch_alone(&w);
	watch_work__close(&w.work);
	return program__end(status);
}
