/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_RECORD_H
#define XDP_POLICY_RECORD_H

/*
 * What is known of a live program beyond what the kernel tells. Two directories of small files
 * below /run/xdp-policy, each file named after a program's id:
 *
 * attached/ID	by the hooks, or by who loads chains from data, before the program is attached: the
 *		facts about the process, the object, and what the application and the author had
 *		stated
 * seen/ID	by whoever has corrected a chain, from its journal: the values that the program had
 *		when it was first seen
 *
 * Both name the time at which the program was loaded, so that an id that is used again is no match.
 * Files that do not belong to root, or that others can write to, are as good as missing. They are
 * hints: never trusted for more than the match.
 */

#include "live.h"

struct record {
	bool attached;	/* there is a file of the hooks */
	bool seen;	/* the first values are known */
	bool in_chain;	/* it was attached as a part of a chain from data: see load.h */
	char *load_key; /* of one in a chain: see load-key.h; NULL for none */

	char *value[N_CONDS]; /* facts; NULL is unknown */
	char *uid;
	struct policy_known app, btf;

	struct policy_value first[N_ATTRS]; /* if seen: priority and chain call actions */
};

/* What is written of a program that is about to be attached. */
struct record_attach {
	const struct proginfo *info;
	const struct policy_subject *subject; /* facts, and sources app and btf */
	bool in_chain;
	const char *load_key; /* NULL or "": none */
};

/*
 * Writes attached/ID by rename, and makes the directory if it can. Returns 0; -EEXIST if this
 * program has a record already, which then stays: who loaded it knew most, but for a chain, whose
 * data can change; or another negative errno. errno is not to be relied on.
 */
int record__write(const struct record_attach *attach);

/* Takes attached/ID away again: the attach failed. */
void record__remove(uint32_t id);

/* Where the records are: descriptors, or negative. */
struct record_dirs {
	int attached, seen;
};
void record_dirs__open(struct record_dirs *dirs);
void record_dirs__close(const struct record_dirs *dirs);

/*
 * Reads both files of a live program; always fills in *ret, to be freed by record__clear(). What
 * cannot be read is unknown.
 */
void record__read(const struct record_dirs *dirs, const struct proginfo *info, struct record *ret);
void record__clear(struct record *record);

/* Of a program that was never changed, the first values are those that it has. */
void record__see_first(struct record *record, const struct chain_program *program);

/* Keeps the values of a live program in seen/ID, unless they are there already. */
int record__keep_first(const struct chain_program *program);

/*
 * Removes the records of programs that no longer exist, of so many that are looked at: all, or some
 * at random, more than one chain's, so that others' do not make each change of a chain slower and
 * yet none of the dead stays for ever.
 */
#define RECORD_SWEEP_ALL  SIZE_MAX
#define RECORD_SWEEP_SOME 32
void record__sweep(size_t max);

/*
 * Adds to a subject what the record knows: facts where the subject has none, and sources app and
 * btf. Strings stay the record's.
 */
void record__describe(const struct record *record, struct policy_subject *subject);

#endif
