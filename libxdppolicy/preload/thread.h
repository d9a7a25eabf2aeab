/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_THREAD_H
#define XDP_POLICY_THREAD_H

/*
 * What the hooks keep for each thread. Not by __thread: the hooks are opened at run time, so that
 * the loader makes such variables when a thread first uses them, and ends the process if there is
 * no memory for it. Those of the initial-exec model are made before; but where the loader's room
 * for them is used up the hooks could not be opened at all.
 */

#include "call.h"

struct thread {
	struct libxdp_call call; /* that it is in */
	int queried_ifindex; /* that it asked about last: where a static libxdp is about to attach
			      */
};

/* Before the first of the others, with the lock of the shim held. */
void thread__init(void);

/* NULL if there is nothing yet. */
struct thread *thread__get(void);

/* Made if need be; NULL without memory. */
struct thread *thread__make(void);

#endif
