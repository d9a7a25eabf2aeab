// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chain/lock.h"
#include "policyd.h"

/* How long others hold the lock: a swap and its grace. */
#define LOCK_RETRY_USEC	  10000
#define LOCK_PATIENCE	  (10 * RATE_SECOND)
#define FAILED_RETRY_USEC (RATE_SECOND / 5)

/* Interfaces at one go, so that the loop sees signals and events between. */
#define AT_ONCE 16

/* Figures are written at most so often. */
#define REPORT_USEC RATE_SECOND

static void report_soon(struct daemon *daemon)
{
	int enabled;

	if (sd_event_source_get_enabled(daemon->report, &enabled) >= 0 && !enabled) {
		sd_event_source_set_time_relative(daemon->report, REPORT_USEC);
		sd_event_source_set_enabled(daemon->report, SD_EVENT_ONESHOT);
	}
}

void work__wake(struct daemon *daemon)
{
	sd_event_source_set_enabled(daemon->pass, SD_EVENT_ONESHOT);
	report_soon(daemon);
}

void work__mark(struct port *port)
{
	struct daemon *daemon = port->space->daemon;

	if (port->swap)
		port->again = true;
	else if (!port->marked)
		DL_APPEND(daemon->marked, port);
	port->marked = !port->swap;
	work__wake(daemon);
}

void work__mark_all(struct daemon *daemon)
{
	for (struct space *space = daemon->spaces; space; space = space->next)
		for (struct port *port = space->ports; port; port = port->hh.next)
			work__mark(port);
	work__wake(daemon);
}

static void unmark(struct daemon *daemon, struct port *port)
{
	if (port->marked)
		DL_DELETE(daemon->marked, port);
	port->marked = false;
}

/* Once for each reason: retries would fill the log. */
static void tell_failure(struct port *port, int err, const char *why)
{
	struct log_about about = port__about(port);
	char text[sizeof(port->told_error)];

	port->space->daemon->errors++;
	snprintf(text, sizeof(text), "%s", why[0] ? why : strerror(-err));
	if (!strcmp(text, port->told_error))
		return;
	snprintf(port->told_error, sizeof(port->told_error), "%s", text);
	log__print(LOG_ERR, &about, "the chain can't be corrected: %s", text);
}

static void fail(struct port *port, const struct correction *c)
{
	struct daemon *daemon = port->space->daemon;
	uint64_t usec;

	if (c->err == -ENODEV) /* the event that says so is on its way */
		return;
	daemon->failed = true;
	tell_failure(port, c->err, c->why);
	usec = FAILED_RETRY_USEC << (port->n_failed < 16 ? port->n_failed : 16);
	port->n_failed++;
	if (!daemon->opts.once && usec < daemon->opts.rescan)
		port__later(port, usec);
}

/* Once for each chain. */
static void tell_left(struct port *port, const struct correction *c)
{
	struct log_about about = port__about(port);

	if (port->told_left == c->after.id || (!c->left && !c->after.fixed[0]))
		return;
	port->told_left = c->after.id;
	if (c->left)
		log__print(LOG_WARNING, &about, "not as the policy wants it: %s", c->why);
	else
		log__print(LOG_NOTICE, &about, "can't be changed: %s", c->after.fixed);
}

/* How many programs are still not as the policy wants them. */
static unsigned int count_drift(const struct correction *c, bool changed)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < c->wish.n; i++) {
		const bool *drift = c->wish.program[i].drift;

		n += drift[ATTR_ATTACH] || drift[ATTR_MODE] ||
		     (!changed && (drift[ATTR_PRIORITY] || drift[ATTR_ACTIONS]));
	}
	return n;
}

static void count_correction(struct port *port, const struct correction *c)
{
	const char *programs[CHAIN_MAX];
	size_t n = 0;

	for (unsigned int i = 0; i < c->wish.n; i++) {
		const bool *drift = c->wish.program[i].drift;

		if (drift[ATTR_PRIORITY] || drift[ATTR_ACTIONS] || drift[ATTR_ATTACH])
			programs[n++] = c->before.program[i].info.name;
	}
	rate__add(&port->rate, daemon__now(port->space->daemon), programs, n);
	port->corrections++;
	port->space->daemon->corrections++;
}

