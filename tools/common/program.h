/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_COMMON_PROGRAM_H
#define XDP_POLICY_COMMON_PROGRAM_H

/* What all our programs do with their arguments and at their end. */

#include <argp.h>

/*
 * Ends the program if one of the arguments behind the first is empty, of a variable in a script,
 * perhaps: no option and no command takes that, and neither the host nor all of something is meant.
 */
void program__refuse_empty(const char *name, int argc, char **argv);

/* The argument of --root, which must be a directory: else says so and ends the program. */
const char *program__root(const char *arg, struct argp_state *state);

/* The argument of --rescan in seconds, and what it is without one. */
unsigned int program__rescan(const char *arg, struct argp_state *state);
#define PROGRAM_RESCAN 60

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
