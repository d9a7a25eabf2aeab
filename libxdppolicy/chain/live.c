// SPDX-License-Identifier: LGPL-2.1-or-later
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "links.h"
#include "live.h"
#include "pins.h"
#include "util/ifinfo.h"
#include "version.h"

#define READ_ATTEMPTS 10

int chain__query(int ifindex, struct chain *chain)
{
	struct ifinfo info;
	int err = ifinfo__query(ifindex, &info);

	if (err)
		return err;
	if (info.drv_id) {
		chain->mode = "native";
		chain->id = info.drv_id;
	} else if (info.skb_id) {
		chain->mode = "skb";
		chain->id = info.skb_id;
	} else if (info.hw_id) {
		chain->mode = "hw";
		chain->id = info.hw_id;
	}
	return 0;
}

static unsigned int version_in_btf(uint32_t btf_id)
{
	struct btf *btf = btf__load_from_kernel_by_id(btf_id);
	unsigned int version;

	if (libbpf_get_error(btf))
		return 0;
	version = dispatcher_version__in_btf(btf);
	btf__free(btf);
	return version;
}

static int read_map(uint32_t id, uint32_t btf_id, struct dispatcher_config *ret)
{
	unsigned char data[DISPATCHER_CONFIG_SIZE] = { 0 };
	struct bpf_map_info info = { 0 };
	uint32_t len = sizeof(info), key = 0;
	int fd, err;

	fd = bpf_map_get_fd_by_id(id);
	if (fd < 0)
		return -errno;
	err = bpf_obj_get_info_by_fd(fd, &info, &len) ? -errno : 0;
	if (!err && (info.key_size != sizeof(key) || info.max_entries != 1 ||
		     info.value_size > sizeof(data) || info.type != BPF_MAP_TYPE_ARRAY))
		err = -EPROTONOSUPPORT;
	if (!err && bpf_map_lookup_elem(fd, &key, data))
		err = -errno;
	close(fd);
	if (err)
		return err;
	err = dispatcher_config__decode(data, info.value_size, 0, ret);
	if (err == -EPROTONOSUPPORT && !ret->version)
		err = dispatcher_config__decode(data, info.value_size, version_in_btf(btf_id), ret);
	return err;
}

/* Of its only map. -ENOENT if fd is no dispatcher: a program that chains nothing. */
static int read_config(int fd, struct dispatcher_config *ret)
{
	uint32_t map_id = 0;
	struct bpf_prog_info info = { .nr_map_ids = 1, .map_ids = (uintptr_t)&map_id };
	uint32_t len = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		return -errno;
	if (strcmp(info.name, "xdp_dispatcher") || info.nr_map_ids != 1 || !info.btf_id)
		return -ENOENT;
	return read_map(map_id, info.btf_id, ret);
}

/* What an earlier look at the chain knows of a program; else the kernel is asked. */
static int read_program(int fd, const struct chain *known, struct proginfo *ret)
{
	int err = proginfo__read_short(fd, ret);

	if (err)
		return err;
	for (unsigned int i = 0; known && i < known->n; i++) {
		const struct proginfo *info = &known->program[i].info;

		if (info->id != ret->id || info->load_time != ret->load_time)
			continue;
		*ret = *info;
		return 0;
	}
	proginfo__read_btf(fd, ret);
	return 0;
}

/* What is behind the 15 characters decides then which of two programs comes first. */
static bool is_cut_alike(const struct chain *chain, unsigned int nth)
{
	const struct proginfo *info = &chain->program[nth].info;

	for (unsigned int i = 0; i < chain->n && strlen(info->kernel_name) == 15; i++)
		if (i != nth && !strcmp(chain->program[i].info.kernel_name, info->kernel_name))
			return true;
	return false;
}

static int read_programs(const int fds[], const struct chain *known, bool in_full,
			 struct chain *chain)
{
	int err = 0;