static void evaluate(struct port *port, const struct correction *c, bool dry)
{
	struct daemon *daemon = port->space->daemon;
	bool changed = c->outcome == CORRECT_CHANGED;

	if (c->outcome == CORRECT_FAILED) {
		fail(port, c);
		return;
	}
	port->n_failed = 0;
	port->told_error[0] = '\0';
	port->drift = count_drift(c, changed && !dry);
	port__remember(port, dry ? &c->before : &c->after);
	if (changed && dry) {
		uint64_t pause = rate__pause(&port->rate, daemon__now(daemon));

		report__backoff(port, c, pause);
		port__later(port, pause);
	} else if (changed) {
		count_correction(port, c);
		report__correction(port, c);
	}
	tell_left(port, c);
}

static void look(struct port *port)
{
	struct daemon *daemon = port->space->daemon;
	struct correct_opts opts = {
		.policy = daemon->policy,
		.host = daemon->host,
		.enforce_deny = daemon->opts.enforce_deny,
	};
	enum rate_answer answer = rate__ask(&port->rate, daemon__now(daemon));
	struct correction *c;

	if (answer == RATE_WAIT)
		return;
	c = calloc(1, sizeof(*c));
	if (!c) {
		log__error("out of memory");
		return;
	}
	opts.dry_run = answer == RATE_PAUSE;
	c->ifindex = port->ifindex;
	memcpy(c->ifname, port->name, sizeof(c->ifname));
	if (port->known)
		c->known = *port->known;
	correct__begin(&opts, c);
	evaluate(port, c, opts.dry_run);
	if (c->swap) {
		port->swap = c;
		daemon->n_swaps++;
		return;
	}
	correct__end(c);
	free(c);
}

static void settle(struct port *port)
{
	struct daemon *daemon = port->space->daemon;
	struct correction *c = port->swap;
	bool again = port->again;

	correct__end(c);
	if (c->outcome == CORRECT_FAILED) {
		daemon->failed = true;
		tell_failure(port, c->err, c->why);
	}
	free(c);
	port->swap = NULL;
	port->again = false;
	daemon->n_swaps--;
	if (again)
		work__mark(port);
}

void work__settle(struct daemon *daemon)
{
	for (struct space *space = daemon->spaces; space; space = space->next) {
		if (space__enter(daemon, space))
			continue;
		for (struct port *port = space->ports; port; port = port->hh.next)
			if (port->swap)
				settle(port);
	}
	space__enter(daemon, NULL);
}

void work__forget(struct port *port)
{
	struct daemon *daemon = port->space->daemon;

	if (port->swap && !space__enter(daemon, port->space)) {
		port->again = false;
		settle(port);
		space__enter(daemon, NULL);
	}
	unmark(daemon, port);
}

static bool has_lock(struct daemon *daemon)
{
	uint64_t now = daemon__now(daemon), delay = LOCK_RETRY_USEC;

	if (daemon->lock >= 0)
		return true;
	daemon->lock = chain_lock__take(0);
	if (daemon->lock >= 0) {
		daemon->lock_wanted = 0;
		return true;
	}
	if (!daemon->lock_wanted) {
		daemon->lock_wanted = now;
	} else if (now - daemon->lock_wanted > LOCK_PATIENCE || daemon->lock != -ETIMEDOUT) {
		daemon->errors++;
		log__error(XDP_POLICY_RUN_DIR "/lock: can't be had: %s", strerror(-daemon->lock));
		daemon->lock_wanted = now;
		delay = RATE_SECOND;
		if (daemon->opts.once) {
			daemon->failed = true;
			sd_event_exit(daemon->event, 0);
		}
	}
	daemon->lock = -1;
	sd_event_source_set_time_relative(daemon->settle, delay);
	sd_event_source_set_enabled(daemon->settle, SD_EVENT_ONESHOT);
	return false;
}

static void release_lock(struct daemon *daemon)
{
	if (daemon->lock >= 0)
		chain_lock__release(daemon->lock);
	daemon->lock = -1;
}

/* Only while no swap of our own is under way: what it leaves for the grace is not to be removed. */
static void recover(struct daemon *daemon)
{
	daemon->recover = false;
	record__sweep();
	for (struct space *space = daemon->spaces; space; space = space->next) {
		int n = space__enter(daemon, space);

		if (!n)
			n = chain__recover();
		if (n > 0)
			log__print(LOG_NOTICE, NULL,
				   "removed %d dispatchers that a killed process "
				   "had left behind",
				   n);
	}
}

