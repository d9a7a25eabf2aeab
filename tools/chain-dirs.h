/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_CHAIN_DIRS_H
#define XDP_POLICY_CHAIN_DIRS_H

/*
 * The chain files of a host, as UAPI.6 has it: *.yaml and *.json of three directories, by name; one
 * of the same name in an earlier directory takes its place, an empty one or a link to /dev/null
 * masks.
 */

#include "chain-file.h"
#include "policy/files.h"

#define N_CHAIN_DIRS 3
/* Below the root, the highest first. */
extern const char *const chain_dirs[N_CHAIN_DIRS];

/* Whether a file of this name is one of chains. */
bool chain_dirs__is_chain(const char *name);

/*
 * Lists them below root, NULL for the host; they are those of kind FILE_RULES. What is refused is
 * counted in n_dirs_refused, after a message. Returns 0 or a negative errno.
 */
int chain_dirs__find(const char *root, const struct policy_log *log, struct policy_files *ret);

/*
 * Reads one of them; *ret is to be freed if it is good. FILE_REFUSED is after a message, and of one
 * that is wrong, too.
 */
enum policy_file_state chain_dirs__read(const char *root, struct policy_file *file,
					const struct policy_log *log, struct chain_file *ret);

#endif
