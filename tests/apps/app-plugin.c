// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * app-plugin [--deepbind] PLUGIN ARGUMENT...: an application without libxdp that loads a plug-in
 * which needs it, as DPDK does with its drivers. The arguments are those of app-shared.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "tests/apps/attach.h"

int main(int argc, char **argv)
{
	int flags = RTLD_NOW | RTLD_LOCAL;
	int (*run)(int, char **);
	void *plugin;
	int skip = 1;

	if (argc > 1 && !strcmp(argv[1], "--deepbind")) {
		flags |= RTLD_DEEPBIND;
		skip = 2;
	}
	if (argc <= skip) {
		fprintf(stderr, "usage: app-plugin [--deepbind] PLUGIN ARGUMENT...\n");
		return 2;
	}
	plugin = dlopen(argv[skip], flags);
	if (!plugin) {
		fprintf(stderr, "app-plugin: %s\n", dlerror());
		return 2;
	}
	*(void **)&run = dlsym(plugin, "attach_main");
	if (!run) {
		fprintf(stderr, "app-plugin: %s\n", dlerror());
		return 2;
	}
	return run(argc - skip, argv + skip);
}
