/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_PRELOAD_UNIT_H
#define XDP_POLICY_PRELOAD_UNIT_H

/* The preload for one service: a drop-in beside its systemd unit. */

#include <stdbool.h>

#define PRELOAD_UNIT_DIR  "/etc/systemd/system"
#define PRELOAD_DROPIN	  "50-xdp-policy.conf"
#define PRELOAD_VARIABLES "50-xdp-policy.env"

struct preload_unit {
	char name[256]; /* with its suffix */
	const char *root;
	char *dropin;	 /* its path, with the root in front */
	char *variables; /* of a file beside it, which an EnvironmentFile= needs in place of it */
	bool known;	 /* there is such a unit, as far as files tell */
	bool changed;
	char *theirs;	  /* what the unit preloads by itself, which stays; or NULL */
	char *theirs_by;  /* FILE:LINE of that */
	char *elsewhere;  /* FILE:LINE that names the shim and is not ours; or NULL */
	bool is_template; /* NAME@.service, which nothing but its instances can be started of */
};

/* Each says what is wrong and returns an exit status. root is "" for the host. */
int preload_unit__open(struct preload_unit *unit, const char *root, const char *name);
int preload_unit__enable(struct preload_unit *unit, const char *root, const char *entry,
			 bool force);
int preload_unit__disable(struct preload_unit *unit);

/* Whether the drop-in is there and names the shim. */
bool preload_unit__is_enabled(const struct preload_unit *unit);

/* Whether the value of an LD_PRELOAD, or a file with one, names the shim. */
bool preload_unit__names_shim(const char *list);

/* The processes of the unit that run now; of these the ones that have the shim, or hide it. */
struct preload_processes {
	unsigned int all, with, unreadable;
};
void preload_unit__processes(const struct preload_unit *unit, struct preload_processes *ret);

void preload_unit__close(struct preload_unit *unit);

#endif
