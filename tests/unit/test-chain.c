// SPDX-License-Identifier: LGPL-2.1-or-later
/* Of live chains what needs no kernel: the dispatcher's configuration, the order, the plan. */
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>

#include "chain/load.h"
#include "chain/remarks.h"
#include "chain/swap.h"
#include "unit.h"

#define GO_ON (1U << 31)

static struct dispatcher_config sample(unsigned int version, unsigned int n)
{
	struct dispatcher_config config = { .version = version, .n = n, .frags = version > 1 };

	config.devbound = version > 2;
	for (unsigned int i = 0; i < n; i++) {
		config.slot[i].priority = 10 * i;
		config.slot[i].actions = 1U << i % 5;
		config.slot[i].flags = version > 1 ? 32 : 0;
	}
	return config;
}

START_TEST(test_round_trip)
{
	static const size_t sizes[] = { 0, 84, 124, 128 };
	struct dispatcher_config config = sample(_i, 10), again;
	unsigned char data[DISPATCHER_CONFIG_SIZE];

	ck_assert_uint_eq(dispatcher_config__encode(&config, data), sizes[_i]);
	ck_assert_int_eq(dispatcher_config__decode(data, sizes[_i], _i == 1, &again), 0);
	ck_assert_mem_eq(&config, &again, sizeof(config));
}
END_TEST

/* The layouts, byte by byte, as libxdp reads them. */
START_TEST(test_layout)
{
	struct dispatcher_config config = sample(3, 2);
	unsigned char data[DISPATCHER_CONFIG_SIZE];
	uint32_t word;

	dispatcher_config__encode(&config, data);
	ck_assert_uint_eq(data[0], 236);
	ck_assert_uint_eq(data[1], 3);
	ck_assert_uint_eq(data[2], 2);
	ck_assert_uint_eq(data[3], 1);
	memcpy(&word, data + 4 + 4, 4);
	ck_assert_uint_eq(word, GO_ON | 2);
	memcpy(&word, data + 44 + 4, 4);
	ck_assert_uint_eq(word, 10);
	memcpy(&word, data + 84 + 4, 4);
	ck_assert_uint_eq(word, 32);
	ck_assert_uint_eq(data[124], 1);

	config = sample(1, 2);
	dispatcher_config__encode(&config, data);
	ck_assert_uint_eq(data[0], 2);
	memcpy(&word, data + 4 + 4, 4);
	ck_assert_uint_eq(word, GO_ON | 2);
	memcpy(&word, data + 44 + 4, 4);
	ck_assert_uint_eq(word, 10);
}
END_TEST

START_TEST(test_refused)
{
	struct dispatcher_config config = sample(2, 3), ret;
	unsigned char data[DISPATCHER_CONFIG_SIZE + 1] = { 0 };

	dispatcher_config__encode(&config, data);
	for (size_t size = 0; size <= sizeof(data); size++)
		ck_assert_int_eq(dispatcher_config__decode(data, size, 0, &ret),
				 size < 2    ? -EPROTONOSUPPORT :
				 size == 124 ? 0 :
					       -EPROTO);
	data[1] = 4;
	ck_assert_int_eq(dispatcher_config__decode(data, 128, 0, &ret), -EPROTONOSUPPORT);
	ck_assert_uint_eq(ret.version, 4);
	data[1] = 0;
	ck_assert_int_eq(dispatcher_config__decode(data, 124, 0, &ret), -EPROTONOSUPPORT);
	data[1] = 2;
	data[2] = 11;
	ck_assert_int_eq(dispatcher_config__decode(data, 124, 0, &ret), -EPROTO);
	/* without magic the BTF's word counts, and only then */
	data[0] = 3;
	ck_assert_int_eq(dispatcher_config__decode(data, 84, 0, &ret), -EPROTONOSUPPORT);
	ck_assert_uint_eq(ret.version, 0);
	ck_assert_int_eq(dispatcher_config__decode(data, 84, 1, &ret), 0);
	ck_assert_uint_eq(ret.n, 3);
	ck_assert_int_eq(dispatcher_config__decode(data, 124, 1, &ret), -EPROTO);
}
END_TEST

static struct chain_program program(uint32_t id, const char *name, uint32_t priority)
{
	struct chain_program p = { .priority = priority, .actions = 4, .info.id = id };

	snprintf(p.info.name, sizeof(p.info.name), "%s", name);
	snprintf(p.info.kernel_name, sizeof(p.info.kernel_name), "%s", name);
	snprintf(p.info.tag, sizeof(p.info.tag), "%016x", 5);
	p.info.load_time = id;
	return p;
}

