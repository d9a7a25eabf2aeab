// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <locale.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "hooks.h"
#include "chain/process.h"
#include "state.h"
#include "util/encode.h"
#include "util/ifinfo.h"

static struct policy *policy;
static struct process_facts facts;

/*
 * A thread that is cancelled in here, in open() or sendto(), would keep the lock for ever. And what
 * a rule means is not a matter of the application's language: to a Turkish one "redirect" and
 * "REDIRECT" are two words. The C locale is there already, and needs no memory.
 */
static struct {
	unsigned int depth;
	pthread_t thread;
	int cancel_state;
	locale_t language;
} holder; /* of the lock */

/* What is to be done as soon as the lock can be had. */
static _Atomic(struct due *) due;
struct due {
	void (*fn)(const void *arg);
	const void *arg;
	struct due *next;
};

static void do_due(void)
{
	struct due *next;

	for (struct due *d = due ? atomic_exchange(&due, NULL) : NULL; d; d = next) {
		next = d->next;
		d->fn(d->arg);
		free(d);
	}
}

bool state__lock(void)
{
	int was;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &was);
	if (!hooks_shim.lock()) {
		pthread_setcancelstate(was, NULL);
		return false;
	}
	/* a child may have got the lock from a thread that it does not have */
	if (holder.depth && !pthread_equal(holder.thread, pthread_self()))
		holder.depth = 0;
	if (!holder.depth++) {
		holder.thread = pthread_self();
		holder.cancel_state = was;
		holder.language = uselocale(newlocale(LC_ALL_MASK, "C", NULL));
	}
	do_due();
	return true;
}

void state__unlock(void)
{
	int cancel_state = holder.cancel_state;
	bool last = !--holder.depth;

	if (last)
		uselocale(holder.language);
	hooks_shim.unlock();
	if (last)
		pthread_setcancelstate(cancel_state, NULL);
}

void state__do(void (*fn)(const void *arg), const void *arg)
{
	struct due *d;

	if (state__lock()) {
		fn(arg);
		state__unlock();
		return;
	}
	d = malloc(sizeof(*d));
	if (!d)
		return;
	*d = (struct due){ .fn = fn, .arg = arg, .next = due };
	while (!atomic_compare_exchange_weak(&due, &d->next, d))
		;
}

#define LOG_BURST      20
#define LOG_PER_SECOND 1

static struct {
	bool started;
	unsigned int tokens, suppressed;
	time_t last;
} rate;

bool state__may_log(void)
{
	struct timespec now;
	unsigned long refill;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if (!rate.started) {
		rate.started = true;
		rate.tokens = LOG_BURST;
		rate.last = now.tv_sec;
	}
	refill = (now.tv_sec - rate.last) * LOG_PER_SECOND;
	rate.last = now.tv_sec;
	rate.tokens = refill > LOG_BURST - rate.tokens ? LOG_BURST : rate.tokens + refill;
	return rate.tokens;
}

/*
 * Not syslog(3): that would keep a descriptor and an identity that belong to the application, and
 * may wait. A datagram that cannot be sent at once is dropped. There is no time in it, which needs
 * the time zone and its lock: who receives it knows when.
 */
static void send_line(int priority, const char *text)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = "/dev/log" };
	char line[800];
	int fd, len;

	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	len = snprintf(line, sizeof(line), "<%d>xdp-policy[%d]: %s", LOG_DAEMON | priority,
		       getpid(), text);
	if (len > (int)sizeof(line) - 1)
		len = sizeof(line) - 1;
	sendto(fd, line, len, MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&addr, sizeof(addr));
	close(fd);
}

void state__log_suppressed(void)
{
	rate.suppressed++;
}

static void log_shown(int priority, const char *shown)
{
	char text[64];

	if (!state__may_log()) {
		rate.suppressed++;
		return;
	}
	rate.tokens--;
	if (rate.suppressed) {
		snprintf(text, sizeof(text), "%u earlier messages suppressed", rate.suppressed);
		rate.suppressed = 0;
		send_line(LOG_NOTICE, text);
	}
	send_line(priority, shown);
}

void state__log(int priority, const char *fmt, ...)
{
	char text[600], shown[640];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	log_shown(priority, encode__shown(text, shown, sizeof(shown)));
}

/* The files whose first error this process has told of already, by a hash of its text. */
#define MAX_TOLD 32
static uint32_t told[MAX_TOLD];
static unsigned int n_told;
static char last_file[256];

static bool is_told(const char *line)
{
	uint32_t hash = 2166136261U;

	while (*line)
		hash = (hash ^ (unsigned char)*line++) * 16777619U;
	for (unsigned int i = 0; i < n_told && i < MAX_TOLD; i++)
		if (told[i] == hash)
			return true;
	told[n_told++ % MAX_TOLD] = hash;
	return false;
}

/* One line a refused file: the whole list is xdp-policy check's to give. */
static void log_policy(void *ctx, enum policy_level level, const char *file, unsigned int line,
		       const char *text)
{
	char message[640], shown[400];

	(void)ctx;
	if (level != POLICY_ERROR || !strcmp(file, last_file))
		return;
	snprintf(last_file, sizeof(last_file), "%s", file);
	encode__shown(file, shown, sizeof(shown));
	if (line)
		snprintf(message, sizeof(message), "%s:%u: %s", shown, line, text);
	else
		snprintf(message, sizeof(message), "%s: %s", shown, text);
	if (!is_told(message))
		log_shown(LOG_ERR, message);
}

/*
 * The kernel's coarse clock has not moved on since we last looked at the files: nor have the times
 * that a change would leave on them. Spares a program that opens many the looking.
 */
