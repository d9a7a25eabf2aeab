// SPDX-License-Identifier: LGPL-2.1-or-later
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "process.h"
#include "state.h"

/* Recursive: a libbpf print callback of the application may call a hooked function in turn. */
static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static struct xdp_policy *policy;
static struct process_facts facts;

void state__lock(void)
{
	pthread_mutex_lock(&lock);
}

void state__unlock(void)
{
	pthread_mutex_unlock(&lock);
}

/* The lock names its owner's thread id, and in the child that is another: unlocking would fail. */
static void after_fork_in_child(void)
{
	lock = (pthread_mutex_t)PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
}

static void init_once(void)
{
	pthread_atfork(state__lock, state__unlock, after_fork_in_child);
}

/* A child of fork() gets the registries whole and the lock free, whoever held it in the parent. */
void state__init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, init_once);
}

#define LOG_BURST      20
#define LOG_PER_SECOND 1

static struct {
	bool started;
	unsigned int tokens, suppressed;
	time_t last;
} rate;

static bool may_log(void)
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
	if (!rate.tokens) {
		rate.suppressed++;
		return false;
	}
	rate.tokens--;
	return true;
}

/*
 * Not syslog(3): that would keep a descriptor and an identity that belong to the application, and
 * may wait. A datagram that cannot be sent at once is dropped.
 */
static void send_line(int priority, const char *text)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = "/dev/log" };
	char line[700], stamp[32] = "";
	time_t now = time(NULL);
	struct tm tm;
	int fd, len;

	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	if (localtime_r(&now, &tm))
		strftime(stamp, sizeof(stamp), "%h %e %T", &tm);
	len = snprintf(line, sizeof(line), "<%d>%s xdp-policy[%d]: %s", LOG_DAEMON | priority,
		       stamp, getpid(), text);
	if (len > (int)sizeof(line) - 1)
		len = sizeof(line) - 1;
	sendto(fd, line, len, MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&addr, sizeof(addr));
	close(fd);
}

void state__log(int priority, const char *fmt, ...)
{
	char text[600];
	va_list args;

	if (!may_log())
		return;
	if (rate.suppressed) {
		snprintf(text, sizeof(text), "%u earlier messages suppressed", rate.suppressed);
		rate.suppressed = 0;
		send_line(LOG_NOTICE, text);
	}
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	send_line(priority, text);
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
	char message[600];

	(void)ctx;
	if (level != POLICY_ERROR || !strcmp(file, last_file))
		return;
	snprintf(last_file, sizeof(last_file), "%s", file);
	if (line)
		snprintf(message, sizeof(message), "%s:%u: %s", file, line, text);
	else
		snprintf(message, sizeof(message), "%s: %s", file, text);
	if (!is_told(message))
		state__log(LOG_ERR, "%s", message);
}

struct xdp_policy *state__enter(void)
{
	const struct xdp_policy_opts opts = { .log = { .fn = log_policy } };

	if (!access(POLICY_KILL_SWITCH, F_OK))
		return NULL;
	state__lock();
	last_file[0] = '\0';
	if (policy)
		xdp_policy__refresh(policy);
	else
		xdp_policy__open(&opts, &policy);
	if (!policy) {
		state__unlock();
		return NULL;
	}
	process__refresh(&facts);
	return policy;
}

void state__leave(void)
{
	state__unlock();
}

void state__describe(struct policy_subject *subject)
{
	process__describe(&facts, subject);
}
