/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_CHAIN_READ_H
#define XDP_POLICY_CHAIN_READ_H

/* What the parts of the reader and the writer of chain files share. */

#include "chain-file.h"
#include "policy/rule.h"
#include "policy/yaml-read.h"

#define CHAIN_MAX_NAME 255 /* bytes of the name of a program, a section or a map */

/* What stands for each enum chain_foreign. */
#define N_FOREIGN (FOREIGN_REPLACE + 1)
extern const char *const chain_foreign_words[N_FOREIGN];

struct chain_reader {
	struct yaml_reader yaml;
	const char *dir; /* where relative paths of objects start */
	size_t n_text;	 /* bytes of all strings so far */
	bool too_much;
};

/* Room for one more in a list of n; NULL without memory. */
void *chain_reader__more(struct chain_reader *r, void *list, size_t n, size_t size);
/* A copy of what stands at node i, with a directory in front unless it is "". NULL after a message.
 */
char *chain_reader__copy(struct chain_reader *r, size_t i, const char *dir, const char *text);
/* The text of a name or a path of at most max bytes, or NULL after a message. */
const char *chain_reader__string(struct chain_reader *r, size_t i, const char *expected,
				 size_t max);
void chain_reader__bool(struct chain_reader *r, size_t i, bool *ret);
/* Returns false after a message. */
bool chain_reader__value(struct chain_reader *r, size_t i, enum policy_attr attr,
			 const char *expected, struct policy_value *ret);

/* Reads one program and puts it behind those that the entry has. */
void chain_reader__program(struct chain_reader *r, size_t i, struct chain_file_entry *entry);

#endif