static bool is_fresh(void)
{
	static struct timespec last;
	struct timespec now;
	bool fresh;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	fresh = now.tv_sec == last.tv_sec && now.tv_nsec == last.tv_nsec;
	last = now;
	return fresh;
}

/* What the policy said of attaching when it was looked at last, for when it cannot be. */
enum last_known {
	NOT_YET,
	DENIES_NOTHING,
	MAY_DENY
};
static atomic_int last_known;

/* Why the policy cannot be asked, though there may be one. */
enum trouble {
	TROUBLE_NONE,
	TROUBLE_BUSY,
	TROUBLE_SHORT,
	N_TROUBLES
};
enum outcome {
	VALUES_LEFT,
	ATTACH_PASSES,
	ATTACH_REFUSED,
	N_OUTCOMES
};

/* Without the lock, whose holder may be at it for long: at most one line of a kind in ten seconds.
 */
static void tell(enum trouble trouble, enum outcome outcome)
{
	static const char *const troubles[N_TROUBLES] = {
		[TROUBLE_BUSY] = "another thread has been busy with the policy for a second",
		[TROUBLE_SHORT] = "the policy cannot be read: no memory or no descriptors",
	};
	static const char *const outcomes[N_OUTCOMES] = {
		[VALUES_LEFT] = "values left as they are",
		[ATTACH_PASSES] = "attach let through, since nothing is denied",
		[ATTACH_REFUSED] = "attach denied",
	};
	static atomic_llong next[N_TROUBLES][N_OUTCOMES];
	long long earliest = next[trouble][outcome];
	struct timespec now;
	char line[160];

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if (now.tv_sec < earliest ||
	    !atomic_compare_exchange_strong(&next[trouble][outcome], &earliest, now.tv_sec + 10))
		return;
	snprintf(line, sizeof(line), "%s: %s", troubles[trouble], outcomes[outcome]);
	send_line(LOG_ERR, line);
}

/*
 * NULL without the lock: there is no policy, it is switched off, or it cannot be had. One that is
 * entered though there is trouble is as it was last known.
 */
static struct policy *enter(enum trouble *trouble)
{
	const struct policy_opts opts = { .log = { .fn = log_policy } };
	static int rc; /* of when the files were looked at last */

	*trouble = TROUBLE_NONE;
	if (!state__lock()) {
		*trouble = TROUBLE_BUSY;
		return NULL;
	}
	last_file[0] = '\0';
	if (!policy)
		policy__open(&opts, &policy);
	else if (!is_fresh())
		rc = policy__refresh(policy);
	if (!policy) {
		*trouble = TROUBLE_SHORT;
	} else if (policy__is_disabled(policy)) {
		last_known = DENIES_NOTHING;
	} else if (rc < 0 || policy__is_starved(policy)) {
		*trouble = TROUBLE_SHORT;
		last_known = NOT_YET; /* it is not what it was */
	} else {
		last_known = policy__may_deny(policy) ? MAY_DENY : DENIES_NOTHING;
	}
	if (policy && !policy__is_disabled(policy))
		return policy;
	state__unlock();
	return NULL;
}

struct policy *state__enter(void)
{
	enum trouble trouble;
	struct policy *entered = enter(&trouble);

	if (trouble && !entered)
		tell(trouble, VALUES_LEFT);
	return entered;
}

struct policy *state__enter_attach(bool *refused)
{
	enum trouble trouble;
	struct policy *entered = enter(&trouble);

	*refused = trouble && last_known != DENIES_NOTHING;
	if (trouble)
		tell(trouble, *refused ? ATTACH_REFUSED : ATTACH_PASSES);
	if (entered && *refused) {
		state__leave();
		return NULL;
	}
	return entered;
}

void state__leave(void)
{
	state__unlock();
}

bool state__wants(enum policy_cond cond)
{
	return policy__conds(policy) & 1U << cond;
}

void state__describe_all(struct policy_subject *subject)
{
	process__refresh(&facts);
	process__describe(&facts, subject);
}

void state__describe(struct policy_subject *subject)
{
	static const enum policy_cond conds[] = { COND_EXECUTABLE, COND_USER, COND_UNIT,
						  COND_HOST };

	for (size_t i = 0; i < sizeof(conds) / sizeof(conds[0]); i++) {
		if (!state__wants(conds[i]))
			continue;
		state__describe_all(subject);
		return;
	}
}

void state__describe_place(struct policy_subject *subject, int ifindex, struct state_place *place)
{
	static char *altnames; /* with the lock held, as all of this */
	int err = 0;

	free(altnames);
	altnames = NULL;
	subject->value[COND_INTERFACE] = if_indextoname(ifindex, place->ifname);
	if (!subject->value[COND_INTERFACE])
		err = -errno;
	else if (state__wants(COND_INTERFACE))
		err = ifinfo__list_altnames(ifindex, &altnames);
	if (err && err != -ENODEV && err != -ENXIO)
		subject->withheld |= 1U << COND_INTERFACE;
	if (subject->name_cut || !subject->value[COND_PROGRAM])
		subject->withheld |= 1U << COND_PROGRAM;
	subject->altnames = altnames;
	if (!subject->value[COND_INTERFACE] || !state__wants(COND_DRIVER))
		return;
	subject->value[COND_DRIVER] = netdev__driver(place->ifname, place->driver);
	if (!subject->value[COND_DRIVER] && errno != EOPNOTSUPP && errno != ENODEV)
		subject->withheld |= 1U << COND_DRIVER;
}
