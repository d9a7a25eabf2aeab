// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policyd-rate.h"

static uint64_t max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t bit_of(const char *name)
{
	uint32_t hash = 2166136261U; /* FNV-1a */

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619U;
	return 1ULL << hash % 64;
}

static unsigned int n_kept(const struct rate *rate)
{
	return rate->n < RATE_ALL ? (unsigned int)rate->n : RATE_ALL;
}

/* Names that share a bit are counted as one: five that do, within seconds, are not to be feared. */
static bool is_too_often(const struct rate *rate, uint64_t now)
{
	unsigned int all = 0, same[64] = { 0 };

	for (unsigned int i = 0; i < n_kept(rate); i++) {
		if (now - rate->done[i].at >= RATE_WINDOW)
			continue;
		all++;
		for (unsigned int bit = 0; bit < 64; bit++)
			if (rate->done[i].programs >> bit & 1 && ++same[bit] == RATE_SAME)
				return true;
	}
	return all == RATE_ALL;
}

static bool is_quiet(const struct rate *rate, uint64_t now)
{
	uint64_t last = rate->until;

	if (rate->n)
		last = max(last, rate->done[(rate->n - 1) % RATE_ALL].at);
	return now - last >= max(rate->pause, RATE_QUIET);
}

enum rate_answer rate__ask(struct rate *rate, uint64_t now)
{
	if (!rate->pause)
		return is_too_often(rate, now) ? RATE_PAUSE : RATE_GO;
	if (now < rate->until)
		return RATE_WAIT;
	if (is_quiet(rate, now)) {
		rate__reset(rate);
		return RATE_GO;
	}
	return rate->tried ? RATE_PAUSE : RATE_GO;
}

void rate__add(struct rate *rate, uint64_t now, const char *const *programs, size_t n)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < n; i++)
		bits |= bit_of(programs[i]);
	rate->done[rate->n % RATE_ALL].at = now;
	rate->done[rate->n % RATE_ALL].programs = bits;
	rate->n++;
	rate->tried = true;
}

uint64_t rate__pause(struct rate *rate, uint64_t now)
{
	uint64_t pause = rate->pause ? 2 * rate->pause : RATE_FIRST_PAUSE;

	rate->pause = pause < RATE_LAST_PAUSE ? pause : RATE_LAST_PAUSE;
	rate->until = now + rate->pause;
	rate->tried = false;
	return rate->pause;
}

void rate__reset(struct rate *rate)
{
	*rate = (struct rate){ 0 };
}
