/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_LOAD_KEY_H
#define XDP_POLICY_LOAD_KEY_H

/*
 * What a program is loaded from, and how, in one sum: two of the same key become the same program
 * in the kernel, so that one that runs need not be loaded again to be known. There is none for an
 * object of which libbpf makes something else in another kernel, or with other modules in it.
 */

#include <stddef.h>
#include <stdint.h>

struct bpf_object;
struct bpf_program;

#define LOAD_KEY_SIZE 129 /* hex digits */

/*
 * The sum of all that libbpf reads of an object, which is not its debugging information. data is
 * the file that it was opened from. "" if there can be no key.
 */
void load_key__sum(const struct bpf_object *object, const void *data, size_t size,
		   char sum[LOAD_KEY_SIZE]);

struct load_key_facts {
	const char *sum;		 /* load_key__sum() of the object */
	const struct bpf_object *object; /* open */
	const struct bpf_program *program;
	uint32_t flags;
	const char *pin_path;	       /* may be NULL */
	const char *const *share_maps; /* ends with NULL; may be NULL */
};

/* *key is "" if there is none. */
void load_key__make(const struct load_key_facts *facts, char key[LOAD_KEY_SIZE]);

#endif
