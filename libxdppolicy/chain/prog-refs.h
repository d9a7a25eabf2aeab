/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_PROG_REFS_H
#define XDP_POLICY_PROG_REFS_H

/*
 * How often loaded XDP programs are held: by interfaces of whatever network namespace, by links,
 * pins, descriptors and maps. The kernel tells nobody, but lets a program of an iterator look.
 */

#include <stddef.h>
#include <stdint.h>

/* Of zeros; prog_refs__close() is due. */
struct prog_refs {
	int iterator; /* a link; 0: not there yet */
	int probe;    /* a program that nothing but this descriptor holds */
	uint32_t probe_id;
	size_t n, size;
	struct prog_ref {
		uint32_t id, unused;
		uint64_t held;
	} * ref; /* in the order of their ids */
};

/*
 * Looks at all. Returns 0; or a negative errno if it cannot be told, as on kernels without BTF of
 * their own, or before 5.9.
 */
int prog_refs__read(struct prog_refs *refs);

/* How often a program was held; 0 if it was not there. */
uint64_t prog_refs__held(const struct prog_refs *refs, uint32_t id);

void prog_refs__close(struct prog_refs *refs);

#endif
