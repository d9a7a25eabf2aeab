/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_CHAIN_TABLE_H
#define XDP_POLICY_CHAIN_TABLE_H

/* How a change of a chain is shown: a line that says what came of it, and both chains. */

#include "chain/live.h"
#include "tool.h"

struct chain_times;

struct chain_change {
	const char *netns; /* "" is the own one */
	const char *ifname;
	const struct chain *before, *after;
	const char *outcome; /* "changed", and so on */
	const char *why;     /* more of it; may be empty */
	/* what stands beside a row of the table: the reason for it */
	void (*reason)(const void *ctx, unsigned int row, char *buf, size_t size);
	const void *ctx;
};

/* "eth0 (native, dispatcher 12 -> 19): changed" */
void chain_change__print(const struct chain_change *change);
void chain_change__print_table(const struct chain_change *change);
void chain_change__print_times(const char *ifname, const struct chain_times *times);

/* The same as JSON. */
json_t *chain_change__json(const struct chain_change *change, const struct chain_times *times);

/* A program's name for JSON: null if it has none. */
json_t *chain_table__name(const struct proginfo *info);

/* Adds what chain/remarks.h has to say of a chain's program to its JSON. */
void chain_table__add_remarks(json_t *program, const struct chain *chain, unsigned int nth);

#endif
