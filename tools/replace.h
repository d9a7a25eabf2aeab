/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_REPLACE_H
#define XDP_POLICY_REPLACE_H

/*
 * A file that is replaced as a whole: whoever reads it meets the old one or the new one, whenever
 * we are killed.
 */

#include <sys/stat.h>
#include <sys/types.h>

struct replace {
	char *path; /* what is replaced */
	char *temp; /* in the same directory; its name begins with a dot */
	int fd;	    /* the temporary file, open for reading and writing */
};

/* Makes the directories above path that are missing, with mode 0755. Returns 0 or a negative errno.
 */
int replace__make_dirs(const char *path);

/* Makes the temporary file, with mode 0600. Returns 0 or a negative errno. */
int replace__begin(struct replace *r, const char *path);

/* Both return 0, or -1 with errno: writes all of text; gives the file old's owner and group. */
int replace__write_all(int fd, const char *text, size_t size);
int replace__give_to(int fd, const struct stat *old);

/*
 * Gives it the mode, sees to it that it is on disk, and puts it in place. Returns 0, or a negative
 * errno with path as it was. r is done with in either case.
 */
int replace__commit(struct replace *r, mode_t mode);

/* Takes the temporary file away. Does nothing after a commit. */
void replace__abort(struct replace *r);

#endif
