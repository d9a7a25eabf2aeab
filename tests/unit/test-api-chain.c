// SPDX-License-Identifier: LGPL-2.1-or-later
/* What xdp_policy__attach_chain() refuses before it looks at a chain: it needs no privileges. */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "libxdppolicy-chain.h"
#include "unit.h"

#define ROOM 300

static char *root;
static struct xdp_policy *policy;
static char text[ROOM];
static int failed;
static uint32_t ids[2];

/* One program that would be right, if there were such a file. */
static struct xdp_policy_chain_program programs[2];
static struct xdp_policy_chain_opts opts;

static void setup(void)
{
	struct xdp_policy_open_opts open_opts = { .sz = sizeof(open_opts) };

	root = make_root();
	open_opts.root = root;
	policy = xdp_policy__open(&open_opts);
	ck_assert_int_eq(xdp_policy__get_error(policy), 0);
	memset(programs, 0, sizeof(programs));
	programs[0].object = at(root, "/p.o");
	programs[1].object = "/";
	opts = (struct xdp_policy_chain_opts){
		.sz = sizeof(opts),
		.interface = "lo",
		.flags = XDP_POLICY_F_DRY_RUN, /* nothing here shall change the host */
		.programs = programs,
		.n_programs = 1,
		.program_sz = sizeof(programs[0]),
		.log = text,
		.log_size = sizeof(text),
		.failed = &failed,
		.prog_ids = ids,
	};
}

static void teardown(void)
{
	xdp_policy__close(policy);
	remove_root(root);
}

/* The error, the program at fault, and the text. */
static void expect(int err, int program, const char *found)
{
	int rc;

	memset(text, 'x', sizeof(text));
	failed = 77;
	ids[0] = 77;
	errno = 0;
	rc = xdp_policy__attach_chain(policy, &opts);
	ck_assert_msg(rc == err, "found %d and '%s', expected %d and '%s'", rc, text, err, found);
	ck_assert_int_eq(errno, -err);
	ck_assert_int_eq(failed, program);
	ck_assert_msg(strstr(text, found) != NULL, "found '%s', expected '%s'", text, found);
	if (opts.n_programs && opts.n_programs <= 2)
		ck_assert_uint_eq(ids[0], 0);
}

START_TEST(test_options)
{
	struct {
		struct xdp_policy_chain_opts opts;
		size_t newer;
	} o = { .opts = opts };

	ck_assert_int_eq(xdp_policy__attach_chain(NULL, &opts), -EINVAL);
	ck_assert_int_eq(xdp_policy__attach_chain((void *)-2L, &opts), -EINVAL);
	errno = 0;
	ck_assert_int_eq(xdp_policy__attach_chain(policy, NULL), -EINVAL);
	ck_assert_int_eq(errno, EINVAL);
	o.opts.sz = sizeof(o);
	ck_assert_int_eq(xdp_policy__attach_chain(policy, &o.opts), -ENOENT);
	o.newer = 1;
	ck_assert_int_eq(xdp_policy__attach_chain(policy, &o.opts), -E2BIG);
	o.opts.sz = 0;
	ck_assert_int_eq(xdp_policy__attach_chain(policy, &o.opts), -EINVAL);
	o.opts.sz = sizeof(o.opts) - 1;
	ck_assert_int_eq(xdp_policy__attach_chain(policy, &o.opts), -EINVAL);
	/* of an older header: neither interface nor programs */
	o.opts.sz = sizeof(size_t);
	ck_assert_int_eq(xdp_policy__attach_chain(policy, &o.opts), -EINVAL);

	opts.flags = 1U << 4;
	expect(-EINVAL, -1, "found flags 0x10, expected none but 0xf");
	opts.flags = XDP_POLICY_F_KEEP_FOREIGN | XDP_POLICY_F_REPLACE_FOREIGN;
	expect(-EINVAL, -1, "both keep and replace");
	opts.flags = XDP_POLICY_F_ADD | XDP_POLICY_F_REPLACE_FOREIGN;
	expect(-EINVAL, -1, "both keep and replace");
	opts.flags = 0;
	opts.mode = 4;
	expect(-EINVAL, -1, "found attach mode 4, expected 0 to 3");
	opts.mode = -1;
	expect(-EINVAL, -1, "found attach mode -1");
}
END_TEST

START_TEST(test_interface)
{
	int lo = if_nametoindex("lo");

	opts.interface = NULL;
	expect(-EINVAL, -1, "found no interface");
	opts.ifindex = -1;
	expect(-EINVAL, -1, "found no interface");
	opts.ifindex = 0x7fffffff;
	expect(-ENODEV, -1, "interface 2147483647: No such device");
	opts.interface = "no such one";
	opts.ifindex = 0;
	expect(-ENODEV, -1, "interface 'no such one': No such device");
	opts.interface = "a name that is longer than any interface has";
	expect(-ENODEV, -1, "longer than any");
	opts.interface = "";
	expect(-ENODEV, -1, "interface ''");
	opts.interface = "lo";
	opts.ifindex = lo + 1;
	expect(-EINVAL, -1, "of interface 'lo', expected");
	/* what is wrong next is the program: the interface is taken */
	opts.ifindex = lo;
	expect(-ENOENT, 0, "p.o");
	opts.interface = NULL;
	expect(-ENOENT, 0, "p.o");
}
END_TEST

