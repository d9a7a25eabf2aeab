/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_CORRECT_H
#define XDP_POLICY_CORRECT_H

/*
 * Makes one interface follow the policy: reads its chain, decides, and swaps the dispatcher if
 * that mends anything. `xdp-policy apply` and the daemon call this and nothing below it.
 */

#include <net/if.h>

#include "wish.h"

struct correct_opts {
	const struct policy *policy;
	const char *host;
	bool dry_run;	   /* decide only */
	bool enforce_deny; /* take programs off that must not be attached */
};

enum correct_outcome {
	CORRECT_NONE,	 /* nothing is attached, or nothing is to be done */
	CORRECT_CHANGED, /* the chain was changed; of a dry run, it would be */
	CORRECT_FIXED,	 /* it differs, and cannot be changed: see why */
	CORRECT_FAILED	 /* it could not be read or changed: err and why */
};

struct correction {
	/* given */
	int ifindex;
	char ifname[IF_NAMESIZE];
	struct chain known; /* an earlier look at the interface, to spare reading; may be zero */

	/* told */
	enum correct_outcome outcome;
	int err;
	char why[CHAIN_WHY_SIZE]; /* of a failure, or of what is left as it is; else empty */
	bool left;		  /* something still differs from what the policy wants */
	struct chain before;	  /* as it was read; wish is about this one */
	struct chain after;	  /* as it is now, or would be; the same if nothing is changed */
	struct wish wish;
	struct chain_times times;
	struct chain_swap *swap; /* until correct__end() */
};

/*
 * Reads, decides, and swaps, unless that is a dry run. Tries again if somebody else changes the
 * chain meanwhile. With the lock of chain/lock.h, in the interface's network namespace.
 */
void correct__begin(const struct correct_opts *opts, struct correction *c);

/* Ends the swap, if there is one; what it leaves over is due to retired__collect(). */
void correct__settle(struct correction *c);

/* The same, and frees what it holds; the chains stay. */
void correct__end(struct correction *c);

/* One value of one program that a change gave, or took. For the log. */
struct correct_move {
	const char *program, *text; /* text: "priority 50 -> 10 (/etc/xdp/priorities.conf:3)" */
	const char *file;	    /* of the rule; NULL if there is none */
	unsigned int line;
};

/* Calls fn for each; between correct__begin() and correct__end(). */
void correct__tell(const struct correction *c,
		   void (*fn)(void *ctx, const struct correct_move *move), void *ctx);

#endif
