/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_LINT_FACTS_H
#define XDP_POLICY_LINT_FACTS_H

/*
 * What rules say together of a program, so far as it is certain.
 *
 * With 100000 rules no pair can be looked at for each. Rules are grouped by program and by
 * priority, and each look goes through a bounded number of others. Where that is not enough the
 * answer is UNSURE, of which nothing follows.
 */

#include "lint-index.h"
#include "lint-internal.h"

/* Rules that one look goes through. */
#define FACTS_MAX_STEPS 512

/* A rule that names a program. Sorted by program, then as the rules are. */
struct mention {
	const char *name;
	uint32_t rule;
	uint32_t position; /* in an order */
};

struct program {
	const char *name;
	const struct mention *first, *end;
};

/* A priority that a rule gives to a program and no later rule takes away. */
struct claim {
	const struct program *program; /* NULL: some program, we can't tell which */
	uint32_t rule;
	uint32_t priority;
};

struct facts {
	struct lint *lint;
	size_t n_mentions, n_programs, n_claims;
	struct mention *mention; /* by program and rule */
	struct program *program; /* by name */
	struct claim *claim;	 /* by priority, place and rule */
	/*
	 * Claims by interface and by host, if their lists are of words, else by "". Rules that
	 * name programs, in the same way, by program; enum facts_group says which. Rules that do
	 * not, by attribute and by how the names begin.
	 */
	struct lint_index claims, named, general;
	uint64_t prefixes; /* the lengths of those beginnings, a bit for each */
	/* the rules by what they give */
	struct rule_list {
		size_t n;
		uint32_t *rule;
	} giving[N_ATTRS];
	unsigned int effort;
	bool *told; /* by rule, of the present warning */
};

/* Of each program in facts.named: rules by interface, by host, and all of them by "". */
enum facts_group {
	GROUP_INTERFACE,
	GROUP_HOST,
	GROUP_ALL,
	N_GROUPS
};

/* Adds a number by each word of a list for interface or host. Returns 0 or -ENOMEM. */
int facts__index_list(struct lint_index *index, int group, enum policy_cond cond, const char *list,
		      uint32_t number);
/* Looks for the numbers from first to end - 1 that have a word of a list, or "". */
bool facts__look_up(struct lint_lanes *lanes, const struct lint_index *index, int group,
		    enum policy_cond cond, const char *list, uint32_t first, uint32_t end);

/* Returns 0 or -ENOMEM; facts are to be freed in both cases. */
int facts__find(struct facts *facts, struct lint *lint);
/* The part of it that is in lint-claims.c. */
int facts__find_claims(struct facts *facts);
void facts__free(struct facts *facts);

/* Begins another warning: nothing is told, and there are steps to go again. */
void facts__restart(struct facts *facts);
/* Whether this warning was not given for the rule yet. */
bool facts__tell(struct facts *facts, uint32_t rule);

/* Takes one step of those that there are; false if they are used up. */
bool facts__spend(struct facts *facts);

const struct policy_rule *facts__rule(const struct facts *facts, uint32_t i);
const struct program *facts__program(const struct facts *facts, const char *name);

/* Sets of conditions. */
#define ALL_CONDS     ((1U << N_CONDS) - 1)
#define NOT_PROGRAM   (ALL_CONDS & ~(1U << COND_PROGRAM))
#define PROGRAM_CONDS (NOT_PROGRAM & ~LINT_PLACE)

/* A situation: for each condition a list that holds, or NULL if nothing is known. */
struct scope {
	const char *list[N_CONDS];
};

/* Room for what a scope is narrowed to. */
struct words {
	char word[N_CONDS][LINT_WORD_SIZE];
};

/* What is known where the rule holds, of the given conditions. */
void scope__of(const struct policy_rule *rule, unsigned int conds, struct scope *ret);
/*
 * Leaves of the given conditions one example each: in a larger scope each of two rules may hold for
 * a part, so that none of them does for all, but there is nothing where neither does.
 */
void scope__narrow(struct scope *scope, unsigned int conds, struct words *words);
/* The rule's own conditions at a place. */
void scope__at(const struct policy_rule *rule, const struct scope *place, struct scope *ret);
/* Whether the rule's given conditions hold in all of the scope. */
enum answer scope__implies(const struct policy_rule *rule, unsigned int conds,
			   const struct scope *scope);
/* Whether the rule's given conditions can hold nowhere in the scope. */
bool scope__excludes(const struct policy_rule *rule, unsigned int conds, const struct scope *scope);

/* Narrows a place to one where the rule can be, too. False if none is certain. */
bool place__meet(struct scope *place, const struct policy_rule *rule, struct words *words);
/* An order of the rules' places: those for all interfaces first. */
int place__compare(const struct policy_rule *a, const struct policy_rule *b);

/* Mentions by program, then as the rules are; for qsort. */
int mention__compare(const void *a, const void *b);

/* Goes through the rules that may give an attribute to a program, from the last to the first. */
struct walk {
	struct facts *facts;
	const struct program *program;
	enum policy_attr attr;
	uint32_t first; /* rules before it are not looked at */
	struct lint_lanes lanes;
	unsigned int steps;
	bool gave_up;
};

/*
 * Rules that hold nowhere in the scope may be left out; unless maybe is set, so may those that do
 * not hold in all of it.
 */
void walk__start(struct walk *walk, struct facts *facts, const struct program *program,
		 enum policy_attr attr, const struct scope *scope, uint32_t first, bool maybe);
bool walk__next(struct walk *walk, uint32_t *ret);

/* Whether the rule's list of programs, if any, is more than words. */
bool facts__is_general(const struct policy_rule *rule);

/*
 * Whether a later rule than this one gives the attribute in all of the scope, and which, if by is
 * not NULL. Without a program the scope has its list. by_flaw: rules that are there to override do
 * not count.
 */
enum answer facts__overridden(struct facts *facts, const struct program *program, uint32_t rule,
			      enum policy_attr attr, const struct scope *scope, bool by_flaw,
			      uint32_t *by);
/* Whether the program cannot be attached anywhere in the scope. */
enum answer facts__denied(struct facts *facts, const struct program *program,
			  const struct scope *scope);
/* Whether a claim certainly counts at a place, for some program of that name. */
bool facts__there(struct facts *facts, const struct claim *claim, const struct scope *place);
/* Whether it certainly counts there for none. */
bool facts__absent(struct facts *facts, const struct claim *claim, const struct scope *place);

/* Goes through the claims that may count at a place, from the last to the first. */
struct claims_at {
	const struct facts *facts;
	size_t left; /* of all, if no list of words says more */
	struct lint_lanes lanes;
};

/* Only claims before this one. */
void claims_at__start(struct claims_at *at, const struct facts *facts, const struct scope *place,
		      size_t before);
const struct claim *claims_at__next(struct claims_at *at);

#endif
