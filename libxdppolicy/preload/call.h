/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_CALL_H
#define XDP_POLICY_CALL_H

/*
 * The call of libxdp that a thread is in. libxdp's opening and attaching call themselves and libbpf
 * through the hooks: what the outermost call decides is not decided below it.
 *
 * An application can leave such a call without returning from it, by longjmp(3) or an exception out
 * of libbpf's print callback. Nobody tells us. So what counts is who calls: libxdp and libbpf
 * themselves are inside; the application never is, whatever this thread was in before.
 */

#include <stdbool.h>
#include <stddef.h>

#include "policy/policy.h"

struct bpf_object;
struct xdp_program;

struct libxdp_call {
	const char *frame; /* of the outermost hook; NULL: in none */
	bool detaching;

	/* The object that an opening function of libxdp has opened so far. */
	struct libxdp_opened {
		bool wanted; /* this is such a function */
		const struct bpf_object *obj;
		char *path;
	} opened;

	/* What an attach of a shared libxdp is about to attach. */
	struct libxdp_attaching {
		/* what the policy wants of a program and libxdp did not take: it is loaded */
		bool differs;
		bool no_skip; /* skip__show_soon() is due, and who cancels waits for it */
		int cancel_state;
		size_t n;
		struct libxdp_attached {
			struct xdp_program *prog;
			struct policy_known app, btf; /* before the policy set its own values */
			struct policy_value want[N_ATTRS]; /* priority and chain call actions */
		} * program;
	} attaching;
};

/* NULL if there was none yet that could be noted. */
struct libxdp_call *call__current(void);

/* In a hook: whether it is libxdp that calls, from inside of the call that this thread is in. */
#define IS_INNER() call__is_inner(__builtin_return_address(0), __builtin_frame_address(0))
bool call__is_inner(const void *caller, const char *frame);

/*
 * Around an outermost call, which is returned; *outer is what this thread was in, if a callback
 * calls. Without memory the call is in its place, where no hook that libxdp calls finds it: each of
 * them is an outermost one then, as where libxdp is linked in.
 */
#define BEGIN_CALL(outer) call__begin(outer, __builtin_frame_address(0))
struct libxdp_call *call__begin(struct libxdp_call *outer, const char *frame);
void call__end(struct libxdp_call *call, const struct libxdp_call *outer);

/* Puts away what a call has noted, since it was left. */
void call__abandon(struct libxdp_call *call);

#endif
