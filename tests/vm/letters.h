/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the letters of marked packets (bpf/order.h) and counts each order that was seen. */
#ifndef XDP_POLICY_TESTS_LETTERS_H
#define XDP_POLICY_TESTS_LETTERS_H

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "bpf/order.h"

#define LETTERS_ORDERS 32

struct letters {
	unsigned int packets;
	unsigned int orders;
	struct {
		char name[ORDER_SLOTS + 1];
		unsigned int packets;
	} order[LETTERS_ORDERS];
};

struct letters_frame {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
	struct order_mark mark;
} __attribute__((packed));

/* The letters of a marked packet, or "NONE"; false if the frame is no marked packet. */
static inline bool letters_read(const void *data, size_t size, char name[ORDER_SLOTS + 1])
{
	struct letters_frame f;

	if (size < sizeof(f))
		return false;
	memcpy(&f, data, sizeof(f));
	if (f.eth.h_proto != htons(ETH_P_IP) || f.ip.ihl != 5 || f.ip.protocol != IPPROTO_UDP ||
	    f.udp.dest != htons(ORDER_PORT) || f.mark.magic != htonl(ORDER_MAGIC))
		return false;

	strcpy(name, "NONE");
	if (f.mark.count > 0 && f.mark.count <= ORDER_SLOTS) {
		memcpy(name, f.mark.letters, f.mark.count);
		name[f.mark.count] = '\0';
	}
	return true;
}

/* Returns whether the frame was a marked packet. */
static inline bool letters_add(struct letters *l, const void *data, size_t size)
{
	char name[ORDER_SLOTS + 1];
	unsigned int i;

	if (!letters_read(data, size, name))
		return false;
	l->packets++;
	for (i = 0; i < l->orders && strcmp(l->order[i].name, name) != 0; i++)
		;
	if (i == LETTERS_ORDERS)
		return true;
	if (i == l->orders) {
		strcpy(l->order[i].name, name);
		l->orders++;
	}
	l->order[i].packets++;
	return true;
}

/* "RECV 20 bca:20", or "RECV 0" when nothing came. */
static inline void letters_print(const struct letters *l)
{
	unsigned int i;

	printf("RECV %u", l->packets);
	for (i = 0; i < l->orders; i++)
		printf(" %s:%u", l->order[i].name, l->order[i].packets);
	putchar('\n');
	fflush(stdout);
}

#endif /* XDP_POLICY_TESTS_LETTERS_H */
