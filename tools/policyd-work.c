// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utlist.h>

#include "chain/links.h"
#include "chain/lock.h"
#include "chain/pins.h"
#include "policyd.h"
#include "run/retired.h"

/* How long others hold the lock: a swap and its grace. */
#define LIBXDP_LOCK_MS	  200 /* as xdp-loader has it, with room; then the interface is retried */
#define LOCK_RETRY_USEC	  10000
#define LOCK_PATIENCE	  (10 * RATE_SECOND)
#define FAILED_RETRY_USEC (RATE_SECOND / 5)

/* Interfaces at one go, so that the loop sees signals and events between. */
#define AT_ONCE 16

/* Until it is tried to remove what was replaced, and again. */
#define RETIRE_USEC (RATE_SECOND / 20)

/* Figures are written at most so often, and while there is work just as often. */
#define REPORT_USEC RATE_SECOND

/* For the service's manager, as long as the first look at all interfaces goes on. */
#define MORE_TIME "EXTEND_TIMEOUT_USEC=60000000"

static void report_soon(struct daemon *daemon)
{
	int enabled;

	if (sd_event_source_get_enabled(daemon->report, &enabled) >= 0 && !enabled) {
		sd_event_source_set_time_relative(daemon->report, REPORT_USEC);
		sd_event_source_set_enabled(daemon->report, SD_EVENT_ONESHOT);
	}
}

static void retire_soon(struct daemon *daemon)
{
	sd_event_source_set_time_relative(daemon->retire, RETIRE_USEC);
	sd_event_source_set_enabled(daemon->retire, SD_EVENT_ONESHOT);
}

void work__wake(struct daemon *daemon)
{
	sd_event_source_set_enabled(daemon->pass, SD_EVENT_ONESHOT);
	report_soon(daemon);
}

void work__mark(struct port *port)
{
	struct daemon *daemon = port->space->daemon;

	if (!port->marked) {
		DL_APPEND(daemon->marked, port);
		daemon->n_marked++;
	}
	port->marked = true;
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
	if (port->marked) {
		DL_DELETE(daemon->marked, port);
		daemon->n_marked--;
	}
	port->marked = false;
}

void work__failed(struct daemon *daemon)
{
	daemon->errors++;
	daemon->round_failed = true;
}

