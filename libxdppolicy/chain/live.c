// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <xdp/libxdp.h>

#include "live.h"
#include "policy/attr.h"

static const char *mode_name(enum xdp_attach_mode mode)
{
	switch (mode) {
	case XDP_MODE_NATIVE:
		return "native";
	case XDP_MODE_SKB:
		return "skb";
	case XDP_MODE_HW:
		return "hw";
	case XDP_MODE_UNSPEC:
		break;
	}
	return NULL;
}

static int add_program(struct chain *chain, const struct xdp_program *prog)
{
	struct chain_program *p = &chain->program[chain->n];
	int err;

	if (chain->n == CHAIN_MAX)
		return -E2BIG;
	err = proginfo__read(xdp_program__fd(prog), &p->info);
	if (err)
		return err;
	p->priority = xdp_program__run_prio(prog);
	p->actions = 0;
	for (int action = 0; action < POLICY_N_ACTIONS; action++)
		if (xdp_program__chain_call_enabled(prog, action))
			p->actions |= 1U << action;
	chain->n++;
	return 0;
}

int chain__read(int ifindex, struct chain *ret)
{
	struct chain chain = { .kind = CHAIN_NONE };
	struct xdp_program *prog = NULL;
	struct xdp_multiprog *mp;
	int err = 0;

	mp = xdp_multiprog__get_from_ifindex(ifindex);
	err = libxdp_get_error(mp);
	if (err == -ENOENT) {
		*ret = chain;
		return 0;
	}
	if (err)
		return err;
	chain.mode = mode_name(xdp_multiprog__attach_mode(mp));
	if (xdp_multiprog__is_legacy(mp)) {
		chain.kind = CHAIN_LEGACY;
		err = add_program(&chain, xdp_multiprog__main_prog(mp));
		chain.id = chain.program[0].info.id;
	} else {
		chain.kind = CHAIN_DISPATCHER;
		chain.id = xdp_program__id(xdp_multiprog__main_prog(mp));
		while (!err && (prog = xdp_multiprog__next_prog(prog, mp)))
			err = add_program(&chain, prog);
	}
	xdp_multiprog__close(mp);
	if (!err)
		*ret = chain;
	return err;
}
