// SPDX-License-Identifier: LGPL-2.1-or-later
/* The interfaces that a command is about, by any of their names. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/lock.h"
#include "chain/pins.h"
#include "chain/record.h"
#include "chain/sweep.h"
#include "interfaces.h"
#include "run/retired.h"
#include "said.h"
#include "tool.h"
#include "util/ifinfo.h"
#include "util/layers.h"

#define LOCK_TIMEOUT_MS 30000

/* Returns false without memory. altnames becomes the interface's, or is freed. */
static bool add(struct interfaces *interfaces, const struct ifinfo *info, char *altnames)
{
	struct interface *more;

	more = reallocarray(interfaces->interface, interfaces->n + 1, sizeof(*more));
	if (!more) {
		free(altnames);
		return false;
	}
	interfaces->interface = more;
	more += interfaces->n++;
	*more = (struct interface){ info->ifindex, info->master, info->link, "", altnames };
	snprintf(more->name, sizeof(more->name), "%s", info->name);
	return true;
}

static bool is_there(const struct interfaces *interfaces, int ifindex)
{
	for (size_t i = 0; i < interfaces->n; i++)
		if (interfaces->interface[i].ifindex == ifindex)
			return true;
	return false;
}

static void on_interface(void *ctx, const struct ifinfo *info, const char *altnames)
{
	struct interfaces *interfaces = ctx;
	size_t size = policy_list__size(altnames);
	char *copy = size ? malloc(size) : NULL;

	if (copy)
		memcpy(copy, altnames, size);
	if ((size && !copy) || !add(interfaces, info, copy))
		interfaces->no_memory = true;
}

static bool find_all(struct interfaces *ret)
{
	int err = ifinfo__each(on_interface, ret);

	if (!err && ret->no_memory)
		err = -ENOMEM;
	if (err)
		tool_error("found no interfaces, expected a list of them: %s", strerror(-err));
	return !err;
}

/* By any of its names; -ENODEV without a message. */
static int find_one(struct interfaces *interfaces, const char *name)
{
	char *altnames = NULL;
	struct ifinfo info;
	int err = ifinfo__find(name, &info);

	if (!err && is_there(interfaces, info.ifindex))
		return 0;
	if (!err)
		err = ifinfo__list_altnames(info.ifindex, &altnames);
	if (!err && !add(interfaces, &info, altnames))
		err = -ENOMEM;
	if (err && err != -ENODEV)
		tool_error("%s: %s", name, strerror(-err));
	return err;
}

bool *interfaces__new_found(const char *which, size_t n)
{
	return which && !strcmp(which, "all") && n ? calloc(n, sizeof(bool)) : NULL;
}

bool interfaces__all_found(char *const *names, size_t n, bool *found)
{
	bool ok = true;

	for (size_t i = 0; found && i < n; i++) {
		if (found[i])
			continue;
		tool_error("%s: found no such interface in any network namespace, expected one",
			   names[i]);
		ok = false;
	}
	free(found);
	return ok;
}

bool interfaces__find(char *const *names, size_t n, bool *found, struct interfaces *ret)
{
	bool ok = true;
	int err;

	*ret = (struct interfaces){ 0 };
	if (!n)
		return find_all(ret);
	for (size_t i = 0; i < n; i++) {
		err = find_one(ret, names[i]);
		if (found && err == -ENODEV)
			continue;
		if (found)
			found[i] = true;
		else if (err == -ENODEV)
			tool_error("%s: found no such interface, expected one", names[i]);
		ok = ok && !err;
	}
	return ok;
}

bool interfaces__find_there(const char *name, struct interfaces *interfaces)
{
	int err = find_one(interfaces, name);

	return !err || err == -ENODEV;
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

static bool add_layers(const struct interfaces *interfaces, struct layers *layers)
{
	for (size_t i = 0; i < interfaces->n; i++) {
		const struct interface *interface = &interfaces->interface[i];
		const struct ifinfo info = {
			.ifindex = interface->ifindex,
			.master = interface->master,
			.link = interface->link,
		};

		if (!layers__add(layers, &info))
			return false;
	}
	layers__place(layers);
	return true;
}

void interfaces__sort(struct interfaces *interfaces, bool top_first)
{
	struct placed *placed;
	struct layers layers = { 0 };
	bool ok;

	if (interfaces->n < 2)
		return;
	placed = calloc(interfaces->n, sizeof(*placed));
	ok = placed && add_layers(interfaces, &layers);
	if (ok)
		sort(interfaces, &layers, placed, top_first);
	else
		tool_error("cannot see which interfaces are on top of others: out of memory");
	layers__free(&layers);
	free(placed);
}

void interfaces__free(struct interfaces *interfaces)
{
	for (size_t i = 0; i < interfaces->n; i++)
		free(interfaces->interface[i].altnames);
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

static void tell_refused(void *ctx, const char *text)
{
	if (said__is_new(ctx, text))
		tool_error("%s", text);
}

void tool_tell_run_dirs(void)
{
	static struct said said;

	run_dirs__each_refused(tell_refused, &said);
	said__end_round(&said);
}

int tool_take_lock(void)
{
	char holder[FILE_LOCK_HOLDER_SIZE], text[256], why[RUN_DIR_WHY_SIZE];
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
		tool_error("%s", run_dir__strerror(lock, "lock", why));
	}
	if (lock >= 0)
		tool_tell_run_dirs();
	return lock;
}

void tool_drop_lock(int lock)
{
	chain_lock__release(lock);
	retired__collect(RETIRED_WAIT_MS);
	record__sweep(RECORD_SWEEP_SOME);
}

void tool_sweep(bool all)
{
	int lock = chain_lock__take(0), removed;

	if (lock < 0) /* whoever has it sweeps as well */
		return;
	removed = chain_sweep__now(all);
	if (all || removed > 0)
		record__sweep(all ? RECORD_SWEEP_ALL : RECORD_SWEEP_SOME);
	chain_lock__release(lock);
}
