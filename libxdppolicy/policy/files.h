/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_FILES_H
#define XDP_POLICY_FILES_H

/*
 * Where the host's files are, which of them count, and whether they changed. Knows nothing of what
 * stands in them.
 */

#include "file.h"

enum policy_file_kind {
	FILE_RULES,
	FILE_SWITCH,
	FILE_DB,
	FILE_WATCHED /* a directory, or a place where a file may come to be */
};

/* One path of the search, in the order in which rules count. */
struct policy_file {
	char *path;   /* with the root in front */
	bool implied; /* it is not there, and its directory is watched */
	bool closed;  /* a message said that nothing in the directory that it is, or is in, can be
		       * reached */
	enum policy_file_kind kind;
	enum policy_file_state state;
	struct policy_stamp stamp;
};

struct policy_files {
	size_t root_len; /* of the root in front of each path */
	dev_t root_dev;
	ino_t root_ino;
	size_t n;
	struct policy_file *file;
	unsigned int n_dirs_refused;
	bool root_unknown; /* a message said that root is nobody in this user namespace */
	bool disabled;	   /* POLICY_KILL_SWITCH exists, and its directory counts */
	const struct policy_files *before; /* while they are looked for: what was found last */
};

/* Below the root: turns the preload off on the whole host. */
#define POLICY_KILL_SWITCH "/run/xdp/disabled"

/*
 * Lists the files of the policy below root ("" for the host): the switch file, the main file, the
 * drop-ins, as UAPI.6 orders and masks them, the database, and every directory that was looked at.
 * Files and directories must belong to owner and be writable by nobody else. Of a directory that is
 * refused the files stay that before, or NULL, has from it, as refused ones. Returns 0 or -ENOMEM.
 */
int policy_files__find(const char *root, uid_t owner, const struct policy_files *before,
		       struct policy_files *ret, const struct policy_log *log);
/*
 * The same of other files of the host: those of three directories of this name whose names count,
 * of kind FILE_RULES.
 */
int policy_files__find_dropins(const char *root, uid_t owner, const char *dir,
			       bool (*counts)(const char *name), struct policy_files *ret,
			       const struct policy_log *log);
/* Whether a drop-in directory's entry of this name is read. */
bool policy_files__is_dropin(const char *name);
void policy_files__free(struct policy_files *files);

/* Whether POLICY_KILL_SWITCH is there and counts, below root. */
bool policy_files__is_disabled(const char *root);

/*
 * Whether anything that was found or missed is not as it was. Costs a stat(2) for each file and
 * directory that there is, and for each of the three directories.
 */
bool policy_files__changed(const struct policy_files *files);

#endif
