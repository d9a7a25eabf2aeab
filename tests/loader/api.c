// SPDX-License-Identifier: LGPL-2.1-or-later
/* The calls that a compiler makes: to libxdp by name. */
#include <xdp/libxdp.h>

#include "probe.h"

static struct xdp_program *open_file(const char *path)
{
	return xdp_program__open_file(path, NULL, NULL);
}

static long get_error(const void *ptr)
{
	return libxdp_get_error(ptr);
}

static const char *name(const struct xdp_program *prog)
{
	return xdp_program__name(prog);
}

static unsigned int run_prio(const struct xdp_program *prog)
{
	return xdp_program__run_prio(prog);
}

static int print_actions(const struct xdp_program *prog, char *buf, size_t size)
{
	return xdp_program__print_chain_call_actions(prog, buf, size);
}

static int set_run_prio(struct xdp_program *prog, unsigned int prio)
{
	return xdp_program__set_run_prio(prog, prio);
}

static int set_action(struct xdp_program *prog, unsigned int action, bool enabled)
{
	return xdp_program__set_chain_call_enabled(prog, action, enabled);
}

static int attach(struct xdp_program *prog, int ifindex, int mode, unsigned int flags)
{
	return xdp_program__attach(prog, ifindex, mode, flags);
}

static int detach(struct xdp_program *prog, int ifindex, int mode, unsigned int flags)
{
	return xdp_program__detach(prog, ifindex, mode, flags);
}

static void close_program(struct xdp_program *prog)
{
	xdp_program__close(prog);
}

const struct api *probe_api(char ***args)
{
	static const struct api api = {
		.open_file = open_file,
		.get_error = get_error,
		.name = name,
		.run_prio = run_prio,
		.print_actions = print_actions,
		.set_run_prio = set_run_prio,
		.set_action = set_action,
		.attach = attach,
		.detach = detach,
		.close = close_program,
	};

	(void)args;
	return &api;
}
