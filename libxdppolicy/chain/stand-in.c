// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pins.h"
#include "replacement.h"
#include "stand-in.h"

struct stand_in {
	int ifindex;
	uint32_t instead_of;
	struct replacement new;
};

static int pin(const struct stand_in *s, char why[CHAIN_WHY_SIZE])
{
	const struct replacement *new = &s->new;
	int lock = pins__lock_briefly();
	int err = lock;

	if (lock >= 0) {
		err = pins__make(s->ifindex, new->dispatcher.id, new->n, new->prog_fds,
				 new->link_fds);
		pins__unlock(lock);
	}
	if (err < 0)
		snprintf(why, CHAIN_WHY_SIZE, "%s/xdp: cannot pin the chain: %s", pins__where(),
			 strerror(-err));
	return err;
}

int stand_in__make(const struct chain *chain, const struct chain_want want[],
		   char why[CHAIN_WHY_SIZE], struct stand_in **ret)
{
	struct stand_in *s = calloc(1, sizeof(*s));
	struct chain planned;
	int fds[CHAIN_MAX];
	int err;

	*why = '\0';
	if (!s)
		return -ENOMEM;
	s->ifindex = chain->ifindex;
	s->instead_of = chain->id;
	replacement__init(&s->new);
	chain__plan(chain, want, &planned);
	err = chain_plan__open(chain, &planned, NULL, fds);
	if (!err)
		err = replacement__build(&planned, fds, NULL, why, &s->new);
	if (!err)
		err = pin(s, why);
	if (err) {
		replacement__close(&s->new);
		free(s);
		return err;
	}
	*ret = s;
	return 0;
}

int stand_in__fd(const struct stand_in *s)
{
	return s->new.dispatcher.fd;
}

void stand_in__end(struct stand_in *s, bool attached)
{
	int lock;

	if (!s)
		return;
	lock = pins__lock_briefly();
	if (lock >= 0) {
		pins__remove(s->ifindex, attached ? s->instead_of : s->new.dispatcher.id);
		pins__unlock(lock);
	}
	replacement__close(&s->new);
	free(s);
}
