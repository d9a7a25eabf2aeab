// SPDX-License-Identifier: LGPL-2.1-or-later
/* Looks at processes by a child that works, waits for ever, or ends. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/proc-looks.h"
#include "unit.h"

enum action {
	COUNT, /* how often it did */
	WORK,  /* for longer than nothing is waited for */
	WAIT,
	END
};

struct look {
	enum action action;
	int count;
	bool held; /* what others may wait for */
};

#define OURS 50 /* a descriptor */

/* Whether it is more than /dev/null. */
static bool is_ours(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && st.st_rdev != makedev(1, 3);
}

static void work(void)
{
	struct timespec used;

	do
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	while (used.tv_sec <= PROC_LOOKS_SECONDS);
}

static void act(void *ctx, void *data)
{
	struct look *look = data;
	int *count = ctx;

	look->count = ++*count;
	look->held = fcntl(OURS, F_GETFD) >= 0 || is_ours(STDOUT_FILENO) || is_ours(STDERR_FILENO);
	if (look->action == WORK)
		work();
	else if (look->action == WAIT)
		pause();
	else if (look->action == END)
		_exit(1);
}

static struct proc_looks *looks;
static int count;
static pid_t silent;

static void set_up(void)
{
	count = 0;
	looks = proc_looks__new(act, &count, sizeof(struct look));
	ck_assert_ptr_nonnull(looks);
	ck_assert_int_eq(dup2(STDERR_FILENO, OURS), OURS);
}

static void tear_down(void)
{
	close(OURS);
	proc_looks__free(looks);
}

static int ask_of(pid_t pid, enum action action, struct look *look)
{
	*look = (struct look){ .action = action };
	silent = 0;
	return proc_looks__ask(looks, pid, look, &silent);
}

static int ask(enum action action, struct look *look)
{
	return ask_of(getpid(), action, look);
}

START_TEST(test_look_that_is_answered)
{
	struct look look;

	ck_assert_int_eq(ask(COUNT, &look), 0);
	ck_assert_int_eq(look.count, 1);
	ck_assert(!look.held);
	ck_assert_int_eq(ask(COUNT, &look), 0);
	ck_assert_msg(look.count == 2, "what the child has learnt is lost");
	ck_assert_int_eq(count, 0);
}
END_TEST

START_TEST(test_look_that_takes_long)
{
	struct look look;

	ck_assert_int_eq(ask(WORK, &look), 0);
	ck_assert_int_eq(look.count, 1);
}
END_TEST

START_TEST(test_look_that_is_not_answered)
{
	struct look look;

	ck_assert_int_eq(ask(WAIT, &look), -ETIMEDOUT);
	ck_assert_int_eq(silent, getpid());
	ck_assert_int_eq(look.count, 0);
	/* in our own root one program's files say nothing of another's */
	ck_assert_int_eq(ask(COUNT, &look), 0);
	ck_assert_int_eq(look.count, 1);
}
END_TEST

/* A process of another user, which has become that when it has written to the pipe. */
static pid_t start_as_nobody(void)
{
	int ready[2];
	pid_t pid;
	char c;

	ck_assert(!pipe(ready));
	pid = fork();
	if (!pid) {
		if (setuid(65534) || write(ready[1], "", 1) != 1)
			_exit(1);
		pause();
	}
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

START_TEST(test_user_who_never_answers)
{
	struct look look;
	pid_t pid;

	if (geteuid())
		return;
	pid = start_as_nobody();
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(ask_of(pid, WAIT, &look), -ETIMEDOUT);
	ck_assert_msg(ask_of(pid, COUNT, &look) == -ETIMEDOUT, "a fourth one was waited for");
	ck_assert_int_eq(silent, pid);
	ck_assert_int_eq(ask(COUNT, &look), 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}
END_TEST

START_TEST(test_look_that_ends)
{
	struct look look;

	ck_assert_int_eq(ask(END, &look), -EIO);
	ck_assert_int_eq(ask(COUNT, &look), 0);
	ck_assert_int_eq(look.count, 1);
}
END_TEST

START_TEST(test_look_at_no_process)
{
	struct look look = { .action = COUNT };

	/* above any that the kernel gives */
	ck_assert_int_eq(proc_looks__ask(looks, INT_MAX, &look, &silent), -ENOENT);
}
END_TEST

TCase *proc_looks_tests(void)
{
	TCase *tests = tcase_create("proc-looks");

	tcase_set_timeout(tests, 600);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, test_look_that_is_answered);
	tcase_add_test(tests, test_look_that_takes_long);
	tcase_add_test(tests, test_look_that_is_not_answered);
	tcase_add_test(tests, test_user_who_never_answers);
	tcase_add_test(tests, test_look_that_ends);
	tcase_add_test(tests, test_look_at_no_process);
	return tests;
}
