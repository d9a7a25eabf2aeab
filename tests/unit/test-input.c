// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a user may name to be read, and that opening it never waits; and what is shown meanwhile. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/input.h"
#include "progress.h"
#include "unit.h"

static char dir[] = "/tmp/xdp-policy-input-XXXXXX", fifo[64], file[64];

static void set_up(void)
{
	FILE *f;

	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	ck_assert(mkdtemp(dir));
	snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
	snprintf(file, sizeof(file), "%s/file", dir);
	ck_assert(!mkfifo(fifo, 0600));
	f = fopen(file, "w");
	ck_assert(f && fputs("text", f) >= 0 && !fclose(f));
}

static void tear_down(void)
{
	unlink(fifo);
	unlink(file);
	rmdir(dir);
}

static void expect(int found, int err, const char *why, const char *expected)
{
	ck_assert_msg(found == err, "%s", strerror(-found));
	ck_assert_str_eq(why, expected);
}

START_TEST(test_fifo_without_a_writer)
{
	char why[INPUT_WHY_SIZE];

	expect(input__open(fifo, true, why), -ENXIO, why,
	       "found a FIFO that no process writes to, expected a writer");
	expect(input__open(fifo, false, why), -EINVAL, why,
	       "found a named pipe, expected a regular file");
}
END_TEST

/* Nothing that was written is lost, and the descriptor waits for what is still to come. */
START_TEST(test_fifo_with_a_writer)
{
	int writer = open(fifo, O_RDWR), fd;
	char why[INPUT_WHY_SIZE], text[8];

	ck_assert_int_ge(writer, 0);
	fd = input__open(fifo, true, why);
	ck_assert_int_ge(fd, 0);
	ck_assert(!(fcntl(fd, F_GETFL) & O_NONBLOCK));
	close(fd);
	ck_assert_int_eq(write(writer, "text", 4), 4);
	fd = input__open(fifo, true, why);
	ck_assert_int_ge(fd, 0);
	close(writer);
	ck_assert_int_eq(read(fd, text, sizeof(text)), 4);
	ck_assert_int_eq(read(fd, text, sizeof(text)), 0);
	close(fd);
}
END_TEST

START_TEST(test_pipe)
{
	char why[INPUT_WHY_SIZE], path[32], *text;
	int ends[2];
	size_t size;

	ck_assert(!pipe(ends));
	snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
	ck_assert_int_eq(write(ends[1], "text", 4), 4);
	close(ends[1]);
	ck_assert(input__is_stream(path));
	ck_assert_int_eq(input__read(path, 4, &text, &size, why), 0);
	ck_assert_str_eq(text, "text");
	free(text);
	/* empty, and at its end, as of a command that says nothing */
	ck_assert_int_eq(input__read(path, 4, &text, &size, why), 0);
	ck_assert_uint_eq(size, 0);
	free(text);
	close(ends[0]);
}
END_TEST

/* Standard input may be what the caller has: a socket, or a FIFO whose writer has ended already. */
static void check_stdin(int fd, const char *expected)
{
	int saved = dup(STDIN_FILENO);
	char why[INPUT_WHY_SIZE], *text;
	size_t size;

	ck_assert_int_eq(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	ck_assert_int_eq(input__read("-", 4, &text, &size, why), 0);
	ck_assert_str_eq(text, expected);
	free(text);
	ck_assert_int_eq(dup2(saved, STDIN_FILENO), STDIN_FILENO);
	close(saved);
}

START_TEST(test_stdin)
{
	int ends[2], reader = open(fifo, O_RDONLY | O_NONBLOCK);

	ck_assert(!socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	ck_assert_int_eq(write(ends[1], "text", 4), 4);
	close(ends[1]);
	check_stdin(ends[0], "text");
	close(ends[0]);
	ck_assert_int_ge(reader, 0);
	check_stdin(reader, "");
	close(reader);
}
END_TEST

START_TEST(test_file)
{
	char why[INPUT_WHY_SIZE], *text;
	size_t size;

	ck_assert(!input__is_stream(file));
	ck_assert_int_eq(input__read(file, 4, &text, &size, why), 0);
	ck_assert_uint_eq(size, 4);
	ck_assert_str_eq(text, "text");
	free(text);
	expect(input__read(file, 3, &text, &size, why), -EFBIG, why,
	       "found more than 3 bytes, expected at most that");
	ck_assert(!text);
	expect(input__open(dir, true, why), -EISDIR, why, "found a directory, expected a file");
	unlink(file);
	expect(input__open(file, true, why), -ENOENT, why,
	       "cannot open: No such file or directory");
}
END_TEST

/* Nobody waits in front of a file. */
START_TEST(test_progress_without_a_terminal)
{
	struct progress progress;
	int err = dup(STDERR_FILENO), fd = open(file, O_WRONLY | O_TRUNC);
	struct stat st;

	progress__begin(&progress, "working");
	progress.begin.tv_sec -= 3600;
	ck_assert(err >= 0 && dup2(fd, STDERR_FILENO) == STDERR_FILENO);
	progress__show(&progress, 1, 2);
	progress__end(&progress);
	dup2(err, STDERR_FILENO);
	close(err);
	ck_assert(!fstat(fd, &st) && !st.st_size);
	close(fd);
}
END_TEST

TCase *input_tests(void)
{
	TCase *tests = tcase_create("input");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, test_fifo_without_a_writer);
	tcase_add_test(tests, test_fifo_with_a_writer);
	tcase_add_test(tests, test_pipe);
	tcase_add_test(tests, test_stdin);
	tcase_add_test(tests, test_file);
	tcase_add_test(tests, test_progress_without_a_terminal);
	return tests;
}
