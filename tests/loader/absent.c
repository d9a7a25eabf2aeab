// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * An application that finds out at run time whether it has libxdp. The preload makes it believe so:
 * what it calls then must fail as libxdp's functions fail. "absent later PLUGIN ARGS..." opens a
 * plug-in with libxdp afterwards, which then must be the one that is called.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "preload/symbols.h"
#include "probe.h"

#define SYM(name) ((__typeof__(&name))dlsym(RTLD_DEFAULT, #name))

/* only their types are wanted */
#define X(lib, ret, name, params, args, fail) ret name params;
PRELOAD_SYMBOLS(X)
#undef X

static void ask(void)
{
	void *ptr;
	int rc;

	if (!SYM(xdp_program__open_file)) {
		puts("not found");
		return;
	}
	errno = 0;
	ptr = SYM(xdp_program__open_file)("/nonexistent.o", NULL, NULL);
	printf("open_file %ld, errno %d\n", (long)(intptr_t)ptr, errno);
	errno = 0;
	rc = SYM(xdp_program__attach)(NULL, 1, 0, 0);
	printf("attach %d, errno %d\n", rc, errno);
	SYM(xdp_program__close)(NULL);
	errno = 0;
	ptr = SYM(bpf_object__btf)(NULL);
	printf("btf %ld, errno %d\n", (long)(intptr_t)ptr, errno);
}

int main(int argc, char **argv)
{
	const struct api *(*api_of_plugin)(char ***);
	struct xdp_program *prog;
	const struct api *api;
	void *plugin;

	ask();
	if (argc != 4 || strcmp(argv[1], "later"))
		return 0;
	plugin = dlopen(argv[2], RTLD_NOW | RTLD_LOCAL);
	if (!plugin)
		return 99;
	*(void **)&api_of_plugin = dlsym(plugin, "probe_api");
	api = api_of_plugin(NULL);
	prog = api->open_file(argv[3]);
	if (api->get_error(prog))
		return 1;
	printf("%s %u\n", api->name(prog), api->run_prio(prog));
	api->close(prog);
	return 0;
}
