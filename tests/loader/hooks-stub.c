// SPDX-License-Identifier: LGPL-2.1-or-later
/* libxdppolicy-hooks.so of another version: right in its answer, fatal if its hooks are used. */
#include <stdlib.h>
#include <string.h>

#include "preload/symbols.h"

preload_hooks_fn xdp_policy_preload_hooks;

static void never(void)
{
	abort();
}

void *const *xdp_policy_preload_hooks(const char *version, const struct preload_shim *shim)
{
	static void *hooks[N_SYMBOLS];

	(void)shim;
	if (strcmp(version, "0.0.0-another"))
		return NULL;
	for (size_t i = 0; i < N_SYMBOLS; i++)
		hooks[i] = (void *)never;
	return hooks;
}
