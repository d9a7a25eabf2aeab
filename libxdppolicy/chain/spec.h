/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_SPEC_H
#define XDP_POLICY_SPEC_H

/* What somebody wants to run on one interface: data alone, of whatever form it came in. */

#include "dispatcher.h"
#include "policy/rule.h"

struct bpf_object;
struct chain_program;

enum chain_frags {
	FRAGS_AS_BUILT, /* as the program's section says */
	FRAGS_YES,
	FRAGS_NO
};

struct chain_spec_program {
	/* where it comes from: just one of these */
	const char *object;	 /* path of an object file */
	struct bpf_object *open; /* opened and not loaded; stays the caller's */
	const char *pin;	 /* path of a pinned program of type EXT */
	int fd;			 /* of a program of type EXT, the caller's; 0: none */
	/*
	 * A program that ran here and comes back, with what proginfo__open() needs, its name and
	 * the values that it had. The policy decides on it as on a live one: by its record. Those
	 * values count where that does not tell. Nothing else of this structure but frags does.
	 */
	const struct chain_program *past;

	/* which program of the object; both NULL: the only one in it */
	const char *program, *section;
	const char *sha256;   /* of the object file, 64 hex digits; NULL: any */
	const char *pin_path; /* where the object's maps are pinned that want to be; NULL: bpffs */
	enum chain_frags frags;
	/* priority and chain call actions: what the policy takes for the application's */
	struct policy_known app;
};

/* What becomes of programs that no chain of ours has attached. */
enum chain_foreign {
	FOREIGN_REFUSE, /* they are an error */
	FOREIGN_KEEP,
	FOREIGN_REPLACE
};

/*
 * A chain. It is just these programs, or these beside all that is there (add). Without priorities
 * they run in the order of the list, as if it were an order of priorities.conf(5): 10, 20, 30.
 */
struct chain_spec {
	enum policy_mode mode; /* if nothing is attached yet, and the policy says nothing */
	bool add;
	enum chain_foreign foreign;
	size_t n; /* more than CHAIN_MAX is an error of whoever loads it, not of whoever writes it
		   */
	const struct chain_spec_program *program;
	/*
	 * Names of maps that all programs of the chain share if they have one by that name, and
	 * that pass on to a program's successor. They end with NULL; the list may be NULL.
	 */
	const char *const *share_maps;
	/*
	 * Of a chain that comes back: the ids of the programs in whose place. If others are there,
	 * nothing is changed. NULL: whatever is there.
	 */
	const uint32_t *instead_of;
	unsigned int n_instead_of;
};

#endif
