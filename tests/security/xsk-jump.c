// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * xsk-jump INTERFACE [FILE [SWITCH]]: leaves the opening of FILE, or the attach of what is in it,
 * by a jump out of libbpf's callback, closes what it has, removes SWITCH, and makes an AF_XDP
 * socket, whose program libxdp attaches; prints its answer.
 */
#include <bpf/libbpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <xdp/libxdp.h>
#include <xdp/xsk.h>

#define SIZE (4096 * 4096)

static jmp_buf left;
static bool leaves;

static int leave(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	if (leaves)
		longjmp(left, 1);
	return 0;
}

static void jump(const char *interface, const char *path)
{
	static struct xdp_program *prog;

	leaves = false;
	prog = xdp_program__open_file(path, "xdp", NULL);
	if (libxdp_get_error(prog))
		prog = NULL;
	leaves = true;
	if (setjmp(left))
		printf("left ");
	else if (prog)
		xdp_program__attach(prog, (int)if_nametoindex(interface), XDP_MODE_SKB, 0);
	else
		xdp_program__open_file(path, "xdp", NULL);
	leaves = false;
	xdp_program__close(prog);
}

int main(int argc, char **argv)
{
	struct xsk_socket_config config = {
		.rx_size = 2048,
		.tx_size = 2048,
		.xdp_flags = XDP_FLAGS_SKB_MODE,
	};
	struct xsk_ring_prod fill, tx;
	struct xsk_ring_cons done, rx;
	struct xsk_socket *socket;
	struct xsk_umem *umem;

	if (argc < 2)
		return 2;
	libbpf_set_print(leave);
	if (argc > 2)
		jump(argv[1], argv[2]);
	if (argc > 3 && unlink(argv[3]))
		printf("unlink: %m ");
	if (xsk_umem__create(&umem, aligned_alloc(4096, SIZE), SIZE, &fill, &done, NULL))
		return 1;
	printf("%d\n", xsk_socket__create(&socket, argv[1], 0, umem, &rx, &tx, &config));
	return 0;
}
