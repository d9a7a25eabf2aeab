/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_LINKS_H
#define XDP_POLICY_LINKS_H

/* What the kernel's list of bpf_links tells: slow, but needs no pins and sees everybody's. */

#include <stdbool.h>
#include <stdint.h>

#include "dispatcher.h"

/*
 * Whether links that were seen are remembered, so that each is looked at once for all interfaces
 * together; else they are for each question. For processes of one thread that look at many
 * interfaces. What is answered is as the kernel has it then, in either case.
 */
void links__remember(bool on);

/* The bpf_link that holds an interface, for that program; 0 if there is none or it can't be told.
 */
uint32_t links__holder(int ifindex, uint32_t prog_id);

/*
 * The ids of the programs that stand in for functions of a dispatcher, in the order of its slots.
 * Returns how many.
 */
unsigned int links__components(uint32_t dispatcher_id, uint32_t ids[CHAIN_MAX]);

#endif
