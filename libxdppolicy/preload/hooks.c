// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The one entry of libxdppolicy-hooks.so, which the shim opens at the first hooked call.
 */
#include <string.h>

#include "hooks.h"
#include "state.h"

preload_real_fn hooks_real;

static void *const hooks[N_SYMBOLS] = {
#define X(lib, ret, name, params, args, fail) [SYM_##name] = hook_##name,
	PRELOAD_SYMBOLS(X)
#undef X
};

__attribute__((visibility("default"))) void *const *xdp_policy_preload_hooks(const char *version,
									     preload_real_fn real);

/* Two threads may come here at once: both store the same. */
void *const *xdp_policy_preload_hooks(const char *version, preload_real_fn real)
{
	if (strcmp(version, VERSION))
		return NULL;
	hooks_real = real;
	state__init();
	return hooks;
}
