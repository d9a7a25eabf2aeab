/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_MAPS_H
#define XDP_POLICY_MAPS_H

/* The maps of programs that are loaded, and of objects that are about to be. */

#include <stdbool.h>
#include <stddef.h>

struct bpf_map;
struct bpf_object;

/* The map of a loaded program by this name; a descriptor of the caller's, or a negative errno. */
int program_maps__find(int prog_fd, const char *name);

/*
 * Whether two loaded programs have maps of the same definitions, in the same order, and the same
 * constants in them. What else is in maps does not count.
 */
bool program_maps__same(int a, int b);

/* Whether a map of an object is defined as one that is loaded. */
bool map__fits(const struct bpf_map *map, int fd);

/* Paths at which the load of an object will pin maps that are not there yet. */
struct map_pins {
	size_t n;
	char **path;
};

/*
 * Before the load. Without pins nothing new will be pinned; what is pinned is used in any case.
 * Returns 0 or -ENOMEM.
 */
int map_pins__expect(struct bpf_object *obj, struct map_pins *pins);

/* Forgets them, or takes the pins away first. */
void map_pins__forget(struct map_pins *pins);
void map_pins__undo(struct map_pins *pins);

#endif
