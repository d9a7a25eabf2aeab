/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_RULE_H
#define XDP_POLICY_RULE_H

/*
 * Rules as every format states them and every source keeps them. What one format can say, all can:
 * names and globs are bounded by what INI has room for, so that rules can be converted.
 */

#include <stddef.h>

#include "attr.h"

#define POLICY_MAX_NAME 49  /* bytes of a rule's name */
#define POLICY_MAX_GLOB 170 /* bytes of one glob, with its ! */

/* Room for any message of this header. */
#define POLICY_ERROR_SIZE 400

enum policy_match {
	MATCH_NO,
	MATCH_YES,
	MATCH_UNKNOWN /* a fact about the subject is missing */
};

/*
 * A list of globs: strings one after the other, and an empty one behind the last; the same in
 * memory and in the database. One that does not begin with ! must match, if there is any such, and
 * none that does may match without it.
 */
#define for_each_glob(glob, list) \
	for (const char *glob = (list); glob && *glob; glob += strlen(glob) + 1)

/* What is known about a program at the moment of a decision; NULL is unknown. */
struct policy_subject {
	const char *value[N_CONDS]; /* a host by its full name: its short one is tried as well */
	bool name_cut;	 /* the program's name begins so, but may go on: the kernel has no more */
	const char *uid; /* a second name of the user */
	const char *altnames; /* other names of the interface, as a list of globs is kept */
	/*
	 * A bit for each fact that there is, though it could not be had, or not in full: a rule
	 * that denies counts if nothing else speaks against it.
	 */
	unsigned int withheld;

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
		uint32_t conds; /* a bit for each condition that is stated */
		/*
		 * Of a rule with an order, else 0: the list of its programs is its condition on
		 * the program, and the priority is that of the first.
		 */
		uint32_t order_step;
		bool has[N_ATTRS];
		struct policy_value value[N_ATTRS];
	} head; /* all that most decisions look at */
	unsigned int line;
	unsigned int cond_line[N_CONDS], value_line[N_ATTRS];
	unsigned int order_line; /* of the order, or without it of its numbers */
	uint32_t changed;	 /* a bit for each list that versions before 0.2.0 read otherwise */
	bool has_order, has_start; /* while it is read: an order, and its numbers, are stated */
	char *cond[N_CONDS];	   /* lists of globs */
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

/* Appends a copy of a rule of any source. Returns 0 or -ENOMEM. */
int policy_rules__copy(struct policy_rules *rules, const struct policy_rule *rule);

/* Whether a name will do in every format. Returns 0, or -EINVAL with a message. */
int policy_name__check(const char *name, char *err, size_t err_size);
/* The longest part of text from its beginning that will do. */
size_t policy_name__fit(const char *text);

/*
 * States a condition or a setting: what the key is called and what stands behind it. A list
 * takes the words of text, between blanks or commas, and more in further calls if more is set.
 * Returns 0, -ENOMEM, or -EINVAL with a message; the rule is then not to be used.
 */
int policy_rule__set(struct policy_rule *rule, const struct policy_key *key, const char *text,
		     bool more, unsigned int line, char *err, size_t err_size);

/* Ends a rule: whether it makes sense as a whole. Returns 0, or -EINVAL with a message. */
int policy_rule__finish(struct policy_rule *rule, char *err, size_t err_size);
/* The line of what that refused. */
unsigned int policy_rule__finish_line(const struct policy_rule *rule);

/* Whether the list has neither patterns nor exclusions. */
bool policy_list__is_literal(const char *list);
size_t policy_list__count(const char *list);
/* Bytes of the list, its end included; 0 for NULL. */
size_t policy_list__size(const char *list);

/* Whether one word will do as a glob. Returns 0, or -EINVAL with a message. */
int policy_glob__check(const char *word, char *err, size_t err_size);

/* Which glob of an order matches the program first, from 0; -1 for none. */
int policy_order__find(const char *list, const char *program);

/* The subject against one condition. */
enum policy_match policy_cond__match(enum policy_cond cond, const char *list,
				     const struct policy_subject *subject);

/*
 * The given ones of the rule's conditions together; *missing gets a bit for each fact that is
 * unknown. Both are sets of bits 1 << enum policy_cond.
 */
enum policy_match policy_rule__match(const struct policy_rule *rule, unsigned int conds,
				     const struct policy_subject *subject, unsigned int *missing);

#endif
