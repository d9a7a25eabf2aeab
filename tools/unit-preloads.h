/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_UNIT_PRELOADS_H
#define XDP_POLICY_UNIT_PRELOADS_H

/* What the files of a systemd unit say of LD_PRELOAD, in the order in which systemd reads them. */

#include <stdbool.h>

struct unit_preloads {
	bool exists;	/* there is a file of the unit itself */
	char *value;	/* what is set before our drop-in is read, or by all, or NULL */
	char *place;	/* FILE:LINE of it, with the EnvironmentFile= or DefaultEnvironment= */
	bool from_file; /* by an EnvironmentFile=, which wins over any Environment= */
	char *hinder;	/* FILE:LINE: what would undo whatever our drop-in sets, or NULL */
	char *remark;	/* FILE:LINE: what was not looked at, or NULL */
};

/*
 * Reads the manager's files, the unit's and its drop-ins below root, but for the drop-in of the
 * name own, if that is not NULL. Aliases of the unit are not known. Returns 0 or -ENOMEM.
 */
int unit_preloads__read(const char *root, const char *unit, const char *own,
			struct unit_preloads *ret);
/* Whether a service has another variable with just this value, by all that is read above. */
bool unit_preloads__is_set(const char *root, const char *unit, const char *name, const char *value);
void unit_preloads__clear(struct unit_preloads *preloads);

#endif
