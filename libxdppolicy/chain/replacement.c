// SPDX-License-Identifier: LGPL-2.1-or-later
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "replacement.h"

const char *const chain_phase_names[N_PHASES] = {
	[PHASE_READ] = "read",	 [PHASE_LOAD] = "load",	    [PHASE_LINK] = "link",
	[PHASE_PIN] = "pin",	 [PHASE_ATTACH] = "attach", [PHASE_GRACE] = "grace",
	[PHASE_UNPIN] = "unpin",
};

uint64_t chain_times__now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

void chain_times__add(struct chain_times *times, enum chain_phase phase, uint64_t *clock)
{
	uint64_t now = chain_times__now();

	if (times)
		times->ns[phase] += now - *clock;
	*clock = now;
}

static int fail(char why[CHAIN_WHY_SIZE], const char *what, int err)
{
	snprintf(why, CHAIN_WHY_SIZE, "%s: %s", what, strerror(-err));
	return err;
}

static int load_dispatcher(const struct chain *chain, struct dispatcher_program *ret)
{
	struct dispatcher_config config = {
		.version = chain->version,
		.n = chain->n,
		.frags = chain->frags,
		.devbound = chain->devbound,
	};

	for (unsigned int i = 0; i < chain->n; i++) {
		config.slot[i].priority = chain->program[i].priority;
		config.slot[i].actions = chain->program[i].actions;
		config.slot[i].flags = chain->program[i].flags;
	}
	return dispatcher_program__load(&config, chain->ifindex, ret);
}

static int link_programs(const struct chain *chain, struct replacement *r, char why[CHAIN_WHY_SIZE])
{
	for (unsigned int i = 0; i < chain->n; i++) {
		LIBBPF_OPTS(bpf_link_create_opts, opts, .target_btf_id = r->dispatcher.function[i]);

		r->link_fds[i] = bpf_link_create(r->prog_fds[i], r->dispatcher.fd, 0, &opts);
		if (r->link_fds[i] < 0)
			return fail(why, proginfo__label(&chain->program[i].info), -errno);
		r->n = i + 1;
	}
	return 0;
}

void replacement__init(struct replacement *r)
{
	*r = (struct replacement){ .dispatcher.fd = -1 };
	for (unsigned int i = 0; i < CHAIN_MAX; i++)
		r->prog_fds[i] = r->link_fds[i] = -1;
}

int replacement__build(const struct chain *chain, const int prog_fds[], struct chain_times *times,
		       char why[CHAIN_WHY_SIZE], struct replacement *ret)
{
	uint64_t clock = chain_times__now();
	int err;

	replacement__init(ret);
	memcpy(ret->prog_fds, prog_fds, chain->n * sizeof(ret->prog_fds[0]));
	err = load_dispatcher(chain, &ret->dispatcher);
	chain_times__add(times, PHASE_LOAD, &clock);
	if (err)
		return fail(why, "the kernel refuses the new dispatcher", err);
	err = link_programs(chain, ret, why);
	chain_times__add(times, PHASE_LINK, &clock);
	return err;
}

void replacement__close(struct replacement *r)
{
	for (unsigned int i = 0; i < CHAIN_MAX; i++) {
		if (r->prog_fds[i] >= 0)
			close(r->prog_fds[i]);
		if (r->link_fds[i] >= 0)
			close(r->link_fds[i]);
	}
	if (r->dispatcher.fd >= 0)
		close(r->dispatcher.fd);
}
