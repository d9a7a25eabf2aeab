/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_FILE_H
#define XDP_POLICY_FILE_H

/* One file of the host. Knows nothing of what stands in it. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

#include "text.h"

#define POLICY_MAX_FILE_SIZE (1024 * 1024)

/* What stat(2) said of a path, to see later whether it is still the same thing. */
struct policy_stamp {
	int err; /* errno of the stat, 0 for none */
	dev_t dev;
	ino_t ino;
	off_t size;
	mode_t mode;
	uid_t uid;
	struct timespec ctime;
	bool racy;    /* so young that a change within the clock's tick would not show */
	bool starved; /* it could not be read for lack of memory or descriptors */
};

enum policy_file_state {
	FILE_GOOD,
	FILE_MASKED,  /* empty or a link to /dev/null */
	FILE_REFUSED, /* owner, mode, type, size; a message said which */
	FILE_ABSENT
};

/*
 * Opens path, checks what was opened, and reads it whole. On FILE_GOOD *text is malloc'ed and the
 * caller's. *stamp is always set. root_len is as in-root.h has it. owner of (uid_t)-1 allows any
 * owner and mode.
 */
enum policy_file_state policy_file__read(const char *path, size_t root_len, uid_t owner,
					 char **text, size_t *size, struct policy_stamp *stamp,
					 const struct policy_log *log);

/* As policy_file__read(), of any size: on FILE_GOOD *fd is open for reading and the caller's. */
enum policy_file_state policy_file__open(const char *path, size_t root_len, uid_t owner, int *fd,
					 struct policy_stamp *stamp, const struct policy_log *log);

/* What there is in place of a file, with its article. */
const char *policy_file__type(mode_t mode);

/* err is the errno of the stat, 0 if it worked. */
void policy_stamp__set(struct policy_stamp *stamp, const struct stat *st, int err);
bool policy_stamp__same(const struct policy_stamp *a, const struct policy_stamp *b);

/* Returns NULL, or what is wrong with an owner and a mode, in buf; (uid_t)-1: nothing is. */
const char *policy_file__check_owner(const struct stat *st, uid_t owner, char *buf, size_t size);

/* A mask is one below any root, and must be told from a link to nothing. 0, or -1 with errno. */
int policy_file__stat(const char *path, size_t root_len, struct stat *st);

#endif