	for (unsigned int i = 0; i < chain->n && !err; i++) {
		struct proginfo *info = &chain->program[i].info;

		err = in_full ? read_program(fds[i], known, info) :
				proginfo__read_short(fds[i], info);
	}
	for (unsigned int i = 0; i < chain->n; i++) {
		if (!err && !in_full && is_cut_alike(chain, i))
			proginfo__read_btf(fds[i], &chain->program[i].info);
		close(fds[i]);
	}
	return err;
}

/* For a look only: without pins nobody can rebuild the chain. */
static void read_components(const struct chain *known, struct chain *chain)
{
	uint32_t ids[CHAIN_MAX];
	unsigned int n = links__components(chain->id, ids);

	chain->n = n < chain->n ? n : chain->n;
	for (unsigned int i = 0; i < chain->n; i++) {
		int fd = bpf_prog_get_fd_by_id(ids[i]);

		if (fd < 0 || read_program(fd, known, &chain->program[i].info))
			chain->program[i].info = (struct proginfo){ .id = ids[i] };
		if (fd >= 0)
			close(fd);
	}
}

__attribute__((format(printf, 2, 3))) static void fix(struct chain *chain, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(chain->fixed, sizeof(chain->fixed), fmt, args);
	va_end(args);
}

static bool is_held(struct chain *chain)
{
	uint32_t link = links__holder(chain->ifindex, chain->id);

	if (!link)
		return false;
	chain->kind = CHAIN_LINK;
	fix(chain, "found bpf_link %u, which only its owner can update, expected a plain attach",
	    link);
	return true;
}

/* Whether the interface still has what was read: else the reading is worth nothing. */
static bool is_current(const struct chain *chain)
{
	struct chain now = { 0 };

	return !chain__query(chain->ifindex, &now) && now.id == chain->id;
}

struct pinned {
	uint32_t id;
	int ifindex; /* of its pins; 0: there are none */
};

static void note_pinned(void *ctx, int ifindex, uint32_t id)
{
	struct pinned *pinned = ctx;

	if (id == pinned->id)
		pinned->ifindex = ifindex;
}

/*
 * An interface gets another number if its own is taken in the network namespace that it moves to.
 */
static int ifindex_of_pins(uint32_t id)
{
	struct pinned pinned = { .id = id };

	pins__each(note_pinned, &pinned);
	return pinned.ifindex;
}

static void fix_pins(struct chain *chain, bool missing)
{
	int was = missing ? ifindex_of_pins(chain->id) : 0;

	if (was)
		fix(chain,
		    "found its pins at %s/xdp/dispatch-%d-%u, expected %d in place of %d: it was "
		    "moved here from another network namespace, where that was its number",
		    pins__where(), was, chain->id, chain->ifindex, was);
	else
		fix(chain, "found %s at %s/xdp/dispatch-%d-%u, expected all of libxdp's",
		    missing ? "no pins" : "pins missing", pins__where(), chain->ifindex, chain->id);
}

static int read_pins(const struct chain *known, struct chain *chain)
{
	int fds[CHAIN_MAX], lock, err;

	lock = pins__lock();
	err = lock < 0 ? lock : pins__open(chain->ifindex, chain->id, chain->n, fds);
	if (lock >= 0)
		pins__unlock(lock);
	if (!err)
		return read_programs(fds, known, true, chain);
	if (!is_current(chain))
		return -EAGAIN;
	if (is_held(chain))
		;
	else if (lock == -ENODEV)
		fix(chain, "no BPF file system is mounted at %s", pins__where());
	else if (err == -ENOENT || err == -EBADF)
		fix_pins(chain, err == -ENOENT);
	else
		return err;
	read_components(known, chain);
	return 0;
}

static void set_config(const struct dispatcher_config *config, struct chain *chain)
{
	chain->kind = CHAIN_DISPATCHER;
	chain->version = config->version;
	chain->frags = config->frags;
	chain->devbound = config->devbound;
	chain->n = config->n;
	for (unsigned int i = 0; i < config->n; i++) {
		chain->program[i].priority = config->slot[i].priority;
		chain->program[i].actions = config->slot[i].actions;
		chain->program[i].flags = config->slot[i].flags;
	}
}

static int read_dispatcher(const struct dispatcher_config *config, const struct chain *known,
			   struct chain *chain)
{
	set_config(config, chain);
	return read_pins(known, chain);
}

