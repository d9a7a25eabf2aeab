/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_COMMON_PROGRAM_H
#define XDP_POLICY_COMMON_PROGRAM_H

/* What all our programs do with their arguments and at their end. */

#include <argp.h>

/* The argument of --root, which must be a directory: else says so and ends the program. */
const char *program__root(const char *arg, struct argp_state *state);

/* The argument of --rescan in seconds, and what it is without one. */
unsigned int program__rescan(const char *arg, struct argp_state *state);
#define PROGRAM_RESCAN 60

/* The argument of --netns, which must be a word. */
const char *program__netns(const char *arg, struct argp_state *state);

/* Flushes standard output. Returns 0, or the error number of the first failure of the process. */
int program__flush(void);

/*
 * From now on the program ends with TOOL_FOUND, and says so, if standard output did not take all of
 * it, also where argp ends it; unless it has ended by program__end() with a failure that it told.
 */
void program__check_output(void);
/* Returns status. */
int program__end(int status);

#endif
