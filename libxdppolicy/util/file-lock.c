// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Waiting for a lock with a limit. flock() has none of its own, and an alarm is not ours to set in
 * an application: so it is tried again and again.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "util/file-lock.h"

/* Between two attempts: at first, and at most. */
#define MIN_MS 1
#define MAX_MS 16

/* When it is told. */
#define TELL_MS 1000

static void (*on_wait)(const char *path, const char *holder);

void file_lock__on_wait(void (*tell)(const char *path, const char *holder))
{
	on_wait = tell;
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* One that is blocked stays pending even where the parent has it ignored, as nohup does. */
static bool is_pending(const sigset_t *pending, int number)
{
	struct sigaction action;

	return sigismember(pending, number) > 0 && !sigaction(number, NULL, &action) &&
	       action.sa_handler != SIG_IGN;
}

bool file_lock__is_interrupted(void)
{
	sigset_t pending;

	return !sigpending(&pending) &&
	       (is_pending(&pending, SIGINT) || is_pending(&pending, SIGTERM));
}

static void sleep_ms(unsigned int ms)
{
	struct timespec t = { .tv_nsec = (long)ms * 1000000 };

	nanosleep(&t, NULL);
}

static void tell(int fd, const char *path)
{
	char holder[FILE_LOCK_HOLDER_SIZE];

	if (!on_wait)
		return;
	file_lock__holder(fd, holder);
	on_wait(path, holder);
}

int file_lock__take(int fd, const char *path, unsigned int limit_ms)
{
	unsigned int pause = MIN_MS;
	uint64_t begun = 0, waited;
	bool told = false;

	while (flock(fd, LOCK_EX | LOCK_NB)) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		begun = begun ? begun : now_ms();
		waited = now_ms() - begun;
		if (waited >= limit_ms)
			return -ETIMEDOUT;
		if (file_lock__is_interrupted())
			return -EINTR;
		if (waited >= TELL_MS && !told) {
			tell(fd, path);
			told = true;
		}
		sleep_ms(pause);
		pause = pause < MAX_MS ? 2 * pause : MAX_MS;
	}
	return 0;
}

/* Its name, which is text of others: what is not plain does not go to a terminal. */
static void name_process(int pid, char buf[FILE_LOCK_HOLDER_SIZE])
{
	char path[32], comm[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	f = fopen(path, "re");
	if (f && !fgets(comm, sizeof(comm), f))
		comm[0] = '\0';
	if (f)
		fclose(f);
	comm[strcspn(comm, "\n")] = '\0';
	for (char *c = comm; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	snprintf(buf, FILE_LOCK_HOLDER_SIZE, comm[0] ? "process %d (%s)" : "process %d", pid, comm);
}

void file_lock__holder(int fd, char buf[FILE_LOCK_HOLDER_SIZE])
{
	unsigned int major, minor;
	unsigned long ino;
	struct stat st;
	char line[256];
	int pid;
	FILE *f;

	snprintf(buf, FILE_LOCK_HOLDER_SIZE, "an unknown process");
	f = fstat(fd, &st) ? NULL : fopen("/proc/locks", "re");
	/* "1: FLOCK  ADVISORY  WRITE 12 00:1f:34 0 EOF"; those who wait have "->" in front */
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*u: FLOCK %*s %*s %d %x:%x:%lu", &pid, &major, &minor, &ino) !=
			    4 ||
		    major != major(st.st_dev) || minor != minor(st.st_dev) || ino != st.st_ino)
			continue;
		/* one that is of another pid namespace is none that can be named */
		if (pid > 0)
			name_process(pid, buf);
		break;
	}
	if (f)
		fclose(f);
}
