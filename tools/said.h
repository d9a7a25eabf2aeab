/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_SAID_H
#define XDP_POLICY_SAID_H

/* A message that is still true is not said again, by a process that looks again and again. */

#include <stdbool.h>

struct said_text;

struct said {
	struct said_text *before, *now; /* of the round before this one, and of this one */
};

/* Notes that this is true in this round. Returns whether it is to be said. */
bool said__is_new(struct said *said, const char *text);

/* What was not noted in the round that ends here is forgotten. */
void said__end_round(struct said *said);
void said__clear(struct said *said);

#endif
