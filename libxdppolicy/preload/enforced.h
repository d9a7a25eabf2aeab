/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_ENFORCED_H
#define XDP_POLICY_ENFORCED_H

/*
 * What was set on programs of a shared libxdp, and what their application had set before that. Call
 * everything here with the lock of state.h held.
 */

#include "hooks.h"

struct enforced {
	const struct xdp_program *key;
	const struct bpf_object *obj; /* that the program is of */
	struct policy_known app;
	struct policy_value value[N_ATTRS];
	struct enforced *next;
};

/* Whether there is any entry; needs no lock for a program that is the caller's own. */
bool enforced__any(void);

struct enforced *enforced__find(const struct xdp_program *prog);
/* The same, made if need be; NULL without memory. */
struct enforced *enforced__get(const struct xdp_program *prog, const struct bpf_object *obj);
void enforced__drop(const struct xdp_program *prog);

/*
 * Those of an object that is closed. An application may close a program past us: then it is libxdp
 * that closes the object, and the next program may get the same address.
 */
void enforced__drop_of(const struct bpf_object *obj);

#endif
