/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_JOINING_H
#define XDP_POLICY_JOINING_H

/*
 * The programs that this process adds to an interface, at the moment when what holds them is
 * attached: a dispatcher, or a lone program. Records (chain/record.h) are written of them before,
 * so that who is woken by the attach finds them. What the policy wants otherwise than libxdp has
 * built it, since the interface, or what the application set, was not known before, is built anew.
 *
 * Call everything here with the lock of state.h held.
 */

#include "chain/stand-in.h"
#include "hooks.h"

struct joining {
	const struct policy *policy; /* as long as it is entered */
	int ifindex;
	uint32_t flags;

	struct chain chain; /* of the dispatcher; n is 0 if there is none, or it can't be read */
	struct chain_want want[CHAIN_MAX];
	bool differs;
	bool denied; /* one of those that a static libxdp adds: it must not be attached */
	struct stand_in *stand_in; /* in place of the dispatcher, if it differs; or NULL */

	unsigned int n_records; /* newly written, to be taken back if the attach fails */
	uint32_t record[32];
};

/* The mode that flags of bpf_xdp_attach() or bpf_link_create() ask for. */
enum policy_mode joining__mode(uint32_t flags);

/*
 * What is about to be attached, as bpf_xdp_attach() is told; shared: by a shared libxdp, which
 * the call knows. joining__end() is due.
 */
void joining__begin(struct joining *joining, const struct policy *policy, bool shared, int ifindex,
		    int fd, uint32_t flags, const struct bpf_xdp_attach_opts *opts);

/*
 * Makes the stand-in, if one is needed. Without the lock: libbpf tells the application what it
 * loads, and may not come back from there.
 */
void joining__build(struct joining *joining);

/* The stand-in, if there is one, is attached or not; and what was to be attached, it or another. */
void joining__end(struct joining *joining, bool stands_in, bool attached);

/*
 * One loaded program. The subject holds sources app and btf and facts about the program; those
 * about the process are added here. want is what the policy gives it, NULL for what it has.
 */
void joining__add(struct joining *joining, const struct proginfo *info,
		  struct policy_subject *subject, const struct policy_value *want);

/* What the call names; in libxdp.c. */
void joining__add_shared(struct joining *joining);

#endif
