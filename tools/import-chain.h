/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_IMPORT_CHAIN_H
#define XDP_POLICY_IMPORT_CHAIN_H

/* What is imported as chains, in place of rules. */

#include "chain-file.h"
#include "import.h"

struct import_chain {
	const char *objects; /* directory that relative names of objects start at */
	const char *host;    /* whose chains these are; NULL: the first one's that is met */
	struct chain_file file;
	size_t n_programs;
};

/* One program in one place. */
struct import_program {
	const char *object, *function;
	bool has_priority;
	uint32_t priority;
	const char *actions; /* as policy_value__parse() reads them */
};

/* Whether the host is the one; else that is listed. */
bool import_chain__is_host(struct import *imp, const char *where, const char *host);

/* Puts a program at the end of an interface's chain. What can't be there is listed. */
void import_chain__add(struct import *imp, const char *where, const char *iface,
		       const struct import_program *program);

#endif
