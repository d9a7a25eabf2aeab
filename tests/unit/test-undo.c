// SPDX-License-Identifier: LGPL-2.1-or-later
/* What load keeps of a chain that it replaces, as text. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "run/undo-text.h"
#include "unit.h"

#define HEAD	"version 1\nrun 48230001177\nmode native\nafter 12 4294967295\n"
#define PROGRAM "program 7 48011000212 d06dc2dd67b2a2f3 50 4 32 ord_a\n"

START_TEST(test_round_trip)
{
	static const char *const texts[] = {
		HEAD PROGRAM,
		(HEAD PROGRAM "program 8 0 0000000000000000 4294967295 4294967295 0 -\n"),
		"version 1\nrun 0\nmode none\nafter\n",
		"version 1\nrun 18446744073709551615\nmode none\nafter 1 2 3 4 5 6 7 8 9 10\n",
		"version 1\nrun 5\nmode skb\nafter\n" PROGRAM,
	};
	char text[UNDO_TEXT_SIZE];
	struct undo undo;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		ck_assert_int_eq(undo_text__parse(texts[i], strlen(texts[i]), &undo), 0);
		ck_assert_int_eq(undo_text__print(&undo, text), strlen(texts[i]));
		ck_assert_str_eq(text, texts[i]);
	}
}
END_TEST

START_TEST(test_parse)
{
	static const char text[] = HEAD PROGRAM;
	const struct chain_program *p;
	struct undo undo;

	ck_assert_int_eq(undo_text__parse(text, strlen(text), &undo), 0);
	ck_assert_uint_eq(undo.run, 48230001177);
	ck_assert_str_eq(undo.before.mode, "native");
	ck_assert_uint_eq(undo.n_after, 2);
	ck_assert_uint_eq(undo.after[1], UINT32_MAX);
	ck_assert_uint_eq(undo.before.n, 1);
	p = &undo.before.program[0];
	ck_assert_uint_eq(p->info.id, 7);
	ck_assert_uint_eq(p->info.load_time, 48011000212);
	ck_assert_str_eq(p->info.tag, "d06dc2dd67b2a2f3");
	ck_assert_str_eq(p->info.name, "ord_a");
	ck_assert_uint_eq(p->priority, 50);
	ck_assert_uint_eq(p->actions, 4);
	ck_assert_uint_eq(p->flags, 32);
}
END_TEST

/* As much as there can be. */
START_TEST(test_long)
{
	char text[UNDO_TEXT_SIZE];
	struct undo undo = { .run = UINT64_MAX, .n_after = CHAIN_MAX }, again;
	int len;

	undo.before = (struct chain){ .n = CHAIN_MAX, .mode = "native" };
	for (unsigned int i = 0; i < CHAIN_MAX; i++) {
		struct chain_program *p = &undo.before.program[i];

		undo.after[i] = UINT32_MAX - i;
		p->info.id = UINT32_MAX - i;
		p->info.load_time = UINT64_MAX;
		p->priority = p->actions = p->flags = UINT32_MAX;
		memset(p->info.name, 'n', sizeof(p->info.name) - 1);
		strcpy(p->info.tag, "ffffffffffffffff");
	}
	len = undo_text__print(&undo, text);
	ck_assert_int_lt(len, UNDO_TEXT_SIZE);
	ck_assert_int_eq(undo_text__parse(text, len, &again), 0);
	ck_assert_str_eq(again.before.program[CHAIN_MAX - 1].info.name,
			 undo.before.program[0].info.name);
}
END_TEST

/* A name that no line could hold is left out. */
START_TEST(test_odd_name)
{
	struct undo undo = { .before = { .n = 1, .mode = "skb" } };
	char text[UNDO_TEXT_SIZE];

	strcpy(undo.before.program[0].info.tag, "00");
	strcpy(undo.before.program[0].info.name, "a b\n");
	undo_text__print(&undo, text);
	ck_assert_str_eq(text, "version 1\nrun 0\nmode skb\nafter\nprogram 0 0 00 0 0 0 -\n");
}
END_TEST

static const char *const malformed[] = {
	"",
	"\n",
	"version 2\nrun 1\nmode none\nafter\n",
	"version 1\nrun 1\nmode none\nafter",
	"version 1\nrun 1\nmode none\nafter \n",
	"version 1\nrun 1\nmode none\nafter\n\n",
	"version 1\nrun 1\nmode auto\nafter\n",
	"version 1\nrun -1\nmode none\nafter\n",
	"version 1\nrun 01\nmode none\nafter\n",
	"version 1\nrun 18446744073709551616\nmode none\nafter\n",
	"version 1\nrun 1\nmode none\nafter 1 2 3 4 5 6 7 8 9 10 11\n",
	"version 1\nrun 1\nmode none\nafter 4294967296\n",
	/* no mode of a chain, or one of none */
	"version 1\nrun 1\nmode native\nafter\n",
	"version 1\nrun 1\nmode none\nafter\n" PROGRAM,
	HEAD PROGRAM PROGRAM,
	HEAD "program 7 1 d06dc2dd67b2a2f3 50 4 32\n",
	HEAD "program 7 1 d06dc2dd67b2a2f3 50 4 32 a b\n",
	HEAD "program 7 1 d06dc2dd67b2a2f3 50 4 32 \x1b[1m\n",
	HEAD "program 7 1 D06DC2DD67B2A2F3 50 4 32 a\n",
	HEAD "program 7 1 d06dc2dd67b2a2f3 +50 4 32 a\n",
	HEAD "program  7 1 d06dc2dd67b2a2f3 50 4 32 a\n",
	HEAD "program 7 1 d06dc2dd67b2a2f3 50 4 32 a",
	HEAD PROGRAM "more\n",
};
#define N_MALFORMED (sizeof(malformed) / sizeof(malformed[0]))

START_TEST(test_malformed)
{
	const char *text = malformed[_i];
	struct undo undo;

	ck_assert_int_eq(undo_text__parse(text, strlen(text), &undo), -EINVAL);
}
END_TEST

START_TEST(test_nul)
{
	static const char text[] = HEAD PROGRAM "\0more";
	struct undo undo;

	ck_assert_int_eq(undo_text__parse(text, sizeof(text) - 1, &undo), -EINVAL);
}
END_TEST

TCase *undo_tests(void)
{
	TCase *tc = tcase_create("undo");

	tcase_add_test(tc, test_round_trip);
	tcase_add_test(tc, test_parse);
	tcase_add_test(tc, test_long);
	tcase_add_test(tc, test_odd_name);
	tcase_add_loop_test(tc, test_malformed, 0, N_MALFORMED);
	tcase_add_test(tc, test_nul);
	return tc;
}
