// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * app-xsk [--skb] IFACE COUNT SECONDS: an AF_XDP application that uses libxdp's default program on
 * queue 0, in copy mode. Prints "ready", receives COUNT marked packets or for SECONDS, and then
 * prints which letters they carried when they reached its socket.
 */
#include <linux/if_link.h>
#include <linux/if_xdp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <xdp/xsk.h>

#include "tests/vm/letters.h"

#define FRAMES XSK_RING_PROD__DEFAULT_NUM_DESCS

struct app {
	struct xsk_umem *umem;
	struct xsk_socket *xsk;
	struct xsk_ring_prod fill;
	struct xsk_ring_cons comp;
	struct xsk_ring_cons rx;
	struct xsk_ring_prod tx;
	void *area;
};

static void check(const char *what, int rc)
{
	printf("%s rc=%d\n", what, rc);
	fflush(stdout);
	if (rc)
		exit(1);
}

static void open_socket(struct app *app, const char *ifname, unsigned int xdp_flags)
{
	size_t size = (size_t)FRAMES * XSK_UMEM__DEFAULT_FRAME_SIZE;
	struct xsk_socket_config config = {
		.rx_size = XSK_RING_CONS__DEFAULT_NUM_DESCS,
		.tx_size = XSK_RING_PROD__DEFAULT_NUM_DESCS,
		.xdp_flags = xdp_flags,
		.bind_flags = XDP_COPY,
	};
	__u32 i, slot = 0;

	app->area = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (app->area == MAP_FAILED)
		check("mmap", -1);
	check("umem", xsk_umem__create(&app->umem, app->area, size, &app->fill, &app->comp, NULL));
	check("socket",
	      xsk_socket__create(&app->xsk, ifname, 0, app->umem, &app->rx, &app->tx, &config));
	if (xsk_ring_prod__reserve(&app->fill, FRAMES, &slot) != FRAMES)
		check("fill", -1);
	for (i = 0; i < FRAMES; i++)
		*xsk_ring_prod__fill_addr(&app->fill, slot + i) =
			(__u64)i * XSK_UMEM__DEFAULT_FRAME_SIZE;
	xsk_ring_prod__submit(&app->fill, FRAMES);
}

static void receive(struct app *app, struct letters *seen)
{
	const struct xdp_desc *desc;
	__u32 i, n, from = 0;

	n = xsk_ring_cons__peek(&app->rx, XSK_RING_CONS__DEFAULT_NUM_DESCS, &from);
	for (i = 0; i < n; i++) {
		desc = xsk_ring_cons__rx_desc(&app->rx, from + i);
		letters_add(seen, xsk_umem__get_data(app->area, desc->addr), desc->len);
	}
	xsk_ring_cons__release(&app->rx, n);
}

int main(int argc, char **argv)
{
	unsigned int xdp_flags = XDP_FLAGS_DRV_MODE, count;
	struct letters seen = { 0 };
	struct app app = { 0 };
	struct pollfd p = { .events = POLLIN };
	time_t end;

	if (argc > 1 && !strcmp(argv[1], "--skb")) {
		xdp_flags = XDP_FLAGS_SKB_MODE;
		argv++;
		argc--;
	}
	if (argc != 4) {
		fprintf(stderr, "usage: app-xsk [--skb] IFACE COUNT SECONDS\n");
		return 2;
	}
	open_socket(&app, argv[1], xdp_flags);
	puts("ready");
	fflush(stdout);

	/* The fill ring is not refilled: COUNT is far below the number of frames. */
	count = atoi(argv[2]);
	end = time(NULL) + atoi(argv[3]);
	p.fd = xsk_socket__fd(app.xsk);
	while (seen.packets < count && time(NULL) < end)
		if (poll(&p, 1, 200) > 0)
			receive(&app, &seen);
	letters_print(&seen);
	xsk_socket__delete(app.xsk);
	xsk_umem__delete(app.umem);
	return 0;
}
