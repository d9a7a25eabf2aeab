// SPDX-License-Identifier: LGPL-2.1-or-later
/* Asks libxdppolicy-hooks.so for its hooks as shims of several versions would. */
#include <dlfcn.h>
#include <stdio.h>

#include "preload/symbols.h"

int main(int argc, char **argv)
{
	static const struct preload_shim nothing;
	preload_hooks_fn *get;
	void *hooks;

	if (argc < 3 || !dlopen("libbpf.so.1", RTLD_NOW | RTLD_GLOBAL))
		return 99;
	hooks = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
	if (!hooks) {
		puts(dlerror());
		return 99;
	}
	*(void **)&get = dlsym(hooks, PRELOAD_HOOKS_SYMBOL);
	for (char **version = argv + 2; *version; version++)
		printf("%s: %s\n", *version, get(*version, &nothing) ? "hooks" : "none");
	return 0;
}
