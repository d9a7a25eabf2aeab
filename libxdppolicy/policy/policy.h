/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_POLICY_H
#define XDP_POLICY_POLICY_H

/*
 * The policy of a host: its files, loaded, and the decisions that follow from them. The hooks, the
 * command and the tests call this and nothing below it. No BPF, no globals, no output.
 *
 * A struct xdp_policy is not locked: calls on the same one must not overlap.
 */

#include "files.h"
#include "rule.h"
#include "switch.h"

struct xdp_policy;

/*
 * Parses the text of a rule file in the format that the suffix of rules->file stands for ("-" is
 * INI). Returns as policy_ini__parse() does. For files that are not in their place, too.
 */
int policy_rules__parse(struct policy_rules *rules, const char *text, size_t size,
			const struct policy_log *log);

struct xdp_policy_opts {
	/*
	 * A directory to take for /, or NULL for the host. Below another root files may belong to
	 * the root directory's owner instead of root, so that tests and images need no privileges.
	 */
	const char *root;
	struct policy_log log;
};

/*
 * Loads the policy. Files that are wrong are left out with a message; only a lack of memory or of
 * descriptors, or a root that is no directory, fail. Returns 0 or a negative errno; *ret is then
 * untouched.
 */
int xdp_policy__open(const struct xdp_policy_opts *opts, struct xdp_policy **ret);
void xdp_policy__close(struct xdp_policy *policy);

/*
 * Loads again what changed on disk. A file that was good and is now refused keeps its last good
 * rules. Returns 1 if anything was loaded, 0 if not, negative errno on failure with the policy as
 * it was.
 */
int xdp_policy__refresh(struct xdp_policy *policy);

/* How many files, directories and lines are refused at present. */
unsigned int xdp_policy__n_errors(const struct xdp_policy *policy);

/* Whether the kill switch is set: whoever enforces the policy shall then do nothing. */
bool xdp_policy__is_disabled(const struct xdp_policy *policy);

/* The conditions that any rule states, a bit for each: what else nobody needs to find out. */
unsigned int xdp_policy__conds(const struct xdp_policy *policy);

/* on-error: deny stands in the switch file and something is refused. */
bool xdp_policy__denies_all(const struct xdp_policy *policy);

/* All rules in the order in which they count, the last one first in effect. */
size_t xdp_policy__n_rules(const struct xdp_policy *policy);
const struct policy_rule *xdp_policy__rule(const struct xdp_policy *policy, size_t i);

const struct policy_files *xdp_policy__files(const struct xdp_policy *policy);
const struct policy_switch *xdp_policy__switch(const struct xdp_policy *policy);

/* One attribute's outcome. */
struct policy_result {
	bool found;			/* a source had an answer; else value is libxdp's default */
	bool undecided;			/* a fact is missing that could change it: leave as it is */
	unsigned int missing;		/* if undecided: a bit for each enum policy_cond */
	const char *source;		/* the winner's name, "default" if none */
	const struct policy_rule *rule; /* the winner's rule, NULL if the source has none */
	struct policy_value value;
};

struct policy_decision {
	struct policy_result attr[N_ATTRS];
};

/* One answer on the way to a decision: of a rule, or of a source that has no rules. */
struct policy_trace {
	enum policy_attr attr;
	const char *source;
	enum policy_status status;
	const struct policy_rule *rule;
	const struct policy_value *value; /* NULL: no answer */
	bool counts;			  /* it made the result, alone or with others */
	const char *note;		  /* why it does not count, or is partial; may be NULL */
	unsigned int missing;		  /* facts that the rule asks for and nobody knows */
};

struct policy_resolve_opts {
	/*
	 * A condition on an unknown fact counts as not met. If set, it makes the attribute
	 * undecided instead: for programs that are attached already, which are better left alone
	 * than changed on half of the facts.
	 */
	bool unknown_undecided;
	/* Called for each answer, winners and losers, by attribute; NULL for none. */
	void (*trace)(void *ctx, const struct policy_trace *trace);
	void *trace_ctx;
};

/* Decides all attributes. Allocates nothing and cannot fail. opts may be NULL. */
void xdp_policy__resolve(const struct xdp_policy *policy, const struct policy_subject *subject,
			 const struct policy_resolve_opts *opts, struct policy_decision *ret);

#endif
