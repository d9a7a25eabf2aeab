/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICYD_RATE_H
#define XDP_POLICYD_RATE_H

/*
 * How often one interface may be corrected: two programs that each put their own order back would
 * go on for ever. Knows nothing of clocks; all times are microseconds of one that never goes back.
 *
 * A start of many applications is no quarrel. So the corrections of one program are counted, and
 * those of all only against a bound that a full chain does not reach.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RATE_SECOND	 1000000ULL
#define RATE_WINDOW	 (10 * RATE_SECOND)
#define RATE_SAME	 5  /* corrections of one program within the window */
#define RATE_ALL	 20 /* corrections of any within the window */
#define RATE_FIRST_PAUSE (10 * RATE_SECOND)
#define RATE_LAST_PAUSE	 (600 * RATE_SECOND)
/* without a correction, or as long as the last pause if that was longer: all is forgotten */
#define RATE_QUIET (60 * RATE_SECOND)

struct rate {
	struct {
		uint64_t at;
		uint64_t programs; /* a bit for the hash of each name */
	} done[RATE_ALL];	   /* a ring of the last corrections */
	unsigned int n;		   /* ever */
	uint64_t pause;		   /* how long the last one was; 0 if there was none of late */
	uint64_t until;		   /* its end */
	bool tried;		   /* since then */
};

enum rate_answer {
	RATE_GO,    /* correct it */
	RATE_PAUSE, /* look only: if there is something to correct, call rate__pause() */
	RATE_WAIT   /* a pause is under way */
};
enum rate_answer rate__ask(struct rate *rate, uint64_t now);

/* Programs were corrected, together. */
void rate__add(struct rate *rate, uint64_t now, const char *const *programs, size_t n);

/* Begins a pause; returns its length. Each is twice as long as the one before it. */
uint64_t rate__pause(struct rate *rate, uint64_t now);

/* Forgets everything: the policy has changed, so the quarrel may be over. */
void rate__reset(struct rate *rate);

#endif
