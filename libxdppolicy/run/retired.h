/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_RETIRED_H
#define XDP_POLICY_RETIRED_H

/*
 * Dispatchers that were replaced, and that libxdp may still be reading. It takes an id from the
 * interface, opens the dispatcher by that, and then looks at the pins of its programs; and an
 * application may take its time. So the pins of the links go first: without them nothing but such a
 * reader holds the dispatcher, and when the kernel knows no dispatcher of that id any more, nobody
 * can come to the rest of the pins. A libxdp that has read nothing but the id begins anew then.
 *
 * Each is an empty file below /run/xdp-policy/retired, whose name says which and since when. What
 * a killed process leaves there is for the next to collect. No lock of ours is needed: what is here
 * runs nowhere.
 */

#include <stdint.h>

/* Whoever holds a dispatcher for longer is not waited for; its pins go when nobody holds it. */
#define RETIRED_MAX_MS 60000

/* How long whoever has changed a chain waits for them, at its end. */
#define RETIRED_WAIT_MS 5000

/*
 * Takes the links of a dispatcher away. With libxdp's lock, when no packet is inside of it and no
 * interface has it. Returns 0 or a negative errno.
 */
int retired__add(int ifindex, uint32_t id);

/*
 * Removes what nobody can be reading any more; waits for that, but not longer than timeout_ms.
 * Returns how many are left.
 */
unsigned int retired__collect(unsigned int timeout_ms);

#endif
