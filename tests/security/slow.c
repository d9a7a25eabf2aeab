// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A plug-in that takes until somebody makes /run/slow.out: to answer of ord_b, and to be opened if
 * there is a /run/slow.open. It makes /run/slow.in when it begins to.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "libxdppolicy-plugin.h"

static void take_long(void)
{
	close(open("/run/slow.in", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	while (access("/run/slow.out", F_OK))
		usleep(1000);
}

static int begin(void **ctx)
{
	(void)ctx;
	if (!access("/run/slow.open", F_OK))
		take_long();
	return 0;
}

static int lookup(void *ctx, const struct xdp_policy_subject *subject, enum xdp_policy_attr attr,
		  struct xdp_policy_value *value)
{
	(void)ctx;
	(void)attr;
	(void)value;
	if (subject->program && !strcmp(subject->program, "ord_b"))
		take_long();
	return XDP_POLICY_NOTFOUND;
}

const struct xdp_policy_plugin xdp_policy_plugin = {
	.version = XDP_POLICY_PLUGIN_VERSION,
	.open = begin,
	.lookup = lookup,
};
