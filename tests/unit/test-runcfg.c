// SPDX-License-Identifier: LGPL-2.1-or-later
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "chain/runcfg.h"
#include "unit.h"

#define PASS (1U << 2)
#define DROP (1U << 1)
#define TX   (1U << 3)

/* BPF objects of the build, see bpf/order.bpf.c */
static struct bpf_object *open_object(const char *name)
{
	struct bpf_object *obj;

	libbpf_set_print(NULL);
	obj = bpf_object__open_file(name, NULL);
	ck_assert_msg(!libbpf_get_error(obj), "%s: run in the build directory", name);
	return obj;
}

START_TEST(test_author)
{
	struct bpf_object *obj = open_object("bpf/ord_f.o");
	struct runcfg cfg;

	ck_assert_int_eq(runcfg__read(bpf_object__btf(obj), "ord_f", &cfg), 0);
	ck_assert(cfg.has_priority && cfg.has_actions);
	ck_assert_uint_eq(cfg.priority, 5);
	ck_assert_uint_eq(cfg.actions, PASS | DROP);
	ck_assert_int_eq(runcfg__read(bpf_object__btf(obj), "ord_x", &cfg), -ENOENT);
	ck_assert(!cfg.has_priority && !cfg.has_actions);
	bpf_object__close(obj);

	obj = open_object("bpf/ord_a.o");
	ck_assert_int_eq(runcfg__read(bpf_object__btf(obj), "ord_a", &cfg), -ENOENT);
	bpf_object__close(obj);
}
END_TEST

static void expect_config(const struct btf *btf, const char *program, uint32_t priority,
			  uint32_t actions)
{
	struct runcfg cfg;

	ck_assert_int_eq(runcfg__read(btf, program, &cfg), 0);
	ck_assert_uint_eq(cfg.priority, priority);
	ck_assert_uint_eq(cfg.actions, actions);
}

/* How often a program has a run config; libxdp would take the first. */
static int count_configs(const struct btf *btf, const char *program)
{
	int id = btf__find_by_name_kind(btf, ".xdp_run_config", BTF_KIND_DATASEC), n = 0;
	const struct btf_type *section = btf__type_by_id(btf, id);
	const struct btf_var_secinfo *entry = btf_var_secinfos(section);

	for (int i = 0; i < btf_vlen(section); i++, entry++) {
		const struct btf_type *var = btf__type_by_id(btf, entry->type);

		n += !strcmp(btf__name_by_offset(btf, var->name_off) + 1, program);
	}
	return n;
}

static uint32_t size_of(const struct btf *btf)
{
	uint32_t size;

	btf__raw_data(btf, &size);
	return size;
}

/* Objects without a section, with one for the program, and with one for another program. */
START_TEST(test_override)
{
	static const struct {
		const char *object, *program, *other;
		uint32_t other_priority, other_actions;
	} cases[] = {
		{ "bpf/ord_a.o", "ord_a", NULL, 0, 0 },
		{ "bpf/ord_c.o", "ord_c", NULL, 0, 0 },
		{ "bpf/ord_c.o", "ord_z", "ord_c", 10, PASS },
		{ "bpf/ord_pair.o", "ord_g", NULL, 0, 0 },
		{ "bpf/ord_long.o", "ord_l_longer_than_15", NULL, 0, 0 },
	};
	struct bpf_object *obj = open_object(cases[_i].object);
	const struct btf *orig = bpf_object__btf(obj);
	struct runcfg_override override = { cases[_i].program, 33, DROP | TX };
	uint32_t before = size_of(orig);
	struct btf *copy = NULL, *again = NULL;
	const void *data;
	uint32_t size;

	ck_assert_int_eq(runcfg__override(orig, &override, 1, &copy), 0);
	expect_config(copy, cases[_i].program, 33, DROP | TX);
	ck_assert_int_eq(count_configs(copy, cases[_i].program), 1);
	if (cases[_i].other)
		expect_config(copy, cases[_i].other, cases[_i].other_priority,
			      cases[_i].other_actions);
	ck_assert_uint_eq(size_of(orig), before); /* untouched */

	/* what libxdp is given survives being written out and read back */
	data = btf__raw_data(copy, &size);
	again = btf__new(data, size);
	ck_assert(!libbpf_get_error(again));
	expect_config(again, cases[_i].program, 33, DROP | TX);
	btf__free(again);
	btf__free(copy);
	bpf_object__close(obj);
}
END_TEST

START_TEST(test_override_two)
{
	struct bpf_object *obj = open_object("bpf/ord_pair.o");
	struct runcfg_override overrides[] = { { "ord_g", 0, 0 }, { "ord_h", 2147483647, 31 } };
	struct btf *copy = NULL;

	ck_assert_int_eq(runcfg__override(bpf_object__btf(obj), overrides, 2, &copy), 0);
	expect_config(copy, "ord_g", 0, 0); /* XDP_PASS off, which is on where nothing is said */
	expect_config(copy, "ord_h", 2147483647, 31);
	btf__free(copy);
	ck_assert_int_eq(runcfg__override(bpf_object__btf(obj), overrides, 0, &copy), -EINVAL);
	bpf_object__close(obj);
}
END_TEST

/* What a libxdp that is linked in was told is the policy's, and what differs the application's. */
START_TEST(test_wishes)
{
	static const struct policy_value told[N_ATTRS] = { { .num = 5 }, { .num = PASS } };
	static const struct policy_value changed[N_ATTRS] = { { .num = 10 }, { .num = PASS | TX } };
	const struct policy_known author = { .has = { true, true },
					     .value = { { .num = 10 }, { .num = DROP } } };
	const struct policy_known none = { 0 };
	struct policy_known app;

	app = runcfg__wishes(told, told, &author);
	ck_assert(!app.has[ATTR_PRIORITY] && !app.has[ATTR_ACTIONS] && !app.unknown);
	app = runcfg__wishes(changed, told, &author);
	ck_assert(app.has[ATTR_PRIORITY] && app.has[ATTR_ACTIONS]);
	ck_assert_uint_eq(app.value[ATTR_PRIORITY].num, 10);
	ck_assert_uint_eq(app.value[ATTR_ACTIONS].num, DROP | TX);
	/* the author's set is libxdp's default if he stated none */
	app = runcfg__wishes(changed, told, &none);
	ck_assert_uint_eq(app.value[ATTR_ACTIONS].num, PASS | TX);
	app = runcfg__wishes(changed, NULL, &author);
	ck_assert(!app.has[ATTR_PRIORITY] && app.has[ATTR_ACTIONS]);
	ck_assert_uint_eq(app.value[ATTR_ACTIONS].num, PASS | TX);
}
END_TEST

TCase *runcfg_tests(void)
{
	TCase *tc = tcase_create("runcfg");

	tcase_add_test(tc, test_author);
	tcase_add_loop_test(tc, test_override, 0, 5);
	tcase_add_test(tc, test_override_two);
	tcase_add_test(tc, test_wishes);
	return tc;
}
