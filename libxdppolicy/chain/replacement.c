// SPDX-License-Identifier: LGPL-2.1-or-later
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "replacement.h"

/* See objects.S. */
extern const char dispatcher_object_1[], dispatcher_object_1_end[];
extern const char dispatcher_object_2[], dispatcher_object_2_end[];
extern const char dispatcher_object_3[], dispatcher_object_3_end[];

static const struct {
	const char *data, *end;
} objects[] = {
	[1] = { dispatcher_object_1, dispatcher_object_1_end },
	[2] = { dispatcher_object_2, dispatcher_object_2_end },
	[3] = { dispatcher_object_3, dispatcher_object_3_end },
};

const char *const chain_phase_names[N_PHASES] = {
	[PHASE_READ] = "read",	 [PHASE_OPEN] = "open",	  [PHASE_LOAD] = "load",
	[PHASE_LINK] = "link",	 [PHASE_PIN] = "pin",	  [PHASE_ATTACH] = "attach",
	[PHASE_GRACE] = "grace", [PHASE_UNPIN] = "unpin",
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

static int set_config(const struct chain *chain, struct bpf_object *obj)
{
	struct dispatcher_config config = {
		.version = chain->version,
		.n = chain->n,
		.frags = chain->frags,
		.devbound = chain->devbound,
	};
	struct bpf_map *map = bpf_object__next_map(obj, NULL);
	unsigned char data[DISPATCHER_CONFIG_SIZE];
	size_t size;

	for (unsigned int i = 0; i < chain->n; i++) {
		config.slot[i].priority = chain->program[i].priority;
		config.slot[i].actions = chain->program[i].actions;
		config.slot[i].flags = chain->program[i].flags;
	}
	size = dispatcher_config__encode(&config, data);
	return map ? bpf_map__set_initial_value(map, data, size) : -ENOENT;
}

/* The object has the name of libxdp's, so that nobody takes it for a program of somebody's. */
static int open_object(const struct chain *chain, struct replacement *r)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "xdp-dispatcher");
	const char *data = objects[chain->version].data;
	struct bpf_program *prog;
	uint32_t flags = 0;
	int err;

	r->obj = bpf_object__open_mem(data, objects[chain->version].end - data, &opts);
	err = libbpf_get_error(r->obj);
	if (err) {
		r->obj = NULL;
		return err;
	}
	prog = bpf_object__find_program_by_name(r->obj, "xdp_dispatcher");
	if (!prog)
		return -ENOENT;
	if (chain->frags)
		flags |= BPF_F_XDP_HAS_FRAGS;
	if (chain->devbound) {
		flags |= BPF_F_XDP_DEV_BOUND_ONLY;
		bpf_program__set_ifindex(prog, chain->ifindex);
	}
	if (flags)
		err = bpf_program__set_flags(prog, flags);
	return err ? err : set_config(chain, r->obj);
}

static int load_object(struct replacement *r)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);
	int err = bpf_object__load(r->obj);

	if (err)
		return err;
	r->fd = bpf_program__fd(bpf_object__find_program_by_name(r->obj, "xdp_dispatcher"));
	if (bpf_obj_get_info_by_fd(r->fd, &info, &len))
		return -errno;
	r->id = info.id;
	return 0;
}

/* A program that is alone takes the place of the dispatcher itself, as libxdp does it. */
static int link_programs(const struct chain *chain, struct replacement *r, char why[CHAIN_WHY_SIZE])
{
	const struct btf *btf = bpf_object__btf(r->obj);
	char function[16];
	int id;

	for (unsigned int i = 0; i < chain->n; i++) {
		LIBBPF_OPTS(bpf_link_create_opts, opts);

		snprintf(function, sizeof(function), "prog%u", i);
		id = btf__find_by_name_kind(btf, chain->n == 1 ? "xdp_dispatcher" : function,
					    BTF_KIND_FUNC);
		if (id < 0)
			return fail(why, function, id);
		opts.target_btf_id = id;
		r->link_fds[i] = bpf_link_create(r->prog_fds[i], r->fd, 0, &opts);
		if (r->link_fds[i] < 0)
			return fail(why, chain->program[i].info.name, -errno);
		r->n = i + 1;
	}
	return 0;
}

int replacement__build(const struct chain *chain, const int prog_fds[], struct chain_times *times,
		       char why[CHAIN_WHY_SIZE], struct replacement *ret)
{
	uint64_t clock = chain_times__now();
	int err;

	*ret = (struct replacement){ .fd = -1 };
	for (unsigned int i = 0; i < CHAIN_MAX; i++) {
		ret->prog_fds[i] = i < chain->n ? prog_fds[i] : -1;
		ret->link_fds[i] = -1;
	}
	err = open_object(chain, ret);
	chain_times__add(times, PHASE_OPEN, &clock);
	if (err)
		return fail(why, "the new dispatcher can't be opened", err);
	err = load_object(ret);
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
	bpf_object__close(r->obj);
}
