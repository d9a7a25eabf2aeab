/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_POLICY_H
#define XDP_POLICY_POLICY_H

/*
 * The policy of a host: its files, loaded, and the decisions that follow from them. The hooks, the
 * command and the tests call this and nothing below it. No BPF, no globals, no output.
 *
 * A struct policy is not locked: calls on the same one must not overlap.
 */

#include "files.h"
#include "rule.h"
#include "switch.h"

struct policy;
struct policy_db;

/*
 * Parses the text of a rule file, with a NUL behind it, in the format that the suffix of
 * rules->file stands for: .yaml, .json, or INI for any other; of "-", what it looks like. Returns
 * as policy_ini__parse() does. For files that are not in their place, too.
 */
int policy_rules__parse(struct policy_rules *rules, const char *text, size_t size,
			const struct policy_log *log);

struct policy_opts {
	/*
	 * A directory to take for /, or NULL for the host. Below another root files may belong to
	 * the root directory's owner instead of root, so that tests and images need no privileges.
	 */
	const char *root;
	struct policy_log log;

	/* What follows may all be left out. */
	const char *switch_text; /* instead of the switch file */
	/*
	 * Rules that stand before those of all files; their names and lists become the policy's,
	 * even if it cannot be opened.
	 */
	struct policy_rules *memory;
	bool no_files;		/* no rule files and no database */
	bool no_db;		/* no database */
	const char *plugin_dir; /* where plug-ins are; else the package's, and none with a root */
};

/*
 * Loads the policy. Files that are wrong are left out with a message; only a lack of memory or of
 * descriptors, or a root that is no directory, fail. Returns 0 or a negative errno; *ret is then
 * untouched.
 */
int policy__open(const struct policy_opts *opts, struct policy **ret);
void policy__close(struct policy *policy);

/*
 * Loads again what changed on disk. A file that was good and is now refused keeps its last good
 * rules. Returns 1 if anything was loaded, 0 if not, negative errno on failure with the policy as
 * it was.
 */
int policy__refresh(struct policy *policy);

/* The same, whether anything changed or not. */
int policy__reload(struct policy *policy);

/* Whether a file could not be read for lack of memory or descriptors: it may say anything. */
bool policy__is_starved(const struct policy *policy);

/* How many files, directories and lines are refused at present. */
unsigned int policy__n_errors(const struct policy *policy);

/* Whether the kill switch is set: whoever enforces the policy shall then do nothing. */
bool policy__is_disabled(const struct policy *policy);

/* The conditions that any rule states, a bit for each: what else nobody needs to find out. */
unsigned int policy__conds(const struct policy *policy);

/* Whether a rule or a plug-in may say anything about the attribute. */
bool policy__may_decide(const struct policy *policy, enum policy_attr attr);

/* Whether any attach may be denied: by a rule, a database, a plug-in or on-error. */
bool policy__may_deny(const struct policy *policy);

/*
 * on-error: deny stands in the switch file and something is refused; or the switch file itself
 * cannot be read, and this policy has never read one.
 */
bool policy__denies_all(const struct policy *policy);
/* Which of the two it is. */
const char *policy__why_denies_all(const struct policy *policy);

/* All rules of source files in the order in which they count, the last one first in effect. */
size_t policy__n_rules(const struct policy *policy);
const struct policy_rule *policy__rule(const struct policy *policy, size_t i);

/* Source cdb; NULL if there is no database. */
const struct policy_db *policy__db(const struct policy *policy);

const struct policy_files *policy__files(const struct policy *policy);
const struct policy_switch *policy__switch(const struct policy *policy);

/* Where a rule says what it says; strings are valid until the next refresh. */
struct policy_place {
	const char *file; /* NULL: no rule said it */
	unsigned int line;
	const char *rule; /* its name */
	unsigned int nth; /* the program's place in the rule's order, from 1; or 0 */
};

/* The rule behind an outcome, which is not looked at unless somebody asks for its place. */
struct policy_origin {
	const struct policy_rule *rule;
	const struct policy_db *db; /* if it stands there, in place of rule */
	uint32_t number;
	unsigned int nth;
};

/* Where it stands that attr is so; of no rule, an empty place. */
struct policy_place policy_origin__place(const struct policy_origin *origin, enum policy_attr attr);
bool policy_origin__is_rule(const struct policy_origin *origin);

/* One attribute's outcome. */
struct policy_result {
	bool found;	      /* a source had an answer; else value is libxdp's default */
	bool undecided;	      /* a fact is missing that could change it: leave as it is */
	unsigned int missing; /* if undecided, or denied without it: a bit for each policy_cond */
	const char *source;   /* the winner's name, "default" if none */
	struct policy_origin origin; /* the winner's */
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
	struct policy_place place;
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
	/*
	 * The attributes that are wanted, a bit 1 << enum policy_attr for each; 0 for all. Others
	 * are given as undecided.
	 */
	unsigned int attrs;
	/* Called for each answer, winners and losers, by attribute; NULL for none. */
	void (*trace)(void *ctx, const struct policy_trace *trace);
	void *trace_ctx;
};

/* Decides all attributes. Allocates nothing and cannot fail. opts may be NULL. */
void policy__resolve(const struct policy *policy, const struct policy_subject *subject,
		     const struct policy_resolve_opts *opts, struct policy_decision *ret);

#endif
