// SPDX-License-Identifier: LGPL-2.1-or-later
// throw FILE INTERFACE: opens FILE and attaches it, after an exception out of libbpf's print callback
#include <cstdarg>
#include <cstdio>
#include <net/if.h>
#include <stdexcept>

extern "C" {
#include <bpf/libbpf.h>
#include <xdp/libxdp.h>
}

static bool armed;

static int print(enum libbpf_print_level, const char *, va_list)
{
	if (armed) {
		armed = false;
		throw std::runtime_error("thrown");
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 99;
	libbpf_set_print(print);
	armed = true;
	try {
		xdp_program__open_file("/etc/passwd", "xdp", nullptr);
	} catch (const std::exception &e) {
		fputs(e.what(), stdout);
	}
	xdp_program *prog = xdp_program__open_file(argv[1], "xdp", nullptr);
	if (libxdp_get_error(prog))
		return 1;
	printf(" %u", xdp_program__run_prio(prog));
	printf(" %d\n", xdp_program__attach(prog, if_nametoindex(argv[2]), XDP_MODE_SKB, 0));
}
