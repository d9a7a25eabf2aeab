// SPDX-License-Identifier: LGPL-2.1-or-later
/* A child process that looks at files of other processes, and is left behind if they are silent. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/proc-looks.h"

#define SLICE_MS    100
#define IDLE_SLICES (PROC_LOOKS_SECONDS * 1000 / SLICE_MS)
#define MAX_SLICES  600 /* a server may also answer a little now and then, for ever */
#define MAX_SILENT  3	/* of one user; who has a thousand processes shall not stop us for each */

/* A root that did not answer. */
struct silent {
	struct proc_root root;
	uid_t uid;
	pid_t pid;   /* whose it is */
	pid_t child; /* that may wait there still */
};

struct proc_looks {
	proc_looks_fn *fn;
	void *ctx;
	size_t size;
	struct proc_root own;
	pid_t child; /* 0: none */
	int socket;
	size_t n;
	struct silent *silent;
};

/* --- a process's root --- */

int proc_root__read(pid_t pid, struct proc_root *ret)
{
	struct stat namespace;
	char path[64];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
	if (stat(path, &namespace))
		return -errno;
	snprintf(path, sizeof(path), "/proc/%d/root", pid);
	len = readlink(path, ret->path, sizeof(ret->path) - 1);
	if (len < 0)
		return -errno;
	ret->path[len] = '\0';
	ret->namespace = namespace.st_ino;
	return 0;
}

bool proc_root__is_same(const struct proc_root *a, const struct proc_root *b)
{
	return a->namespace == b->namespace && !strcmp(a->path, b->path);
}

/* By its real user; root, who needs no such means, if that is not known. */
static uid_t uid_of(pid_t pid)
{
	char path[32], line[128];
	unsigned int uid = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Uid: %u", &uid) == 1)
			break;
	if (f)
		fclose(f);
	return uid;
}

/* --- the child --- */

/*
 * It may wait longer than we run: whoever waits for the end of what we write, or for a lock that a
 * descriptor of ours holds, does not wait for it.
 */
static int keep_only(int socket)
{
	int null;

	if (socket != STDERR_FILENO + 1 && dup2(socket, STDERR_FILENO + 1) < 0)
		return -errno;
	null = open("/dev/null", O_RDWR);
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (null < 0 || dup2(null, fd) < 0)
			close(fd);
	close_range(STDERR_FILENO + 2, UINT_MAX, 0);
	return STDERR_FILENO + 1;
}

static _Noreturn void be_child(const struct proc_looks *looks, int socket, void *look)
{
	size_t size = looks->size;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	socket = keep_only(socket);
	while (recv(socket, look, size, 0) == (ssize_t)size) {
		looks->fn(looks->ctx, look);
		if (send(socket, look, size, MSG_NOSIGNAL) != (ssize_t)size)
			break;
	}
	_exit(0);
}

static int start(struct proc_looks *looks)
{
	void *look = malloc(looks->size);
	int fds[2], err = 0;

	if (!look || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds)) {
		err = look ? -errno : -ENOMEM;
		free(look);
		return err;
	}
	looks->child = fork();
	if (!looks->child)
		be_child(looks, fds[1], look);
	free(look);
	close(fds[1]);
	looks->socket = fds[0];
	if (looks->child > 0)
		return 0;
	err = -errno;
	looks->child = 0;
	close(fds[0]);
	return err;
}

/* Whether it can be waited for is not sure: a process that waits for a file system may not die. */
static void stop(struct proc_looks *looks, int flags)
{
	if (!looks->child)
		return;
	kill(looks->child, SIGKILL);
	while (waitpid(looks->child, NULL, flags) < 0 && errno == EINTR)
		;
	close(looks->socket);
	looks->child = 0;
}

/* --- who asks --- */

struct proc_looks *proc_looks__new(proc_looks_fn *fn, void *ctx, size_t size)
{
	struct proc_looks *looks = calloc(1, sizeof(*looks));

	if (!looks)
		return NULL;
	looks->fn = fn;
	looks->ctx = ctx;
	looks->size = size;
	if (proc_root__read(getpid(), &looks->own))
		looks->own = (struct proc_root){ 0 };
	return looks;
}

void proc_looks__free(struct proc_looks *looks)
{
	if (!looks)
		return;
	stop(looks, 0);
	free(looks->silent);
	free(looks);
}

static bool has_run(clockid_t clock, struct timespec *last)
{
	struct timespec now = *last;
	bool run;

	clock_gettime(clock, &now);
	run = now.tv_sec != last->tv_sec || now.tv_nsec != last->tv_nsec;
	*last = now;
	return run;
}

/*
 * Until it answers, or has not run for a while. A machine that is slow, or stood still, is so for
 * us as for the child: only times in which we run and it does not are counted.
 */
static bool wait_for_answer(const struct proc_looks *looks)
{
	struct pollfd fd = { .fd = looks->socket, .events = POLLIN };
	struct timespec last = { 0 };
	clockid_t clock;

	if (clock_getcpuclockid(looks->child, &clock))
		return false;
	for (int slices = 0, idle = 0; slices < MAX_SLICES && idle < IDLE_SLICES; slices++) {
		int n = poll(&fd, 1, SLICE_MS);

		if (n > 0)
			return true;
		if (n < 0 && errno != EINTR)
			return false;
		idle = has_run(clock, &last) ? 0 : idle + 1;
	}
	return false;
}

/* Processes of our own root have their programs anywhere: one does not stand for others. */
static pid_t find_silent(const struct proc_looks *looks, const struct proc_root *root, uid_t uid)
{
	bool is_own = proc_root__is_same(root, &looks->own);
	unsigned int same = 0;

	for (size_t i = 0; i < looks->n; i++) {
		const struct silent *silent = &looks->silent[i];

		same += uid && silent->uid == uid;
		if (same == MAX_SILENT || (!is_own && proc_root__is_same(&silent->root, root)))
			return silent->pid;
	}
	return 0;
}

static void add_silent(struct proc_looks *looks, const struct proc_root *root, uid_t uid, pid_t pid)
{
	struct silent *silent = reallocarray(looks->silent, looks->n + 1, sizeof(*silent));

	if (!silent)
		return;
	looks->silent = silent;
	silent[looks->n++] = (struct silent){ *root, uid, pid, looks->child };
}

int proc_looks__ask(struct proc_looks *looks, pid_t pid, void *look, pid_t *silent)
{
	struct proc_root root;
	int err = proc_root__read(pid, &root);
	uid_t uid = uid_of(pid);

	if (err)
		return err;
	*silent = find_silent(looks, &root, uid);
	if (*silent)
		return -ETIMEDOUT;
	if (!looks->child)
		err = start(looks);
	if (err)
		return err;
	if (send(looks->socket, look, looks->size, MSG_NOSIGNAL) == (ssize_t)looks->size &&
	    !wait_for_answer(looks)) {
		*silent = pid;
		add_silent(looks, &root, uid, pid);
		stop(looks, WNOHANG);
		return -ETIMEDOUT;
	}
	if (recv(looks->socket, look, looks->size, MSG_DONTWAIT) == (ssize_t)looks->size)
		return 0;
	/* it has ended: of a lack of memory, perhaps, or by what it read */
	stop(looks, 0);
	return -EIO;
}

bool proc_looks__is_child(const struct proc_looks *looks, pid_t pid)
{
	if (pid == looks->child)
		return true;
	for (size_t i = 0; i < looks->n; i++)
		if (pid == looks->silent[i].child)
			return true;
	return false;
}
