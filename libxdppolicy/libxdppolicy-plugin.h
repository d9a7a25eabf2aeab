/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBXDPPOLICY_PLUGIN_H
#define LIBXDPPOLICY_PLUGIN_H

/*
 * A source of your own. A name in xdpswitch.conf(5) that is none of the built-in sources stands for
 * libxdppolicy_NAME.so.0 in the package's own library directory (pkg-config --variable=plugindir
 * libxdppolicy), which exports one object and needs to link to nothing of this package:
 *
 *	const struct xdp_policy_plugin xdp_policy_plugin = {
 *		.version = XDP_POLICY_PLUGIN_VERSION,
 *		.lookup = my_lookup,
 *	};
 *
 * It runs inside of every process that opens or attaches an XDP program under the preload, of
 * whatever privileges. So it is to be quick, and to answer TRYAGAIN rather than to wait: nobody
 * else limits its time. It must be safe under threads and fork(), print nothing, keep errno, never
 * exit, start no threads, and open no policy itself.
 *
 * It is asked for what the switch names it for, again at each decision. Of a policy that is opened
 * for another root than / no plug-in is asked. In a long-running process it stays loaded until the
 * policy is closed.
 */

#include "libxdppolicy.h"

#ifdef __cplusplus
extern "C" {
#endif

#define XDP_POLICY_PLUGIN_VERSION 1

struct xdp_policy_plugin {
	/* XDP_POLICY_PLUGIN_VERSION; a plug-in of another version is not used */
	unsigned int version;

	/*
	 * Called once for each policy that is opened. *ctx is the plug-in's own. Returns 0 or a
	 * negative errno; the source is then unavailable. May be NULL.
	 */
	int (*open)(void **ctx);

	/*
	 * One attribute's answer for a subject. Returns an enum xdp_policy_status, and with
	 * XDP_POLICY_SUCCESS the value in *value, which is zero before. Any other status, and a
	 * value that a rule could not have, count as XDP_POLICY_UNAVAIL. The subject's strings and
	 * what it points to are valid during the call; any of them may be NULL. Its sz may be more
	 * than that of this header. May be called by several threads at once.
	 */
	int (*lookup)(void *ctx, const struct xdp_policy_subject *subject,
		      enum xdp_policy_attr attr, struct xdp_policy_value *value);

	/* Ends what open() began, if that returned 0. May be NULL. */
	void (*close)(void *ctx);
};

/* What a plug-in defines. */
extern LIBXDPPOLICY_API const struct xdp_policy_plugin xdp_policy_plugin;

#ifdef __cplusplus
}
#endif

#endif
