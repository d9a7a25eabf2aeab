/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_LAYERS_H
#define XDP_POLICY_LAYERS_H

/*
 * Which interfaces are on top of which: a bond, bridge or team of its ports, a VLAN of what it is
 * on. The kernel changes no XDP program below one that has a program, nor takes it off.
 */

#include <stddef.h>

struct layers {
	size_t n, room;
	struct layer *layer; /* by ifindex */
};

/* Lists the interfaces of the network namespace that the caller is in. 0 or a negative errno. */
int layers__read(struct layers *ret);
void layers__free(struct layers *layers);

/* How many there are below it, one on the other. */
unsigned int layers__depth(const struct layers *layers, int ifindex);

/* The name of an interface above it that has an XDP program, or NULL. */
const char *layers__program_above(const struct layers *layers, int ifindex);

#endif
