/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_UNIT_ROOT_H
#define XDP_POLICY_UNIT_ROOT_H

/* Which files a service meets under which path: RootDirectory=, BindPaths= and the like. */

#include <stdbool.h>
#include <stddef.h>

/* A path at which the service has something else than its root has there. */
struct unit_mount {
	char *at;
	char *source;	 /* of the host; NULL: nothing of the host */
	bool hidden;	 /* what is there is not to be known from files */
	const char *key; /* the setting */
};

struct unit_root {
	char *dir;	 /* RootDirectory=, or NULL for the host's own */
	bool start_only; /* which holds for ExecStart= alone */
	char *place; /* FILE:LINE: SETTING=VALUE of what makes a difference; NULL: nothing does */
	bool hidden; /* it is an image, or cannot be told */
	size_t n;
	struct unit_mount *mount;
};

/* root is "" for the host. Returns 0 or -ENOMEM. */
int unit_root__read(const char *root, const char *unit, struct unit_root *ret);
void unit_root__clear(struct unit_root *unit_root);

/*
 * Where a file of the service is on the host, to be freed; NULL with errno: ENOENT if nothing of
 * the host is there, ENODATA if that cannot be told, ENOMEM.
 */
char *unit_root__path(const struct unit_root *unit_root, const char *path);

/*
 * The setting by which the service has something else, or nothing, at a path or below it; NULL if
 * it has there what its root has, or the host.
 */
const char *unit_root__hides(const struct unit_root *unit_root, const char *path);

/*
 * The directory of the host below which the service has this executable and its libraries: "" for
 * the host's own root, RootDirectory=, or NULL if they are not below one, or it cannot be told.
 */
const char *unit_root__dir_of(const struct unit_root *unit_root, const char *executable);

#endif
