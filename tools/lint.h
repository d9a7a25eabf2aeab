/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_LINT_H
#define XDP_POLICY_LINT_H

/*
 * What works in a policy, but hardly as meant. Each warning has a code; doc/messages has a
 * paragraph on each. A warning never changes the policy, and is only given where it is certain: who
 * wants one to be an error must be able to.
 */

#include "chain-file.h"
#include "policy/policy.h"

/* file, text and code are valid during the call only; line 0 means the whole file. */
struct lint_log {
	void (*fn)(void *ctx, enum policy_level level, const char *file, unsigned int line,
		   const char *code, const char *text);
	void *ctx;
};

/* What the rules of one file show by themselves. Returns 0 or -ENOMEM. */
int lint__rules(const struct policy_rules *rules, const struct lint_log *log);

/*
 * What the whole policy shows, with its files, and with the executables and BPF objects below root,
 * NULL for the host. Returns 0 or -ENOMEM.
 */
int lint__policy(const struct policy *policy, const char *root, const struct lint_log *log);

/*
 * What n files of chains show that are loaded together; root as above; dirs, which may be NULL, are
 * the directories in which they were found. Returns 0 or -ENOMEM.
 */
int lint__chain_files(const struct chain_file *files, size_t n, const char *root,
		      const struct policy_files *dirs, const struct lint_log *log);

#endif