START_TEST(test_ties)
{
	struct chain_program a = program(1, "b", 10), b = program(2, "a", 20);

	enum chain_tie tie;

	ck_assert_int_lt(chain_program__compare(&a, &b, NULL), 0);
	b.priority = 10; /* then the name */
	ck_assert_int_gt(chain_program__compare(&a, &b, &tie), 0);
	ck_assert_int_eq(tie, TIE_NAME);
	b = program(2, "b", 10); /* then the tag */
	strcpy(b.info.tag, "0000000000000004");
	ck_assert_int_gt(chain_program__compare(&a, &b, &tie), 0);
	ck_assert_int_eq(tie, TIE_TAG);
	b = program(2, "b", 10); /* then the time */
	ck_assert_int_lt(chain_program__compare(&a, &b, &tie), 0);
	ck_assert_int_eq(tie, TIE_AGE);
	ck_assert_int_gt(chain_program__compare(&b, &a, NULL), 0);
	ck_assert_int_eq(chain_program__compare(&a, &a, NULL), 0);
	/* priorities are unsigned */
	a.priority = UINT32_MAX;
	ck_assert_int_gt(chain_program__compare(&a, &b, NULL), 0);
}
END_TEST

/* The kernel keeps 15 characters; libxdp looks for the rest in the BTF. */
START_TEST(test_long_names)
{
	struct chain_program alpha = program(1, "xdp_customer_filter_alpha", 50);
	struct chain_program beta = program(2, "xdp_customer_filter_beta", 50);
	enum chain_tie tie;

	strcpy(alpha.info.tag, "ffffffffffffffff");
	ck_assert_int_lt(chain_program__compare(&alpha, &beta, &tie), 0);
	ck_assert_int_eq(tie, TIE_NAME);
	/* both in one object: it finds two, and takes neither */
	alpha.info.alike = beta.info.alike = true;
	ck_assert_int_gt(chain_program__compare(&alpha, &beta, &tie), 0);
	ck_assert_int_eq(tie, TIE_TAG);
	/* but of a program that comes from an object it knows the name */
	alpha.is_new = beta.is_new = true;
	ck_assert_int_lt(chain_program__compare(&alpha, &beta, &tie), 0);
	ck_assert_int_eq(tie, TIE_NAME);
}
END_TEST

/* What comes is behind what is there, the smaller one first. */
START_TEST(test_new_ties)
{
	struct chain_program live = program(9, "b", 50), a = program(1, "b", 50), b = a;
	enum chain_tie tie;

	a.is_new = b.is_new = true;
	strcpy(live.info.tag, "ffffffffffffffff");
	ck_assert_int_lt(chain_program__compare(&live, &a, &tie), 0);
	ck_assert_int_eq(tie, TIE_NEW);
	a.rank = 2;
	b.rank = 1;
	strcpy(b.info.tag, "ffffffffffffffff");
	ck_assert_int_gt(chain_program__compare(&a, &b, &tie), 0);
	ck_assert_int_eq(tie, TIE_SIZE);
}
END_TEST

static bool remarks(const struct chain *chain, unsigned int nth, const char *expected)
{
	char text[N_REMARKS * CHAIN_REMARK_SIZE] = "";

	chain__append_remarks(chain, nth, text, sizeof(text));
	if (strcmp(text, expected))
		printf("# found '%s', expected '%s'\n", text, expected);
	return !strcmp(text, expected);
}

START_TEST(test_remarks)
{
	struct chain chain = {
		.kind = CHAIN_DISPATCHER,
		.n = 2,
		.program = { program(1, "a", 10), program(2, "b", 10) },
	};

	ck_assert(remarks(&chain, 0, ""));
	ck_assert(remarks(&chain, 1, "same priority as a: by name"));
	ck_assert(remarks(&chain, 2, ""));
	chain.program[1].priority = 20;
	chain.program[0].actions = 1U << XDP_DROP | 1U << XDP_PASS;
	chain.program[1].actions = 1U << XDP_DROP | 1U << XDP_PASS;
	ck_assert(remarks(&chain, 0, ""));
	ck_assert(remarks(&chain, 1, "last: DROP becomes PASS"));
	chain.program[1].actions |= 1U << XDP_TX;
	ck_assert(remarks(&chain, 1, "last: DROP TX become PASS"));
	chain.n = 1;
	ck_assert(remarks(&chain, 0, "alone: its actions have no effect"));
	chain.kind = CHAIN_LEGACY; /* it has none */
	ck_assert(remarks(&chain, 0, ""));
	/* an order of before: libxdp has sorted what was new by its size */
	chain.kind = CHAIN_DISPATCHER;
	chain.n = 2;
	chain.program[1].priority = 10;
	strcpy(chain.program[0].info.name, "c");
	chain.program[1].actions = 1U << XDP_PASS;
	ck_assert(remarks(&chain, 1, "same priority as c: as they were attached"));
}
END_TEST

