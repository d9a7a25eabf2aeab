/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_INTERNAL_H
#define XDP_POLICY_INTERNAL_H

#include <stdatomic.h>

#include "db.h"
#include "index.h"
#include "plugin.h"
#include "policy.h"

/* The rules of one file, or the database; the states before and after a load share them. */
struct policy_loaded {
	atomic_uint refs;
	struct policy_rules rules;
	struct policy_db *db;
	struct policy_stamp stamp;
};

/* What was loaded at one time. It does not change any more: who holds a reference may read it. */
struct policy_state {
	atomic_uint refs;
	struct policy_files files;
	struct policy_loaded **loaded; /* one for each file, NULL where there are no rules */
	const struct policy_db *db;    /* that of one of them */
	struct policy_switch sw;
	bool sw_known; /* it was read, now or before */
	struct policy_index index;
	unsigned int n_errors;
	unsigned int conds; /* of all rules */
	unsigned int attrs; /* of all rules of files */
};

struct policy {
	char *root;
	uid_t owner;
	struct policy_log log;
	bool no_files, no_db;
	struct policy_rules memory; /* rules given by the caller */
	char *switch_text;	    /* instead of the file; or NULL */
	struct policy_plugins plugins;
	struct policy_state *state;
};

void policy_state__put(struct policy_state *state);

/* As policy__resolve(), from a state that the caller holds. */
void policy_state__resolve(const struct policy *policy, const struct policy_state *state,
			   const struct policy_subject *subject,
			   const struct policy_resolve_opts *opts, struct policy_decision *ret);

#endif
