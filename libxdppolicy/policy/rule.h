/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_RULE_H
#define XDP_POLICY_RULE_H

#include <stddef.h>

#include "attr.h"

enum policy_match {
	MATCH_NO,
	MATCH_YES,
	MATCH_UNKNOWN /* a fact about the subject is missing */
};

/* A list of globs: one that is not excluding must match, and none that is excluding may. */
struct policy_globs {
	unsigned int n;
	bool literal; /* no pattern characters and no exclusion in any of them */
	struct policy_glob {
		char *text; /* as written, without the ! */
		bool exclude;
	} glob[];
};

/* What is known about a program at the moment of a decision; NULL is unknown. */
struct policy_subject {
	const char *value[N_CONDS];
	/* a second name of the same thing: the uid of a user, the short name of a host */
	const char *alias[N_CONDS];

	/* sources app and btf: what the application set, what the author compiled in */
	struct policy_known {
		bool unknown; /* it may have set something, we can't tell */
		bool has[N_ATTRS];
		struct policy_value value[N_ATTRS];
	} app, btf;
};

/* What holds without a policy: what the application set, else the author's, else the default. */
struct policy_value policy_subject__own(const struct policy_subject *subject,
					enum policy_attr attr);

/* Conditions on a subject and the settings that they give; the staging form of every format. */
struct policy_rule {
	struct policy_head {
		unsigned int conds; /* a bit for each condition that is stated */
		bool has[N_ATTRS];
		struct policy_value value[N_ATTRS];
	} head; /* all that most decisions look at */
	unsigned int value_line[N_ATTRS];
	unsigned int line;
	struct policy_globs *cond[N_CONDS];
	char *name;
	const char *file; /* the rule set's path */
};

/* The rules of one file, in its order. */
struct policy_rules {
	char *file;
	size_t n, size;
	struct policy_rule *rule;
};

/* Appends an empty rule, or returns NULL without memory. Invalidates earlier rule pointers. */
struct policy_rule *policy_rules__add(struct policy_rules *rules, const char *name,
				      unsigned int line);
void policy_rules__clear(struct policy_rules *rules);

/*
 * Appends the globs in text, separated by blanks, to *globs (NULL at first). Returns 0, -ENOMEM, or
 * -EINVAL with a message in err and *globs as it was.
 */
int policy_globs__add(struct policy_globs **globs, const char *text, char *err, size_t err_size);
void policy_globs__free(struct policy_globs *globs);

enum policy_match policy_globs__match(const struct policy_globs *globs, const char *value,
				      const char *alias);

/*
 * The given ones of the rule's conditions together; *missing gets a bit for each fact that is
 * unknown. Both are sets of bits 1 << enum policy_cond.
 */
enum policy_match policy_rule__match(const struct policy_rule *rule, unsigned int conds,
				     const struct policy_subject *subject, unsigned int *missing);

#endif
