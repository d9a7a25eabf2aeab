// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A child can crash, hang or say something on standard error, and does so instead of every program
 * of the host. What it says without the shim is no fault of ours, so it runs without it first.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "below.h"
#include "common/closed.h"
#include "preload-file.h"
#include "preload-probe.h"
#include "tool.h"
#include "util/owner.h"

#define SECONDS 10

struct said {
	int status; /* as of waitpid(2); -1: it could not be run */
	char out[1024], err[1024];
};

/* --- in the child --- */

const char *preload_probe__in_front(void)
{
	void *fn = dlsym(RTLD_DEFAULT, "bpf_object__btf");
	Dl_info info;

	return fn && dladdr(fn, &info) && info.dli_fname ? info.dli_fname : "";
}

int preload_probe__main(void)
{
	return puts(preload_probe__in_front()) < 0 || fflush(stdout) ? TOOL_FOUND : TOOL_OK;
}

int preload_probe__is_mapped(const char *pid)
{
	char path[64], *line = NULL;
	size_t size = 0;
	int found = 0;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%s/maps", pid);
	maps = fopen(path, "re");
	if (!maps)
		return -errno;
	while (!found && getline(&line, &size, maps) > 0)
		found = strstr(line, "/" PRELOAD_NAME) != NULL;
	free(line);
	fclose(maps);
	return found;
}

/* --- starting one --- */

static void __attribute__((noreturn))
be_child(const char *const *argv, const char *preload, const int *fds)
{
	int null = open("/dev/null", O_RDONLY);
	const char *env[] = { preload, NULL };

	dup2(null, 0);
	dup2(fds[0], 1);
	dup2(fds[1], 2);
	signal(SIGALRM, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	alarm(SECONDS);
	execve(argv[0], (char **)argv, (char **)env);
	_exit(127);
}

/* What is too much for the buffer is read and lost. */
static bool take(int fd, char *buf, size_t size)
{
	size_t len = strlen(buf);
	char lost[256];
	ssize_t n;

	if (len + 1 < size) {
		n = read(fd, buf + len, size - 1 - len);
		buf[len + (n > 0 ? n : 0)] = '\0';
	} else {
		n = read(fd, lost, sizeof(lost));
	}
	return n > 0 || (n < 0 && errno == EINTR);
}

static void listen_to(int out, int err, struct said *said)
{
	struct pollfd fds[] = { { .fd = out, .events = POLLIN }, { .fd = err, .events = POLLIN } };

	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			break;
		if (fds[0].revents && !take(out, said->out, sizeof(said->out)))
			fds[0].fd = -1;
		if (fds[1].revents && !take(err, said->err, sizeof(said->err)))
			fds[1].fd = -1;
	}
}

/* Runs argv with nothing in its environment but preload, if that is not NULL. */
static void run(const char *const *argv, const char *preload, struct said *said)
{
	int out[2], err[2], fds[2];
	pid_t pid;

	*said = (struct said){ .status = -1 };
	if (pipe2(out, O_CLOEXEC))
		return;
	if (pipe2(err, O_CLOEXEC)) {
		close(out[0]);
		close(out[1]);
		return;
	}
	fds[0] = out[1];
	fds[1] = err[1];
	pid = fork();
	if (!pid)
		be_child(argv, preload, fds);
	close(out[1]);
	close(err[1]);
	if (pid > 0) {
		listen_to(out[0], err[0], said);
		while (waitpid(pid, &said->status, 0) < 0 && errno == EINTR)
			;
	}
	close(out[0]);
	close(err[0]);
}

static bool is_fine(const struct said *said)
{
	return WIFEXITED(said->status) && !WEXITSTATUS(said->status);
}

/* The first line that it wrote with the shim, or how it ended. */
static const char *reason(struct said *said)
{
	static char text[64];

	if (*said->err) {
		said->err[strcspn(said->err, "\n")] = '\0';
		return said->err;
	}
	if (WIFSIGNALED(said->status))
		snprintf(text, sizeof(text), "killed by signal %d", WTERMSIG(said->status));
	else
		snprintf(text, sizeof(text), "exit status %d", WEXITSTATUS(said->status));
	return text;
}

/* Whether a program does what it does without preload; else says in why what it did. */
static bool runs_as_before(const char *const *argv, const char *preload, struct said *with)
{
	struct said without;

	run(argv, NULL, &without);
	run(argv, preload, with);
	return is_fine(with) && !strcmp(with->err, without.err);
}

/* --- the library --- */

