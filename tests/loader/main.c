// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * An application that uses libxdp and knows nothing of a policy. It says what it sees of its
 * programs: that shows whether the policy reached it. Opening needs no kernel. See modes below.
 *
 * EXPECTED is what a program may look like: "ord_a 7 XDP_DROP", or several with | between them.
 */
#include <dlfcn.h>
#include <errno.h>
#include <net/if.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

#define MODE_SKB  2 /* XDP_MODE_SKB */
#define N_THREADS 4
#define LINE_SIZE 160
#define POLICY	  "/etc/xdp/priorities.conf"
#define WATCHDOG  100 /* seconds until a child counts as hanging */
#define UNUSUAL	  12345

static const struct api *api;

static void describe(const struct xdp_program *prog, char *line)
{
	char actions[100] = "";

	api->print_actions(prog, actions, sizeof(actions));
	snprintf(line, LINE_SIZE, "%s %u %s", api->name(prog), api->run_prio(prog), actions);
}

/* Opens, describes, closes. */
static void look(const char *path, char *line)
{
	struct xdp_program *prog = api->open_file(path);
	long err = api->get_error(prog);

	if (err) {
		snprintf(line, LINE_SIZE, "error %ld", err);
		return;
	}
	describe(prog, line);
	api->close(prog);
}

/* Which of the expected lines this is, from 0 on, or -1. */
static int which(const char *expected, const char *line)
{
	size_t len = strlen(line);

	for (int i = 0;; i++) {
		size_t one = strcspn(expected, "|");

		if (one == len && !memcmp(expected, line, len))
			return i;
		if (!expected[one])
			return -1;
		expected += one + 1;
	}
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* plain OBJECT... */
static int mode_plain(char **args)
{
	char line[LINE_SIZE];

	for (; *args; args++) {
		look(*args, line);
		puts(line);
	}
	return 0;
}

/* attach INTERFACE OBJECT [PRIORITY]: what the program is attached with */
static int mode_attach(char **args)
{
	int ifindex = if_nametoindex(args[0]);
	struct xdp_program *prog = api->open_file(args[1]);
	char line[LINE_SIZE];
	int rc;

	if (api->get_error(prog))
		return 1;
	if (args[2])
		printf("set %d\n", api->set_run_prio(prog, atoi(args[2])));
	errno = 0;
	rc = api->attach(prog, ifindex, MODE_SKB, 0);
	describe(prog, line);
	printf("attach %d %s\n", rc, line);
	if (rc)
		printf("errno %d\n", errno);
	else
		printf("detach %d\n", api->detach(prog, ifindex, MODE_SKB, 0));
	api->close(prog);
	return 0;
}

/* What several threads share while they open one object again and again. */
static struct {
	const char *path, *expected;
	atomic_bool stop;
	atomic_uint seen; /* bit n: the n-th expected line */
	atomic_uint wrong, opens;
	char first_wrong[LINE_SIZE];
} work;

static void *open_until_stop(void *unused)
{
	(void)unused;
	while (!work.stop) {
		char line[LINE_SIZE];
		int i;

		look(work.path, line);
		i = which(work.expected, line);
		if (i >= 0)
			work.seen |= 1U << i;
		else if (!work.wrong++)
			memcpy(work.first_wrong, line, LINE_SIZE);
		work.opens++;
	}
	return NULL;
}

static void start_threads(pthread_t *threads, char **args)
{
	work.path = args[1];
	work.expected = args[2];
	for (int i = 0; i < N_THREADS; i++)
		pthread_create(&threads[i], NULL, open_until_stop, NULL);
}

static int end_threads(pthread_t *threads)
{
	work.stop = true;
	for (int i = 0; i < N_THREADS; i++)
		pthread_join(threads[i], NULL);
	if (work.wrong)
		printf("%u of %u wrong, the first: %s\n", work.wrong, work.opens, work.first_wrong);
	return work.wrong ? 1 : 0;
}

static void replace_policy(const char *text)
{
	FILE *f = fopen(POLICY ".new", "we");

	if (!f || fputs(text, f) == EOF || fclose(f) || rename(POLICY ".new", POLICY)) {
		perror(POLICY);
		exit(99);
	}
}

/* threads SECONDS OBJECT EXPECTED POLICY...: threads open while the policy alternates */
static int mode_threads(char **args)
{
	pthread_t threads[N_THREADS];
	double end = now() + atof(args[0]);
	unsigned int wanted = 0;
	char **policy = args + 3;
	int rc;

	for (const char *e = args[2]; e; e = strchr(e + 1, '|'))
		wanted = wanted << 1 | 1;
	replace_policy(*policy);
	start_threads(threads, args);
	/* on a busy machine it may take longer until every policy had its turn */
	for (int i = 0; now() < end || (work.seen != wanted && now() < end + WATCHDOG); i++) {
		if (!*policy)
			policy = args + 3;
		replace_policy(*policy++);
		usleep(i % 3 * 1000);
	}
	rc = end_threads(threads);
	printf("threads: %s\n", work.seen == wanted ? "saw all that was expected" : "missed some");
	return rc || work.seen != wanted;
}

/* In a child: opens once. */
static void child_looks(const char *path, const char *expected)
{
	char line[LINE_SIZE];

	signal(SIGALRM, SIG_DFL);
	alarm(WATCHDOG);
	look(path, line);
	if (which(expected, line) < 0) {
		dprintf(STDOUT_FILENO, "child saw: %s\n", line);
		_exit(1);
	}
	_exit(0);
}

static int await(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 1;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		puts("a child hangs");
	else if (WIFSIGNALED(status))
		printf("a child died of signal %d\n", WTERMSIG(status));
	return !WIFEXITED(status) || WEXITSTATUS(status);
}

static int fork_and_look(const char *path, const char *expected)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		child_looks(path, expected);
	return await(pid);
}

