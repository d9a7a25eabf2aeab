// SPDX-License-Identifier: LGPL-2.1-or-later
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "change/attach.h"
#include "journal.h"
#include "lock.h"
#include "pins.h"
#include "plan.h"
#include "record.h"
#include "replacement.h"
#include "run/retired.h"
#include "swap.h"
#include "sweep.h"

/* What the kernel's own grace takes at most, where it can't be waited for. */
#define GRACE_MS 100

/* No descriptors: many may be under way. The pins hold what is new. */
struct chain_swap {
	struct journal_entry entry;
	struct chain before, planned;
	uint64_t done_at; /* as chain_times__now() counts */
	bool undone;	  /* the chain before is back */
	char remark[CHAIN_WHY_SIZE];
};

__attribute__((format(printf, 3, 4))) static int explain(char why[CHAIN_WHY_SIZE], int err,
							 const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, CHAIN_WHY_SIZE, fmt, args);
	va_end(args);
	return err;
}

static const char *mode_of(int ifindex)
{
	struct chain now = { 0 };

	return chain__query(ifindex, &now) ? NULL : now.mode;
}

/* Somebody may have cleaned up what he did not know: without its pins it would call nothing. */
static int attach_pinned(struct chain_swap *swap, char why[CHAIN_WHY_SIZE])
{
	const struct journal_entry *entry = &swap->entry;
	int fd = -1, err;

	if (entry->new_id) {
		if (!pins__are_whole(entry->ifindex, entry->new_id, swap->planned.n))
			return -EAGAIN;
		fd = bpf_prog_get_fd_by_id(entry->new_id);
		if (fd < 0)
			return errno == ENOENT ? -EAGAIN : -errno;
	}
	err = chain__attach(&(struct attach){ entry->ifindex, swap->planned.mode, entry->old_id, fd,
					      entry->new_id },
			    swap->remark, why);
	if (fd >= 0)
		close(fd);
	return err;
}

static int take_lock(const struct chain *chain, char why[CHAIN_WHY_SIZE])
{
	int lock = chain->id ? pins__lock() : pins__start();
	char reason[CHAIN_WHY_SIZE];

	return lock < 0 ? explain(why, lock, "%s", pins__strerror(lock, reason)) : lock;
}

static int pin(const struct chain_swap *swap, const struct replacement *new,
	       struct chain_times *times, char why[CHAIN_WHY_SIZE])
{
	uint64_t clock = chain_times__now();
	int lock = take_lock(&swap->before, why), err;
	char reason[RUN_DIR_WHY_SIZE];

	if (lock < 0)
		return lock;
	err = journal__add(&swap->entry, &swap->before);
	if (err)
		explain(why, err, "cannot write the journal: %s",
			run_dir__strerror(err, "journal", reason));
	if (!err && new->n) {
		err = pins__make(swap->entry.ifindex, swap->entry.new_id, new->n, new->prog_fds,
				 new->link_fds);
		if (err) {
			explain(why, err, "%s/xdp: cannot pin the new chain: %s", pins__where(),
				strerror(-err));
			journal__remove(&swap->entry);
		}
	}
	pins__unlock(lock);
	chain_times__add(times, PHASE_PIN, &clock);
	return err;
}

static int build(struct chain_swap *swap, const int fds[], struct chain_times *times,
		 char why[CHAIN_WHY_SIZE])
{
	const struct chain *before = &swap->before, *planned = &swap->planned;
	struct replacement new;
	int all[CHAIN_MAX], err;

	replacement__init(&new);
	err = journal__start(before->ifindex, &swap->entry);
	if (err)
		return explain(why, err, "/proc/thread-self/ns/net: cannot look at it: %s",
			       strerror(-err));
	if (planned->n) {
		err = chain_plan__open(before, planned, fds, all);
		if (!err)
			err = replacement__build(planned, all, times, why, &new);
	}
	swap->entry.old_id = before->id;
	swap->entry.new_id = new.dispatcher.id;
	if (!err)
		err = pin(swap, &new, times, why);
	replacement__close(&new);
	return err;
}

static void become(struct chain *chain, const struct chain *planned, uint32_t id)
{
	const char *mode = planned->mode;

	*chain = *planned;
	chain->id = id;
	chain->mode = planned->n && !mode ? mode_of(chain->ifindex) : mode;
	if (planned->n)
		return;
	chain->kind = CHAIN_NONE;
	chain->mode = NULL;
	chain->version = 0;
}

int chain_swap__prepare(const struct chain *chain, const struct chain *planned, const int fds[],
			struct chain_times *times, char why[CHAIN_WHY_SIZE],
			struct chain_swap **ret)
{
	struct chain_swap *swap;
	int err;

