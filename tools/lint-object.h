/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_LINT_OBJECT_H
#define XDP_POLICY_LINT_OBJECT_H

/* Executables and BPF objects that rules name, as far as the lint has to know them. */

#include <stdbool.h>
#include <stddef.h>

/*
 * Opens a regular file below root, "" for the host, for reading; its path without links, as it is
 * seen below root, goes to real. Returns a descriptor, or -1 if there is nothing to say of it.
 */
int lint_file__open(const char *root, const char *path, char *real, size_t size);

/* How the preload reaches an executable; see xdp-policy-preload(7). */
enum lint_elf {
	LINT_ELF_OTHER,	       /* nothing certain */
	LINT_ELF_STATIC,       /* without a loader, there is no preload */
	LINT_ELF_LIBXDP_INSIDE /* libbpf is shared, libxdp is part of it */
};

enum lint_elf lint_elf__read(int fd);

/* Calls fn for each XDP program of a BPF object; for none if it is not one. */
void lint_object__each(int fd,
		       void (*fn)(void *ctx, const char *program, const char *section, bool frags),
		       void *ctx);

#endif
