/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_YAML_READ_H
#define XDP_POLICY_YAML_READ_H

/*
 * What the readers of YAML and JSON files share: how they go through a document and what they say
 * of what they did not expect. All mistakes of a file are told, up to a number of them.
 */

#include "yaml-doc.h"

#define YAML_MAX_FIELDS 16
#define YAML_MAX_ERRORS 20

struct yaml_reader {
	struct policy_doc doc;
	const char *file; /* as messages name it */
	const struct policy_log *log;
	unsigned int n_errors;
	bool no_memory;
	/* the first of them, to be told in the order of lines */
	struct yaml_message {
		unsigned int line, column;
		char *text;
	} message[YAML_MAX_ERRORS];
};

/* One name in a mapping whose names are fixed; value 0 if it is not there: node 0 is no value. */
struct yaml_field {
	const char *name;
	size_t value, key;
};

/* "file:line: column N: text", for where node i stands; told by yaml_reader__end(). */
__attribute__((format(printf, 3, 4))) void yaml_reader__error(struct yaml_reader *r, size_t i,
							      const char *fmt, ...);
/* What a function that returns 0, -ENOMEM, or -EINVAL with a message said of node i. */
void yaml_reader__told(struct yaml_reader *r, size_t i, int rc, const char *err);
/* "found X, expected Y", where X is what stands at node i. */
void yaml_reader__wrong(struct yaml_reader *r, size_t i, const char *expected);
/* A key that is there already. */
void yaml_reader__twice(struct yaml_reader *r, size_t key, const char *name);

/* The node, or what it is an alias of. */
const struct policy_node *yaml_reader__at(const struct yaml_reader *r, size_t i);
/* The text of a scalar, or NULL after a message. */
const char *yaml_reader__text(struct yaml_reader *r, size_t i, const char *expected);
/* Whether the node is of this kind; else there was a message. */
bool yaml_reader__is_a(struct yaml_reader *r, size_t i, enum policy_node_kind kind,
		       const char *expected);

struct yaml_field *yaml_field__find(const char *name, struct yaml_field *fields, size_t n);
/* Notes where in the mapping each field stands; a name that is none of them goes to unknown. */
void yaml_reader__fields(struct yaml_reader *r, size_t map, struct yaml_field *fields, size_t n,
			 void (*unknown)(struct yaml_reader *r, size_t key, const char *name,
					 const struct yaml_field *fields, size_t n));
/* Says which field is likely meant, or all that would do. */
void yaml_reader__unknown(struct yaml_reader *r, size_t key, const char *name,
			  const struct yaml_field *fields, size_t n);

/*
 * The nodes of a value that is one scalar or a list of them: from *first on, before the result.
 * Both are 0 after a message.
 */
size_t yaml_reader__items(struct yaml_reader *r, size_t value, const char *expected, size_t *first);

/*
 * The items in one text with blanks in between, to be freed; NULL if check, which tells, refuses
 * one of them, or without memory.
 */
char *yaml_reader__join(struct yaml_reader *r, size_t first, size_t end,
			bool (*check)(struct yaml_reader *r, size_t i));
/* Such a check, of chain call actions. */
bool yaml_reader__check_actions(struct yaml_reader *r, size_t i);

/* Of a file of another version nothing else is read: its names may be others, too. */
bool yaml_reader__is_our_version(struct yaml_reader *r);
/* What node i lacks; no news if there was an error since n_errors: a name may be misspelt. */
void yaml_reader__lacks(struct yaml_reader *r, size_t i, unsigned int n_errors, const char *text);

/* Tells all errors and frees the document. Returns 0, -EINVAL or -ENOMEM. */
int yaml_reader__end(struct yaml_reader *r);

#endif
