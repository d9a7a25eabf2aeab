// SPDX-License-Identifier: LGPL-2.1-or-later
/* Files below another root, with openat2(2) and without it: both find the same. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"
#include "util/in-root.h"

#define LOOK (O_PATH)
#define LINK (O_PATH | O_NOFOLLOW)

/* What is found, as the first character of the file's text; or the error. */
static const struct {
	const char *path;
	int flags;
	char found;
	int err;
} rows[] = {
	{ "/d/f", O_RDONLY, 'f', 0 },
	{ "d/f", O_RDONLY, 'f', 0 },
	{ "//d//.//f", O_RDONLY, 'f', 0 },
	{ "/d/../d/f", O_RDONLY, 'f', 0 },
	{ "/../../d/f", O_RDONLY, 'f', 0 },
	{ "/absolute", O_RDONLY, 'f', 0 },
	{ "/chain", O_RDONLY, 'f', 0 },
	{ "/out/d/f", O_RDONLY, 'f', 0 },
	{ "/dir/f", O_RDONLY, 'f', 0 },
	{ "/dir/../top", O_RDONLY, 't', 0 },
	{ "/d/back/top", O_RDONLY, 't', 0 },
	{ "/dir", LINK, 'l', 0 },
	{ "/dir/", LINK, 'd', 0 },
	{ "/dir", LOOK, 'd', 0 },
	{ "/", LOOK, 'd', 0 },
	{ "/nothing", LINK, 'l', 0 },
	{ "/nothing", O_RDONLY, 0, ENOENT },
	{ "/absent", O_RDONLY, 0, ENOENT },
	{ "/absent/../top", O_RDONLY, 0, ENOENT },
	{ "/top/f", O_RDONLY, 0, ENOTDIR },
	{ "/top/", O_RDONLY, 0, ENOTDIR },
	{ "/loop", O_RDONLY, 0, ELOOP },
	{ "/loop/x", O_RDONLY, 0, ELOOP },
};

static char look(int dir, size_t i)
{
	int fd = in_root__openat(dir, rows[i].path, rows[i].flags);
	struct stat st;
	char c = '?';

	if (fd < 0)
		return 0;
	if (fstat(fd, &st))
		c = '!';
	else if (S_ISLNK(st.st_mode))
		c = 'l';
	else if (S_ISDIR(st.st_mode))
		c = 'd';
	else if (read(fd, &c, 1) != 1)
		c = '?';
	close(fd);
	return c;
}

/* Returns the number of the first wrong row, counted from 1, or 0. */
static int first_wrong(int dir)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char found = look(dir, i);

		if (found == rows[i].found && (found || errno == rows[i].err))
			continue;
		fprintf(stderr, "%s: found '%c', errno %d\n", rows[i].path, found ? found : '-',
			found ? 0 : errno);
		return (int)i + 1;
	}
	return 0;
}

/* From now on this process has no openat2(2). */
static bool forbid_openat2(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { .len = 4, .filter = filter };

	return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) &&
	       !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog);
}

static void put_link(const char *root, const char *path, const char *target)
{
	ck_assert(!symlink(target, at(root, path)));
}

/* static: a forked child ends with it, which is no leak */
static char *root;

static int open_tree(void)
{
	root = make_root();
	put_file(root, "/d/f", "f");
	put_file(root, "/top", "t");
	put_link(root, "/absolute", "/d/f");
	put_link(root, "/chain", "absolute");
	put_link(root, "/out", "../../../..");
	put_link(root, "/dir", "/d");
	put_link(root, "/d/back", "..");
	put_link(root, "/nothing", "/absent");
	put_link(root, "/loop", "/loop");
	return open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

START_TEST(test_links_stay_below)
{
	int dir = open_tree();

	ck_assert_int_eq(first_wrong(dir), 0);
	close(dir);
	remove_root(root);
}
END_TEST

START_TEST(test_without_openat2)
{
	int dir = open_tree(), status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (!pid)
		_exit(forbid_openat2() ? first_wrong(dir) : 99);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	close(dir);
	remove_root(root);
}
END_TEST

TCase *in_root_tests(void)
{
	TCase *tc = tcase_create("in-root");

	tcase_add_test(tc, test_links_stay_below);
	tcase_add_test(tc, test_without_openat2);
	return tc;
}
