/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_SWEEPER_H
#define XDP_POLICY_SWEEPER_H

/* Takes away what runs nowhere (chain/sweep.h), and its records, in the background of a loop. */

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "chain/sweep.h"

struct sweeper {
	sd_event_source *timer;
	struct chain_sweep sweep;
	int blind; /* why the kernel did not tell what runs nowhere, as it was told last */
	/* n dispatchers are gone; or with n of 0 and err that it can't be told which could go */
	void (*tell)(void *ctx, int n, int err);
	bool (*may)(void *ctx); /* whether anything may be removed now; NULL: always */
	void *ctx;
	size_t n_removed; /* in this row of steps */
};

/* Only tell, may and ctx are set. Returns 0 or a negative errno; sweeper__free() is due. */
int sweeper__init(struct sweeper *sweeper, sd_event *event, int64_t priority);
/* An interface is gone; with 0 everything is to be looked at. */
void sweeper__soon(struct sweeper *sweeper, int ifindex);
void sweeper__free(struct sweeper *sweeper);

#endif
