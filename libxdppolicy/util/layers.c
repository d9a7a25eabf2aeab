// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which interfaces are on top of which, as each says of itself what it is on or a port of. */
#include <errno.h>
#include <stdlib.h>

#include "util/layers.h"

/* The kernel allows no more; interfaces that are moved while they are listed could make a circle.
 */
#define MAX_DEPTH 8

struct layer {
	struct ifinfo info;
	unsigned int depth;
};

bool layers__add(struct layers *layers, const struct ifinfo *info)
{
	size_t room = layers->room ? 2 * layers->room : 64;
	void *layer;

	if (layers->n == layers->room) {
		layer = reallocarray(layers->layer, room, sizeof(*layers->layer));
		if (!layer)
			return false;
		layers->layer = layer;
		layers->room = room;
	}
	layers->layer[layers->n++] = (struct layer){ .info = *info };
	return true;
}

static int by_ifindex(const void *a, const void *b)
{
	const struct layer *x = a, *y = b;

	return (x->info.ifindex > y->info.ifindex) - (x->info.ifindex < y->info.ifindex);
}

static struct layer *find(const struct layers *layers, int ifindex)
{
	const struct layer key = { .info.ifindex = ifindex };

	/* an empty list is a null pointer, which bsearch() must not be given */
	return layers->n ? bsearch(&key, layers->layer, layers->n, sizeof(key), by_ifindex) : NULL;
}

/* The ends of a pair name each other; neither is on top. */
static struct layer *below(const struct layers *layers, const struct layer *layer)
{
	struct layer *other = layer->info.link ? find(layers, layer->info.link) : NULL;

	return other && other->info.link != layer->info.ifindex ? other : NULL;
}

static bool put_above(struct layer *upper, const struct layer *lower)
{
	if (!upper || !lower || upper->depth > lower->depth)
		return false;
	upper->depth = lower->depth + 1;
	return true;
}

static void set_depths(struct layers *layers)
{
	bool changed = true;

	for (unsigned int round = 0; round < MAX_DEPTH && changed; round++) {
		changed = false;
		for (size_t i = 0; i < layers->n; i++) {
			struct layer *layer = &layers->layer[i];

			changed |= put_above(layer, below(layers, layer));
			if (layer->info.master)
				changed |= put_above(find(layers, layer->info.master), layer);
		}
	}
}

void layers__place(struct layers *layers)
{
	if (layers->n)
		qsort(layers->layer, layers->n, sizeof(*layers->layer), by_ifindex);
	set_depths(layers);
}

struct listing {
	struct layers layers;
	bool no_memory;
};

static void add_listed(void *ctx, const struct nlmsghdr *nlh)
{
	struct listing *listing = ctx;
	struct ifinfo info;

	if (ifinfo__parse(nlh, &info) && !layers__add(&listing->layers, &info))
		listing->no_memory = true;
}

int layers__list(struct layers *ret)
{
	struct listing listing = { 0 };
	struct netlink *nl;
	int err = netlink__open(0, &nl);

	if (err)
		return err;
	err = netlink__dump(nl, ifinfo__list, add_listed, &listing);
	if (!err && listing.no_memory)
		err = -ENOMEM;
	netlink__close(nl);
	if (err) {
		layers__free(&listing.layers);
		return err;
	}
	layers__place(&listing.layers);
	*ret = listing.layers;
	return 0;
}

void layers__free(struct layers *layers)
{
	free(layers->layer);
	*layers = (struct layers){ 0 };
}

unsigned int layers__depth(const struct layers *layers, int ifindex)
{
	const struct layer *layer = find(layers, ifindex);

	return layer ? layer->depth : 0;
}

static const char *program_above(const struct layers *layers, const struct layer *lower,
				 unsigned int max)
{
	const char *name = NULL;

	for (size_t i = 0; max && i < layers->n && !name; i++) {
		const struct layer *upper = &layers->layer[i];

		if (lower->info.master == upper->info.ifindex || below(layers, upper) == lower)
			name = upper->info.attached ? upper->info.name :
						      program_above(layers, upper, max - 1);
	}
	return name;
}

const char *layers__program_above(const struct layers *layers, int ifindex)
{
	const struct layer *layer = find(layers, ifindex);

	return layer ? program_above(layers, layer, MAX_DEPTH) : NULL;
}
