/* SPDX-License-Identifier: GPL-2.0 OR LGPL-2.1-or-later */
/*
 * The mark in a test packet: a UDP payload into which each XDP program that sees the packet
 * writes its letter, so that a received packet carries the order in which programs ran on it.
 */
#ifndef XDP_POLICY_BPF_ORDER_H
#define XDP_POLICY_BPF_ORDER_H

#include <linux/types.h>

#define ORDER_PORT  9431	/* UDP destination port */
#define ORDER_MAGIC 0x4f524452U /* "ORDR", in network byte order on the wire */
#define ORDER_SLOTS 12		/* a dispatcher holds 10 programs */

struct order_mark {
	__be32 magic;
	__u8 count; /* slots in use */
	__u8 letters[ORDER_SLOTS];
	__u8 pad[3];
};

#endif /* XDP_POLICY_BPF_ORDER_H */
