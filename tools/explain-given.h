/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_EXPLAIN_GIVEN_H
#define XDP_POLICY_EXPLAIN_GIVEN_H

/* What explain is given: values that no program can have get no answer. */

#include <stdbool.h>
#include <stddef.h>

#include "policy/attr.h"

#define GIVEN_WHY_SIZE 256

/* Whether a program can have the value; else why says what was found, and what is likely meant. */
bool given__is_possible(enum policy_cond cond, const char *value, char why[GIVEN_WHY_SIZE]);

#endif
