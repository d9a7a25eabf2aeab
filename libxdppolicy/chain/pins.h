/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_PINS_H
#define XDP_POLICY_PINS_H

/*
 * The directory below bpffs in which libxdp keeps a dispatcher's programs and links, and libxdp's
 * own lock on it. libxdp reads the id of what is attached before it takes the lock, so hold it
 * for as short as can be, and never remove what was attached a moment ago.
 */

#include <stdbool.h>
#include <stdint.h>

#include "live.h"

/*
 * Takes libxdp's lock, waiting for it as file_lock__take() does. Returns a descriptor; -ENOENT if
 * libxdp has never pinned anything here, -ENODEV if there is no bpffs; another negative errno.
 */
int pins__lock(void);
/* The same, and is libxdp's first one: makes the directory if there is none. */
int pins__start(void);
/* The same, waiting no longer than is harmless in an application that knows nothing of it. */
int pins__lock_briefly(void);
void pins__unlock(int fd);

/* How long this process waits from now on, half a minute by default; no more once it was in vain.
 */
void pins__set_limit(unsigned int ms);

/* What an error of any of these means; for messages. buf has room for it. */
const char *pins__strerror(int err, char buf[CHAIN_WHY_SIZE]);

/*
 * What follows needs the lock. Each returns 0 or a negative errno.
 *
 * Opens the n programs of a dispatcher. -ENOENT: no directory; -EBADF: not all are there.
 */
int pins__open(int ifindex, uint32_t id, unsigned int n, int fds[]);

/* Makes the directory with all of them, or nothing. */
int pins__make(int ifindex, uint32_t id, unsigned int n, const int prog_fds[],
	       const int link_fds[]);

/* Whether all of them are there. */
bool pins__are_whole(int ifindex, uint32_t id, unsigned int n);

/* The ids of the links to the dispatcher that are pinned, each once. Returns how many. */
unsigned int pins__links(int ifindex, uint32_t id, uint32_t links[CHAIN_MAX]);

/* Removes the directory and the pins of a dispatcher in it; 0 if there is none. */
int pins__remove(int ifindex, uint32_t id);
/* Removes the pins of its links alone: whoever reads it needs those of the programs. */
int pins__remove_links(int ifindex, uint32_t id);

/*
 * Calls fn for each directory that is called as a dispatcher's. Needs no lock: what comes and goes
 * meanwhile may be told of. Returns 0, also where there is no bpffs, or a negative errno.
 */
int pins__each(void (*fn)(void *ctx, int ifindex, uint32_t id), void *ctx);

/* Where all of it is, for messages. */
const char *pins__where(void);

#endif
