/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_TESTS_PROBE_H
#define XDP_POLICY_TESTS_PROBE_H

#include <stdbool.h>
#include <stddef.h>

struct xdp_program;

/* What the probe calls of libxdp, by whatever way it came to it. */
struct api {
	struct xdp_program *(*open_file)(const char *path);
	long (*get_error)(const void *ptr);
	const char *(*name)(const struct xdp_program *prog);
	unsigned int (*run_prio)(const struct xdp_program *prog);
	int (*print_actions)(const struct xdp_program *prog, char *buf, size_t size);
	int (*set_run_prio)(struct xdp_program *prog, unsigned int prio);
	int (*set_action)(struct xdp_program *prog, unsigned int action, bool enabled);
	int (*attach)(struct xdp_program *prog, int ifindex, int mode, unsigned int flags);
	int (*detach)(struct xdp_program *prog, int ifindex, int mode, unsigned int flags);
	void (*close)(struct xdp_program *prog);
};

/*
 * Takes from the arguments what it needs. api.c, linked into the probe or made a plug-in, calls
 * libxdp by name; load.c opens such a plug-in, or libxdp itself, at run time.
 */
const struct api *probe_api(char ***args);

#endif
