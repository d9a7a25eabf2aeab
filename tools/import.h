/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_IMPORT_H
#define XDP_POLICY_IMPORT_H

/*
 * Other orchestrators' data as rules or chains. Whatever form the data has it becomes JSON values
 * first; what has no place there is listed, so that nothing gets lost without a word.
 */

#include <jansson.h>

#include "policy/rule.h"
#include "policy/text.h"

/* What one input may hold: more is a mistake, or meant to do harm. */
#define IMPORT_MAX_SIZE	   (1024 * 1024)
#define IMPORT_MAX_DEPTH   64	  /* of lists and objects in each other */
#define IMPORT_MAX_VALUES  200000 /* where YAML's aliases stand for values again and again */
#define IMPORT_MAX_ANCHORS 1000
#define IMPORT_MAX_PLACES  4096 /* where a program is to be attached */

struct import {
	const char *root; /* "" or what stands in front of /proc */
	struct policy_rules rules;
	struct import_chain *chain; /* NULL: rules are made; else they stay empty */
	json_t *missed, *notes;	    /* lists of objects: where, field, reason */
	size_t n_places;
	bool too_many, no_memory;

	char err[POLICY_ERROR_SIZE]; /* of the rule being made; empty: none */
};

/*
 * Reads text as a list of documents: JSON if it begins as that, else YAML. Returns 0, -ENOMEM, or
 * -EINVAL after one message.
 */
int import__read(const char *file, const char *text, size_t size, const struct policy_log *log,
		 json_t **ret);

/* Each takes all documents, and adds rules and what it has to say of the rest. */
void import__l3afd(struct import *imp, const json_t *docs);
void import__bpfman(struct import *imp, const json_t *docs);

/* Lists what is not in the rules; where is HOST/INTERFACE/PROGRAM or the like. */
__attribute__((format(printf, 4, 5))) void import__missed(struct import *imp, const char *where,
							  const char *field, const char *fmt, ...);
/* What is in the rules, but not quite what stood there. */
__attribute__((format(printf, 4, 5))) void import__note(struct import *imp, const char *where,
							const char *field, const char *fmt, ...);

/* Counts one more program on one more interface. Returns false if there are too many by now. */
bool import__place(struct import *imp);

#define IMPORT_FOUND_SIZE 80
#define IMPORT_WHERE_SIZE 400

/* "'text'", "5", "a list", "nothing": what a message found. */
const char *import__found(const json_t *value, char *buf, size_t size);
/* Puts a slash and a name, or the beginning of a long one, behind what is in where. */
void import__where(char *where, size_t size, const char *name);

/* Whether a value says nothing: what Go's encoder writes for a field that nobody set. */
bool import__is_unset(const json_t *value);

#define IMPORT_GLOB_SIZE (2 * POLICY_MAX_GLOB + 2)

/* The glob that matches just this name. Returns 0, or -EINVAL with a message. */
int import__glob(const char *name, char *glob, size_t size, char *err, size_t err_size);

/*
 * Make one rule: begin, set what it says, end. After a mistake nothing more is set, and the end
 * takes the rule away again and lists it. To drop it instead of an end is no mistake.
 */
void import__begin(struct import *imp, const char *name);
void import__set(struct import *imp, const struct policy_key *key, const char *text);
bool import__end(struct import *imp, const char *where, const char *field);
void import__drop(struct import *imp);

#endif
