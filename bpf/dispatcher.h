/* SPDX-License-Identifier: GPL-2.0 OR LGPL-2.1-or-later */
#ifndef XDP_POLICY_BPF_DISPATCHER_H
#define XDP_POLICY_BPF_DISPATCHER_H

/*
 * What libxdp's dispatcher keeps in its only map, as libxdp's protocol lays it down, in three
 * versions. Multi-byte fields are in the byte order of the machine.
 */

#include <linux/types.h>

#define DISPATCHER_SLOTS 10
#define DISPATCHER_MAGIC 236
/* What an empty slot answers, and a bit that all sets of actions have: go on. */
#define DISPATCHER_EMPTY 31

/* libxdp 1.2: neither magic nor version; the version stands in the program's BTF alone. */
struct dispatcher_v1 {
	__u8 num_progs_enabled;
	__u32 chain_call_actions[DISPATCHER_SLOTS];
	__u32 run_prios[DISPATCHER_SLOTS];
};

/* libxdp 1.3 to 1.5 */
struct dispatcher_v2 {
	__u8 magic;
	__u8 dispatcher_version;
	__u8 num_progs_enabled;
	__u8 is_xdp_frags;
	__u32 chain_call_actions[DISPATCHER_SLOTS];
	__u32 run_prios[DISPATCHER_SLOTS];
	__u32 program_flags[DISPATCHER_SLOTS];
};

/* since libxdp 1.6 */
struct dispatcher_v3 {
	__u8 magic;
	__u8 dispatcher_version;
	__u8 num_progs_enabled;
	__u8 is_xdp_frags;
	__u32 chain_call_actions[DISPATCHER_SLOTS];
	__u32 run_prios[DISPATCHER_SLOTS];
	__u32 program_flags[DISPATCHER_SLOTS];
	__u8 is_xdp_devbound;
};

#endif
