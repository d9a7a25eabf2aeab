/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_OUTPUT_H
#define XDP_POLICY_OUTPUT_H

/*
 * The place that a user named for output, with -o or --metrics=. A file is replaced as a whole, and
 * keeps its mode, owner and attributes; a link stays, and what it leads to is replaced; a character
 * device, a FIFO and "-", standard output, are written into; anything else is refused.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define OUTPUT_WHY_SIZE 512

/* What the output is; the callback returns 0 or a negative errno, -EILSEQ if it said why itself. */
struct output {
	int (*print)(FILE *out, void *ctx);
	void *ctx;
	/*
	 * Figures, which are stale after a crash: waits for no disk and no reader; the file is new
	 * each time, of our own and with mode 0644.
	 */
	bool figures;
};

/* Whether path is standard output: NULL, "-", or what is open there already. */
bool output__is_stdout(const char *path);

/*
 * Writes all of it, or leaves a file as it was; nothing goes into a device or a FIFO if print()
 * fails. A missing directory is made if it is one of the policy's own. Returns 0, or a negative
 * errno with the reason in why.
 */
int output__write(const char *path, const struct output *output, char why[OUTPUT_WHY_SIZE]);

/*
 * Makes the directory of a file, with mode 0755 whatever the umask, if it is one of the policy's
 * own. Returns 0 or a negative errno.
 */
int output__make_dir(const char *path);

/*
 * Follows path, below root ("" for this host), for as long as it is a link. Returns 0 with what it
 * leads to in *ret, to be freed, with root in front, which is there if path is a link; or a
 * negative errno with the reason in why.
 */
int output__follow(const char *root, const char *path, char **ret, char why[OUTPUT_WHY_SIZE]);

#endif
