// SPDX-License-Identifier: GPL-2.0
/*
 * Test programs that write their letter into marked packets (order.h) and count them in a map
 * cnt_LETTER. Built several times:
 *
 * object       options
 * ord_a.o      -DLETTER=a
 * ord_b.o      -DLETTER=b
 * ord_c.o      -DLETTER=c -DPRIORITY=10
 * ord_d.o      -DLETTER=d -DPRIORITY=60 -DCHAIN_DROP
 * ord_e.o      -DLETTER=e -DVERDICT=XDP_DROP
 * ord_f.o      -DLETTER=f -DVERDICT=XDP_DROP -DPRIORITY=5 -DCHAIN_DROP
 * ord_pair.o   -DLETTER=g -DSECOND=h
 * ord_long.o   -DLETTER=l -DNAME=ord_l_longer_than_15
 * ord_frags.o  -DLETTER=m -DSECTION=xdp.frags -DPRIORITY=0
 * ord_sock.o   -DLETTER=n -DSECTION=xdp_sock
 * ord_tc.o     -DLETTER=o -DSECTION=tc
 * ord_a2.o     -DLETTER=a -DMARK=A
 * ord_pin.o    -DLETTER=p -DPINNED
 * ord_pin2.o   -DLETTER=p -DMARK=P -DPINNED
 * ord_nobtf.o  -DLETTER=q -g0
 * ord_bare.o   -DLETTER=r -g0 -DUNCOUNTED
 * ord_bad.o    -DLETTER=s -DUNCHECKED
 * ord_head.o   -DLETTER=b -DHEADROOM=8
 * ord_core.o   -DLETTER=u -DCORE
 * ord_config.o -DLETTER=v -DCONFIG
 * ord_big.o    -DLETTER=b -DMARK=B -DLARGER
 * ord_tie1.o   -DLETTER=t -DNAME=ord_same_first_15_alpha
 * ord_tie2.o   -DLETTER=u -DNAME=ord_same_first_15_beta -DLARGER
 * ord_ties.o   -DLETTER=v -DNAME=ord_same_first_15_one -DLARGER -DSECOND=w
 *              -DSECOND_NAME=ord_same_first_15_two
 *
 * LETTER       the letter; the program is ord_LETTER, or NAME
 * SECOND       the letter of a second program in the same object
 * SECOND_NAME  its name, instead of ord_SECOND
 * SECTION      the section, instead of xdp; libbpf does not know xdp_sock
 * VERDICT      what marked packets get, instead of XDP_PASS; others always pass
 * PRIORITY     the author's run priority; with it chain call action XDP_PASS,
 *              and with CHAIN_DROP also XDP_DROP
 * MARK         what is written instead of the letter: another version of the program
 * PINNED       its map is pinned by its name
 * UNCOUNTED    it has no map
 * UNCHECKED    it reads a packet without a look at its size, which no verifier lets pass
 * HEADROOM     it moves the head of the packet by so many bytes, and back
 * LARGER       it has more instructions
 * CORE         libbpf fills in what the kernel's types are when it loads it
 * CONFIG       and this, what the kernel's version is
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <xdp/xdp_helpers.h>

#include "order.h"

#define JOIN_(a, b) a##b
#define JOIN(a, b)  JOIN_(a, b)
#define STRING_(a)  #a
#define STRING(a)   STRING_(a)

#ifndef NAME
#define NAME JOIN(ord_, LETTER)
#endif
#ifndef SECOND_NAME
#define SECOND_NAME JOIN(ord_, SECOND)
#endif
#ifndef SECTION
#define SECTION xdp
#endif
#ifndef MARK
#define MARK LETTER
#endif
#ifdef PINNED
#define PINNING __uint(pinning, LIBBPF_PIN_BY_NAME);
#else
#define PINNING
#endif
#ifndef VERDICT
#define VERDICT XDP_PASS
#endif

#ifdef CORE
struct task_struct {
	int pid;
} __attribute__((preserve_access_index));
#endif
#ifdef CONFIG
extern int LINUX_KERNEL_VERSION __kconfig;
#endif

/*
 * Returns whether the packet is marked; writes the letter if there is a free slot. The loop is
 * unrolled, so that the verifier sees constant offsets only.
 */
static __always_inline int mark(struct xdp_md *ctx, char letter)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = (void *)(eth + 1);
	struct udphdr *udp = (void *)(ip + 1);
	struct order_mark *m = (void *)(udp + 1);

	if ((void *)(m + 1) > end)
		return 0;
	if (eth->h_proto != bpf_htons(ETH_P_IP) || ip->ihl != 5 || ip->protocol != IPPROTO_UDP)
		return 0;
	if (udp->dest != bpf_htons(ORDER_PORT) || m->magic != bpf_htonl(ORDER_MAGIC))
		return 0;

#pragma clang loop unroll(full)
	for (int i = 0; i < ORDER_SLOTS; i++) {
		if (m->count == i) {
			m->letters[i] = letter;
			m->count = i + 1;
			break;
		}
	}
	return 1;
}

static __always_inline int run(struct xdp_md *ctx, char letter, void *counter)
{
	__u32 key = 0;
	__u64 *count;

#ifdef CORE
	if (!bpf_core_type_exists(struct task_struct))
		return XDP_ABORTED;
#endif
#ifdef CONFIG
	if (!LINUX_KERNEL_VERSION)
		return XDP_ABORTED;
#endif
#ifdef HEADROOM
	if (bpf_xdp_adjust_head(ctx, -HEADROOM) || bpf_xdp_adjust_head(ctx, HEADROOM))
		return XDP_ABORTED;
#endif
#ifdef LARGER
	if (!bpf_ktime_get_ns())
		return XDP_ABORTED;
#endif
	if (!mark(ctx, letter))
		return XDP_PASS;
#ifdef UNCHECKED
	if (*(__u32 *)(long)ctx->data == 1)
		return XDP_DROP;
#endif
	if (!counter)
		return VERDICT;
	count = bpf_map_lookup_elem(counter, &key);
	if (count)
		__sync_fetch_and_add(count, 1);
	return VERDICT;
}

#ifdef UNCOUNTED
#define PROGRAM(name, letter, mark)                       \
	SEC(STRING(SECTION)) int name(struct xdp_md *ctx) \
	{                                                 \
		return run(ctx, STRING(mark)[0], 0);      \
	}
#else
#define PROGRAM(name, letter, mark)                                    \
	struct {                                                       \
		__uint(type, BPF_MAP_TYPE_ARRAY);                      \
		__uint(max_entries, 1);                                \
		__type(key, __u32);                                    \
		__type(value, __u64);                                  \
		PINNING                                                \
	} JOIN(cnt_, letter) SEC(".maps");                             \
	SEC(STRING(SECTION)) int name(struct xdp_md *ctx)              \
	{                                                              \
		return run(ctx, STRING(mark)[0], &JOIN(cnt_, letter)); \
	}
#endif

#ifdef PRIORITY
struct {
	__uint(priority, PRIORITY);
	__uint(XDP_PASS, 1);
#ifdef CHAIN_DROP
	__uint(XDP_DROP, 1);
#endif
} XDP_RUN_CONFIG(NAME);
#endif

PROGRAM(NAME, LETTER, MARK)
#ifdef SECOND
PROGRAM(SECOND_NAME, SECOND, SECOND)
#endif

char _license[] SEC("license") = "GPL";
