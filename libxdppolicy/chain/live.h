/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_LIVE_H
#define XDP_POLICY_LIVE_H

#include "proginfo.h"

/* libxdp's dispatcher has this many slots */
#define CHAIN_MAX 10

enum chain_kind {
	CHAIN_NONE,
	CHAIN_DISPATCHER,
	CHAIN_LEGACY /* one program without a dispatcher: it cannot be changed */
};

/* What is attached to one interface, in the order in which it runs. */
struct chain {
	enum chain_kind kind;
	const char *mode; /* "native", "skb", "hw"; NULL if it is not known */
	uint32_t id;	  /* of the dispatcher, or of the lone program */
	unsigned int n;
	struct chain_program {
		struct proginfo info;
		uint32_t priority, actions; /* those in force; none of a legacy program */
	} program[CHAIN_MAX];
};

/* Reads an interface's live chain through libxdp. Returns 0 or a negative errno. */
int chain__read(int ifindex, struct chain *ret);

#endif
