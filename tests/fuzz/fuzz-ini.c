// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Any bytes as a rule file. What is accepted must come back the same from `xdp-policy dump`, and no
 * rule that matches a program may be missed by the index.
 */
#include <errno.h>

#include "fuzz.h"
#include "policy/index.h"
#include "policy/ini.h"

/* print_rule() is static there and prints to standard output */
static FILE *dump;
#define printf(...) fprintf(dump, __VA_ARGS__)
#define putchar(c)  fputc(c, dump)
#include "../../tools/cmd-dump.c"
#undef printf
#undef putchar

/* A line takes 198 characters, and `dump` puts 20 in front of a list. */
#define MAX_GLOB 170

static char file_name[] = "rules.conf";

static void check_rules(const struct policy_rules *rules)
{
	for (size_t i = 0; i < rules->n; i++) {
		const struct policy_rule *rule = &rules->rule[i];
		bool sets = false;

		CHECK(rule->name && rule->file == file_name && rule->line);
		for_each_attr(attr) {
			sets |= rule->head.has[attr];
			CHECK(!rule->head.has[attr] || rule->value_line[attr] >= rule->line);
		}
		CHECK(sets);
		for (int c = 0; c < N_CONDS; c++)
			CHECK(!rule->cond[c] || rule->cond[c]->n);
	}
}

static void same_globs(const struct policy_globs *a, const struct policy_globs *b)
{
	CHECK(!a == !b);
	if (!a)
		return;
	CHECK(a->n == b->n && a->literal == b->literal);
	for (unsigned int i = 0; i < a->n; i++)
		CHECK(a->glob[i].exclude == b->glob[i].exclude &&
		      !strcmp(a->glob[i].text, b->glob[i].text));
}

static void same_rule(const struct policy_rule *a, const struct policy_rule *b)
{
	for (int c = 0; c < N_CONDS; c++)
		same_globs(a->cond[c], b->cond[c]);
	for_each_attr(attr) {
		const struct policy_value *va = &a->head.value[attr], *vb = &b->head.value[attr];

		CHECK(a->head.has[attr] == b->head.has[attr]);
		CHECK(!a->head.has[attr] || (va->num == vb->num && va->add == vb->add &&
					     va->del == vb->del && va->relative == vb->relative));
	}
}

static bool fits_line(const struct policy_rules *rules)
{
	for (size_t i = 0; i < rules->n; i++)
		for (int c = 0; c < N_CONDS; c++) {
			const struct policy_globs *globs = rules->rule[i].cond[c];

			for (unsigned int g = 0; globs && g < globs->n; g++)
				if (strlen(globs->glob[g].text) > MAX_GLOB)
					return false;
		}
	return true;
}

static void check_dump(const struct policy_rules *rules)
{
	const struct policy_log log = { .fn = fuzz_message };
	struct policy_rules again = { .file = file_name };
	char *text = NULL;
	size_t size;
	int rc;

	dump = open_memstream(&text, &size);
	CHECK(dump);
	for (size_t i = 0; i < rules->n; i++)
		print_rule(&rules->rule[i]);
	fclose(dump);
	rc = policy_ini__parse(text, size, &again, &log);
	if (rc || again.n != rules->n)
		fprintf(stderr, "dumped %zu, read %zu, rc %d:\n%s\n", rules->n, again.n, rc, text);
	CHECK(!rc && again.n == rules->n);
	for (size_t i = 0; i < rules->n; i++)
		same_rule(&rules->rule[i], &again.rule[i]);
	policy_rules__clear(&again);
	free(text);
}

/* The index must give each rule that matches, in the same order as going through all. */
static void check_index(const struct policy_rules *rules, const char *program)
{
	struct policy_index index;
	struct policy_cursor by_name;
	const struct policy_rule *rule;
	size_t i = rules->n;

	CHECK(!policy_index__build(&index, &rules, 1));
	policy_cursor__start(&by_name, &index, program);
	while ((rule = policy_cursor__next(&by_name)))
		for (; i && &rules->rule[i - 1] >= rule; i--) {
			const struct policy_globs *globs = rules->rule[i - 1].cond[COND_PROGRAM];

			CHECK(&rules->rule[i - 1] == rule ||
			      (globs && policy_globs__match(globs, program, NULL) == MATCH_NO));
		}
	for (; i; i--)
		CHECK(policy_globs__match(rules->rule[i - 1].cond[COND_PROGRAM], program, NULL) ==
		      MATCH_NO);
	policy_index__free(&index);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned int n_errors = 0;
	const struct policy_log log = { .fn = fuzz_message, .ctx = &n_errors };
	struct policy_rules rules = { .file = file_name };
	char *text = fuzz_text(data, size);
	int rc;

	rc = policy_ini__parse(text, size, &rules, &log);
	CHECK(rc == 0 || rc == -EINVAL);
	CHECK(!rc == !n_errors);
	if (!rc) {
		check_rules(&rules);
		if (fits_line(&rules))
			check_dump(&rules);
		check_index(&rules, "xdp_filter");
		if (rules.n && rules.rule[0].cond[COND_PROGRAM])
			check_index(&rules, rules.rule[0].cond[COND_PROGRAM]->glob[0].text);
	}
	policy_rules__clear(&rules);
	free(text);
	return 0;
}
