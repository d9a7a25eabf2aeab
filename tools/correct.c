// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "chain/pins.h"
#include "correct.h"

#define ATTEMPTS 10

/* What a swap does not mend, and why. */
static void explain_left(const struct correct_opts *opts, struct correction *c)
{
	const char *why = NULL;

	for (unsigned int i = 0; i < c->wish.n; i++) {
		if (c->wish.program[i].drift[ATTR_ATTACH] && !opts->enforce_deny)
			why = "found a program that must not be attached; --enforce-deny takes it off";
		else if (c->wish.program[i].drift[ATTR_MODE] && !why)
			why = "found another attach mode, which only a new attach can change";
	}
	if (c->before.fixed[0] &&
	    (c->wish.drift || c->wish.moot || c->before.kind == CHAIN_DISPATCHER))
		why = c->before.fixed;
	c->left = why;
	snprintf(c->why, sizeof(c->why), "%s", why ? why : "");
}

static int change(const struct correct_opts *opts, struct correction *c)
{
	struct chain_want want[CHAIN_MAX];

	wish__want(&c->wish, opts->enforce_deny, want);
	if (opts->dry_run) {
		chain__plan(&c->before, want, &c->after);
		return 0;
	}
	return chain__swap(&c->after, want, &c->times, c->why, &c->swap);
}

/* One attempt. Returns -EAGAIN if the chain was changed by somebody else meanwhile. */
static int attempt(const struct correct_opts *opts, struct correction *c)
{
	uint64_t clock = chain_times__now();
	char why[CHAIN_WHY_SIZE];
	int err;

	err = chain__read(c->ifindex, c->known.n ? &c->known : NULL, &c->before);
	if (err) {
		snprintf(c->why, sizeof(c->why), "the chain cannot be read: %.160s",
			 pins__strerror(err, why));
		return err;
	}
	c->after = c->before;
	wish__decide(opts->policy, opts->host, c->ifname, &c->before, &c->wish);
	chain_times__add(&c->times, PHASE_READ, &clock);
	if (c->before.kind == CHAIN_DISPATCHER && !c->before.fixed[0] &&
	    (c->wish.rewrite || (c->wish.deny && opts->enforce_deny))) {
		c->outcome = CORRECT_CHANGED;
		err = change(opts, c);
	}
	if (!err)
		explain_left(opts, c);
	if (c->left && c->outcome == CORRECT_NONE)
		c->outcome = CORRECT_FIXED;
	return err;
}

void correct__begin(const struct correct_opts *opts, struct correction *c)
{
	char why[CHAIN_WHY_SIZE];

	for (unsigned int i = 0; i < ATTEMPTS; i++) {
		memset(&c->times, 0, sizeof(c->times));
		c->outcome = CORRECT_NONE;
		c->why[0] = '\0';
		c->left = false;
		c->err = attempt(opts, c);
		if (c->err != -EAGAIN)
			break;
		wish__clear(&c->wish);
		usleep(2000U << i);
	}
	if (!c->err)
		return;
	c->outcome = CORRECT_FAILED;
	c->after = c->before;
	if (!c->why[0])
		snprintf(c->why, sizeof(c->why), "%s",
			 c->err == -EAGAIN ? "other processes keep changing the chain" :
					     pins__strerror(c->err, why));
}

void correct__settle(struct correction *c)
{
	char why[CHAIN_WHY_SIZE];
	int err;

	if (!c->swap)
		return;
	err = chain_swap__settle(c->swap, &c->times, why);
	c->swap = NULL;
	if (!err)
		return;
	/* it is changed, but not cleaned up */
	c->err = err;
	c->outcome = CORRECT_FAILED;
	snprintf(c->why, sizeof(c->why), "%s", why);
}

void correct__end(struct correction *c)
{
	correct__settle(c);
	wish__clear(&c->wish);
}

static void tell(const struct wish_program *p, const char *name, enum policy_attr attr,
		 void (*fn)(void *ctx, const struct correct_move *move), void *ctx)
{
	const struct policy_result *result = &p->decision.attr[attr];
	const struct policy_place place = policy_origin__place(&result->origin, attr);
	char cell[WISH_TEXT_SIZE], text[512];
	struct correct_move move = { name, text, place.file, place.line };

	wish__print(p, attr, cell, sizeof(cell));
	if (place.file)
		snprintf(text, sizeof(text), "%s %s (%s:%u)", policy_key__attr(attr)->name, cell,
			 place.file, place.line);
	else
		snprintf(text, sizeof(text), "%s %s (%s)", policy_key__attr(attr)->name, cell,
			 result->source);
	fn(ctx, &move);
}

static bool is_in(const struct chain *chain, uint32_t id)
{
	for (unsigned int i = 0; i < chain->n; i++)
		if (chain->program[i].info.id == id)
			return true;
	return false;
}

void correct__tell(const struct correction *c,
		   void (*fn)(void *ctx, const struct correct_move *move), void *ctx)
{
	for (unsigned int i = 0; c->outcome == CORRECT_CHANGED && i < c->wish.n; i++) {
		const struct wish_program *p = &c->wish.program[i];
		const struct proginfo *info = &c->before.program[i].info;

		if (!is_in(&c->after, info->id)) {
			tell(p, proginfo__label(info), ATTR_ATTACH, fn, ctx);
			continue;
		}
		if (p->drift[ATTR_PRIORITY])
			tell(p, proginfo__label(info), ATTR_PRIORITY, fn, ctx);
		if (p->drift[ATTR_ACTIONS])
			tell(p, proginfo__label(info), ATTR_ACTIONS, fn, ctx);
	}
}
