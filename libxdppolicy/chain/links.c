// SPDX-License-Identifier: LGPL-2.1-or-later
/* The kernel's list of bpf_links: who holds an interface, and what stands in for what. */
#include <bpf/bpf.h>
#include <stdlib.h>
#include <unistd.h>

#include "links.h"

/* A link of one of the two kinds that are asked for. */
struct seen {
	struct seen *next;
	uint32_t id, type;
	uint32_t key; /* the interface, or the dispatcher: a link never changes that */
};

#define N_BUCKETS 1024

/* Ids only grow, so those behind the last one are all that is new. */
struct memory {
	uint32_t last;
	struct seen *bucket[N_BUCKETS];
};
static struct memory *kept; /* NULL: nothing is remembered */

/* False if it is gone, or not permitted. */
static bool read_link(uint32_t id, struct bpf_link_info *info)
{
	uint32_t len = sizeof(*info);
	int err, fd = bpf_link_get_fd_by_id(id);

	if (fd < 0)
		return false;
	*info = (struct bpf_link_info){ 0 };
	err = bpf_obj_get_info_by_fd(fd, info, &len);
	close(fd);
	return !err;
}

static uint32_t key_of(const struct bpf_link_info *info)
{
	if (info->type == BPF_LINK_TYPE_XDP)
		return info->xdp.ifindex;
	return info->type == BPF_LINK_TYPE_TRACING ? info->tracing.target_obj_id : 0;
}

static void see(struct memory *memory, const struct bpf_link_info *info)
{
	uint32_t key = key_of(info);
	struct seen *seen = key ? malloc(sizeof(*seen)) : NULL;

	if (!seen)
		return;
	*seen = (struct seen){
		.next = memory->bucket[key % N_BUCKETS],
		.id = info->id,
		.type = info->type,
		.key = key,
	};
	memory->bucket[key % N_BUCKETS] = seen;
}

static void forget(struct memory *memory)
{
	for (unsigned int i = 0; memory && i < N_BUCKETS; i++) {
		struct seen *next, *seen = memory->bucket[i];

		for (; seen; seen = next) {
			next = seen->next;
			free(seen);
		}
	}
	free(memory);
}

void links__remember(bool on)
{
	if (on && !kept) {
		kept = calloc(1, sizeof(*kept));
	} else if (!on) {
		forget(kept);
		kept = NULL;
	}
}

/* All that there are by now; NULL without memory. done_with() is due. */
static struct memory *look(void)
{
	struct memory *memory = kept ? kept : calloc(1, sizeof(*memory));
	struct bpf_link_info info;

	while (memory && !bpf_link_get_next_id(memory->last, &memory->last))
		if (read_link(memory->last, &info))
			see(memory, &info);
	return memory;
}

static void done_with(struct memory *memory)
{
	if (memory != kept)
		forget(memory);
}

/* Steps to the next link of that kind, as it is now; NULL in *at is the first. */
static bool next_link(const struct memory *memory, uint32_t type, uint32_t key,
		      const struct seen **at, struct bpf_link_info *info)
{
	const struct seen *seen = *at	 ? (*at)->next :
				  memory ? memory->bucket[key % N_BUCKETS] :
					   NULL;

	for (; seen; seen = seen->next) {
		if (seen->type != type || seen->key != key || !read_link(seen->id, info) ||
		    info->type != type || key_of(info) != key)
			continue;
		*at = seen;
		return true;
	}
	return false;
}

uint32_t links__holder(int ifindex, uint32_t prog_id)
{
	struct memory *memory = look();
	const struct seen *at = NULL;
	struct bpf_link_info info;
	uint32_t found = 0;

	while (!found && next_link(memory, BPF_LINK_TYPE_XDP, ifindex, &at, &info))
		if (info.prog_id == prog_id)
			found = info.id;
	done_with(memory);
	return found;
}

struct component {
	uint32_t function, prog_id;
};

static int by_function(const void *a, const void *b)
{
	const struct component *x = a, *y = b;

	return (x->function > y->function) - (x->function < y->function);
}

/* The functions of a dispatcher stand in its BTF in the order of the slots. */
unsigned int links__components(uint32_t dispatcher_id, uint32_t ids[CHAIN_MAX])
{
	struct component found[CHAIN_MAX];
	struct memory *memory = look();
	const struct seen *at = NULL;
	struct bpf_link_info info;
	unsigned int n = 0;

	while (n < CHAIN_MAX && next_link(memory, BPF_LINK_TYPE_TRACING, dispatcher_id, &at, &info))
		found[n++] = (struct component){ info.tracing.target_btf_id, info.prog_id };
	done_with(memory);
	qsort(found, n, sizeof(found[0]), by_function);
	for (unsigned int i = 0; i < n; i++)
		ids[i] = found[i].prog_id;
	return n;
}
