// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Programs that start others: taskset, sh -c, ip netns exec. Which one they start is theirs to
 * know: their options are read by nobody else, and a guess would be told as if it had been seen.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "below.h"
#include "coverage/starts.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

/* By name, without a version behind it; of some only with a certain word among their arguments. */
static const struct {
	const char *name, *word;
} starters[] = {
	{ "ip", "exec" },
	{ "xdp-policy", "run" },
	/* processors, priorities, limits, environments, users, roots, namespaces */
	{ "taskset", NULL },
	{ "numactl", NULL },
	{ "chrt", NULL },
	{ "nice", NULL },
	{ "ionice", NULL },
	{ "prlimit", NULL },
	{ "choom", NULL },
	{ "cgexec", NULL },
	{ "setarch", NULL },
	{ "linux32", NULL },
	{ "linux64", NULL },
	{ "softlimit", NULL },
	{ "env", NULL },
	{ "envdir", NULL },
	{ "chpst", NULL },
	{ "sudo", NULL },
	{ "su", NULL },
	{ "runuser", NULL },
	{ "doas", NULL },
	{ "pkexec", NULL },
	{ "setpriv", NULL },
	{ "capsh", NULL },
	{ "gosu", NULL },
	{ "su-exec", NULL },
	{ "setuidgid", NULL },
	{ "setsid", NULL },
	{ "chroot", NULL },
	{ "nsenter", NULL },
	{ "unshare", NULL },
	{ "bwrap", NULL },
	{ "firejail", NULL },
	{ "proot", NULL },
	{ "fakeroot", NULL },
	{ "fakechroot", NULL },
	{ "faketime", NULL },
	/* watchers */
	{ "timeout", NULL },
	{ "time", NULL },
	{ "nohup", NULL },
	{ "stdbuf", NULL },
	{ "unbuffer", NULL },
	{ "script", NULL },
	{ "watch", NULL },
	{ "flock", NULL },
	{ "xargs", NULL },
	{ "find", NULL },
	{ "parallel", NULL },
	{ "strace", NULL },
	{ "ltrace", NULL },
	{ "valgrind", NULL },
	{ "gdb", NULL },
	{ "gdbserver", NULL },
	{ "perf", NULL },
	{ "catchsegv", NULL },
	/* supervisors and containers */
	{ "systemd-run", NULL },
	{ "systemd-inhibit", NULL },
	{ "systemd-cat", NULL },
	{ "systemctl", NULL },
	{ "systemd-nspawn", NULL },
	{ "machinectl", NULL },
	{ "start-stop-daemon", NULL },
	{ "daemon", NULL },
	{ "daemonize", NULL },
	{ "dumb-init", NULL },
	{ "tini", NULL },
	{ "catatonit", NULL },
	{ "s6-svscan", NULL },
	{ "runsv", NULL },
	{ "supervise", NULL },
	{ "docker", NULL },
	{ "podman", NULL },
	{ "nerdctl", NULL },
	{ "ctr", NULL },
	{ "runc", NULL },
	{ "crun", NULL },
	{ "lxc-start", NULL },
	{ "lxc-execute", NULL },
	{ "flatpak", NULL },
	{ "snap", NULL },
	/* shells and interpreters */
	{ "sh", NULL },
	{ "bash", NULL },
	{ "dash", NULL },
	{ "ash", NULL },
	{ "ksh", NULL },
	{ "mksh", NULL },
	{ "zsh", NULL },
	{ "fish", NULL },
	{ "csh", NULL },
	{ "tcsh", NULL },
	{ "busybox", NULL },
	{ "toybox", NULL },
	{ "python", NULL },
	{ "perl", NULL },
	{ "ruby", NULL },
	{ "lua", NULL },
	{ "node", NULL },
	{ "nodejs", NULL },
	{ "php", NULL },
	{ "tclsh", NULL },
	{ "expect", NULL },
	{ "java", NULL },
	{ "make", NULL },
};

static const char *base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* "python" of "/usr/bin/python3.11" */
static size_t name_len(const char *name)
{
	size_t len = strlen(name);

	while (len > 1 && (isdigit((unsigned char)name[len - 1]) || name[len - 1] == '.'))
		len--;
	return len;
}

