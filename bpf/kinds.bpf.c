// SPDX-License-Identifier: GPL-2.0
/*
 * Objects with more than one XDP program, of which one runs on an interface:
 *
 * ord_kinds.o                  kind_main, and programs for a cpumap and a devmap
 * ord_maps.o   -DMAPS_ONLY     those two alone
 * ord_tail.o   -DTAIL          tail_first, which jumps to tail_second and is behind it
 * ord_many.o   -DMANY          three that each could be meant
 * ord_old.o    -DOLD_MAP       a map as libbpf had them before 1.0, which refuses it
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#if defined(TAIL)
int tail_second(struct xdp_md *ctx);
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(max_entries, 2);
	__array(values, int(struct xdp_md *));
} jumps SEC(".maps") = { .values = { [1] = (void *)&tail_second } };

SEC("xdp") int tail_second(struct xdp_md *ctx)
{
	return ctx ? XDP_DROP : XDP_ABORTED;
}

SEC("xdp") int tail_first(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &jumps, 1);
	return ctx ? XDP_PASS : XDP_ABORTED;
}
#elif defined(MANY)
SEC("xdp") int many_a(struct xdp_md *ctx)
{
	return ctx ? XDP_PASS : XDP_ABORTED;
}
SEC("xdp") int many_b(struct xdp_md *ctx)
{
	return ctx ? XDP_PASS : XDP_ABORTED;
}
SEC("xdp") int many_c(struct xdp_md *ctx)
{
	return ctx ? XDP_PASS : XDP_ABORTED;
}
#elif defined(OLD_MAP)
struct {
	unsigned int type, key_size, value_size, max_entries, map_flags;
} counters __attribute__((section("maps"), used)) = { BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0 };

SEC("xdp") int old_main(struct xdp_md *ctx)
{
	return ctx ? XDP_PASS : XDP_ABORTED;
}
#else
#ifndef MAPS_ONLY
SEC("xdp") int kind_main(struct xdp_md *ctx)
{
	return ctx ? XDP_PASS : XDP_ABORTED;
}
#endif
SEC("xdp/cpumap") int kind_cpumap(struct xdp_md *ctx)
{
	return ctx ? XDP_PASS : XDP_ABORTED;
}
SEC("xdp.frags/devmap") int kind_devmap(struct xdp_md *ctx)
{
	return ctx ? XDP_PASS : XDP_ABORTED;
}
#endif

char _license[] SEC("license") = "GPL";
