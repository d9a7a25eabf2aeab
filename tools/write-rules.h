/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_WRITE_RULES_H
#define XDP_POLICY_WRITE_RULES_H

#include <stdbool.h>
#include <stdio.h>

#include "policy/rule.h"
#include "policy/text.h"

enum rule_format {
	FORMAT_INI,
	FORMAT_YAML,
	FORMAT_JSON,
	FORMAT_CDB
};

/*
 * Write rules as a file that reads back the same, in the long form. They return 0 or a negative
 * errno; whether out took it all is ferror()'s to say.
 *
 * YAML and JSON hold UTF-8 alone: if a rule's name or glob is none, nothing is written, and the
 * result is -EILSEQ after a message for each such rule.
 */
/* places: with a comment above each rule that names its file and line */
int write_rules__ini(FILE *out, const struct policy_rule *const *rules, size_t n, bool places);
int write_rules__yaml(FILE *out, const struct policy_rule *const *rules, size_t n,
		      const struct policy_log *log);
int write_rules__json(FILE *out, const struct policy_rule *const *rules, size_t n,
		      const struct policy_log *log);

#endif
