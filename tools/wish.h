/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_WISH_H
#define XDP_POLICY_WISH_H

/* What the policy wants of a live chain, beside what it has: for status, apply and the daemon. */

#include "chain/record.h"
#include "chain/swap.h"
#include "policy/policy.h"

/* One program, live and wanted. */
struct wish_program {
	struct policy_value live[N_ATTRS];
	struct policy_decision decision;
	bool known[N_ATTRS]; /* it has a live value */
	bool drift[N_ATTRS]; /* the live value is not the wanted one */
	const char *name;    /* what is not known of it, for a message; or NULL */
	struct record record;
};

struct wish {
	unsigned int n;
	struct wish_program program[CHAIN_MAX]; /* in the order of the chain */
	bool drift;				/* something is not as the policy wants it */
	bool rewrite; /* a new dispatcher would mend priority or actions */
	bool deny;    /* a program should not be attached */
	bool moot;    /* a rule gives values that nothing can hold here */
};

/*
 * Decides for every program of the chain. While a part of the configuration is refused only what a
 * rule gives is wanted: nobody knows what the missing rules would say, and what they have given to
 * live programs stays. host is this host's name. What is undecided stays as it
 * is. The strings of decisions are the policy's, until its next refresh; wish__clear() frees the
 * rest.
 */
void wish__decide(const struct policy *policy, const char *host, const char *ifname,
		  const struct chain *chain, struct wish *ret);
void wish__clear(struct wish *wish);

bool wish_program__drifts(const struct wish_program *program);

/* What chain__plan() and chain__swap() are told: one entry a program of the chain. */
void wish__want(const struct wish *wish, bool enforce_deny, struct chain_want want[CHAIN_MAX]);

/* "50 -> 10" where they differ, else "50". */
void wish__print(const struct wish_program *program, enum policy_attr attr, char *buf, size_t size);
#define WISH_TEXT_SIZE (2 * POLICY_VALUE_SIZE + 8)

/* Which rules stand behind the values, and which fact is missing where none could be applied. */
void wish__reason(const struct wish_program *program, char *buf, size_t size);
/* The fact that is missing for an undecided attribute, for a message; NULL if it is another source.
 */
const char *wish__missing(const struct wish_program *program, enum policy_attr attr);
#define WISH_REASON_SIZE 600

#endif
