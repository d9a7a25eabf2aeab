// SPDX-License-Identifier: GPL-2.0 OR LGPL-2.1-or-later
/*
 * The dispatcher that takes the place of one of libxdp's, of the same version (-DVERSION=n), for
 * libxdp and its users to read as their own. It calls its slots in order and returns what one of
 * them answers, unless that is among the slot's actions.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "dispatcher.h"

#define JOIN_(a, b) a##b
#define JOIN(a, b)  JOIN_(a, b)

/* Filled in before it is loaded: the verifier then drops what is not used. */
static volatile const struct JOIN(dispatcher_v, VERSION) conf = { 0 };

/*
 * A slot, until a program takes its place. The answer is volatile, so that no compiler knows it.
 * The call that does nothing makes it a function that may change packets: newer kernels let only
 * such a one be replaced by programs that do.
 */
#define SLOT(n)                                                   \
	__attribute__((noinline)) int prog##n(struct xdp_md *ctx) \
	{                                                         \
		volatile int answer = DISPATCHER_EMPTY;           \
                                                                  \
		if (!ctx)                                         \
			return XDP_ABORTED;                       \
		bpf_xdp_adjust_tail(ctx, 0);                      \
		return answer;                                    \
	}

SLOT(0)
SLOT(1)
SLOT(2)
SLOT(3)
SLOT(4)
SLOT(5)
SLOT(6)
SLOT(7)
SLOT(8)
SLOT(9)

#define CALL(n)                                                    \
	do {                                                       \
		if (enabled <= (n))                                \
			return XDP_PASS;                           \
		verdict = prog##n(ctx);                            \
		if (!(1U << verdict & conf.chain_call_actions[n])) \
			return verdict;                            \
	} while (0)

SEC("xdp")
int xdp_dispatcher(struct xdp_md *ctx)
{
	__u8 enabled = conf.num_progs_enabled;
	int verdict;

	CALL(0);
	CALL(1);
	CALL(2);
	CALL(3);
	CALL(4);
	CALL(5);
	CALL(6);
	CALL(7);
	CALL(8);
	CALL(9);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";

/* Read from the BTF: the length of an array. */
__uint(dispatcher_version, VERSION) SEC("xdp_metadata");
