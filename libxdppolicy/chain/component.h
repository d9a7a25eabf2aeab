/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_COMPONENT_H
#define XDP_POLICY_COMPONENT_H

/*
 * The programs of a spec, loaded so that each can take a slot of any dispatcher: as type EXT, for a
 * dispatcher that is loaded for that purpose and runs nowhere.
 */

#include "live.h"
#include "load/load-key.h"
#include "spec.h"

struct bpf_program;
struct chain_problem;

struct component {
	int fd; /* as it was loaded; open after a successful load, until all are shut */
	struct proginfo info;
	uint32_t flags;		      /* those of a slot: whether it takes frags */
	const char *object, *section; /* NULL: not known */
	char load_key[LOAD_KEY_SIZE]; /* "": it must be loaded to be known */
	/*
	 * Which program of the live chain it is, unchanged: the same function, instructions,
	 * constants and maps. Then that one is to be kept. -1 for none.
	 */
	int live;

	/* of one in an object */
	struct bpf_program *program; /* NULL: it was loaded by somebody else */
	unsigned int of;	     /* which of the objects */
	size_t n_insns;		     /* before it was loaded */
};

struct component_object;
struct components {
	const struct chain_spec *spec;
	bool dry_run;
	int target; /* the dispatcher that they are loaded for */
	struct component component[CHAIN_MAX];
	bool shut;
	char *section[CHAIN_MAX]; /* the components', when they are shut */
	unsigned int n_objects;
	struct component_object *object;
};

/* What the record of a live program says of how it came there. */
struct component_record {
	bool in_chain; /* of a chain from data */
	char load_key[LOAD_KEY_SIZE];
};

/* Nothing is open: components__close() may follow. */
void components__init(struct components *components);

/*
 * Loads them, and finds those that are unchanged, by their records as far as those tell. live is
 * the chain that they shall join, with the records of its programs; maps of those that are of a
 * chain from data can be shared. Returns 0 or a negative errno with *problem; components__close()
 * is due in either case.
 */
int components__load(const struct chain_spec *spec, const struct chain *live,
		     const struct component_record records[], bool dry_run, struct components *ret,
		     struct chain_problem *problem);

/*
 * Finds again what is unchanged, in a chain that was read anew. Returns false if that is not what
 * it was in the chain before, for which the programs were loaded; or they are not, or are shut.
 */
bool components__match(struct components *components, const struct chain *before,
		       const struct chain *live);

/*
 * Closes all that is open, when the programs are where they shall be; what is known of them, and
 * which maps were pinned, stays. Returns 0 or -ENOMEM.
 */
int components__shut(struct components *components);

/* What was pinned stays: the programs are in use. */
void components__keep_pins(struct components *components);

/* Takes newly pinned maps away, unless they shall stay. */
void components__close(struct components *components);

/* Whether a program is made for packets of several buffers, as libbpf sees it. */
bool program__takes_frags(const struct bpf_program *program);
/* The same of what its section alone says, which may be NULL. */
bool section__takes_frags(const char *section);

#endif
