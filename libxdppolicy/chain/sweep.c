// SPDX-License-Identifier: LGPL-2.1-or-later
/* Finds and removes the pins of dispatchers that run nowhere; see the header for how that is told.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "journal.h"
#include "links.h"
#include "live.h"
#include "pins.h"
#include "swap.h"
#include "sweep.h"

/* libxdp waits for its lock while so many are looked at and removed. */
#define AT_ONCE 128

/* Where the kernel's own grace period cannot be waited for. */
#define GRACE_MS 100

/* --- which may be unused --- */

struct found {
	struct chain_sweep *sweep;
	size_t size;
	int err;
};

/* Only spares the look at what runs here. */
static bool runs_here(int ifindex, uint32_t id)
{
	struct chain now = { 0 };

	return !chain__query(ifindex, &now) && now.id == id;
}

static void add(void *ctx, int ifindex, uint32_t id)
{
	struct found *found = ctx;
	struct chain_sweep *sweep = found->sweep;
	size_t size = found->size ? 2 * found->size : 16;

	if (found->err || runs_here(ifindex, id))
		return;
	if (sweep->n == found->size) {
		struct unused *grown = reallocarray(sweep->unused, size, sizeof(*grown));

		if (!grown) {
			found->err = -ENOMEM;
			return;
		}
		sweep->unused = grown;
		found->size = size;
	}
	sweep->unused[sweep->n++] = (struct unused){ .id = id, .ifindex = ifindex };
}

/* --- which is --- */

enum existence {
	IS_GONE,
	IS_DISPATCHER,
	IS_OTHER /* or nobody can tell */
};

static enum existence look_at(uint32_t id)
{
	int fd = bpf_prog_get_fd_by_id(id), err;
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);

	if (fd < 0)
		return errno == ENOENT ? IS_GONE : IS_OTHER;
	err = bpf_obj_get_info_by_fd(fd, &info, &len);
	close(fd);
	return !err && info.type == BPF_PROG_TYPE_XDP && !strcmp(info.name, "xdp_dispatcher") ?
		       IS_DISPATCHER :
		       IS_OTHER;
}

/* The links of those that exist, before and after their references are read. */
static bool count_all(struct chain_sweep *sweep, const struct unused unused[], size_t n,
		      struct links_count *before, struct links_count *after)
{
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		if (look_at(unused[i].id) != IS_DISPATCHER)
			continue;
		before[i].dispatcher = after[i].dispatcher = unused[i].id;
		any = true;
	}
	if (!any)
		return false;
	links__count(before, n);
	sweep->blind = prog_refs__read(&sweep->refs);
	if (sweep->blind)
		return false;
	links__count(after, n);
	return true;
}

/* Leaves those that run nowhere; returns how many. */
static size_t judge(struct chain_sweep *sweep, struct unused unused[], size_t n)
{
	struct links_count *before = calloc(2 * n + 1, sizeof(*before)), *after = before + n;
	size_t left = 0;
	bool counted;

	if (!before)
		return 0;
	counted = count_all(sweep, unused, n, before, after);
	for (size_t i = 0; i < n; i++) {
		const struct links_count *b = &before[i], *a = &after[i];
		bool links_alone = counted && b->dispatcher && b->n && b->n == a->n &&
				   b->sum == a->sum &&
				   prog_refs__held(&sweep->refs, b->dispatcher) == b->n;

		if (links_alone || (!b->dispatcher && look_at(unused[i].id) == IS_GONE))
			unused[left++] = unused[i];
	}
	free(before);
	return left;
}

bool chain__runs_nowhere(uint32_t id)
{
	struct chain_sweep sweep = { 0 };
	struct unused one = { .id = id };
	bool nowhere = judge(&sweep, &one, 1);

	chain_sweep__close(&sweep);
	return nowhere;
}

static int find(struct chain_sweep *sweep)
{
	struct found found = { .sweep = sweep };
	int err;

	sweep->n = 0;
	free(sweep->unused);
	sweep->unused = NULL;
	err = pins__each(add, &found);
	if (!err)
		err = found.err;
	sweep->n = err || !sweep->n ? 0 : judge(sweep, sweep->unused, sweep->n);
	sweep->found_at = chain_times__now();
	journal__sweep();
	return err;
}

/* --- away with it --- */

static int remove_some(struct chain_sweep *sweep, struct unused unused[], size_t n)
{
	int lock = pins__lock_briefly(), removed = 0;

	if (lock < 0)
		return lock;
	n = judge(sweep, unused, n);
	for (size_t i = 0; i < n; i++)
		removed += !pins__remove(unused[i].ifindex, unused[i].id);
	pins__unlock(lock);
	return removed;
}

/* Packets that were inside when it was found have left by now. */
static int remove_found(struct chain_sweep *sweep)
{
	int removed = 0;

	syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
	for (size_t i = 0; i < sweep->n; i += AT_ONCE) {
		size_t n = sweep->n - i < AT_ONCE ? sweep->n - i : AT_ONCE;
		int rc = remove_some(sweep, sweep->unused + i, n);

		if (rc < 0)
			return removed ? removed : rc;
		removed += rc;
	}
	return removed;
}

int chain_sweep__step(struct chain_sweep *sweep)
{
	int removed = 0, err;

	if (sweep->n && chain_times__now() - sweep->found_at < CHAIN_SWEEP_MS * 1000000ULL)
		return 0;
	if (sweep->n)
		removed = remove_found(sweep);
	err = find(sweep);
	return err ? err : removed;
}

int chain_sweep__now(void)
{
	struct chain_sweep sweep = { 0 };
	int rc = find(&sweep);

	if (!rc && sweep.n) {
		usleep(GRACE_MS * 1000);
		rc = remove_found(&sweep);
	}
	chain_sweep__close(&sweep);
	return rc;
}

void chain_sweep__close(struct chain_sweep *sweep)
{
	prog_refs__close(&sweep->refs);
	free(sweep->unused);
	*sweep = (struct chain_sweep){ 0 };
}
