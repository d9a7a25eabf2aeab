// SPDX-License-Identifier: GPL-2.0
/*
 * A dispatcher for the tests, of any version (-DVERSION=1 to 4), by which tests/vm/mkchain makes
 * chains as other releases of libxdp do. Written from the documented layout and on purpose not the
 * product's own, so that a mistake there is not made here as well. There is no version 4: it stands
 * for all that is to come.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define SLOTS	 10
#define MAGIC	 236
#define NO_VALUE 31 /* what a slot without a program returns */

#if VERSION == 1
struct config {
	__u8 num;
	__u32 chain_call_actions[SLOTS];
	__u32 run_prios[SLOTS];
};
_Static_assert(sizeof(struct config) == 84, "version 1");
#else
struct config {
	__u8 magic;
	__u8 version;
	__u8 num;
	__u8 is_xdp_frags;
	__u32 chain_call_actions[SLOTS];
	__u32 run_prios[SLOTS];
	__u32 program_flags[SLOTS];
#if VERSION >= 3
	__u8 is_xdp_devbound;
#endif
};
_Static_assert(sizeof(struct config) == (VERSION == 2 ? 124 : 128), "versions 2 and later");
#endif

static volatile const struct config conf = {
#if VERSION > 1
	.magic = MAGIC,
	.version = VERSION,
#endif
};

/* A global function that a program can take the place of. It touches the packet's length, or
 * newer kernels would not let programs that do so in. */
#define SLOT(n)                                                   \
	__attribute__((noinline)) int prog##n(struct xdp_md *ctx) \
	{                                                         \
		volatile int ret = NO_VALUE;                      \
                                                                  \
		if (!ctx)                                         \
			return XDP_ABORTED;                       \
		bpf_xdp_adjust_tail(ctx, 0);                      \
		return ret;                                       \
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

#define CALL(n)                                                  \
	do {                                                     \
		if (conf.num < (n) + 1)                          \
			return XDP_PASS;                         \
		ret = prog##n(ctx);                              \
		if (!((1U << ret) & conf.chain_call_actions[n])) \
			return ret;                              \
	} while (0)

SEC("xdp")
int xdp_dispatcher(struct xdp_md *ctx)
{
	int ret;

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

/* what version 1 is known by */
__uint(dispatcher_version, VERSION) SEC("xdp_metadata");

char _license[] SEC("license") = "GPL";
