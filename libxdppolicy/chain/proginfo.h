/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_PROGINFO_H
#define XDP_POLICY_PROGINFO_H

#include <stdint.h>

#include "runcfg.h"

struct bpf_program;

/* What the kernel knows of a loaded program. */
struct proginfo {
	uint32_t id;
	char name[128]; /* in full from its BTF, else the 15 characters that the kernel keeps */
	char kernel_name[16];
	bool cut;     /* name is all that the kernel has kept, and may go on */
	bool alike;   /* several functions of its BTF begin so: libxdp knows kernel_name alone */
	char tag[17]; /* hex digits */
	uint64_t load_time; /* nanoseconds since the boot; with the id, unlike any other program */
	struct runcfg author; /* XDP_RUN_CONFIG in its BTF, if any */
};

/*
 * Whether a program of an object can be attached to an interface: not one for a cpumap or a devmap.
 * Of a section that libbpf does not know nobody can tell, and libxdp takes it for one that can.
 */
bool program__is_attachable(const struct bpf_program *prog);

/* How it is called for people: "-" if it has no name, or nobody knows it. */
const char *proginfo__label(const struct proginfo *info);

/* Its name and its tag, as far as they are known, for as long as info is there. */
void proginfo__describe(const struct proginfo *info, struct policy_subject *subject);

/* Whether the kernel knows no program of this id, which it never gives again. */
bool proginfo__is_gone(uint32_t id);

/*
 * Opens a program again that is known by its id, load time and tag. Returns a descriptor, or a
 * negative errno; -ENOENT if it is gone.
 */
int proginfo__open(const struct proginfo *known);

/* Returns 0 or a negative errno. The descriptor stays the caller's. */
int proginfo__read(int fd, struct proginfo *ret);

/* The same in its two halves: without BTF the name may be cut and the author's values are unknown.
 */
int proginfo__read_short(int fd, struct proginfo *ret);
void proginfo__read_btf(int fd, struct proginfo *ret);

#endif
