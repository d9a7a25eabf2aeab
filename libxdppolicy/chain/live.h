/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_LIVE_H
#define XDP_POLICY_LIVE_H

#include "dispatcher.h"
#include "proginfo.h"

enum chain_kind {
	CHAIN_NONE,
	CHAIN_DISPATCHER,
	CHAIN_LEGACY, /* one program without a dispatcher */
	CHAIN_LINK    /* the interface belongs to a bpf_link, and to whoever holds it */
};

/* Room for why a chain cannot be changed. */
#define CHAIN_WHY_SIZE 192

/* What is attached to one interface, in the order in which it runs. Plain data, to be copied. */
struct chain {
	int ifindex;
	enum chain_kind kind;
	const char *mode; /* "native", "skb", "hw"; NULL if there is no program */
	uint32_t id;	  /* of the dispatcher, or of the lone program */
	/* "found X, expected Y" if nobody but its owner can change it; else empty */
	char fixed[CHAIN_WHY_SIZE];
	unsigned int version; /* the dispatcher's; 0 of other kinds */
	bool frags, devbound; /* flags of the dispatcher as a whole */
	unsigned int n;
	struct chain_program {
		struct proginfo info;
		/* those in force; none of a program without dispatcher. flags are libxdp's own. */
		uint32_t priority, actions, flags;
		/*
		 * Of a chain that is planned: it comes anew. Of two such with one name libxdp has
		 * the smaller one first; rank is that, and the order in which they were given.
		 */
		bool is_new;
		uint64_t rank;
	} program[CHAIN_MAX];
};

/*
 * Reads an interface's live chain, in the network namespace that the caller is in. known may be an
 * earlier chain, or NULL: what the kernel said of a program then is not asked again. Returns 0, or
 * a negative errno if the kernel does not tell; -EAGAIN if it changed all the time.
 */
int chain__read(int ifindex, const struct chain *known, struct chain *ret);

/*
 * The same of a dispatcher that is about to be attached to an interface, fd, and has its pins
 * already. Of its programs only what proginfo__read_short() tells. Returns 0; -ENOENT if fd is no
 * dispatcher; or another negative errno.
 */
int chain__read_new(int ifindex, int fd, struct chain *ret);

/*
 * Which program runs there, and how: fills in id and mode alone, which must be empty. A card may
 * run one of its own besides, which chains nothing. Returns 0 or a negative errno.
 */
int chain__query(int ifindex, struct chain *chain);

/* What decides between two programs of one priority. */
enum chain_tie {
	TIE_NAME,
	TIE_NEW,  /* those that are there come first */
	TIE_SIZE, /* of two that are new */
	TIE_TAG,
	TIE_AGE
};

/*
 * Sorts programs as libxdp 1.2 to 1.6 does: by priority, by name, those that are loaded before
 * others, those by tag and load time, others by their instructions. The name is the full one, of a
 * program that is loaded as far as libxdp finds it in the BTF. tie may be NULL.
 */
int chain_program__compare(const struct chain_program *a, const struct chain_program *b,
			   enum chain_tie *tie);

#endif
