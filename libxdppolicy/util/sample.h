/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_SAMPLE_H
#define XDP_POLICY_SAMPLE_H

/*
 * Some of what goes by, however many there are, each as likely as any other: for work that is to be
 * done some time, and whose cost shall not grow with the host.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of zeros, but for max and size. */
struct sample {
	size_t max, size; /* how many are kept, and how large they are */
	size_t n;	  /* how many there are by now */
	void *kept;	  /* to be freed */
	size_t room;
	uint64_t seen, state;
	bool no_memory;
};

/* Where the next one is to be put; NULL if it is not to be kept. */
void *sample__next(struct sample *sample);

#endif
