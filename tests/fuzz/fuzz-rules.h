/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_FUZZ_RULES_H
#define XDP_POLICY_FUZZ_RULES_H

/* What holds for the rules of any file, whatever its format. */

#include <errno.h>

#include "../same-rules.h"
#include "fuzz.h"
#include "policy/ini.h"
#include "policy/json-check.h"
#include "policy/yaml.h"
#include "write-rules.h"

static char file_name[] = "rules";

static inline void check_rule(const struct policy_rule *rule)
{
	char err[POLICY_ERROR_SIZE];
	bool sets = false;

	CHECK(rule->file == file_name && rule->line);
	CHECK(!policy_name__check(rule->name, err, sizeof(err)));
	for_each_attr(attr)
		sets |= rule->head.has[attr];
	CHECK(sets);
	CHECK(!rule->head.order_step ||
	      (rule->head.has[ATTR_PRIORITY] && rule->cond[COND_PROGRAM]));
	for (int c = 0; c < N_CONDS; c++) {
		CHECK(!rule->cond[c] == !(rule->head.conds & 1U << c));
		CHECK(!rule->cond[c] || *rule->cond[c]);
		for_each_glob(glob, rule->cond[c])
			CHECK(!policy_glob__check(glob, err, sizeof(err)));
	}
}

/* As any format writes them they come back the same. */
static inline void check_written(const struct policy_rules *rules, bool utf8)
{
	const struct policy_log log = { .fn = fuzz_message };
	const struct policy_rule **list = calloc(rules->n + 1, sizeof(*list));

	CHECK(list);
	for (size_t i = 0; i < rules->n; i++)
		list[i] = &rules->rule[i];
	for (enum rule_format format = FORMAT_INI; format <= FORMAT_JSON; format++) {
		struct policy_rules again = { .file = file_name };
		char *text = NULL;
		struct json_fault fault;
		const char *what;
		size_t size;
		FILE *out = open_memstream(&text, &size);
		int rc;

		CHECK(out);
		rc = format == FORMAT_INI  ? write_rules__ini(out, list, rules->n, true) :
		     format == FORMAT_YAML ? write_rules__yaml(out, list, rules->n, &log) :
					     write_rules__json(out, list, rules->n, &log);
		fclose(out);
		CHECK(!rc || (rc == -EILSEQ && !utf8 && format != FORMAT_INI && !size));
		CHECK(rc || format != FORMAT_JSON || json_check__text(text, size, &fault));
		if (!rc) {
			rc = (format == FORMAT_INI ? policy_ini__parse :
						     policy_yaml__parse)(text, size, &again, &log);
			what = rules_differ(rules, &again);
			if (rc || what)
				fprintf(stderr, "not read back, rc %d, %s:\n%s\n", rc, what, text);
			CHECK(!rc && !what);
		}
		policy_rules__clear(&again);
		free(text);
	}
	free(list);
}

#endif