static bool is_called(const char *path, const char *name)
{
	const char *own = base(path);

	return !strcmp(own, name) ||
	       (strlen(name) == name_len(own) && !strncmp(own, name, name_len(own)));
}

static bool has_word(char *const *args, size_t n_args, const char *word)
{
	for (size_t i = 0; i < n_args; i++)
		if (!strcmp(args[i], word))
			return true;
	return false;
}

/* The loader itself runs what it is told to, as well. attaches: it is seen to do that by itself. */
static bool is_starter(const char *path, bool attaches, char *const *args, size_t n_args)
{
	if (!strncmp(base(path), "ld-", 3) || !strncmp(base(path), "ld.so", 5))
		return true;
	for (size_t i = 0; i < N(starters); i++)
		if (is_called(path, starters[i].name) &&
		    (starters[i].word ? has_word(args, n_args, starters[i].word) : !attaches))
			return true;
	return false;
}

/* "/usr/sbin/xdpd", also of "--exec=/usr/sbin/xdpd" */
static bool is_executable(const struct libraries *libraries, const char *arg)
{
	const char *path = *arg == '/' ? arg : strstr(arg, "=/");
	char real[PATH_MAX];
	struct stat st;
	bool found;
	int fd;

	if (!path)
		return false;
	fd = below__open(libraries__root(libraries), path + (*path == '='), real, sizeof(real));
	found = fd >= 0 && !fstat(fd, &st) && st.st_mode & S_IXUSR;
	if (fd >= 0)
		close(fd);
	return found;
}

bool coverage__starts_another(const struct libraries *libraries, const struct coverage *coverage,
			      const char *word, char *const *args, size_t n_args)
{
	bool attaches = coverage__class(coverage) < COVERAGE_NO_XDP;

	if (!n_args)
		return false;
	if (is_starter(word, attaches, args, n_args) ||
	    is_starter(coverage->name, attaches, args, n_args))
		return true;
	if (coverage__class(coverage) != COVERAGE_NO_XDP)
		return false;
	for (size_t i = 0; i < n_args; i++)
		if (is_executable(libraries, args[i]))
			return true;
	return false;
}

#define VARIABLE "LD_PRELOAD"

/* One argument of env(1) that has short options: -i, -iu NAME, -uNAME. *next is what comes then. */
static bool has_dropping_option(const char *arg, const char *next, bool *takes_next)
{
	for (arg++; *arg; arg++) {
		*takes_next = !arg[1];
		if (*arg == 'i')
			return true;
		if (*arg == 'u')
			return next && !strcmp(arg[1] ? arg + 1 : next, VARIABLE);
		if (strchr("CS", *arg))
			return false;
	}
	*takes_next = false;
	return false;
}

static bool env_drops(char *const *args, size_t n_args)
{
	for (size_t i = 0; i < n_args; i++) {
		const char *arg = args[i], *next = i + 1 < n_args ? args[i + 1] : "";
		bool takes_next = false;

		if (!strcmp(arg, "-") || !strcmp(arg, "--ignore-environment") ||
		    !strcmp(arg, "--unset=" VARIABLE) || !strncmp(arg, VARIABLE "=", 11))
			return true;
		if (*arg == '-' && arg[1] != '-' && has_dropping_option(arg, next, &takes_next))
			return true;
		if (*arg != '-' && !strchr(arg, '='))
			return false;
		i += takes_next;
	}
	return false;
}

bool coverage__drops_preload(const char *word, char *const *args, size_t n_args)
{
	static const char *const others[] = { "sudo", "doas", "pkexec" };

	for (size_t i = 0; i < N(others); i++)
		if (is_called(word, others[i]))
			return true;
	return is_called(word, "env") && env_drops(args, n_args);
}

void coverage__set_starts(struct coverage *coverage, const char *word)
{
	coverage->reason = REASON_STARTS;
	snprintf(coverage->detail, sizeof(coverage->detail), "what %s starts", base(word));
}