static int read_lone(int fd, const struct chain *known, struct chain *chain)
{
	chain->kind = CHAIN_LEGACY;
	chain->n = 1;
	if (!is_held(chain))
		fix(chain, "found a program without libxdp's dispatcher, expected one behind it");
	return read_program(fd, known, &chain->program[0].info);
}

static int refuse_version(const struct dispatcher_config *config, struct chain *chain)
{
	chain->kind = CHAIN_DISPATCHER;
	chain->version = config->version;
	fix(chain, "found dispatcher version %u%s, expected 1 to %d", config->version,
	    config->version <= DISPATCHER_VERSIONS ? " with other contents" : "",
	    DISPATCHER_VERSIONS);
	return 0;
}

static int read_attached(const struct chain *known, struct chain *chain)
{
	struct dispatcher_config config = { 0 };
	int fd, err;

	fd = bpf_prog_get_fd_by_id(chain->id);
	if (fd < 0)
		return errno == ENOENT ? -EAGAIN : -errno;
	if (!strcmp(chain->mode, "hw")) {
		chain->kind = CHAIN_LEGACY;
		chain->n = 1;
		fix(chain, "found a program in the card, expected one that the kernel runs");
		err = read_program(fd, known, &chain->program[0].info);
	} else {
		err = read_config(fd, &config);
		if (!err)
			err = read_dispatcher(&config, known, chain);
		else if (err == -ENOENT)
			err = read_lone(fd, known, chain);
		else if (err == -EPROTONOSUPPORT || err == -EPROTO)
			err = refuse_version(&config, chain);
	}
	close(fd);
	return err;
}

int chain__read(int ifindex, const struct chain *known, struct chain *ret)
{
	int err;

	for (int attempt = 0; attempt < READ_ATTEMPTS; attempt++) {
		struct chain chain = { .ifindex = ifindex };

		err = chain__query(ifindex, &chain);
		if (!err && chain.id)
			err = read_attached(known, &chain);
		if (err == -EAGAIN) { /* changed while it was read */
			usleep(1000U << attempt);
			continue;
		}
		if (!err)
			*ret = chain;
		return err;
	}
	return -EAGAIN;
}

int chain__read_new(int ifindex, int fd, struct chain *ret)
{
	struct dispatcher_config config = { 0 };
	struct chain chain = { .ifindex = ifindex };
	int fds[CHAIN_MAX], lock, err;
	struct proginfo info;

	err = read_config(fd, &config);
	if (!err)
		err = proginfo__read_short(fd, &info);
	if (err)
		return err;
	set_config(&config, &chain);
	chain.id = info.id;
	lock = pins__lock_briefly();
	if (lock < 0)
		return lock;
	err = pins__open(ifindex, chain.id, chain.n, fds);
	pins__unlock(lock);
	if (!err)
		err = read_programs(fds, NULL, false, &chain);
	if (!err)
		*ret = chain;
	return err;
}

static int compare_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* As libxdp knows it: of a program that is new from its object, else by the kernel and the BTF. */
static const char *name_to_sort(const struct chain_program *p)
{
	return p->info.alike && !p->is_new ? p->info.kernel_name : p->info.name;
}

int chain_program__compare(const struct chain_program *a, const struct chain_program *b,
			   enum chain_tie *tie)
{
	const int cmp[] = {
		[TIE_NAME] = strcmp(name_to_sort(a), name_to_sort(b)),
		[TIE_NEW] = a->is_new - b->is_new,
		[TIE_SIZE] = a->is_new && b->is_new ? compare_u64(a->rank, b->rank) : 0,
		[TIE_TAG] = strcmp(a->info.tag, b->info.tag),
		[TIE_AGE] = compare_u64(a->info.load_time, b->info.load_time),
	};

	if (a->priority != b->priority)
		return compare_u64(a->priority, b->priority);
	for (enum chain_tie i = TIE_NAME; i <= TIE_AGE; i++) {
		if (tie)
			*tie = i;
		if (cmp[i])
			return cmp[i];
	}
	return 0;
}
