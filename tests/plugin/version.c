// SPDX-License-Identifier: LGPL-2.1-or-later
/* A plug-in for another version of this package: nothing but its version may be looked at. */
#include <stdlib.h>

#include "libxdppolicy-plugin.h"

static int open_it(void **ctx)
{
	(void)ctx;
	abort();
}

static int lookup(void *ctx, const struct xdp_policy_subject *subject, enum xdp_policy_attr attr,
		  struct xdp_policy_value *value)
{
	(void)ctx;
	(void)subject;
	(void)attr;
	(void)value;
	abort();
}

const struct xdp_policy_plugin xdp_policy_plugin = {
	.version = XDP_POLICY_PLUGIN_VERSION + 1,
	.open = open_it,
	.lookup = lookup,
};
