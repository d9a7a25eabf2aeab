/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_ATTACH_H
#define XDP_POLICY_ATTACH_H

/* Gives an interface a program, and makes sense of the kernel's answer. */

#include "chain/live.h"

struct attach {
	int ifindex;
	const char *mode; /* "native", "skb"; NULL: native where that is possible */
	uint32_t old_id;  /* what is there now; 0: nothing */
	int fd;		  /* -1 takes it off */
	uint32_t new_id;
};

/*
 * In one step, and only if the interface still has the old program. Returns 0; -EAGAIN if it has
 * another one; another negative errno with the reason in why, and nothing has changed. remark is
 * what is to be said of a success, or empty.
 */
int chain__attach(const struct attach *attach, char remark[CHAIN_WHY_SIZE],
		  char why[CHAIN_WHY_SIZE]);

#endif
