/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_REPLACE_H
#define XDP_POLICY_REPLACE_H

/*
 * A file that is replaced as a whole: whoever reads it meets the old one or the new one, whenever
 * we are killed.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

struct replace {
	char *path;   /* what is replaced */
	char *temp;   /* in the same directory; its name begins with a dot */
	int fd;	      /* the temporary file, open for reading and writing */
	bool no_sync; /* what is lost in a crash is no loss */
};

/*
 * Makes the directories above path that are missing, with mode 0755 whatever the umask. Returns 0
 * or a negative errno.
 */
int replace__make_dirs(const char *path);

/* Makes the temporary file, with mode 0600. Returns 0 or a negative errno. */
int replace__begin(struct replace *r, const char *path);

/* Writes all of text. Returns 0, or -1 with errno. */
int replace__write_all(int fd, const char *text, size_t size);
/*
 * Gives the new file the owner, the group and the extended attributes of the old one at path. To be
 * called before the mode is set, of which a new owner takes bits away. Returns 0 or a negative
 * errno.
 */
int replace__keep(int fd, const char *path, const struct stat *old);

/*
 * Gives it the mode, sees to it that it is on disk, and puts it in place. Returns 0, or a negative
 * errno with path as it was. r is done with in either case.
 */
int replace__commit(struct replace *r, mode_t mode);

/* Takes the temporary file away. Does nothing after a commit. */
void replace__abort(struct replace *r);

#endif
