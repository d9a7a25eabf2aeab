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

#include "probe.h"

struct bpf_object;

/* only their types are wanted */
int xdp_program__attach(struct xdp_program *prog, int ifindex, int mode, unsigned int flags);
void xdp_program__close(struct xdp_program *prog);
struct bpf_object *bpf_object__open_file(const char *path, const void *opts);
struct btf *bpf_object__btf(const struct bpf_object *obj);

#define SYM(name) ((__typeof__(&name))dlsym(RTLD_DEFAULT, #name))

static void ask(void)
{
	void *ptr;
	int rc;

	if (!SYM(xdp_program__attach)) {
		puts("not found");
		return;
	}
	errno = 0;
	rc = SYM(xdp_program__attach)(NULL, 1, 0, 0);
	printf("attach %d, errno %d\n", rc, errno);
	SYM(xdp_program__close)(NULL);
	errno = 0;
	ptr = SYM(bpf_object__btf)(NULL);
	printf("btf %p, errno %d\n", ptr, errno);
	errno = 0;
	ptr = SYM(bpf_object__open_file)("/nonexistent.o", NULL);
	printf("open_file %p, errno %d\n", ptr, errno);
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
