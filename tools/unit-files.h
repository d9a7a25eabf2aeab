/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_UNIT_FILES_H
#define XDP_POLICY_UNIT_FILES_H

/* What stands in section [Service] of the files of a systemd unit, and what systemd makes of it. */

#include <stdbool.h>

struct unit_setting {
	const char *path;   /* with the root in front */
	const char *dropin; /* the file's name, or NULL in the unit's own file */
	unsigned int line;
	const char *key;
	char *value; /* to be changed at will */
};

/* Returns 0, or a negative errno, after which nothing more is read. */
typedef int unit_fn(void *ctx, const struct unit_setting *setting);

/*
 * Calls fn for each setting below root ("" for the host) in the order in which systemd reads them,
 * drop-ins last. Aliases of the unit are not known. Returns 0, -ENOMEM, or what fn did.
 */
int unit_files__each(const char *root, const char *unit, unit_fn *fn, void *ctx, bool *exists);

/* The same for section [Manager] of systemd's own file and its drop-ins. */
int unit_files__each_of_manager(const char *root, unit_fn *fn, void *ctx);

/*
 * A value of a unit of the system with its specifiers, such as %i, replaced, to be freed. NULL with
 * errno: EINVAL if it has one that is not known from the name of the unit alone.
 */
char *unit_files__expand(const char *unit, const char *value);

/*
 * Takes the next word out of a value, without the quotes around it or a part of it; NULL at the
 * end. escaped: something in it was written with a backslash.
 */
char *unit_files__next_word(char **text, bool *escaped);

#endif
