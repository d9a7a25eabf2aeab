// SPDX-License-Identifier: LGPL-2.1-or-later
#include <bpf/bpf.h>
#include <stdlib.h>
#include <unistd.h>

#include "links.h"

/* Steps to the next link that still exists; false at the end, or if it is not permitted. */
static bool next_link(uint32_t *id, struct bpf_link_info *info)
{
	uint32_t len = sizeof(*info);
	int fd, err;

	while (!bpf_link_get_next_id(*id, id)) {
		fd = bpf_link_get_fd_by_id(*id);
		if (fd < 0)
			continue;
		*info = (struct bpf_link_info){ 0 };
		err = bpf_obj_get_info_by_fd(fd, info, &len);
		close(fd);
		if (!err)
			return true;
	}
	return false;
}

uint32_t links__holder(int ifindex, uint32_t prog_id)
{
	struct bpf_link_info info;
	uint32_t id = 0;

	while (next_link(&id, &info))
		if (info.type == BPF_LINK_TYPE_XDP && (int)info.xdp.ifindex == ifindex &&
		    info.prog_id == prog_id)
			return info.id;
	return 0;
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
	struct bpf_link_info info;
	unsigned int n = 0;
	uint32_t id = 0;

	while (n < CHAIN_MAX && next_link(&id, &info)) {
		if (info.type != BPF_LINK_TYPE_TRACING ||
		    info.tracing.target_obj_id != dispatcher_id)
			continue;
		found[n++] = (struct component){ info.tracing.target_btf_id, info.prog_id };
	}
	qsort(found, n, sizeof(found[0]), by_function);
	for (unsigned int i = 0; i < n; i++)
		ids[i] = found[i].prog_id;
	return n;
}
