// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * pkt FROM TO COUNT: sends COUNT marked packets out of interface FROM, receives on interface TO
 * (the other end of a veth pair), and prints how many came with which letters.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/vm/packet.h"

#define IDLE_MS 1000 /* without a packet that is missing: much longer than one is under way */

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
	struct letters_frame frame = marked_frame(0);
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