START_TEST(test_programs)
{
	struct {
		struct xdp_policy_chain_program program;
		const char *newer;
	} newer[2] = { { .program = programs[0] }, { .program = programs[0] } };

	opts.n_programs = 11;
	expect(-E2BIG, 10, "found 11 programs, expected at most 10");
	opts.n_programs = (size_t)-1;
	expect(-E2BIG, 10, "expected at most 10");
	opts.n_programs = 2;
	opts.program_sz = 0;
	expect(-EINVAL, -1, "of 0 bytes each");
	opts.program_sz = sizeof(programs[0]) - 1;
	expect(-EINVAL, -1, "bytes each");
	opts.program_sz = sizeof(programs[0]);
	opts.programs = NULL;
	expect(-EINVAL, -1, "bytes each");
	opts.programs = &newer[0].program;
	opts.program_sz = sizeof(newer[0]);
	expect(-ENOENT, 0, "p.o");
	newer[1].newer = "";
	expect(-E2BIG, 1, "does not know");
	/* an array of an older header: objects alone */
	opts.programs = (const struct xdp_policy_chain_program *)&newer[0].program.object;
	opts.program_sz = sizeof(char *);
	opts.n_programs = 1;
	expect(-ENOENT, 0, "p.o");
}
END_TEST

/* Each in the second of two programs. */
START_TEST(test_program)
{
	struct xdp_policy_chain_program *p = &programs[1];

	opts.n_programs = 2;
	p->object = NULL;
	expect(-EINVAL, 1, "found no place that a program comes from");
	p->pin = "/p";
	p->fd = 5;
	expect(-EINVAL, 1, "found more than one place");
	p->pin = NULL;
	p->bpf_object = (struct bpf_object *)p; /* not looked at */
	expect(-EINVAL, 1, "found more than one place");
	p->bpf_object = NULL;
	p->fd = -5;
	expect(-EBADF, 1, "found descriptor -5");
	p->fd = 0;
	p->object = "/p.o";
	p->frags = (enum xdp_policy_frags)3;
	expect(-EINVAL, 1, "found frags 3, expected 0 to 2");
	p->frags = XDP_POLICY_FRAGS_NO;

	p->app.has = 1U << XDP_POLICY_ATTACH_MODE;
	expect(-EINVAL, 1, "found attributes 0x8 of a program");
	p->app.has = 1U << XDP_POLICY_PRIORITY;
	p->app.num[XDP_POLICY_PRIORITY] = 1U << 31;
	expect(-EINVAL, 1, "found run priority 2147483648");
	p->app.has = 1U << XDP_POLICY_CHAIN_CALL_ACTIONS;
	p->app.num[XDP_POLICY_CHAIN_CALL_ACTIONS] = 1U << 5;
	expect(-EINVAL, 1, "found chain call actions 0x20");
	p->app.num[XDP_POLICY_CHAIN_CALL_ACTIONS] = 31;
	expect(-ENOENT, 0, "p.o"); /* what does not count is not looked at */
}
END_TEST

/* Descriptors and pins of something else, and paths of no object. */
START_TEST(test_sources)
{
	int fd = open("/", O_RDONLY | O_CLOEXEC);

	programs[0].object = NULL;
	programs[0].fd = fd;
	expect(-EINVAL, 0, "expected");
	ck_assert_int_ge(fcntl(fd, F_GETFD), 0);
	close(fd);
	expect(-EBADF, 0, "found");
	programs[0].fd = 0;
	programs[0].pin = at(root, "/no-pin");
	expect(-ENOENT, 0, "no-pin");
	programs[0].pin = NULL;
	put_file(root, "/text.o", "no object");
	programs[0].object = at(root, "/text.o");
	expect(-ENOEXEC, 0, "text.o: found no ELF file, expected a BPF object");
}
END_TEST

/* Whatever room there is, it ends with a NUL, and nothing behind it is written to. */
START_TEST(test_room)
{
	char whole[ROOM];

	opts.flags = 1U << 4;
	expect(-EINVAL, -1, "found flags");
	memcpy(whole, text, sizeof(whole));
	for (size_t size = 0; size <= strlen(whole) + 1; size++) {
		memset(text, 'x', sizeof(text));
		opts.log_size = size;
		ck_assert_int_eq(xdp_policy__attach_chain(policy, &opts), -EINVAL);
		ck_assert_int_eq(text[size], 'x');
		if (!size)
			continue;
		ck_assert_uint_eq(strlen(text), size - 1);
		ck_assert_int_eq(strncmp(text, whole, size - 1), 0);
	}
	opts.log = NULL;
	opts.failed = NULL;
	opts.prog_ids = NULL;
	ck_assert_int_eq(xdp_policy__attach_chain(policy, &opts), -EINVAL);
}
END_TEST

TCase *api_chain_tests(void)
{
	TCase *tc = tcase_create("api-chain");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_options);
	tcase_add_test(tc, test_interface);
	tcase_add_test(tc, test_programs);
	tcase_add_test(tc, test_program);
	tcase_add_test(tc, test_sources);
	tcase_add_test(tc, test_room);
	return tc;
}
