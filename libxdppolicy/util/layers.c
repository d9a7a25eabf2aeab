// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which interfaces are on top of which, as a listing of all tells it. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "util/ifinfo.h"
#include "util/layers.h"

/* The kernel allows no more; interfaces that are moved while they are listed could make a circle.
 */
#define MAX_DEPTH 8

struct layer {
	struct ifinfo info;
	unsigned int depth;
};

static void add(void *ctx, const struct nlmsghdr *nlh)
{
	struct layers *layers = ctx;
	struct ifinfo info;

	if (layers->n == layers->room || !ifinfo__parse(nlh, &info))
		return;
	layers->layer[layers->n++] = (struct layer){ .info = info };
	if (layers->n == layers->room) {
		size_t room = 2 * layers->room;
		void *layer = realloc(layers->layer, room * sizeof(*layers->layer));

		if (!layer) /* which no room tells */
			return;
		layers->layer = layer;
		layers->room = room;
	}
}

static int list(struct layers *layers)
{
	struct netlink *nl;
	int err = netlink__open(0, &nl);

	if (err)
		return err;
	err = netlink__dump(nl, ifinfo__list, add, layers);
	if (!err && layers->n == layers->room)
		err = -ENOMEM;
	netlink__close(nl);
	return err;
}

static int by_ifindex(const void *a, const void *b)
{
	const struct layer *x = a, *y = b;

	return (x->info.ifindex > y->info.ifindex) - (x->info.ifindex < y->info.ifindex);
}

static struct layer *find(const struct layers *layers, int ifindex)
{
	const struct layer key = { .info.ifindex = ifindex };

	return bsearch(&key, layers->layer, layers->n, sizeof(key), by_ifindex);
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

int layers__read(struct layers *ret)
{
	struct layers layers = { .room = 64 };
	int err;

	layers.layer = malloc(layers.room * sizeof(*layers.layer));
	err = layers.layer ? list(&layers) : -ENOMEM;
	if (err) {
		layers__free(&layers);
		return err;
	}
	qsort(layers.layer, layers.n, sizeof(*layers.layer), by_ifindex);
	set_depths(&layers);
	*ret = layers;
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
