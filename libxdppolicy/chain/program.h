/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_PROGRAM_H
#define XDP_POLICY_PROGRAM_H

/*
 * A dispatcher as a program, for libxdp and its users to read as one of their own. It is put
 * together here for its very configuration, rather than compiled: a version differs from the
 * others in its configuration alone, and the whole is but a row of calls.
 */

#include <linux/bpf.h>

#include "dispatcher.h"

/* headers of older kernels lack them */
#ifndef BPF_F_XDP_HAS_FRAGS
#define BPF_F_XDP_HAS_FRAGS (1U << 5)
#endif
#ifndef BPF_F_XDP_DEV_BOUND_ONLY
#define BPF_F_XDP_DEV_BOUND_ONLY (1U << 6)
#endif

struct dispatcher_program {
	int fd;
	uint32_t id;
	int function[CHAIN_MAX]; /* BTF ids of what programs take the place of, one a slot */
};

/*
 * Loads it. ifindex counts if the configuration says that it is bound to the device. Returns 0 with
 * ret->fd to be closed, or a negative errno.
 */
int dispatcher_program__load(const struct dispatcher_config *config, int ifindex,
			     struct dispatcher_program *ret);

#endif
