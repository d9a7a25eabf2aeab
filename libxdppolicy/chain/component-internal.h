/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_COMPONENT_INTERNAL_H
#define XDP_POLICY_COMPONENT_INTERNAL_H

/* What the two halves of component.h share: finding programs, and loading them. */

#include "component.h"
#include "load.h"
#include "maps.h"

/* An object that one or several programs of the spec are in. */
struct component_object {
	struct bpf_object *obj;
	bool borrowed; /* the caller's */
	char *path;    /* absolute */
	void *data;
	size_t size;
	char sum[LOAD_KEY_SIZE];		/* for load keys; "" if there are none */
	const struct chain_spec_program *first; /* that names it: what it says counts */
	struct map_pins pins;
};

struct loading {
	struct components *components;
	const struct chain *live;
	const struct component_record *records; /* of live */
	struct chain_problem *problem;
	unsigned int program; /* that is looked at */
};

/* Tells the problem of the program that is looked at; returns err. */
__attribute__((format(printf, 3, 4))) int component__fail(const struct loading *l, int err,
							  const char *fmt, ...);

/* An error of libbpf's as one of the system's. */
int component__errno(int err);

/* What a program's source is called in messages. */
const char *component__label(const struct chain_spec_program *spec);

/* Opens a file that was read; none of its programs is to be loaded yet. */
int component_object__open(const struct loading *l, struct component_object *o);

/* Finds the program that is looked at, and opens its object unless that is open already. */
int component__open(const struct loading *l);

#endif