/* The end of an attempt to read and to correct a chain. */
static void set_failing(struct port *port, bool failing)
{
	port->space->daemon->n_failing += failing - !!port->n_failed;
	port->n_failed = failing ? port->n_failed + 1 : 0;
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
	log__print(LOG_ERR, &about, "the chain cannot be corrected: %s", text);
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

static void fail(struct port *port, const struct correction *c)
{
	struct daemon *daemon = port->space->daemon;
	uint64_t usec;

	port->looked = false;
	if (c->err == -ENODEV) /* the event that says so is on its way */
		return;
	daemon->failed = true;
	tell_failure(port, c->err, c->why);
	/* it is as it was, which the figures tell */
	if (c->before.id && c->wish.n) {
		port->drift = count_drift(c, false);
		port__remember(port, &c->before);
	}
	usec = FAILED_RETRY_USEC << (port->n_failed < 16 ? port->n_failed : 16);
	set_failing(port, true);
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
		log__print(LOG_NOTICE, &about, "cannot be changed: %s", c->after.fixed);
}

static void count_correction(struct port *port, const struct correction *c)
{
	const char *programs[CHAIN_MAX];
	size_t n = 0;

	for (unsigned int i = 0; i < c->wish.n; i++) {
		const bool *drift = c->wish.program[i].drift;

		if (drift[ATTR_PRIORITY] || drift[ATTR_ACTIONS] || drift[ATTR_ATTACH])
			programs[n++] = proginfo__label(&c->before.program[i].info);
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
	set_failing(port, false);
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

/* Returns what is to be settled, or NULL. */
static struct correction *look(struct port *port)
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
		return NULL;
	c = calloc(1, sizeof(*c));
	if (!c) {
		log__error("out of memory");
		port->looked = false;
		work__failed(daemon);
		return NULL;
	}
	opts.dry_run = answer == RATE_PAUSE;
	c->ifindex = port->ifindex;
	memcpy(c->ifname, port->name, sizeof(c->ifname));
	if (port->known)
		c->known = *port->known;
	correct__begin(&opts, c);
	evaluate(port, c, opts.dry_run);
	if (c->swap)
		return c;
	correct__end(c);
	free(c);
	return NULL;
}

static void settle(struct port *port, struct correction *c)
{
	struct daemon *daemon = port->space->daemon;

	correct__end(c);
	if (c->outcome == CORRECT_FAILED) {
		daemon->failed = true;
		tell_failure(port, c->err, c->why);
	}
	free(c);
}

/* Some of the marked ones: all are swapped first, and then wait for one grace together. */
static void correct_some(struct daemon *daemon)
{
	struct correction *swap[AT_ONCE];
	struct port *port[AT_ONCE];
	int n = 0;

	for (int i = 0; i < AT_ONCE && daemon->marked; i++) {
		struct port *next = daemon->marked;
		int err = space__enter(daemon, next->space);

		unmark(daemon, next);
		next->looked = next->looked && !err;
		swap[n] = err ? NULL : look(next);
		if (swap[n])
			port[n++] = next;
	}
	for (int i = 0; i < n; i++) {
		/* where it was entered a moment ago */
		space__enter(daemon, port[i]->space);
		settle(port[i], swap[i]);
	}
	space__enter(daemon, NULL);
	if (n)
		retire_soon(daemon);
}

void work__forget(struct port *port)
{
	set_failing(port, false);
	unmark(port->space->daemon, port);
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
		char holder[FILE_LOCK_HOLDER_SIZE], why[RUN_DIR_WHY_SIZE];

		chain_lock__holder(holder);
		daemon->errors++;
		if (daemon->lock == -ETIMEDOUT)
			log__error(XDP_POLICY_RUN_DIR
				   "/lock: %s holds it; corrections wait for that",
				   holder);
		else
			log__error("%s", run_dir__strerror(daemon->lock, "lock", why));
		daemon->lock_wanted = now;
		delay = RATE_SECOND;
		if (daemon->opts.once) {
			daemon->failed = true;
			sd_event_exit(daemon->event, 0);
		}
	}
	daemon->lock = -1;
	sd_event_source_set_time_relative(daemon->retry, delay);
	sd_event_source_set_enabled(daemon->retry, SD_EVENT_ONESHOT);
	return false;
}

static void release_lock(struct daemon *daemon)
{
	if (daemon->lock >= 0)
		chain_lock__release(daemon->lock);
	daemon->lock = -1;
}

static void tell_refused(void *ctx, const char *text)
{
	struct daemon *daemon = ctx;

	daemon->errors++;
	log__error("%s", text);
}

static void recover(struct daemon *daemon)
{
	daemon->recover = false;
	run_dirs__each_refused(tell_refused, daemon);
	if (daemon->opts.once)
		chain_sweep__now(true);
	record__sweep(RECORD_SWEEP_ALL);
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
	retire_soon(daemon);
}

/* When all is done: the lock is others', and whoever waits for the daemon is told. */
static void rest(struct daemon *daemon)
{
	release_lock(daemon);
	links__remember(false);
	if (!daemon->n_listing && !daemon->n_failing && !daemon->round_failed &&
	    !policy__is_disabled(daemon->policy))
		daemon->last_success = (uint64_t)time(NULL);
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

bool work__may_sweep(void *ctx)
{
	struct daemon *daemon = ctx;

	return !policy__is_disabled(daemon->policy);
}

static int on_pass(sd_event_source *source, void *userdata)
{
	struct daemon *daemon = userdata;

	(void)source;
	report_soon(daemon);
	if (is_disabled(daemon)) {
		while (daemon->marked) {
			daemon->marked->looked = false;
			unmark(daemon, daemon->marked);
		}
		daemon->recover = false;
	}
	if ((daemon->marked || daemon->recover) && !has_lock(daemon))
		return 0;
	if (daemon->recover)
		recover(daemon);
	links__remember(true);
	correct_some(daemon);
	if (!daemon->ready)
		daemon__notify(MORE_TIME);
	if (daemon->marked)
		sd_event_source_set_enabled(daemon->pass, SD_EVENT_ONESHOT);
	else
		rest(daemon);
	return 0;
}

/* The lock is to be tried again. */
static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	return on_pass(NULL, userdata);
}

/* Who reads what was replaced may take his time: nothing waits for him. */
static int on_retire(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	if (retired__collect(0))
		retire_soon(userdata);
	return 0;
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
	pins__set_limit(LIBXDP_LOCK_MS);
	err = add_source(sd_event_add_defer(event, &daemon->pass, on_pass, daemon), daemon->pass,
			 PRIORITY_WORK);
	if (err >= 0)
		err = sd_event_add_time(event, &daemon->retry, CLOCK_MONOTONIC, 0, 1000, on_retry,
					daemon);
	if (err >= 0)
		err = add_source(err, daemon->retry, PRIORITY_WORK);
	if (err >= 0)
		err = sd_event_add_time(event, &daemon->retire, CLOCK_MONOTONIC, 0, 1000, on_retire,
					daemon);
	if (err >= 0)
		err = add_source(err, daemon->retire, PRIORITY_WORK);
	if (err >= 0)
		err = sd_event_add_time(event, &daemon->report, CLOCK_MONOTONIC, 0, 0, on_report,
					daemon);
	return err < 0 ? err : add_source(err, daemon->report, PRIORITY_WORK - 1);
}

void work__free(struct daemon *daemon)
{
	release_lock(daemon);
	retired__collect(RETIRED_WAIT_MS);
	sd_event_source_disable_unref(daemon->pass);
	sd_event_source_disable_unref(daemon->retry);
	sd_event_source_disable_unref(daemon->retire);
	sd_event_source_disable_unref(daemon->report);
}
