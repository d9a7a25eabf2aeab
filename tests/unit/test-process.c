// SPDX-License-Identifier: LGPL-2.1-or-later
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chain/process.h"
#include "unit.h"
#include "util/generation.h"

static const struct {
	const char *cgroup, *unit;
} cgroups[] = {
	{ "", "" },
	{ "0::/\n", "" },
	{ "0::/system.slice/suricata.service\n", "suricata.service" },
	{ "0::/system.slice/docker.service/payload/x\n", "docker.service" },
	{ "0::/user.slice/user-0.slice/session-3.scope\n", "session-3.scope" },
	{ "0::/user.slice/user@0.service/app.slice/a.service\n", "a.service" },
	{ "0::/.service\n", "" },
	{ "9:name=systemd:/system.slice/b.service\n0::/system.slice/c.service\n", "b.service" },
	{ "9:cpu:/x.service\n0::/system.slice/c.service\n", "c.service" },
	{ "9:cpu:/x.service\n", "" },
	{ "0::/system.slice/no-newline.socket", "no-newline.socket" },
	{ "0:://a.service//\n", "" },
};

START_TEST(test_units)
{
	char unit[64] = "before";

	process__unit_of(cgroups[_i].cgroup, unit, sizeof(unit));
	ck_assert_str_eq(unit, cgroups[_i].unit);
}
END_TEST

START_TEST(test_facts)
{
	static struct process_facts facts;
	struct policy_subject subject = { 0 };

	process__refresh(&facts);
	process__describe(&facts, &subject);
	ck_assert(subject.value[COND_EXECUTABLE][0] == '/');
	ck_assert_ptr_nonnull(subject.value[COND_USER]);
	ck_assert_ptr_nonnull(subject.value[COND_HOST]);
	ck_assert_ptr_null(subject.value[COND_INTERFACE]);
}
END_TEST

/* Links of another root lead nowhere else. */
START_TEST(test_root)
{
	static struct process_facts facts;
	char passwd[64], *root = make_root();
	struct policy_subject subject = { 0 };

	snprintf(passwd, sizeof(passwd), "other:x:%u:0::/:/bin/sh\n", geteuid());
	put_file(root, "/conf/passwd", passwd);
	put_file(root, "/etc/group", "");
	ck_assert(!symlink("/conf/passwd", at(root, "/etc/passwd")));
	facts.root = root;
	process__refresh(&facts);
	process__describe(&facts, &subject);
	ck_assert_str_eq(subject.value[COND_USER], "other");
	remove_root(root);
}
END_TEST

/* Without descriptors they are not known, and not for ever. */
START_TEST(test_no_descriptor)
{
	const unsigned int both = 1U << COND_USER | 1U << COND_UNIT;
	static struct process_facts facts;
	struct policy_subject subject = { 0 };
	struct rlimit limit, none;

	ck_assert(!getrlimit(RLIMIT_NOFILE, &limit));
	none = limit;
	none.rlim_cur = 0;
	ck_assert(!setrlimit(RLIMIT_NOFILE, &none));
	process__refresh(&facts);
	process__describe(&facts, &subject);
	ck_assert(!setrlimit(RLIMIT_NOFILE, &limit));
	ck_assert_uint_eq(subject.withheld, both);
	ck_assert_ptr_null(subject.value[COND_UNIT]);
	ck_assert_str_eq(subject.value[COND_USER], subject.uid);

	subject = (struct policy_subject){ 0 };
	process__refresh(&facts);
	process__describe(&facts, &subject);
	ck_assert_uint_eq(subject.withheld, 0);
	ck_assert_ptr_nonnull(subject.value[COND_UNIT]);
}
END_TEST

static void await(pid_t child)
{
	int status;

	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && !WEXITSTATUS(status));
}

/* In a child that has not asked before: has it another number than its parent, and keeps it? */
static void look_from_child(unsigned int parent)
{
	unsigned int own = generation__get();

	_exit(!own || own == parent || generation__get() != own);
}

/* By fork(2), and by the system call that nobody is told of. */
START_TEST(test_generation)
{
	unsigned int own = generation__get();
	pid_t child = fork();

	ck_assert_uint_ne(own, 0);
	if (!child) {
		child = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
		if (!child)
			look_from_child(own);
		await(child);
		look_from_child(own);
	}
	await(child);
	ck_assert_uint_eq(generation__get(), own);
}
END_TEST

/* Whose memory is the same is the same. Under valgrind(1) it is a copy, also for vfork(2). */
START_TEST(test_generation_shared)
{
	unsigned int own = generation__get();
	volatile unsigned int seen = 0;
	volatile bool is_shared = false;
	pid_t child = vfork();

	if (!child) {
		is_shared = true;
		seen = generation__get();
		_exit(0);
	}
	await(child);
	if (is_shared)
		ck_assert_uint_eq(seen, own);
}
END_TEST

TCase *process_tests(void)
{
	TCase *tc = tcase_create("process");

	tcase_add_loop_test(tc, test_units, 0, sizeof(cgroups) / sizeof(cgroups[0]));
	tcase_add_test(tc, test_facts);
	tcase_add_test(tc, test_root);
	tcase_add_test(tc, test_no_descriptor);
	tcase_add_test(tc, test_generation);
	tcase_add_test(tc, test_generation_shared);
	return tc;
}
