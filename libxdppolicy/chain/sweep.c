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
#include "live.h"
#include "pins.h"
#include "run/undo.h"
#include "swap.h"
#include "sweep.h"
#include "util/sample.h"

/* libxdp waits for its lock while so many are looked at and removed. */
#define AT_ONCE 128

/* Where the kernel's own grace period cannot be waited for. */
#define GRACE_MS 100

/* How many are looked at of those that nobody has asked about. */
#define SOME 32

/* --- which may be unused --- */

struct found {
	const struct chain_sweep *sweep;
	struct sample asked, others;
};

static bool is_asked(const void *ctx, int ifindex)
{
	const struct chain_sweep *sweep = ctx;

	for (unsigned int i = 0; i < sweep->n_gone; i++)
		if (sweep->gone[i] == ifindex)
			return true;
	return sweep->all;
}

static void add(void *ctx, int ifindex, uint32_t id)
{
	struct found *found = ctx;
	bool asked = is_asked(found->sweep, ifindex);
	struct unused *unused = sample__next(asked ? &found->asked : &found->others);

	if (unused)
		*unused = (struct unused){ .id = id, .ifindex = ifindex };
}

/* Only spares the look at what runs here. */
static bool runs_here(int ifindex, uint32_t id)
{
	struct chain now = { 0 };

	return !chain__query(ifindex, &now) && now.id == id;
}

static void keep_unused(struct chain_sweep *sweep, const struct sample *found)
{
	const struct unused *unused = found->kept;

	for (size_t i = 0; i < found->n; i++)
		if (!runs_here(unused[i].ifindex, unused[i].id))
			sweep->unused[sweep->n++] = unused[i];
}

/* Replaces what was found before. */
static int find_candidates(struct chain_sweep *sweep)
{
	struct found found = {
		.sweep = sweep,
		.asked = { .max = SIZE_MAX, .size = sizeof(struct unused) },
		.others = { .max = SOME, .size = sizeof(struct unused) },
	};
	int err = pins__each(add, &found);

	sweep->n = 0;
	free(sweep->unused);
	sweep->unused = calloc(found.asked.n + found.others.n + 1, sizeof(*sweep->unused));
	if (!sweep->unused || found.asked.no_memory || found.others.no_memory)
		err = -ENOMEM;
	if (!err) {
		keep_unused(sweep, &found.asked);
		keep_unused(sweep, &found.others);
	}
	free(found.asked.kept);
	free(found.others.kept);
	return err;
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

/* The links to a dispatcher that are pinned, each once. */
struct links {
	bool exists; /* the dispatcher */
	unsigned int n;
	uint32_t id[CHAIN_MAX];
};

static void count(const struct unused *unused, struct links *links)
{
	links->n = links->exists ? pins__links(unused->ifindex, unused->id, links->id) : 0;
}

/* Of those that exist, before and after their references are read. */
static bool count_all(struct chain_sweep *sweep, const struct unused unused[], size_t n,
		      struct links *before, struct links *after)
{
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		before[i].exists = after[i].exists = look_at(unused[i].id) == IS_DISPATCHER;
		any = any || before[i].exists;
		count(&unused[i], &before[i]);
	}
	if (!any)
		return false;
	sweep->blind = prog_refs__read(&sweep->refs);
	if (sweep->blind)
		return false;
	for (size_t i = 0; i < n; i++)
		count(&unused[i], &after[i]);
	return true;
}

/* Leaves those that run nowhere; returns how many. */
static size_t judge(struct chain_sweep *sweep, struct unused unused[], size_t n)
{
	struct links *before = calloc(2 * n + 1, sizeof(*before)), *after = before + n;
	size_t left = 0;
	bool counted;

	if (!before)
		return 0;
	counted = count_all(sweep, unused, n, before, after);
	for (size_t i = 0; i < n; i++) {
		const struct links *b = &before[i], *a = &after[i];
		bool links_alone = counted && b->exists && b->n && !memcmp(b, a, sizeof(*b)) &&
				   prog_refs__held(&sweep->refs, unused[i].id) == b->n;

		if (links_alone || (!b->exists && look_at(unused[i].id) == IS_GONE))
			unused[left++] = unused[i];
	}
	free(before);
	return left;
}

bool chain__runs_nowhere(int ifindex, uint32_t id)
{
	struct chain_sweep sweep = { 0 };
	struct unused one = { .ifindex = ifindex, .id = id };
	bool nowhere = judge(&sweep, &one, 1);

	chain_sweep__close(&sweep);
	return nowhere;
}

static int find(struct chain_sweep *sweep)
{
	int err = find_candidates(sweep);

	undo__sweep(is_asked, sweep);
	sweep->n = err || !sweep->n ? 0 : judge(sweep, sweep->unused, sweep->n);
	sweep->found_at = chain_times__now();
	if (!err && !sweep->n) { /* whoever was asked about has gone, or stays */
		sweep->all = false;
		sweep->n_gone = 0;
	}
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

void chain_sweep__note(struct chain_sweep *sweep, int ifindex)
{
	if (!ifindex || sweep->n_gone == CHAIN_SWEEP_GONE)
		sweep->all = true;
	else if (!is_asked(sweep, ifindex))
		sweep->gone[sweep->n_gone++] = ifindex;
}

int chain_sweep__now(bool all)
{
	struct chain_sweep sweep = { .all = all };
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
