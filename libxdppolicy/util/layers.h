/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_LAYERS_H
#define XDP_POLICY_LAYERS_H

/*
 * Which interfaces are on top of which: a bond, bridge or team of its ports, a VLAN of what it is
 * on. The kernel changes no XDP program below one that has a program, nor takes it off.
 */

#include <stdbool.h>
#include <stddef.h>

#include "util/ifinfo.h"

struct layers {
	size_t n, room;
	struct layer *layer; /* by ifindex */
};

/*
 * Of those that are added, to a struct of zeros; layers__place() is due before anything is asked.
 * What is between two of them need not be there: the kernel, too, minds only what is next to it.
 * False without memory.
 */
bool layers__add(struct layers *layers, const struct ifinfo *info);
void layers__place(struct layers *layers);

/* Of all in the network namespace that the caller is in. 0 or a negative errno. */
int layers__list(struct layers *ret);
void layers__free(struct layers *layers);

/* How many there are below it, one on the other. */
unsigned int layers__depth(const struct layers *layers, int ifindex);

/* The name of an interface above it that has an XDP program, or NULL. */
const char *layers__program_above(const struct layers *layers, int ifindex);

#endif
