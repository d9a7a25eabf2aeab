/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_PRELOAD_EDIT_H
#define XDP_POLICY_PRELOAD_EDIT_H

/* /etc/ld.so.preload as a file that others write, too; its text is preload-file.h's. */

#include "preload-file.h"

#define PRELOAD_FILE "/etc/ld.so.preload"

enum preload_change {
	PRELOAD_SAME,
	PRELOAD_CHANGED,
	PRELOAD_REMOVED /* nothing was left in it */
};

struct preload_edit {
	char *path; /* with the root in front, links followed; NULL if that was in vain */
	char *kept; /* what it was before, if that was kept */
	enum preload_change change;
	struct preload_found found; /* in the old text */
};

/*
 * Puts entry into the file below root ("" for the host), or, if it is NULL, takes ours out, by
 * rename. Says what is wrong. Returns an exit status; the file is as it was unless that is TOOL_OK.
 */
int preload_edit__run(const char *root, const char *entry, struct preload_edit *ret);

/* What stands there, of any owner; entry may be NULL. Returns whether there is a file to read. */
bool preload_edit__look(const char *root, const char *entry, struct preload_found *ret);

void preload_edit__free(struct preload_edit *edit);

#endif