	*why = '\0';
	if ((chain->kind != CHAIN_DISPATCHER && chain->kind != CHAIN_NONE) || chain->fixed[0])
		return explain(why, -EBUSY, "%s", chain->fixed);
	swap = calloc(1, sizeof(*swap));
	if (!swap)
		return -ENOMEM;
	swap->before = *chain;
	swap->planned = *planned;
	err = build(swap, fds, times, why);
	if (err)
		free(swap);
	else
		*ret = swap;
	return err;
}

int chain_swap__attach(struct chain_swap *swap, struct chain *chain, struct chain_times *times,
		       char why[CHAIN_WHY_SIZE])
{
	uint64_t clock = chain_times__now();
	int lock = take_lock(&swap->before, why), err;

	if (lock < 0)
		return lock;
	err = attach_pinned(swap, why);
	pins__unlock(lock);
	chain_times__add(times, PHASE_ATTACH, &clock);
	if (err)
		return err;
	become(chain, &swap->planned, swap->entry.new_id);
	swap->done_at = clock;
	return 0;
}

void chain_swap__drop(struct chain_swap *swap)
{
	int lock = pins__lock();

	/* what can't be removed now is for chain__recover() */
	if (lock >= 0) {
		if (!swap->entry.new_id || !pins__remove(swap->entry.ifindex, swap->entry.new_id))
			journal__remove(&swap->entry);
		pins__unlock(lock);
	}
	free(swap);
}

static int replace(struct chain *chain, const struct chain *planned, struct chain_times *times,
		   char why[CHAIN_WHY_SIZE], struct chain_swap **ret)
{
	int err = chain_swap__prepare(chain, planned, NULL, times, why, ret);

	if (err)
		return err;
	err = chain_swap__attach(*ret, chain, times, why);
	if (!err)
		return 0;
	chain_swap__drop(*ret);
	*ret = NULL;
	return err;
}

int chain__swap(struct chain *chain, const struct chain_want want[], struct chain_times *times,
		char why[CHAIN_WHY_SIZE], struct chain_swap **ret)
{
	struct chain planned;

	chain__plan(chain, want, &planned);
	return replace(chain, &planned, times, why, ret);
}

const char *chain_swap__remark(const struct chain_swap *swap)
{
	return swap->remark;
}

/*
 * Until no packet is inside of a dispatcher that was replaced at that time: the command waits for
 * what the kernel calls a grace period, and one serves all that was replaced before it began. It is
 * refused on some kernels for real time; the time alone must do there.
 */
static void wait_for_packets(uint64_t replaced_at)
{
	static _Atomic uint64_t begun;
	uint64_t now = chain_times__now();

	if (replaced_at < begun)
		return;
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		usleep(GRACE_MS * 1000);
	begun = now;
}

/* 1 if the program is attached there, 0 if not; a negative errno if that cannot be told. */
static int is_attached(int ifindex, uint32_t id)
{
	struct chain now = { 0 };
	int err = chain__query(ifindex, &now);

	return err ? err : id && now.id == id;
}

/*
 * What programs had before they were touched for the first time must be known when their rule goes
 * away. It is not needed for the swap: until it is kept the journal has it.
 */
static int keep_first(const struct chain *before)
{
	for (unsigned int i = 0; i < before->n; i++) {
		int err = record__keep_first(&before->program[i]);

		if (err)
			return err;
	}
	return 0;
}

/* Takes what the swap has replaced out of use; or what it had made, if it was undone. */
static int retire(const struct chain_swap *swap, char why[CHAIN_WHY_SIZE])
{
	uint32_t id = swap->undone ? swap->entry.new_id : swap->entry.old_id;
	int ifindex = swap->entry.ifindex;
	int err = id ? is_attached(ifindex, id) : 0;
	char reason[RUN_DIR_WHY_SIZE];

	/* nobody we know of puts one back, but without its pins it would call nothing */
	if (err > 0)
		return explain(why, -EBUSY, "another process has put the old dispatcher back");
	if (err && err != -ENODEV) /* an interface that is gone has none */
		return explain(why, err, "the interface cannot be looked at: %s", strerror(-err));
	err = id ? retired__add(ifindex, id) : 0;
	if (!err)
		return 0;
	return explain(why, err, "cannot take away the pins of the chain before: %s",
		       run_dir__is_refused("retired", reason) ? reason : strerror(-err));
}

