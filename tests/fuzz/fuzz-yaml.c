// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any bytes as a YAML rule file. What is accepted comes back the same from each format. */
#include "fuzz-rules.h"

#define MAX_ERRORS 20

static char json_name[] = "rules.json";

/* A file that calls itself JSON is taken only if YAML takes it. */
static void check_named_json(const char *text, size_t size, bool is_yaml)
{
	unsigned int n_errors = 0;
	const struct policy_log log = { .fn = fuzz_message, .ctx = &n_errors };
	struct policy_rules rules = { .file = json_name };
	int rc = policy_yaml__parse(text, size, &rules, &log);

	CHECK(!rc == !n_errors);
	CHECK(rc || is_yaml);
	policy_rules__clear(&rules);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned int n_errors = 0;
	const struct policy_log log = { .fn = fuzz_message, .ctx = &n_errors };
	struct policy_rules rules = { .file = file_name };
	char *text = fuzz_text(data, size);
	int rc;

	rc = policy_yaml__parse(text, size, &rules, &log);
	CHECK(rc == 0 || rc == -EINVAL);
	CHECK(!rc == !n_errors && n_errors <= MAX_ERRORS);
	if (!rc) {
		for (size_t i = 0; i < rules.n; i++)
			check_rule(&rules.rule[i]);
		check_written(&rules, true);
	}
	policy_rules__clear(&rules);
	check_named_json(text, size, !rc);
	free(text);
	return 0;
}
