// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * pkt FROM TO COUNT: sends COUNT marked packets out of interface FROM, receives on interface TO
 * (the other end of a veth pair), and prints how many came with which letters.
 */
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/vm/letters.h"

#define IDLE_MS 1000 /* without a packet that is missing: much longer than one is under way */

static int packet_socket(const char *ifname, int protocol)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(protocol),
		.sll_ifindex = if_nametoindex(ifname),
	};
	int fd;

	if (!addr.sll_ifindex) {
		fprintf(stderr, "pkt: interface %s: %s\n", ifname, strerror(errno));
		exit(2);
	}
	fd = socket(AF_PACKET, SOCK_RAW, htons(protocol));
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		fprintf(stderr, "pkt: packet socket on %s: %s\n", ifname, strerror(errno));
		exit(2);
	}
	return fd;
}

static uint16_t ip_checksum(const struct iphdr *ip)
{
	uint16_t words[sizeof(*ip) / 2];
	uint32_t sum = 0;
	unsigned int i;

	memcpy(words, ip, sizeof(words));
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16));
}

static struct letters_frame marked_frame(void)
{
	struct letters_frame f = {
		.eth = {
			.h_dest = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
			.h_source = { 0x02, 0, 0, 0, 0, 0x01 },
			.h_proto = htons(ETH_P_IP),
		},
		.ip = {
			.version = 4,
			.ihl = 5,
			.ttl = 64,
			.protocol = IPPROTO_UDP,
			.tot_len = htons(sizeof(f) - sizeof(f.eth)),
			.saddr = htonl(0xc0000201),	/* 192.0.2.1, for documentation */
			.daddr = htonl(0xc0000202),
		},
		.udp = {
			.source = htons(ORDER_PORT),
			.dest = htons(ORDER_PORT),
			.len = htons(sizeof(f.udp) + sizeof(f.mark)),
		},
		.mark = { .magic = htonl(ORDER_MAGIC) },
	};
	struct iphdr ip = f.ip;

	f.ip.check = ip_checksum(&ip);
	return f;
}

/* Receives until count packets are there or nothing came for timeout_ms. */
static void receive(int fd, struct letters *seen, unsigned int count, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char data[2048];
	ssize_t n;

	while (seen->packets < count && poll(&p, 1, timeout_ms) > 0) {
		n = recv(fd, data, sizeof(data), MSG_DONTWAIT);
		if (n > 0)
			letters_add(seen, data, n);
	}
}

int main(int argc, char **argv)
{
	struct letters_frame frame = marked_frame();
	struct letters seen = { 0 };
	int from, to, count, i;

	if (argc != 4 || (count = atoi(argv[3])) <= 0) {
		fprintf(stderr, "usage: pkt FROM TO COUNT\n");
		return 2;
	}
	to = packet_socket(argv[2], ETH_P_IP);
	from = packet_socket(argv[1], 0);
	for (i = 0; i < count; i++) {
		if (send(from, &frame, sizeof(frame), 0) != sizeof(frame)) {
			fprintf(stderr, "pkt: send on %s: %s\n", argv[1], strerror(errno));
			return 1;
		}
		receive(to, &seen, count, 0);
	}
	receive(to, &seen, count, IDLE_MS);
	letters_print(&seen);
	close(from);
	close(to);
	return 0;
}
