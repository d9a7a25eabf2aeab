/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_PRELOAD_FILE_H
#define XDP_POLICY_PRELOAD_FILE_H

/*
 * The text of /etc/ld.so.preload, as the loader of glibc reads it: names between blanks, line ends
 * and colons, and comments from '#' to the end of the line. Nothing here touches a file.
 *
 * The loader loses count of what is left behind a first comment, and takes the words of a later one
 * for names if that stands in the last part of the file. So do we: what it would load counts.
 */

#include <stdbool.h>
#include <stddef.h>

#define PRELOAD_NAME "libxdppolicy-preload.so"

/* Whether this is our shim, in whatever directory: two of them in a process are of no use. */
bool preload_file__is_ours(const char *name, size_t len);

struct preload_found {
	unsigned int ours;	   /* entries of ours, in any form */
	unsigned int same;	   /* of these the ones that are spelled like entry */
	unsigned int line;	   /* of the first one of ours */
	unsigned int comment_line; /* of a comment that the loader takes for names; 0: none */
};

/* Returns 0 or -ENOMEM. entry may be NULL. */
int preload_file__find(const char *text, size_t size, const char *entry, struct preload_found *ret);

/*
 * The text with entry in it, once, and no other form of ours: as it is if it is so already, else
 * with a line at its end. *ret is malloc'ed. Returns 0 or -ENOMEM.
 */
int preload_file__add(const char *text, size_t size, const char *entry, char **ret,
		      size_t *ret_size);

/*
 * The text without any of ours; all others, and comments, stay as they are. Where that would make
 * the loader take a comment for names, there are blanks in our place. Returns 0 or -ENOMEM.
 */
int preload_file__remove(const char *text, size_t size, char **ret, size_t *ret_size);

/* Whether nothing stands in it, not even a comment. */
bool preload_file__is_blank(const char *text, size_t size);

#endif
