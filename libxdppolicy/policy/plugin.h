/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_PLUGIN_INTERNAL_H
#define XDP_POLICY_PLUGIN_INTERNAL_H

/* Sources that are not ours: see libxdppolicy-plugin.h. */

#include <stdatomic.h>
#include <sys/types.h>

#include "rule.h"
#include "switch.h"
#include "text.h"

struct xdp_policy_value;

/* One thread at a time opens plug-ins while others ask them: they come one by one, and stay. */
struct policy_plugins {
	char *dir;
	uid_t owner; /* of the plug-ins, and of what they are in */
	atomic_size_t n;
	struct policy_plugin *plugin[16];
};

/* A value from outside. Returns false if it is none that ours could be. */
bool policy_value__from_public(enum policy_attr attr, const struct xdp_policy_value *from,
			       struct policy_value *to);

/*
 * Opens those that the switch names and that are not open yet. Those that cannot be opened are told
 * of, with file and the switch's line, and are unavailable. dir of NULL: none is ever opened.
 */
void policy_plugins__open(struct policy_plugins *plugins, const struct policy_switch *sw,
			  const char *file, const struct policy_log *log);
/* Tells of those that the switch names and that are not installed in dir; opens none. */
void policy_plugins__check(const char *dir, const struct policy_switch *sw, const char *file,
			   const struct policy_log *log);
void policy_plugins__close(struct policy_plugins *plugins);

/* One attribute's answer; *value is only set with STATUS_SUCCESS. */
enum policy_status policy_plugins__ask(const struct policy_plugins *plugins, const char *name,
				       const struct policy_subject *subject, enum policy_attr attr,
				       struct policy_value *value);

#endif