static bool same_file(const char *a, const char *b)
{
	struct stat x, y;

	return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Who can write to it, or put another in its place, has every set-user-ID program of the host. */
static int check_owner(const char *root, const char *library, uid_t owner)
{
	struct policy_stamp stamp;
	enum policy_file_state state;
	struct stat st;
	size_t len;
	char *path;
	int fd, status = TOOL_FOUND;

	if (asprintf(&path, "%s%s", root, library) < 0)
		return TOOL_FOUND;
	state = policy_file__open(path, 0, owner, &fd, &stamp, &tool_log_stderr);
	if (state == FILE_GOOD)
		close(fd);
	if (state == FILE_ABSENT || state == FILE_MASKED)
		tool_error("%s: found %s, expected the preload library, which the package or make "
			   "install puts there",
			   path, state == FILE_ABSENT ? "no file" : "an empty file");
	else if (state == FILE_GOOD && !owner__has_path(path, strlen(root), owner, &st, &len))
		tool_error("%.*s: found owner %u and mode %04o, expected owner %u and no write "
			   "permission for group and others",
			   (int)len, path, st.st_uid, st.st_mode & 07777, owner);
	else if (state == FILE_GOOD)
		status = TOOL_OK;
	free(path);
	return status;
}

struct closed_parts {
	const char *hint; /* what to do */
	unsigned int n;
};

static void tell_closed(void *ctx, const char *part, mode_t mode)
{
	struct closed_parts *closed = ctx;

	closed->n++;
	tool_error("%s: found mode %04o, expected that all users can %s it: processes of others "
		   "than its owner would go without the preload%s",
		   part, mode & 07777, closed__verb(mode), closed->hint);
}

static int check_open(const char *root, const char *library, bool force)
{
	struct closed_parts closed = { .hint = force ? "" : "; --force if that is meant" };

	closed__each(root, library, false, tell_closed, &closed);
	if (!closed.n)
		return TOOL_OK;
	return force ? TOOL_OK : TOOL_FOUND;
}

/* Whether the loader, told this entry, finds the library, and the functions are taken from it. */
static bool finds(const char *path, const char *preload, struct said *with)
{
	static const char *const argv[] = { "/proc/self/exe", "preload", PRELOAD_PROBE, NULL };

	if (!runs_as_before(argv, preload, with))
		return false;
	with->out[strcspn(with->out, "\n")] = '\0';
	return same_file(with->out, path);
}

/*
 * The loaders of glibc. That of another word size than ours may be there with nothing that needs it
 * yet; its libc is a program, too, and does for a test.
 */
static const char *const loaders[] = {
	"/lib64/ld-linux-x86-64.so.2",
	"/lib/ld-linux.so.2",
	"/libx32/ld-linux-x32.so.2",
	"/lib/ld-linux-aarch64.so.1",
	"/lib/ld-linux-armhf.so.3",
	"/lib64/ld64.so.2",
	"/lib/ld64.so.1",
	"/lib/ld.so.1",
	"/lib/ld-linux-riscv64-lp64d.so.1",
};

/* Returns how many loaders fail; those that this machine cannot run fail nobody. */
static int try_loaders(const char *root, const char *preload, const char *entry)
{
	struct said said;
	int failed = 0;

	for (size_t i = 0; i < sizeof(loaders) / sizeof(loaders[0]); i++) {
		const char *argv[] = { loaders[i], "libc.so.6", NULL };

		if (!below__exists(root, loaders[i]))
			continue;
		if (access(loaders[i], X_OK)) {
			tool_error("%s: not tried with programs of this loader", loaders[i]);
			continue;
		}
		run(argv, NULL, &said);
		if (!is_fine(&said) || runs_as_before(argv, preload, &said))
			continue;
		tool_error("%s: programs of this loader would say at each start: %s", loaders[i],
			   reason(&said));
		failed++;
	}
	if (failed)
		tool_error("found no library of their word size by %s, expected one; --force does "
			   "without",
			   entry);
	return failed;
}

static int try_entries(const char *root, const char *path, bool own_loader, bool force,
		       const char **entry)
{
	static const char *const entries[] = { PRELOAD_PATTERN, PRELOAD_PATH };
	char *preload = NULL;
	struct said said;
	bool found = false;
	int failed;

	for (size_t i = 0; !found && i < sizeof(entries) / sizeof(entries[0]); i++) {
		free(preload);
		if (asprintf(&preload, "LD_PRELOAD=%s%s", root, entries[i]) < 0)
			return TOOL_FOUND;
		found = finds(path, preload, &said);
		*entry = entries[i];
	}
	if (!found) {
		tool_error("%s: a program that is run with it fails: %s", path,
			   is_fine(&said) && !*said.err ? "it stands in front of nothing" :
							  reason(&said));
		free(preload);
		return TOOL_FOUND;
	}
	failed = own_loader ? 0 : try_loaders(root, preload, *entry);
	free(preload);
	return failed && !force ? TOOL_FOUND : TOOL_OK;
}

int preload_probe__try(const char *root, bool own_loader, bool force, const char **entry)
{
	struct stat st;
	char *path;
	int status;

	if (asprintf(&path, "%s" PRELOAD_PATH, root) < 0)
		return TOOL_FOUND;
	if (stat(*root ? root : "/", &st)) {
		tool_error("%s: %m", root);
		status = TOOL_USAGE;
	} else if (strpbrk(path, " \t\n:#")) {
		tool_error("%s: found a blank, a colon or '#' in this path, expected none: the "
			   "loader takes it apart there",
			   path);
		status = TOOL_FOUND;
	} else {
		status = check_owner(root, PRELOAD_PATH, *root ? st.st_uid : 0);
		/* without hooks the shim does nothing, and status says so */
		if (!status && below__exists(root, HOOKS_PATH))
			status = check_owner(root, HOOKS_PATH, *root ? st.st_uid : 0);
		if (!status)
			status = check_open(root, PRELOAD_PATH, force);
		if (!status)
			status = check_open(root, HOOKS_PATH, force);
	}
	if (!status)
		status = try_entries(root, path, own_loader, force, entry);
	free(path);
	return status;
}

bool preload_probe__is_everywhere(void)
{
	static const char *const argv[] = { "/proc/self/exe", "preload", PRELOAD_PROBE, NULL };
	struct said said;

	run(argv, NULL, &said);
	said.out[strcspn(said.out, "\n")] = '\0';
	return is_fine(&said) && same_file(said.out, PRELOAD_PATH);
}
