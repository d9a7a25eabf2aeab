/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_YAML_DOC_H
#define XDP_POLICY_YAML_DOC_H

/*
 * One YAML or JSON document as libyaml's events give it, in their order, so that a reader can go
 * through it by what it expects, follow aliases, and name the place of each thing.
 */

#include <stdbool.h>
#include <stddef.h>

#include "text.h"

enum policy_node_kind {
	NODE_SCALAR,
	NODE_SEQUENCE,
	NODE_MAPPING,
	NODE_ALIAS
};

struct policy_node {
	enum policy_node_kind kind;
	bool is_null;		   /* a scalar without quotes that says null or nothing */
	unsigned int line, column; /* from 1 */
	size_t next;		   /* number of the node behind it and all that is in it */
	union {
		char *text;	  /* of a scalar; one line without control characters */
		size_t target;	  /* of an alias; never one itself */
		size_t n_aliased; /* of the others: how many more nodes are in it by aliases */
	};
};

/* Node 0 is the document's own. */
struct policy_doc {
	struct policy_node *node;
	size_t n, size;
};

/* The nodes of a sequence. */
#define for_each_node(i, list, doc) \
	for (size_t i = (list) + 1; i < (doc)->node[list].next; i = (doc)->node[i].next)

/* The keys and values of a mapping. */
#define for_each_pair(key, value, map, doc)                                    \
	for (size_t key = (map) + 1, value;                                    \
	     key < (doc)->node[map].next && ((value) = (doc)->node[key].next); \
	     key = (doc)->node[value].next)

/*
 * Reads text, which file is the name of. Returns 0, -ENOMEM, or -EINVAL after one message. The
 * document is to be freed in any case.
 */
int policy_doc__read(struct policy_doc *doc, const char *text, size_t size, const char *file,
		     const struct policy_log *log);
void policy_doc__free(struct policy_doc *doc);

/* The node itself, or what it is an alias of. Aliases are never circular. */
size_t policy_doc__follow(const struct policy_doc *doc, size_t i);

#endif
