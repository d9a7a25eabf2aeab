// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The one entry of libxdppolicy-hooks.so, which the shim opens at the first hooked call.
 */
#include <string.h>

#include "hooks.h"
#include "thread.h"

struct preload_shim hooks_shim;

static void *const hooks[N_SYMBOLS] = {
#define X(lib, ret, name, params, args, fail) [SYM_##name] = hook_##name,
	PRELOAD_SYMBOLS(X)
#undef X
};

__attribute__((visibility("default"))) preload_hooks_fn xdp_policy_preload_hooks;

/* With the shim's lock held. */
void *const *xdp_policy_preload_hooks(const char *version, const struct preload_shim *shim)
{
	if (strcmp(version, VERSION))
		return NULL;
	hooks_shim = *shim;
	thread__init();
	return hooks;
}
