// SPDX-License-Identifier: LGPL-2.1-or-later
/* Chooses some of a number that is known only at its end: Vitter's reservoir. */
#include <stdlib.h>
#include <time.h>

#include "util/sample.h"

/* Nobody gains by guessing it: xorshift, which asks the kernel for nothing. */
static uint64_t next_random(struct sample *sample)
{
	struct timespec t;

	if (!sample->state) {
		clock_gettime(CLOCK_MONOTONIC, &t);
		sample->state = (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec + 1;
	}
	sample->state ^= sample->state << 13;
	sample->state ^= sample->state >> 7;
	sample->state ^= sample->state << 17;
	return sample->state;
}

static bool grow(struct sample *sample)
{
	size_t room = sample->room ? 2 * sample->room : 32;
	void *grown;

	if (sample->n < sample->room)
		return true;
	grown = reallocarray(sample->kept, room, sample->size);
	if (!grown) {
		sample->no_memory = true;
		return false;
	}
	sample->kept = grown;
	sample->room = room;
	return true;
}

void *sample__next(struct sample *sample)
{
	uint64_t at = sample->seen++;

	if (sample->n < sample->max)
		at = grow(sample) ? sample->n++ : SIZE_MAX;
	else
		at = next_random(sample) % sample->seen;
	return at < sample->n ? (char *)sample->kept + at * sample->size : NULL;
}
