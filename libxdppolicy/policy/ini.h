/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_INI_H
#define XDP_POLICY_INI_H

#include <stddef.h>

#include "rule.h"
#include "text.h"

/*
 * Parses the text of an INI rule file; rules->file names it in messages. Returns 0, -ENOMEM, or
 * -EINVAL after one message for each wrong line that could be told; rules are then incomplete and
 * to be cleared.
 */
int policy_ini__parse(const char *text, size_t size, struct policy_rules *rules,
		      const struct policy_log *log);

#endif
