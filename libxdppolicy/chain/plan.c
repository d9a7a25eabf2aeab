// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "pins.h"
#include "plan.h"
#include "program.h"

static int by_run_order(const void *a, const void *b)
{
	return chain_program__compare(a, b, NULL);
}

/* If one is taken off, libxdp's rule for frags applies to the others. */
void chain__plan(const struct chain *chain, const struct chain_want want[], struct chain *ret)
{
	bool all_frags = true;

	*ret = *chain;
	ret->n = 0;
	for (unsigned int i = 0; i < chain->n; i++) {
		struct chain_program *p = &ret->program[ret->n];

		if (want[i].remove)
			continue;
		*p = chain->program[i];
		p->priority = want[i].priority;
		p->actions = want[i].actions;
		all_frags = all_frags && p->flags & BPF_F_XDP_HAS_FRAGS;
		ret->n++;
	}
	if (ret->n < chain->n)
		ret->frags = all_frags && chain->version >= 2;
	qsort(ret->program, ret->n, sizeof(ret->program[0]), by_run_order);
}

static void close_all(int fds[], unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* The descriptors of the chain's programs that are still planned, out of its pins. */
static int open_live(const struct chain *chain, const struct chain *planned, int fds[])
{
	int old[CHAIN_MAX], lock, err;

	lock = pins__lock();
	if (lock < 0)
		return lock == -ETIMEDOUT || lock == -EINTR ? lock : -EAGAIN;
	err = pins__open(chain->ifindex, chain->id, chain->n, old);
	pins__unlock(lock);
	if (err)
		return -EAGAIN;
	for (unsigned int i = 0; i < chain->n; i++) {
		struct proginfo info;

		if (proginfo__read_short(old[i], &info) || info.id != chain->program[i].info.id)
			err = -EAGAIN;
		for (unsigned int j = 0; j < planned->n; j++) {
			if (planned->program[j].info.id != chain->program[i].info.id || old[i] < 0)
				continue;
			fds[j] = old[i];
			old[i] = -1;
		}
	}
	close_all(old, chain->n);
	return err;
}

int chain_plan__open(const struct chain *chain, const struct chain *planned, const int new[],
		     int fds[])
{
	int err = 0;

	for (unsigned int i = 0; i < planned->n; i++) {
		fds[i] = -1;
		if (new &&new[i] >= 0 && !err) {
			fds[i] = fcntl(new[i], F_DUPFD_CLOEXEC, 3);
			err = fds[i] < 0 ? -errno : 0;
		}
	}
	if (!err && chain->kind == CHAIN_DISPATCHER)
		err = open_live(chain, planned, fds);
	for (unsigned int i = 0; i < planned->n && !err; i++)
		err = fds[i] < 0 ? -EAGAIN : 0;
	if (err)
		close_all(fds, planned->n);
	return err;
}
