/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_REFERENCE_H
#define XDP_POLICY_REFERENCE_H

#include "policy/policy.h"

/*
 * A second resolver, as simple as the manual page: no index, no early end, from the first rule to
 * the last, nothing shared with the real one but the rules. The switch is the default one.
 */
uint32_t reference__decide(const struct policy_rules *files, const struct policy_subject *subject,
			   enum policy_attr attr);

#endif