static int finish(const struct chain_swap *swap, char why[CHAIN_WHY_SIZE])
{
	int err, lock = pins__lock();
	char reason[CHAIN_WHY_SIZE];

	if (lock < 0)
		return explain(why, lock, "%s", pins__strerror(lock, reason));
	err = retire(swap, why);
	if (!err)
		journal__remove(&swap->entry);
	pins__unlock(lock);
	return err;
}

int chain_swap__settle(struct chain_swap *swap, struct chain_times *times, char why[CHAIN_WHY_SIZE])
{
	uint64_t clock = chain_times__now();
	char reason[RUN_DIR_WHY_SIZE];
	int err;

	*why = '\0';
	err = swap->undone ? 0 : keep_first(&swap->before);
	/* nobody can be inside of what was not there */
	if (swap->undone || swap->before.id)
		wait_for_packets(swap->done_at);
	chain_times__add(times, PHASE_GRACE, &clock);
	if (err)
		explain(why, err, "cannot keep what the programs had: %s",
			run_dir__strerror(err, "seen", reason));
	else
		err = finish(swap, why);
	free(swap);
	chain_times__add(times, PHASE_UNPIN, &clock);
	return err;
}

int chain_swap__revert(struct chain_swap *swap, char why[CHAIN_WHY_SIZE])
{
	const struct chain *before = &swap->before;
	char reason[CHAIN_WHY_SIZE] = "";
	int fd = -1, lock = pins__lock(), err = 0;

	*why = '\0';
	/* whoever was stopped with it removes no pins */
	if (lock < 0 && lock != -ETIMEDOUT && lock != -EINTR)
		err = lock;
	/* without its pins it would call nothing */
	if (!err && before->id && !pins__are_whole(before->ifindex, before->id, before->n))
		err = -ENOENT;
	if (!err && before->id) {
		fd = bpf_prog_get_fd_by_id(before->id);
		err = fd < 0 ? -errno : 0;
	}
	if (!err)
		err = chain__attach(
			&(struct attach){ before->ifindex,
					  before->mode ? before->mode : mode_of(before->ifindex),
					  swap->entry.new_id, fd, before->id },
			swap->remark, reason);
	if (fd >= 0)
		close(fd);
	if (lock >= 0)
		pins__unlock(lock);
	if (err)
		return explain(why, err, "the chain before cannot be put back: %s",
			       *reason ? reason : strerror(-err));
	swap->undone = true;
	swap->done_at = chain_times__now();
	return 0;
}

/*
 * Nothing is known of an interface that is not there: it may have been moved with its programs to
 * another network namespace.
 */
static bool is_recoverable(const struct journal_entry *entry)
{
	char name[IF_NAMESIZE];

	return if_indextoname(entry->ifindex, name) && is_attached(entry->ifindex, 0) >= 0;
}

static void count(void *ctx, const struct journal_entry *entry)
{
	unsigned int *n = ctx;

	*n += is_recoverable(entry);
}

/*
 * Retires one of an entry's dispatchers, unless it is attached. The interface may have been moved
 * with it to another network namespace, and another one have the index here. It is still the same
 * if it has the other dispatcher; else all that holds this one is asked.
 */
static int recover_one(int ifindex, uint32_t id, uint32_t other)
{
	int err = id ? is_attached(ifindex, id) : 1;

	if (err)
		return err < 0 ? err : 0;
	if (is_attached(ifindex, other) != 1) {
		if (!chain__runs_nowhere(ifindex, id))
			return -EBUSY;
		wait_for_packets(chain_times__now());
	}
	return retired__add(ifindex, id);
}

static void recover(void *ctx, const struct journal_entry *entry)
{
	uint32_t old_id = entry->old_id, new_id = entry->new_id;
	unsigned int *n = ctx;
	struct chain *before;
	int lock, err;

	lock = is_recoverable(entry) ? pins__lock() : -ENODEV;
	if (lock < 0)
		return;
	before = malloc(sizeof(*before));
	err = before ? 0 : -ENOMEM;
	if (before) {
		journal__read(entry, before);
		err = keep_first(before);
		free(before);
	}
	if (recover_one(entry->ifindex, old_id, new_id))
		err = -1;
	if (recover_one(entry->ifindex, new_id, old_id))
		err = -1;
	if (!err)
		journal__remove(entry);
	*n += !err;
	pins__unlock(lock);
}

int chain__recover(void)
{
	unsigned int n = 0;
	int err = journal__each(count, &n);

	if (!err && n) {
		/* whoever was killed may have been so a moment ago */
		wait_for_packets(chain_times__now());
		n = 0;
		err = journal__each(recover, &n);
	}
	retired__collect(0);
	return err ? err : (int)n;
}
