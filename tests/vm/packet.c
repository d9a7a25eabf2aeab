// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "tests/vm/packet.h"

int packet_socket(const char *ifname, int protocol)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(protocol),
		.sll_ifindex = if_nametoindex(ifname),
	};
	int fd;

	if (!addr.sll_ifindex) {
		fprintf(stderr, "%s: interface %s: %s\n", program_invocation_short_name, ifname,
			strerror(errno));
		exit(2);
	}
	/* of no protocol before the bind: else packets of all interfaces come in until then */
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		fprintf(stderr, "%s: packet socket on %s: %s\n", program_invocation_short_name,
			ifname, strerror(errno));
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

struct letters_frame marked_frame(unsigned int extra)
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
			.tot_len = htons(sizeof(f) - sizeof(f.eth) + extra),
			.saddr = htonl(0xc0000201),	/* 192.0.2.1, for documentation */
			.daddr = htonl(0xc0000202),
		},
		.udp = {
			.source = htons(ORDER_PORT),
			.dest = htons(ORDER_PORT),
			.len = htons(sizeof(f.udp) + sizeof(f.mark) + extra),
		},
		.mark = { .magic = htonl(ORDER_MAGIC) },
	};
	struct iphdr ip = f.ip;

	f.ip.check = ip_checksum(&ip);
	return f;
}
