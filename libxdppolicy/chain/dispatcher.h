/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_DISPATCHER_H
#define XDP_POLICY_DISPATCHER_H

/*
 * The configuration that libxdp's dispatcher is loaded with, in its versions: 1 (libxdp 1.2), 2
 * (1.3 to 1.5) and 3 (since 1.6).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A dispatcher has this many slots. */
#define CHAIN_MAX 10

/* What an empty slot answers, and an action that all sets in the kernel have: go on. */
#define DISPATCHER_EMPTY 31

/* The newest version that is understood. */
#define DISPATCHER_VERSIONS 3

struct dispatcher_config {
	unsigned int version, n;
	bool frags, devbound;
	struct {
		uint32_t priority, actions, flags;
	} slot[CHAIN_MAX];
};

/* Room for a configuration of any version. */
#define DISPATCHER_CONFIG_SIZE 128

/*
 * Reads a configuration. btf_version is what the program's BTF says of its version, 0 for nothing:
 * version 1 is known by that and by its size alone. Returns 0; -EPROTONOSUPPORT with ret->version
 * set if the version is unknown; -EPROTO if the data is not what its version says.
 */
int dispatcher_config__decode(const void *data, size_t size, unsigned int btf_version,
			      struct dispatcher_config *ret);

/* Writes a configuration of a known version; returns its size. */
size_t dispatcher_config__encode(const struct dispatcher_config *config,
				 unsigned char data[DISPATCHER_CONFIG_SIZE]);

#endif