/* fork OBJECT EXPECTED: a child before anything was opened, and one after */
static int mode_fork(char **args)
{
	char line[LINE_SIZE];
	int rc = fork_and_look(args[0], args[1]);

	look(args[0], line);
	rc |= fork_and_look(args[0], args[1]);
	printf("fork: %s, children %d\n", line, rc);
	return rc;
}

/* storm SECONDS OBJECT EXPECTED: forks while threads are inside of hooked calls */
static int mode_storm(char **args)
{
	pthread_t threads[N_THREADS];
	double end = now() + atof(args[0]);
	int rc = 0, rounds = 0;

	start_threads(threads, args);
	for (; !rc && (now() < end || rounds < 20); rounds++)
		rc = fork_and_look(args[1], args[2]);
	rc |= end_threads(threads);
	printf("storm: %s\n", rc ? "wrong" : "as expected");
	return rc;
}

/* Forks while threads are inside of this process' very first hooked calls. */
static int first_round(int round, char **args)
{
	pthread_t threads[N_THREADS];
	double start;
	int rc;

	alarm(2 * WATCHDOG);
	start_threads(threads, args);
	start = now();
	while (now() < start + round % 40 * 50e-6)
		;
	rc = fork_and_look(args[1], args[2]);
	return rc | end_threads(threads);
}

/* first ROUNDS OBJECT EXPECTED: a fresh process each round, since each has its first call once */
static int mode_first(char **args)
{
	int rc = 0;

	for (int round = 0; !rc && round < atoi(args[0]); round++) {
		pid_t pid;

		fflush(stdout);
		pid = fork();
		if (!pid) {
			rc = first_round(round, args);
			fflush(stdout);
			_exit(rc);
		}
		rc = await(pid);
	}
	printf("first: %s\n", rc ? "wrong" : "as expected");
	return rc;
}

/* vfork COMMAND...: the usual way to run a command from C */
static int mode_vfork(char **args)
{
	pid_t pid = vfork();

	if (!pid) {
		execv(args[0], args);
		_exit(99);
	}
	return await(pid);
}

static void show_errno(const char *after)
{
	printf("%s: errno %d\n", after, errno);
	errno = UNUSUAL;
}

