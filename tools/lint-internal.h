/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_LINT_INTERNAL_H
#define XDP_POLICY_LINT_INTERNAL_H

/*
 * The parts of the lint: what single words (lint-words.c), rules and the switch show (lint-rule.c),
 * what rules show together (lint-chain.c), what files, executables and objects show (lint-host.c);
 * and what files of chains show (lint-chain-file.c).
 */

#include "chain-file.h"
#include "lint.h"

/* Frozen: a code keeps its meaning for ever, and none is used again. */
enum lint_code {
	LINT_SHARED_PRIORITY = 1,
	LINT_TOO_MANY = 2,
	LINT_NEVER_WINS = 3,
	LINT_NEVER_MATCHES = 4,
	LINT_LAST_GOES_ON = 5,
	LINT_ALONE = 6,
	LINT_MIXED_FRAGS = 7,
	LINT_LINKED_IN = 8,
	LINT_SUFFIX_TWIN = 9,
	LINT_NOT_READ = 10,
	LINT_MASKED = 11,
	LINT_DENIES_ALL = 12,
	LINT_NOT_ASKED = 13,
	LINT_ORDER_REPEATS = 14,
	LINT_LINK = 15,
	LINT_NO_PRELOAD = 16,
	LINT_CLOSED = 17,
	LINT_MANNER = 18,
	LINT_CHANGED = 19,
	LINT_NO_OBJECT = 20,
	LINT_TWO_CHAINS = 21
};

/* More programs do not fit into a dispatcher. */
#define LINT_MAX_CHAIN 10

struct lint_finding {
	enum lint_code code;
	unsigned int line;
	char *file, *text;
};

struct lint {
	const struct policy_rule **rule; /* in their order: the later overrides */
	size_t n;
	const char *root; /* "" for the host */
	/* No rule is missing: what no rule here does, none does. */
	bool whole;
	bool placed;	     /* the rules are those of a host, or below root */
	bool asked[N_ATTRS]; /* whether the switch lets rules give it */
	bool *never;	     /* by rule: it can match nothing */
	size_t n_findings, size;
	struct lint_finding *finding;
	bool no_memory;
};

__attribute__((format(printf, 5, 6))) void lint__add(struct lint *lint, enum lint_code code,
						     const char *file, unsigned int line,
						     const char *fmt, ...);

/* The word stands for itself alone. */
bool lint__is_word(const char *glob);
/* A list of more bytes is only compared as a whole. */
#define LINT_MAX_LIST 4096

/* A list of globs that is words alone, and not so many that going through them takes long. */
bool lint__is_words(const char *list);
bool lint__word_matches(enum policy_cond cond, const char *list, const char *word);
bool lint__same_list(const char *a, const char *b);
/* The list has a * without exclusions: it holds for everything that is known. */
bool lint__is_all(const char *list);

enum answer {
	NO,
	YES,
	UNSURE
};

/*
 * Whether list a holds whenever list b does; NULL is a condition that is not there. NO: there are
 * values for which b holds and a does not.
 */
enum answer lint__implied(enum policy_cond cond, const char *a, const char *b);
/* Whether both cannot hold at once. */
bool lint__disjoint(enum policy_cond cond, const char *a, const char *b);

/* Room for a word as a list of its own. */
#define LINT_WORD_SIZE (POLICY_MAX_GLOB + 2)
/*
 * A list for which both hold, in *ret; it may be in buf, of LINT_WORD_SIZE. False if there is no
 * value for which that is certain.
 */
bool lint__meet(enum policy_cond cond, const char *a, const char *b, const char **ret, char *buf);

/*
 * A list of one value for which the list holds, or NULL for any; it may be in buf, of
 * LINT_WORD_SIZE. The list itself if none is found.
 */
const char *lint__example(enum policy_cond cond, const char *list, char *buf);

/* The conditions that all programs of one chain share. */
#define LINT_PLACE (1U << COND_HOST | 1U << COND_INTERFACE | 1U << COND_DRIVER | 1U << COND_MODE)

/* Where the condition is stated. */
unsigned int lint__line(const struct policy_rule *rule, enum policy_cond cond);

/* Tells of a word in the manner of another tool; returns whether it is one. */
bool lint__manner(struct lint *lint, const struct policy_rule *rule, enum policy_cond cond,
		  const char *glob);
/* The same of an interface in a chain file. */
void lint__manner_of_chain(struct lint *lint, const char *file, unsigned int line,
			   const char *interface);
/* Tells of a rule for everything whose name looks as if it were a condition. */
void lint__name(struct lint *lint, const struct policy_rule *rule);
void lint__changed(struct lint *lint, const struct policy_rule *rule, enum policy_cond cond);

/* What each rule shows by itself; marks those that can match nothing. */
void lint__each_rule(struct lint *lint);
/* Which attributes the rules may give. */
void lint__switch(struct lint *lint, const struct policy_switch *sw,
		  const struct policy_files *files);
int lint__chains(struct lint *lint);
int lint__host(struct lint *lint, const struct policy_files *files);
/* Names in directories of chain files that are not read. */
void lint__chain_names(struct lint *lint, const struct policy_files *files);
void lint__each_chain(struct lint *lint, const struct chain_file *files, size_t n);

#endif
