/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sends and receives marked packets (bpf/order.h), for the tools of the virtual machine. */
#ifndef XDP_POLICY_TESTS_PACKET_H
#define XDP_POLICY_TESTS_PACKET_H

#include "tests/vm/letters.h"

/* A packet socket on an interface; without protocol it only sends. Exits with 2 on failure. */
int packet_socket(const char *ifname, int protocol);

/* A marked packet with room for extra bytes behind the mark, which no program looks at. */
struct letters_frame marked_frame(unsigned int extra);

#endif /* XDP_POLICY_TESTS_PACKET_H */
