// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <linux/types.h>
#include <stddef.h>
#include <string.h>

#include "dispatcher.h"

#define DISPATCHER_MAGIC 236

/* libxdp 1.2: neither magic nor version; the version stands in the program's BTF alone. */
struct dispatcher_v1 {
	__u8 num_progs_enabled;
	__u32 chain_call_actions[CHAIN_MAX];
	__u32 run_prios[CHAIN_MAX];
};

/* libxdp 1.3 to 1.5 without the last field, since 1.6 with it */
struct dispatcher_v3 {
	__u8 magic;
	__u8 dispatcher_version;
	__u8 num_progs_enabled;
	__u8 is_xdp_frags;
	__u32 chain_call_actions[CHAIN_MAX];
	__u32 run_prios[CHAIN_MAX];
	__u32 program_flags[CHAIN_MAX];
	__u8 is_xdp_devbound;
};

#define GO_ON (1U << DISPATCHER_EMPTY)

_Static_assert(sizeof(struct dispatcher_v1) == 84, "as libxdp 1.2 has it");
_Static_assert(offsetof(struct dispatcher_v3, is_xdp_devbound) == 124, "as libxdp 1.3 has it");
_Static_assert(sizeof(struct dispatcher_v3) == 128, "as libxdp 1.6 has it");
_Static_assert(DISPATCHER_CONFIG_SIZE >= sizeof(struct dispatcher_v3), "room for all of them");

static const size_t sizes[] = {
	[1] = sizeof(struct dispatcher_v1),
	[2] = offsetof(struct dispatcher_v3, is_xdp_devbound),
	[3] = sizeof(struct dispatcher_v3),
};

static void decode_v1(const struct dispatcher_v1 *raw, struct dispatcher_config *ret)
{
	ret->n = raw->num_progs_enabled;
	for (unsigned int i = 0; i < CHAIN_MAX; i++) {
		ret->slot[i].actions = raw->chain_call_actions[i] & ~GO_ON;
		ret->slot[i].priority = raw->run_prios[i];
	}
}

static void decode_v3(const struct dispatcher_v3 *raw, struct dispatcher_config *ret)
{
	ret->n = raw->num_progs_enabled;
	ret->frags = raw->is_xdp_frags;
	ret->devbound = raw->is_xdp_devbound;
	for (unsigned int i = 0; i < CHAIN_MAX; i++) {
		ret->slot[i].actions = raw->chain_call_actions[i] & ~GO_ON;
		ret->slot[i].priority = raw->run_prios[i];
		ret->slot[i].flags = raw->program_flags[i];
	}
}

int dispatcher_config__decode(const void *data, size_t size, unsigned int btf_version,
			      struct dispatcher_config *ret)
{
	const unsigned char *bytes = data;
	union {
		struct dispatcher_v1 v1;
		struct dispatcher_v3 v3;
	} raw = { 0 };

	*ret = (struct dispatcher_config){ .version = btf_version };
	if (size >= 2 && bytes[0] == DISPATCHER_MAGIC)
		ret->version = bytes[1];
	if (!ret->version || ret->version > DISPATCHER_VERSIONS)
		return -EPROTONOSUPPORT;
	if (size != sizes[ret->version])
		return -EPROTO;
	memcpy(&raw, data, size);
	if (ret->version == 1)
		decode_v1(&raw.v1, ret);
	else
		decode_v3(&raw.v3, ret);
	return ret->n > CHAIN_MAX ? -EPROTO : 0;
}

size_t dispatcher_config__encode(const struct dispatcher_config *config,
				 unsigned char data[DISPATCHER_CONFIG_SIZE])
{
	struct dispatcher_v1 v1 = { .num_progs_enabled = config->n };
	struct dispatcher_v3 v3 = {
		.magic = DISPATCHER_MAGIC,
		.dispatcher_version = config->version,
		.num_progs_enabled = config->n,
		.is_xdp_frags = config->frags,
		.is_xdp_devbound = config->devbound,
	};

	for (unsigned int i = 0; i < config->n; i++) {
		v1.chain_call_actions[i] = config->slot[i].actions | GO_ON;
		v1.run_prios[i] = config->slot[i].priority;
		v3.chain_call_actions[i] = v1.chain_call_actions[i];
		v3.run_prios[i] = v1.run_prios[i];
		v3.program_flags[i] = config->slot[i].flags;
	}
	memcpy(data, config->version == 1 ? (void *)&v1 : (void *)&v3, sizes[config->version]);
	return sizes[config->version];
}