/* errno OBJECT: what each successful call leaves in errno, in its first use and later */
static int mode_errno(char **args)
{
	for (int i = 0; i < 2; i++) {
		struct xdp_program *prog;

		errno = UNUSUAL;
		prog = api->open_file(args[0]);
		show_errno("open_file");
		if (api->get_error(prog))
			return 1;
		api->set_run_prio(prog, 11);
		show_errno("set_run_prio");
		api->set_action(prog, 1, true);
		show_errno("set_chain_call_enabled");
		api->close(prog);
		show_errno("close");
	}
	return 0;
}

static void make_pending(void)
{
	dlsym(RTLD_DEFAULT, "no_such_symbol");
}

static void show_pending(const char *when)
{
	printf("%s: %s\n", when, dlerror() ? "pending" : "none");
}

/* dlerror OBJECT: what hooked calls do to dlerror() */
static int mode_dlerror(char **args)
{
	char line[LINE_SIZE];

	look(args[0], line);
	show_pending("after the first calls");
	make_pending();
	look(args[0], line);
	show_pending("an error pending before later calls");
	return 0;
}

/* pending OBJECT: what the first hooked call does to an error that is pending */
static int mode_pending(char **args)
{
	char line[LINE_SIZE];

	make_pending();
	look(args[0], line);
	show_pending("an error pending before the first calls");
	return 0;
}

extern char **environ;

/* What a call must leave as it was, as text. */
static void take_stock(char *text, size_t size)
{
	FILE *f = fmemopen(text, size, "w");
	struct sigaction action;
	char path[64], target[256];
	sigset_t mask;
	ssize_t len;
	mode_t mode;

	for (int fd = 0; fd < 256; fd++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		len = readlink(path, target, sizeof(target) - 1);
		if (len >= 0)
			fprintf(f, "fd %d %.*s\n", fd, (int)len, target);
	}
	for (int tid = getpid(), i = 0; i < 64; i++) {
		snprintf(path, sizeof(path), "/proc/self/task/%d", tid + i);
		if (!access(path, F_OK))
			fprintf(f, "thread %d\n", tid + i);
	}
	fprintf(f, "environ %p\n", (void *)environ);
	for (char **e = environ; *e; e++)
		fprintf(f, "environment %s\n", *e);
	sigprocmask(SIG_BLOCK, NULL, &mask);
	for (int sig = 1; sig < NSIG; sig++)
		if (!sigaction(sig, NULL, &action))
			fprintf(f, "signal %d %p %d\n", sig, (void *)action.sa_handler,
				sigismember(&mask, sig));
	mode = umask(0); /* there is no other way to read it */
	umask(mode);
	fprintf(f, "umask %o\n", mode);
	fclose(f);
}

/* leftovers OBJECT INTERFACE: whether anything of the process is different after hooked calls */
static int mode_leftovers(char **args)
{
	static char before[65536], after[65536];
	char *attach_args[] = { args[1], args[0], NULL };
	char seen[LINE_SIZE];

	take_stock(before, sizeof(before));
	for (int i = 0; i < 3; i++)
		look(args[0], seen);
	mode_attach(attach_args);
	take_stock(after, sizeof(after));
	if (!strcmp(before, after)) {
		puts("leftovers: none");
		return 0;
	}
	for (char *line = strtok(after, "\n"); line; line = strtok(NULL, "\n"))
		if (!strstr(before, line))
			printf("leftovers: %s\n", line);
	return 0;
}

static const struct mode {
	const char *name;
	int (*run)(char **args);
} modes[] = {
	{ "plain", mode_plain },     { "attach", mode_attach },	      { "threads", mode_threads },
	{ "fork", mode_fork },	     { "storm", mode_storm },	      { "first", mode_first },
	{ "vfork", mode_vfork },     { "errno", mode_errno },	      { "dlerror", mode_dlerror },
	{ "pending", mode_pending }, { "leftovers", mode_leftovers },
};

int main(int argc, char **argv)
{
	char **args = argv + 1;

	(void)argc;
	api = probe_api(&args);
	for (size_t i = 0; *args && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(modes[i].name, *args))
			return modes[i].run(args + 1);
	return 99;
}
