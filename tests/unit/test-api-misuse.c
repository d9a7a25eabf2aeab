// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the public interface takes and refuses, of older and newer programs and of wrong ones. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "libxdppolicy.h"
#include "unit.h"

#define DROP (1U << 1)
#define PASS (1U << 2)
#define TX   (1U << 3)

static char *root;

static void setup(void)
{
	root = make_root();
}

static void teardown(void)
{
	remove_root(root);
}

static struct xdp_policy_open_opts opts_of_root(void)
{
	return (struct xdp_policy_open_opts){
		.sz = sizeof(struct xdp_policy_open_opts),
		.root = root,
	};
}

static struct xdp_policy *open_or_die(const struct xdp_policy_open_opts *opts)
{
	struct xdp_policy *policy = xdp_policy__open(opts);

	ck_assert_int_eq(xdp_policy__get_error(policy), 0);
	return policy;
}

static void expect_no_policy(const struct xdp_policy_open_opts *opts, int err)
{
	errno = 0;
	ck_assert_int_eq(xdp_policy__get_error(xdp_policy__open(opts)), err);
	ck_assert_int_eq(errno, -err);
}

/* Structures of an older and of a newer header. */
START_TEST(test_sizes)
{
	struct {
		struct xdp_policy_subject subject;
		const char *newer;
	} s = { .subject = { .sz = sizeof(s), .program = "p", .section = "xdp" } };
	struct {
		struct xdp_policy_resolve_opts opts;
		size_t newer;
	} r = { .opts = { .sz = sizeof(r) } };
	struct {
		struct xdp_policy_open_opts opts;
		size_t newer[2];
	} o = { .opts = opts_of_root() };
	struct xdp_policy *policy;

	put_file(root, "/etc/xdp/priorities.conf",
		 "p: 5\n[x]\nsection = xdp\npriority = 6\n[y]\nobject = *\npriority = 7\n");
	o.opts.sz = sizeof(o);
	o.newer[1] = 1;
	expect_no_policy(&o.opts, -E2BIG);
	o.newer[1] = 0;
	policy = open_or_die(&o.opts);

#define ERROR_OF(size)                                                                   \
	({                                                                               \
		struct xdp_policy_decision *d;                                           \
		struct xdp_policy_value v = { 0 };                                       \
		int err;                                                                 \
		s.subject.sz = size;                                                     \
		d = xdp_policy__resolve(policy, &s.subject, &r.opts);                    \
		err = xdp_policy__get_error(d);                                          \
		if (!err && xdp_policy_decision__value(d, XDP_POLICY_PRIORITY, &v) == 1) \
			err = v.num;                                                     \
		xdp_policy_decision__free(d);                                            \
		err;                                                                     \
	})

	ck_assert_int_eq(ERROR_OF(sizeof(s)), 6);
	ck_assert_int_eq(ERROR_OF(0), -EINVAL);
	ck_assert_int_eq(ERROR_OF(1), -EINVAL);
	ck_assert_int_eq(ERROR_OF(sizeof(size_t) - 1), -EINVAL);
	ck_assert_int_eq(ERROR_OF(sizeof(s.subject) - 1), -EINVAL);
	ck_assert_int_eq(ERROR_OF(sizeof(size_t)), 0); /* nothing is known */
	/* what lies behind the older structure is not looked at */
	s.subject.object = (const char *)1;
	s.newer = (const char *)1;
	ck_assert_int_eq(ERROR_OF(offsetof(struct xdp_policy_subject, section)), 5);
	ck_assert_int_eq(ERROR_OF(offsetof(struct xdp_policy_subject, object)), 6);
	s.subject.object = "o";
	ck_assert_int_eq(ERROR_OF(sizeof(s.subject)), 7);
	ck_assert_int_eq(ERROR_OF(sizeof(s)), -E2BIG);

	r.newer = 1;
	ck_assert_int_eq(ERROR_OF(sizeof(s.subject)), -E2BIG);
	r.opts.sz = sizeof(r.opts);
	ck_assert_int_eq(ERROR_OF(sizeof(s.subject)), 7);
	r.opts.reserved = 1;
	ck_assert_int_eq(ERROR_OF(sizeof(s.subject)), -EINVAL);
	r.opts.sz = 0;
	ck_assert_int_eq(ERROR_OF(sizeof(s.subject)), -EINVAL);
	r.opts = (struct xdp_policy_resolve_opts){ .sz = sizeof(r.opts), .flags = 4 };
	ck_assert_int_eq(ERROR_OF(sizeof(s.subject)), -EINVAL);
	xdp_policy__close(policy);
}
END_TEST

