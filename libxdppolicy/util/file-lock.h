/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_FILE_LOCK_H
#define XDP_POLICY_FILE_LOCK_H

/* A lock that others hold: whoever waits for it does so for a while, and can say for whom. */

#include <stdbool.h>

/* Room for "process 12 (xdp-loader)". */
#define FILE_LOCK_HOLDER_SIZE 48

/*
 * Takes an exclusive flock() of fd, waiting so long at most. Returns 0, -ETIMEDOUT, another
 * negative errno; -EINTR if SIGINT or SIGTERM has come and is blocked: one that is not ends the
 * process, as it always does.
 */
int file_lock__take(int fd, const char *path, unsigned int limit_ms);

/* Whether one of these signals has come and is blocked. */
bool file_lock__is_interrupted(void);

/* Who has it, as far as /proc/locks tells. */
void file_lock__holder(int fd, char buf[FILE_LOCK_HOLDER_SIZE]);

/* What is called, once for each wait, when one takes longer than a second. */
void file_lock__on_wait(void (*tell)(const char *path, const char *holder));

#endif
