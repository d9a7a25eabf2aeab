/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_LOCK_H
#define XDP_POLICY_LOCK_H

/* The places of this project below /run, and the lock that lets one process at a time change
 * chains. */

#include <stdbool.h>

#include "util/file-lock.h"

#define XDP_POLICY_RUN_DIR "/run/xdp-policy"

/*
 * Makes /run/xdp-policy, or a directory below it (NULL: itself), and opens it. Refuses what does
 * not belong to root or others can write to. Returns a descriptor or a negative errno.
 */
int run_dir__open(const char *name);

/* Only opens it; -ENOENT if it is not there. */
int run_dir__find(const char *name);

/*
 * Why one of these failed, with its path in front: of a directory that is refused, what was found.
 * name is that of the directory or file that was wanted, NULL for /run/xdp-policy. Returns buf.
 */
#define RUN_DIR_WHY_SIZE 200
char *run_dir__strerror(int err, const char *name, char buf[RUN_DIR_WHY_SIZE]);

/* Whether such a directory is there and is refused, with what was found in buf. */
bool run_dir__is_refused(const char *name, char buf[RUN_DIR_WHY_SIZE]);

/* Calls fn with a line for each that is, which says what comes of it. */
void run_dirs__each_refused(void (*fn)(void *ctx, const char *text), void *ctx);

/*
 * Opens a file of root's alone in such a directory, and makes it if it is not there; flags are
 * open's own. Returns a descriptor or a negative errno.
 */
int run_dir__file(int dir, const char *name, int flags);

/* Waits for the lock as file_lock__take() does. Returns a descriptor or a negative errno. */
int chain_lock__take(unsigned int timeout_ms);
/* Who has it, as file_lock__holder(). */
void chain_lock__holder(char buf[FILE_LOCK_HOLDER_SIZE]);
void chain_lock__release(int fd);

#endif