START_TEST(test_wrong_arguments)
{
	struct xdp_policy_open_opts opts = opts_of_root();
	struct xdp_policy_subject subject = { .sz = sizeof(subject) };
	struct xdp_policy_value value = { 0 };
	struct xdp_policy_decision *decision;
	struct xdp_policy *policy, *no_policy = (void *)-2L;

	opts.sz = 0;
	expect_no_policy(&opts, -EINVAL);
	opts.sz = sizeof(opts);
	opts.flags = 2;
	expect_no_policy(&opts, -EINVAL);
	opts.flags = 0;
	opts.root = at(root, "/missing");
	expect_no_policy(&opts, -ENOENT);
	put_file(root, "/missing", "");
	expect_no_policy(&opts, -ENOTDIR);

	policy = xdp_policy__open(NULL); /* this host's, whatever it is */
	ck_assert_int_eq(xdp_policy__get_error(policy), 0);
	ck_assert_int_eq(xdp_policy__get_error(xdp_policy__resolve(policy, NULL, NULL)), -EINVAL);
	xdp_policy__close(policy);

	ck_assert_int_eq(xdp_policy__get_error(NULL), -EINVAL);
	ck_assert_int_eq(xdp_policy__get_error(no_policy), -2);
	ck_assert_int_eq(xdp_policy__get_error(xdp_policy__resolve(no_policy, &subject, NULL)),
			 -EINVAL);
	ck_assert_int_eq(xdp_policy__get_error(xdp_policy__resolve(NULL, &subject, NULL)), -EINVAL);
	ck_assert_int_eq(xdp_policy__reload(NULL), -EINVAL);
	ck_assert_int_eq(xdp_policy__reload(no_policy), -EINVAL);
	ck_assert_uint_eq(xdp_policy__n_errors(NULL), 0);
	ck_assert_uint_eq(xdp_policy__n_errors(no_policy), 0);
	xdp_policy__close(NULL);
	xdp_policy__close(no_policy);
	xdp_policy_decision__free(NULL);
	xdp_policy_decision__free((void *)-2L);
	ck_assert_int_eq(xdp_policy_decision__value(NULL, 0, &value), -EINVAL);
	ck_assert_ptr_null(xdp_policy_decision__winner((void *)-2L, 0));
	ck_assert_ptr_null(xdp_policy_decision__next(NULL, NULL));
	ck_assert_uint_eq(xdp_policy_decision__flags(NULL), 0);

	opts.root = root;
	policy = open_or_die(&opts);
	decision = xdp_policy__resolve(policy, &subject, NULL);
	ck_assert_int_eq(xdp_policy_decision__value(decision, XDP_POLICY_N_ATTRS, &value), -EINVAL);
	ck_assert_int_eq(xdp_policy_decision__value(decision, -1, &value), -EINVAL);
	ck_assert_ptr_null(xdp_policy_decision__winner(decision, XDP_POLICY_N_ATTRS));
	xdp_policy_decision__free(decision);
	xdp_policy__close(policy);
}
END_TEST

START_TEST(test_words)
{
	static const struct {
		enum xdp_policy_attr attr;
		struct xdp_policy_value value;
		const char *text;
	} words[] = {
		{ XDP_POLICY_PRIORITY, { 10, 0, 0, 0 }, "10" },
		{ XDP_POLICY_PRIORITY, { INT32_MAX, 0, 0, 0 }, "2147483647" },
		{ XDP_POLICY_PRIORITY, { INT32_MAX + 1U, 0, 0, 0 }, NULL },
		{ XDP_POLICY_CHAIN_CALL_ACTIONS, { PASS | DROP, 0, 0, 0 }, "DROP PASS" },
		{ XDP_POLICY_CHAIN_CALL_ACTIONS, { 0, 0, 0, 0 }, "none" },
		{ XDP_POLICY_CHAIN_CALL_ACTIONS, { 0, TX, PASS, 1 }, "-PASS +TX" },
		{ XDP_POLICY_CHAIN_CALL_ACTIONS, { 0, TX | PASS, PASS, 1 }, "-PASS +TX" },
		{ XDP_POLICY_CHAIN_CALL_ACTIONS, { 31, 0, 0, 0 }, "ABORTED DROP PASS TX REDIRECT" },
		{ XDP_POLICY_CHAIN_CALL_ACTIONS, { 32, 0, 0, 0 }, NULL },
		{ XDP_POLICY_ATTACH, { XDP_POLICY_DENY, 0, 0, 0 }, "deny" },
		{ XDP_POLICY_ATTACH, { 2, 0, 0, 0 }, NULL },
		{ XDP_POLICY_ATTACH_MODE, { 1, 0, 0, 0 }, "native" },
		{ XDP_POLICY_ATTACH_MODE, { 4, 0, 0, 0 }, NULL },
		{ XDP_POLICY_DISPATCHER, { XDP_POLICY_REQUIRED, 0, 0, 0 }, "required" },
		{ XDP_POLICY_DISPATCHER, { 2, 0, 0, 0 }, NULL },
		{ XDP_POLICY_N_ATTRS, { 0, 0, 0, 0 }, NULL },
	};
	char buf[128];

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		strcpy(buf, "x");
		ck_assert_int_eq(
			xdp_policy_value__print(words[i].attr, &words[i].value, buf, sizeof(buf)),
			words[i].text ? 0 : -EINVAL);
		ck_assert_str_eq(buf, words[i].text ? words[i].text : "");
	}
	ck_assert_int_eq(xdp_policy_value__print(XDP_POLICY_PRIORITY, &words[0].value, buf, 3), 0);
	ck_assert_int_eq(xdp_policy_value__print(XDP_POLICY_PRIORITY, &words[0].value, buf, 2),
			 -ENOSPC);
	ck_assert_str_eq(buf, "1");
	ck_assert_int_eq(xdp_policy_value__print(XDP_POLICY_PRIORITY, &words[0].value, buf, 0),
			 -ENOSPC);
	ck_assert_int_eq(xdp_policy_value__print(XDP_POLICY_PRIORITY, &words[0].value, NULL, 9),
			 -EINVAL);
	ck_assert_str_eq(xdp_policy_attr__name(XDP_POLICY_PRIORITY), "priority");
	ck_assert_str_eq(xdp_policy_attr__name(XDP_POLICY_ATTACH_MODE), "attach-mode");
	ck_assert_ptr_null(xdp_policy_attr__name(XDP_POLICY_N_ATTRS));
	ck_assert_ptr_null(xdp_policy_attr__name(-1));
}
END_TEST

TCase *api_misuse_tests(void)
{
	TCase *tc = tcase_create("api-misuse");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_sizes);
	tcase_add_test(tc, test_wrong_arguments);
	tcase_add_test(tc, test_words);
	return tc;
}
