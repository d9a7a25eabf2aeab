// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"
#include "util/file-lock.h"

/* A process that has the lock, and stops. */
static char *root;
static pid_t holder;
static int fd;

static void hold(void)
{
	int lock = open(at(root, "/lock"), O_RDWR);

	if (lock >= 0 && !flock(lock, LOCK_EX))
		raise(SIGSTOP);
	_exit(1);
}

static void setup(void)
{
	int status;

	root = make_root();
	put_file(root, "/lock", "");
	fd = open(at(root, "/lock"), O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	holder = fork();
	if (!holder)
		hold();
	ck_assert_int_eq(waitpid(holder, &status, WUNTRACED), holder);
	ck_assert(WIFSTOPPED(status));
}

static void teardown(void)
{
	kill(holder, SIGKILL);
	waitpid(holder, NULL, 0);
	close(fd);
	remove_root(root);
}

static unsigned int n_told;
static char told[256];

static void on_wait(const char *path, const char *who)
{
	n_told++;
	snprintf(told, sizeof(told), "%s: %s", path, who);
}

START_TEST(test_limit)
{
	char text[300];

	file_lock__on_wait(on_wait);
	ck_assert_int_eq(file_lock__take(fd, "/a/lock", 0), -ETIMEDOUT);
	ck_assert_int_eq(file_lock__take(fd, "/a/lock", 20), -ETIMEDOUT);
	ck_assert_uint_eq(n_told, 0);
	ck_assert_int_eq(file_lock__take(fd, "/a/lock", 1500), -ETIMEDOUT);
	ck_assert_uint_eq(n_told, 1);
	snprintf(text, sizeof(text), "/a/lock: process %d (", (int)holder);
	ck_assert_msg(!strncmp(told, text, strlen(text)), "%s", told);
}
END_TEST

START_TEST(test_signal)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	ck_assert_int_eq(sigprocmask(SIG_BLOCK, &set, NULL), 0);
	ck_assert(!file_lock__is_interrupted());
	raise(SIGTERM);
	ck_assert(file_lock__is_interrupted());
	ck_assert_int_eq(file_lock__take(fd, "/a/lock", UINT_MAX), -EINTR);
	signal(SIGTERM, SIG_IGN);
	raise(SIGTERM);
	ck_assert(!file_lock__is_interrupted());
}
END_TEST

START_TEST(test_free)
{
	char who[FILE_LOCK_HOLDER_SIZE];

	kill(holder, SIGKILL);
	waitpid(holder, NULL, 0);
	file_lock__holder(fd, who);
	ck_assert_str_eq(who, "an unknown process");
	ck_assert_int_eq(file_lock__take(fd, "/a/lock", 0), 0);
	file_lock__holder(fd, who);
	ck_assert_int_eq(atoi(who + strlen("process ")), (int)getpid());
}
END_TEST

TCase *file_lock_tests(void)
{
	TCase *tests = tcase_create("file-lock");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, test_limit);
	tcase_add_test(tests, test_signal);
	tcase_add_test(tests, test_free);
	return tests;
}