static struct chain three(void)
{
	struct chain chain = {
		.kind = CHAIN_DISPATCHER,
		.version = 2,
		.n = 3,
		.program = { program(1, "a", 10), program(2, "b", 20), program(3, "c", 30) },
	};

	chain.program[0].flags = chain.program[2].flags = 32;
	return chain;
}

START_TEST(test_plan_order)
{
	struct chain chain = three(), planned;
	struct chain_want want[CHAIN_MAX] = {
		{ .priority = 50, .actions = 6 },
		{ .priority = 20, .actions = 4 },
		{ .priority = 5, .actions = 4 },
	};

	chain__plan(&chain, want, &planned);
	ck_assert_uint_eq(planned.n, 3);
	ck_assert_uint_eq(planned.program[0].info.id, 3);
	ck_assert_uint_eq(planned.program[1].info.id, 2);
	ck_assert_uint_eq(planned.program[2].info.id, 1);
	ck_assert_uint_eq(planned.program[0].priority, 5);
	ck_assert_uint_eq(planned.program[2].actions, 6);
	/* flags go with their program, and those of the whole stay */
	ck_assert_uint_eq(planned.program[0].flags, 32);
	ck_assert_uint_eq(planned.program[1].flags, 0);
	ck_assert(!planned.frags);
}
END_TEST

START_TEST(test_plan_removal)
{
	struct chain chain = three(), planned;
	struct chain_want want[CHAIN_MAX] = {
		{ .priority = 10, .actions = 4 },
		{ .remove = true },
		{ .priority = 30, .actions = 4 },
	};

	chain__plan(&chain, want, &planned);
	ck_assert_uint_eq(planned.n, 2);
	ck_assert_uint_eq(planned.program[1].info.id, 3);
	ck_assert(planned.frags); /* all that are left have them */
	want[1].remove = false;
	want[0].remove = true;
	chain__plan(&chain, want, &planned);
	ck_assert(!planned.frags);
	want[1].remove = want[2].remove = true;
	chain__plan(&chain, want, &planned);
	ck_assert_uint_eq(planned.n, 0);
}
END_TEST

START_TEST(test_each_remark_once)
{
	static const char *const remarks[] = { "a.conf:12", "a.conf:1", "a.conf:12", "b/a.conf:1",
					       "a.conf:1" };
	char text[64] = "";

	for (size_t i = 0; i < sizeof(remarks) / sizeof(remarks[0]); i++)
		chain_remark__add(text, sizeof(text), remarks[i]);
	ck_assert_str_eq(text, "a.conf:12, a.conf:1, b/a.conf:1");
}
END_TEST

/* Whole lines of the verifier's log, the last ones, for which there is room. */
START_TEST(test_end_of_a_log)
{
	static const struct {
		const char *log, *end;
		size_t lines, size;
	} rows[] = {
		{ "", "", 30, 100 },
		{ "one\ntwo\nthree\n", "one\ntwo\nthree\n", 30, SIZE_MAX },
		{ "one\ntwo\nthree\n", "two\nthree\n", 2, SIZE_MAX },
		{ "one\ntwo\nthree", "two\nthree", 2, SIZE_MAX },
		{ "one\ntwo\nthree\n", "one\ntwo\nthree\n", SIZE_MAX, 15 },
		{ "one\ntwo\nthree\n", "two\nthree\n", SIZE_MAX, 14 },
		{ "one\ntwo\nthree\n", "", SIZE_MAX, 6 },
		{ "one\n\n\n", "\n\n", 2, SIZE_MAX },
		{ "one\n", "", 0, SIZE_MAX },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct chain_problem problem = { .log = (char *)rows[i].log };

		ck_assert_str_eq(chain_problem__log_end(&problem, rows[i].lines, rows[i].size),
				 rows[i].end);
	}
}
END_TEST

TCase *chain_tests(void)
{
	TCase *tc = tcase_create("chain");

	tcase_add_loop_test(tc, test_round_trip, 1, DISPATCHER_VERSIONS + 1);
	tcase_add_test(tc, test_layout);
	tcase_add_test(tc, test_refused);
	tcase_add_test(tc, test_ties);
	tcase_add_test(tc, test_long_names);
	tcase_add_test(tc, test_new_ties);
	tcase_add_test(tc, test_remarks);
	tcase_add_test(tc, test_each_remark_once);
	tcase_add_test(tc, test_end_of_a_log);
	tcase_add_test(tc, test_plan_order);
	tcase_add_test(tc, test_plan_removal);
	return tc;
}
