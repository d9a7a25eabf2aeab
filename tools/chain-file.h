/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_CHAIN_FILE_H
#define XDP_POLICY_CHAIN_FILE_H

/* Chains as files: YAML or JSON, as xdp-chain(5) has them. */

#include <stdio.h>

#include "chain/spec.h"
#include "policy/text.h"

/* What shall run on the interfaces that a glob matches. */
struct chain_file_entry {
	char *interface;
	unsigned int line;	    /* from 1; 0 of what was not read from a file */
	struct chain_spec spec;	    /* all it points to belongs to the file */
	unsigned int *program_line; /* where each program stands: spec.n of them */
};

struct chain_file {
	char *path; /* as messages name it */
	size_t n;
	struct chain_file_entry *entry;
};

/*
 * Parses a file. Paths of objects in it that are not absolute start at dir. Returns 0; -ENOMEM; or
 * -EINVAL after a message for each mistake, *ret is empty then.
 */
int chain_file__parse(const char *text, size_t size, const char *name, const char *dir,
		      const struct policy_log *log, struct chain_file *ret);

/*
 * The same of a file on disk, which must belong to root or to whoever reads it and be writable by
 * nobody else, or of standard input for "-". Returns another negative errno as well, after a
 * message: -ENODATA for an empty file and a link to /dev/null.
 */
int chain_file__read(const char *path, const struct policy_log *log, struct chain_file *ret);
/* The same, whoever it belongs to: for what is only looked at. */
int chain_file__read_any(const char *path, const struct policy_log *log, struct chain_file *ret);

/*
 * Whether the text of a YAML or JSON file is one of chains, not of rules: it says so itself, or is
 * in a chains.d.
 */
bool chain_file__is_one(const char *path, const char *text, size_t size);

/* The directory of a file by its real path, to be freed; NULL with errno. */
char *chain_file__dir(const char *path);

void chain_file__free(struct chain_file *file);

/* Whether a text without control characters will do as the name of an interface, or a glob. */
bool chain_file__is_interface(const char *name);

/*
 * The chain for an interface; NULL if there is none, or two, which *second then tells. Nothing is
 * said to anybody.
 */
const struct chain_file_entry *chain_file__find(const struct chain_file *file, const char *ifname,
						const struct chain_file_entry **second);

/*
 * Writes a file that parses to the same. Returns 0; -EILSEQ for a name that is no UTF-8, after a
 * message; or another negative errno. Whether out took it all is ferror()'s to say.
 */
int chain_file__write_json(FILE *out, const struct chain_file *file, const struct policy_log *log);
int chain_file__write_yaml(FILE *out, const struct chain_file *file, const struct policy_log *log);

#endif
