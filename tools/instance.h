/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_INSTANCE_H
#define XDP_POLICY_INSTANCE_H

/* That there is only one process of a kind. */

#include <stdbool.h>

#define INSTANCE_PID_SIZE 16

#define INSTANCE_DAEMON "daemon"

/*
 * Takes the lock of this name below /run/xdp-policy. It ends with the process; the file stays, and
 * is empty if the end was an orderly one. Returns a descriptor; -EBUSY with the process that has it
 * in pid; another negative errno.
 */
int instance__claim(const char *name, char pid[INSTANCE_PID_SIZE]);

/*
 * Whether a process has the lock of this name below root, "" for the host. Who may not open it has
 * to believe the size of the file, which is wrong if that process was killed.
 */
bool instance__runs(const char *root, const char *name);

/* The orderly end. Returns 0 or a negative errno. */
int instance__release(int fd);

#endif
