/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_COVERAGE_STARTS_H
#define XDP_POLICY_COVERAGE_STARTS_H

/* Command lines whose program is not the one that matters: it starts another. */

#include "coverage.h"

/*
 * Whether the program of a command line is there to start another, by its name or because a word
 * behind it is an executable. coverage is what was found of the program, word what it is called.
 */
bool coverage__starts_another(const struct libraries *libraries, const struct coverage *coverage,
			      const char *word, char *const *args, size_t n_args);

/* Whether it is known to start that without the LD_PRELOAD that it has itself: env -i, sudo. */
bool coverage__drops_preload(const char *word, char *const *args, size_t n_args);

/* Says so: "not known: what taskset starts". */
void coverage__set_starts(struct coverage *coverage, const char *word);

#endif
