// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/lock.h"
#include "chain/pins.h"
#include "chain/record.h"
#include "interfaces.h"
#include "run/retired.h"
#include "tool.h"
#include "util/layers.h"

#define LOCK_TIMEOUT_MS 30000

static void add(struct interfaces *interfaces, const char *name, unsigned int ifindex)
{
	struct interface *added = &interfaces->interface[interfaces->n++];

	added->ifindex = (int)ifindex;
	snprintf(added->name, sizeof(added->name), "%s", name);
}

static bool make_room(struct interfaces *interfaces, size_t n)
{
	interfaces->interface = calloc(n ? n : 1, sizeof(*interfaces->interface));
	if (!interfaces->interface)
		tool_error("out of memory");
	return interfaces->interface;
}

static bool find_all(struct interfaces *ret)
{
	struct if_nameindex *all = if_nameindex();
	size_t n = 0;
	bool ok;

	if (!all) {
		tool_error("found no interfaces, expected a list of them: %m");
		return false;
	}
	while (all[n].if_index)
		n++;
	ok = make_room(ret, n);
	for (size_t i = 0; i < n && ok; i++)
		add(ret, all[i].if_name, all[i].if_index);
	if_freenameindex(all);
	return ok;
}

bool interfaces__find(char *const *names, size_t n, struct interfaces *ret)
{
	bool ok = true;

	*ret = (struct interfaces){ 0 };
	if (!n)
		return find_all(ret);
	if (!make_room(ret, n))
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned int ifindex = if_nametoindex(names[i]);

		if (ifindex) {
			add(ret, names[i], ifindex);
			continue;
		}
		tool_error("%s: found no such interface, expected one", names[i]);
		ok = false;
	}
	return ok;
}

struct placed {
	struct interface interface;
	size_t place;
	unsigned int depth;
};

static int by_depth(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	if (x->depth != y->depth)
		return x->depth > y->depth ? 1 : -1;
	return (x->place > y->place) - (x->place < y->place);
}

static void sort(struct interfaces *interfaces, const struct layers *layers, struct placed *placed,
		 bool top_first)
{
	for (size_t i = 0; i < interfaces->n; i++) {
		struct interface interface = interfaces->interface[i];
		unsigned int depth = layers__depth(layers, interface.ifindex);

		placed[i] = (struct placed){ interface, i, top_first ? UINT_MAX - depth : depth };
	}
	qsort(placed, interfaces->n, sizeof(*placed), by_depth);
	for (size_t i = 0; i < interfaces->n; i++)
		interfaces->interface[i] = placed[i].interface;
}

void interfaces__sort(struct interfaces *interfaces, bool top_first)
{
	struct placed *placed;
	struct layers layers;
	int err;

	if (interfaces->n < 2)
		return;
	placed = calloc(interfaces->n, sizeof(*placed));
	err = placed ? layers__read(&layers) : -ENOMEM;
	if (!err) {
		sort(interfaces, &layers, placed, top_first);
		layers__free(&layers);
	} else {
		tool_error("cannot see which interfaces are on top of others: %s", strerror(-err));
	}
	free(placed);
}

void interfaces__free(struct interfaces *interfaces)
{
	free(interfaces->interface);
	*interfaces = (struct interfaces){ 0 };
}

void tool_waiting(const char *path, const char *holder)
{
	tool_error("waiting for %s, which %s holds", path, holder);
}

/* watch tries again every few seconds. */
static void tell_once(const char *text)
{
	static char told[256];

	if (strcmp(text, told))
		tool_error("%s", text);
	snprintf(told, sizeof(told), "%s", text);
}

/*
 * Waits until libxdp's lock is free before ours is taken: whoever was stopped with libxdp's would
 * stop all that wait for ours, too.
 */
static int wait_for_libxdp(void)
{
	char why[CHAIN_WHY_SIZE];
	int lock = pins__lock();

	if (lock >= 0)
		pins__unlock(lock);
	else if (lock == -ETIMEDOUT)
		tell_once(pins__strerror(lock, why));
	return lock == -ETIMEDOUT || lock == -EINTR ? lock : 0;
}

int tool_take_lock(void)
{
	char holder[FILE_LOCK_HOLDER_SIZE], text[256];
	int lock = wait_for_libxdp();

	if (lock < 0)
		return lock;
	lock = chain_lock__take(LOCK_TIMEOUT_MS);
	if (lock == -ETIMEDOUT) {
		chain_lock__holder(holder);
		snprintf(text, sizeof(text), "%s/lock: %s has held it for %d seconds",
			 XDP_POLICY_RUN_DIR, holder, LOCK_TIMEOUT_MS / 1000);
		tell_once(text);
	} else if (lock < 0 && lock != -EINTR) {
		tool_error("%s/lock: %s", XDP_POLICY_RUN_DIR, strerror(-lock));
	}
	return lock;
}

void tool_drop_lock(int lock)
{
	chain_lock__release(lock);
	retired__collect(RETIRED_WAIT_MS);
	record__sweep();
}
