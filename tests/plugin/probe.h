/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_TEST_PROBE_H
#define XDP_POLICY_TEST_PROBE_H

#include "libxdppolicy-plugin.h"

/* What the probe shall answer, and what it was asked. The test and the plug-in share it. */
struct plugin_probe {
	int open_rc;
	int status;
	struct xdp_policy_value value;
	unsigned int n_open, n_close, n_lookup;
	int ctx_is_wrong;
	char subject[1000]; /* of the last question, one "name=value" for each fact */
};

extern LIBXDPPOLICY_API struct plugin_probe plugin_probe;

#endif
