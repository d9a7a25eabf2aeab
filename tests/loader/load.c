// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A probe that is not linked to libxdp. The first argument says how it comes to it:
 *
 * local, deepbind, dlmopen   a plug-in (api.c) that is linked to libxdp; its path comes next
 * dlsym                      libxdp itself, and each function by name
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe.h"

struct bpf_object_open_opts;

static struct xdp_program *(*real_open_file)(const char *path, const char *section,
					     struct bpf_object_open_opts *opts);

static struct xdp_program *open_file(const char *path)
{
	return real_open_file(path, NULL, NULL);
}

static void *must(void *found)
{
	if (!found) {
		fprintf(stderr, "%s\n", dlerror());
		exit(99);
	}
	return found;
}

static const struct api *api_of_libxdp(void)
{
	static struct api api;
	void *libxdp = must(dlopen("libxdp.so.1", RTLD_NOW | RTLD_LOCAL));

	real_open_file = must(dlsym(libxdp, "xdp_program__open_file"));
	api.open_file = open_file;
	api.get_error = must(dlsym(libxdp, "libxdp_get_error"));
	api.name = must(dlsym(libxdp, "xdp_program__name"));
	api.run_prio = must(dlsym(libxdp, "xdp_program__run_prio"));
	api.print_actions = must(dlsym(libxdp, "xdp_program__print_chain_call_actions"));
	api.set_run_prio = must(dlsym(libxdp, "xdp_program__set_run_prio"));
	api.set_action = must(dlsym(libxdp, "xdp_program__set_chain_call_enabled"));
	api.attach = must(dlsym(libxdp, "xdp_program__attach"));
	api.detach = must(dlsym(libxdp, "xdp_program__detach"));
	api.close = must(dlsym(libxdp, "xdp_program__close"));
	return &api;
}

const struct api *probe_api(char ***args)
{
	const struct api *(*api_of_plugin)(char ***);
	const char *how = *(*args)++;
	void *plugin;

	if (!strcmp(how, "dlsym"))
		return api_of_libxdp();
	if (!strcmp(how, "dlmopen"))
		plugin = dlmopen(LM_ID_NEWLM, *(*args)++, RTLD_NOW | RTLD_LOCAL);
	else if (!strcmp(how, "deepbind"))
		plugin = dlopen(*(*args)++, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
	else
		plugin = dlopen(*(*args)++, RTLD_NOW | RTLD_LOCAL);
	must(plugin);
	*(void **)&api_of_plugin = must(dlsym(plugin, "probe_api"));
	return api_of_plugin(args);
}
