// SPDX-License-Identifier: LGPL-2.1-or-later
/* The timer behind a sweep: two looks, and a last one at the records of what they took away. */
#include <errno.h>

#include "chain/lock.h"
#include "chain/record.h"
#include "sweeper.h"

/* A little more, so that a look never comes too early. */
#define STEP_USEC (CHAIN_SWEEP_MS * 1100ULL)

static void wake(struct sweeper *sweeper)
{
	int enabled = SD_EVENT_OFF;

	sd_event_source_get_enabled(sweeper->timer, &enabled);
	if (enabled != SD_EVENT_OFF)
		return;
	sd_event_source_set_time_relative(sweeper->timer, STEP_USEC);
	sd_event_source_set_enabled(sweeper->timer, SD_EVENT_ONESHOT);
}

void sweeper__soon(struct sweeper *sweeper, int ifindex)
{
	chain_sweep__note(&sweeper->sweep, ifindex);
	wake(sweeper);
}

/* Once for each reason. */
static void tell_blind(struct sweeper *sweeper, int err)
{
	if (err && err != sweeper->blind)
		sweeper->tell(sweeper->ctx, 0, err);
	sweeper->blind = err;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct sweeper *sweeper = userdata;
	bool all = sweeper->sweep.all;
	int removed, lock;

	(void)source;
	(void)usec;
	if (sweeper->may && !sweeper->may(sweeper->ctx))
		return 0;
	lock = chain_lock__take(0);
	if (lock < 0) { /* by others, or for a swap of our own */
		if (lock == -ETIMEDOUT)
			wake(sweeper);
		return 0;
	}
	removed = chain_sweep__step(&sweeper->sweep);
	chain_lock__release(lock);
	sweeper->n_removed += removed > 0 ? (size_t)removed : 0;
	record__sweep(all ? RECORD_SWEEP_ALL : (sweeper->n_removed + 1) * RECORD_SWEEP_SOME);
	if (removed > 0)
		sweeper->tell(sweeper->ctx, removed, 0);
	tell_blind(sweeper, removed < 0 ? removed : sweeper->sweep.blind);
	/* the kernel forgets programs when it has time: their records go then */
	if (removed > 0 || sweeper->sweep.n)
		wake(sweeper);
	else
		sweeper->n_removed = 0;
	return 0;
}

int sweeper__init(struct sweeper *sweeper, sd_event *event, int64_t priority)
{
	int err = sd_event_add_time(event, &sweeper->timer, CLOCK_MONOTONIC, 0, 1000, on_timer,
				    sweeper);

	if (err >= 0)
		err = sd_event_source_set_priority(sweeper->timer, priority);
	return err < 0 ? err : sd_event_source_set_enabled(sweeper->timer, SD_EVENT_OFF);
}

void sweeper__free(struct sweeper *sweeper)
{
	sd_event_source_disable_unref(sweeper->timer);
	chain_sweep__close(&sweeper->sweep);
}
