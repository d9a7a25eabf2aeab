/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_UNDO_PINS_H
#define XDP_POLICY_UNDO_PINS_H

/*
 * The pins that keep replaced programs in the kernel: xdp-policy-undo/NAME/ID below the BPF file
 * system, where NAME is that of a file of undo.h, and ID the program's.
 */

#include "chain/live.h"

/* Pins those of before that are not in after. Returns 0 or a negative errno with the path in where.
 */
#define UNDO_PIN_PATH 1024
int undo_pins__add(const char *name, const struct chain *before, const struct chain *after,
		   char where[UNDO_PIN_PATH]);

/* Removes the pins of all programs but those that are in kept, and not in after; NULL: of all. */
void undo_pins__trim(const char *name, const struct chain *kept, const struct chain *after);

/* Calls fn with each NAME that has pins. */
void undo_pins__each(void (*fn)(void *ctx, const char *name), void *ctx);

#endif
