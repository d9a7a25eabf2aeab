/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_ATTACHED_H
#define XDP_POLICY_ATTACHED_H

/*
 * Records of what this process attaches (chain/record.h), for those who look at the live chain
 * later. Call everything here with the lock of state.h held.
 */

#include "hooks.h"

/* What one attach has newly written, to be taken back if it fails. */
struct attached {
	unsigned int n;
	uint32_t id[32];
};

/*
 * Writes a record of a loaded program, unless it has one. The subject holds sources app and btf
 * and facts about the program; those about the process are added here. told may be NULL: it is not
 * known what libxdp was told of the program. Errors end in no record.
 */
void attached__add(struct attached *attached, int fd, struct policy_subject *subject,
		   const struct policy_value *told);

/* What libxdp_attaching names; in libxdp.c. */
void attached__add_shared(struct attached *attached);

/*
 * All loaded programs of objects that are open: which of them a static libxdp attaches, it does not
 * tell. And fd, what is attached, if that is none of them and no dispatcher.
 */
void attached__add_static(struct attached *attached, int fd);

void attached__take_back(const struct attached *attached);

#endif
