// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Any bytes as a rule file. What is accepted comes back the same from each format, if it has room
 * for the text, and no rule that matches a program may be missed by the index.
 */
#include <jansson.h>

#include "fuzz-rules.h"
#include "policy/index.h"

static bool matches(const struct policy_rule *rule, const char *program)
{
	const struct policy_subject subject = { .value[COND_PROGRAM] = program };

	return !rule->cond[COND_PROGRAM] ||
	       policy_cond__match(COND_PROGRAM, rule->cond[COND_PROGRAM], &subject) == MATCH_YES;
}

/* What the cursor says of a rule that it gives, instead of having it looked up. */
static void check_given(const struct policy_cursor *cursor, const struct policy_rule *rule,
			const char *program)
{
	CHECK(!memcmp(cursor->head, &rule->head, sizeof(rule->head)));
	CHECK(!(cursor->conds & ~rule->head.conds));
	if (!(cursor->conds & 1U << COND_PROGRAM))
		CHECK(matches(rule, program));
	if (cursor->position >= 0)
		CHECK(cursor->position == policy_order__find(rule->cond[COND_PROGRAM], program));
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
	while ((rule = policy_cursor__next(&by_name))) {
		check_given(&by_name, rule, program);
		CHECK(i && rule < &rules->rule[i]); /* from the last to the first */
		while (&rules->rule[--i] != rule)
			CHECK(!matches(&rules->rule[i], program));
	}
	while (i)
		CHECK(!matches(&rules->rule[--i], program));
	policy_index__free(&index);
}

static bool is_utf8(const char *text, size_t size)
{
	json_t *json = json_stringn(text, size);

	json_decref(json);
	return json;
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
		for (size_t i = 0; i < rules.n; i++) {
			check_rule(&rules.rule[i]);
			for_each_attr(attr)
				CHECK(!rules.rule[i].head.has[attr] ||
				      rules.rule[i].value_line[attr] >= rules.rule[i].line);
		}
		check_written(&rules, is_utf8(text, size));
		check_index(&rules, "xdp_filter");
		for (size_t i = 0; i < rules.n && i < 3; i++)
			if (rules.rule[i].cond[COND_PROGRAM])
				check_index(&rules, rules.rule[i].cond[COND_PROGRAM]);
	}
	policy_rules__clear(&rules);
	free(text);
	return 0;
}
