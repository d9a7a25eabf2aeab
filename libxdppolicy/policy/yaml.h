/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_YAML_H
#define XDP_POLICY_YAML_H

#include <stddef.h>

#include "rule.h"
#include "text.h"

/* Where YAML or JSON begins that can't be INI; size if it can. */
size_t policy_yaml__begin(const char *text, size_t size);

/*
 * Parses the text of a YAML or JSON rule file; rules->file names it in messages. Returns 0,
 * -ENOMEM, or -EINVAL after one message for each wrong place that could be told, at most 20; rules
 * are then incomplete and to be cleared.
 */
int policy_yaml__parse(const char *text, size_t size, struct policy_rules *rules,
		       const struct policy_log *log);

#endif