static void arm_settle(struct daemon *daemon)
{
	unsigned int ms = CHAIN_GRACE_MAX_MS, left;

	for (struct space *space = daemon->spaces; space; space = space->next) {
		for (struct port *port = space->ports; port; port = port->hh.next) {
			left = port->swap ? chain_swap__remaining(port->swap->swap) : ms;
			ms = left < ms ? left : ms;
		}
	}
	sd_event_source_set_time_relative(daemon->settle, ms * 1000ULL);
	sd_event_source_set_enabled(daemon->settle, SD_EVENT_ONESHOT);
}

/* When all is done: the lock is others', and whoever waits for the daemon is told. */
static void rest(struct daemon *daemon)
{
	release_lock(daemon);
	if (daemon->ready || daemon->n_listing)
		return;
	daemon->ready = true;
	daemon__notify("READY=1");
	if (daemon->opts.once)
		sd_event_exit(daemon->event, 0);
}

static bool is_disabled(struct daemon *daemon)
{
	bool disabled = policy__is_disabled(daemon->policy);

	if (disabled != daemon->told_disabled)
		log__print(LOG_NOTICE, NULL,
			   disabled ? "found " POLICY_KILL_SWITCH ": chains are left as they are" :
				      POLICY_KILL_SWITCH " is gone: chains are corrected again");
	daemon->told_disabled = disabled;
	return disabled;
}

static int on_pass(sd_event_source *source, void *userdata)
{
	struct daemon *daemon = userdata;

	(void)source;
	if (is_disabled(daemon)) {
		while (daemon->marked)
			unmark(daemon, daemon->marked);
		daemon->recover = false;
	}
	if ((daemon->marked || daemon->recover) && !has_lock(daemon))
		return 0;
	if (daemon->recover && !daemon->n_swaps)
		recover(daemon);
	for (int i = 0; i < AT_ONCE && daemon->marked; i++) {
		struct port *port = daemon->marked;
		int err = space__enter(daemon, port->space);

		unmark(daemon, port);
		if (!err)
			look(port);
	}
	space__enter(daemon, NULL);
	/* the figures that were written while others had the lock are those of before */
	report_soon(daemon);
	if (daemon->marked)
		sd_event_source_set_enabled(daemon->pass, SD_EVENT_ONESHOT);
	if (daemon->n_swaps)
		arm_settle(daemon);
	else if (!daemon->marked)
		rest(daemon);
	return 0;
}

/* A grace has passed, or the lock is to be tried again. */
static int on_settle(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct daemon *daemon = userdata;

	(void)source;
	(void)usec;
	for (struct space *space = daemon->spaces; space && daemon->n_swaps; space = space->next)
		for (struct port *port = space->ports; port; port = port->hh.next)
			if (port->swap && !chain_swap__remaining(port->swap->swap) &&
			    !space__enter(daemon, space))
				settle(port);
	space__enter(daemon, NULL);
	return on_pass(NULL, daemon);
}

static int on_report(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	report__state(userdata);
	return 0;
}

static int add_source(int err, sd_event_source *source, int64_t priority)
{
	if (err < 0)
		return err;
	sd_event_source_set_priority(source, priority);
	return sd_event_source_set_enabled(source, SD_EVENT_OFF);
}

int work__init(struct daemon *daemon)
{
	sd_event *event = daemon->event;
	int err;

	daemon->lock = -1;
	err = add_source(sd_event_add_defer(event, &daemon->pass, on_pass, daemon), daemon->pass,
			 PRIORITY_WORK);
	if (err >= 0)
		err = sd_event_add_time(event, &daemon->settle, CLOCK_MONOTONIC, 0, 1000, on_settle,
					daemon);
	if (err >= 0)
		err = add_source(err, daemon->settle, PRIORITY_WORK);
	if (err >= 0)
		err = sd_event_add_time(event, &daemon->report, CLOCK_MONOTONIC, 0, 0, on_report,
					daemon);
	return err < 0 ? err : add_source(err, daemon->report, PRIORITY_WORK + 1);
}

void work__free(struct daemon *daemon)
{
	release_lock(daemon);
	sd_event_source_disable_unref(daemon->pass);
	sd_event_source_disable_unref(daemon->settle);
	sd_event_source_disable_unref(daemon->report);
}
