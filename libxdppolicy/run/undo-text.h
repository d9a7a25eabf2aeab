/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_UNDO_TEXT_H
#define XDP_POLICY_UNDO_TEXT_H

/*
 * What is in the files of undo.h:
 *
 *	version 1
 *	run 48230001177
 *	mode native		of the chain before; "none" if there was none
 *	after 12 15		ids of the programs that came in its place
 *	program 7 48011000212 d06dc2dd67b2a2f3 50 4 32 ord_a
 *
 * and so on, a line for each program before: id, load time, tag, run priority, chain call actions
 * and flags of its slot, name. There is one way to write each, and the reader takes no other.
 */

#include "undo.h"

#define UNDO_TEXT_SIZE 4096 /* with a NUL */

/* Returns the length. */
int undo_text__print(const struct undo *undo, char text[UNDO_TEXT_SIZE]);

/* Returns 0, or -EINVAL: then *ret has nothing of use. */
int undo_text__parse(const char *text, size_t size, struct undo *ret);

#endif
