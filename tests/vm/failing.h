/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_TEST_FAILING_H
#define XDP_POLICY_TEST_FAILING_H

/*
 * Allocations and system calls that fail on demand: linked into a program, these take the place of
 * the C library's, for the program and for all libraries that it uses. For one thread.
 */

#include <stdbool.h>

/* What is counted. */
enum failing_kind {
	FAILING_CALLS,	     /* system calls of anybody */
	FAILING_MEMORY,	     /* allocations of the program */
	FAILING_THEIR_MEMORY /* allocations of the libraries that it uses */
};

struct failing_point {
	const char *call; /* NULL: so many calls there were not */
	const void *from;
};

/*
 * Lets the kth call of a kind from now on fail, once; with 0 none. Allocations without memory, what
 * makes a descriptor without any left, what writes without space, other calls with EIO.
 */
void failing__arm(enum failing_kind kind, unsigned int k);

/* Ends it. Returns how many there were, and which one has failed. */
unsigned int failing__disarm(struct failing_point *failed);

#endif
