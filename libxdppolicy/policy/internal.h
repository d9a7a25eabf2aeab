/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_INTERNAL_H
#define XDP_POLICY_INTERNAL_H

#include "index.h"
#include "policy.h"

/* The rules of one file; the old and the new state share them while one becomes the other. */
struct policy_loaded {
	unsigned int refs;
	struct policy_rules rules;
	struct policy_stamp stamp;
};

struct xdp_policy {
	char *root;
	uid_t owner;
	struct policy_log log;

	/* what a refresh replaces as a whole */
	struct policy_files files;
	struct policy_loaded **loaded; /* one for each file, NULL where there are no rules */
	struct policy_switch sw;
	struct policy_index index;
	unsigned int n_errors;
	unsigned int conds; /* of all rules */
};

#endif
