// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which call of libxdp a thread is in, and whether it is still in it.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "hooks.h"
#include "object-at.h"
#include "object.h"
#include "thread.h"

/* Between a hook and another that libxdp calls in it there is less on the stack. */
#define MAX_DISTANCE (256 << 10)

static bool has_prefix(const char *path, const char *prefix)
{
	const char *slash = strrchr(path, '/');

	return !strncmp(slash ? slash + 1 : path, prefix, strlen(prefix));
}

/*
 * Of libxdp and libbpf; we ourselves; and the shim, which is between a caller and its hook where
 * its compiler made a call of the jump.
 */
static bool is_library(const void *caller)
{
	const struct link_map *map = object_at(caller);

	return map &&
	       (has_prefix(map->l_name, "libxdp.so.") || has_prefix(map->l_name, "libbpf.so.") ||
		map == object_at((void *)is_library) || map == object_at((void *)hooks_shim.real));
}

/*
 * Whether a hook's frame can be one that was not left yet: later ones are below it. It is not
 * looked into, since it may have been on the stack of a coroutine that is gone.
 */
static bool is_alive(const char *frame, const char *now)
{
	return frame && now < frame && frame - now < MAX_DISTANCE;
}

struct libxdp_call *call__current(void)
{
	struct thread *thread = thread__get();

	return thread ? &thread->call : NULL;
}

bool call__is_inner(const void *caller, const char *frame)
{
	const struct libxdp_call *call = call__current();

	return call && is_alive(call->frame, frame) && is_library(caller);
}

void call__abandon(struct libxdp_call *call)
{
	int saved_errno = errno;

	if (call->attaching.no_skip) {
		skip__show_soon();
		pthread_setcancelstate(call->attaching.cancel_state, NULL);
	}
	free(call->attaching.program);
	if (call->opened.path)
		object__lose_path(call->opened.path);
	*call = (struct libxdp_call){ 0 };
	errno = saved_errno;
}

struct libxdp_call *call__begin(struct libxdp_call *outer, const char *frame)
{
	struct thread *thread = thread__make();
	struct libxdp_call *call = thread ? &thread->call : outer;

	*outer = thread ? thread->call : (struct libxdp_call){ 0 };
	if (outer->frame && !is_alive(outer->frame, frame))
		call__abandon(outer); /* it was left by a jump */
	*call = (struct libxdp_call){ .frame = frame };
	return call;
}

void call__end(struct libxdp_call *call, const struct libxdp_call *outer)
{
	call__abandon(call);
	*call = *outer;
}
