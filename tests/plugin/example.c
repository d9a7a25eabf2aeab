// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A small plug-in: the longer a program's name, the later it runs. In xdpswitch.conf:
 *
 *	priority: files example app btf
 *
 * It is built by
 *
 *	cc -shared -fPIC -o libxdppolicy_example.so.0 example.c
 *
 * and belongs into the directory that `pkg-config --variable=plugindir libxdppolicy` prints. Three
 * names show what else a source can answer.
 */
#include <string.h>

#include "libxdppolicy-plugin.h"

static int lookup(void *ctx, const struct xdp_policy_subject *subject, enum xdp_policy_attr attr,
		  struct xdp_policy_value *value)
{
	(void)ctx;
	if (attr != XDP_POLICY_PRIORITY || !subject->program)
		return XDP_POLICY_NOTFOUND;
	if (!strcmp(subject->program, "nobody"))
		return XDP_POLICY_NOTFOUND;
	if (!strcmp(subject->program, "away"))
		return XDP_POLICY_UNAVAIL;
	if (!strcmp(subject->program, "busy"))
		return XDP_POLICY_TRYAGAIN;
	value->num = strlen(subject->program);
	return XDP_POLICY_SUCCESS;
}

const struct xdp_policy_plugin xdp_policy_plugin = {
	.version = XDP_POLICY_PLUGIN_VERSION,
	.lookup = lookup,
};
