/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_PRELOAD_ELSEWHERE_H
#define XDP_POLICY_PRELOAD_ELSEWHERE_H

/*
 * Processes that have this host's /etc and not its libraries, as in snaps and other sandboxes: the
 * loader tells each program there that what /etc/ld.so.preload names cannot be preloaded.
 */

#include <stdbool.h>
#include <sys/types.h>

struct preload_elsewhere {
	unsigned int lacking;	 /* processes that have the name and not the library */
	unsigned int unreadable; /* those that may not be looked into */
	unsigned int unknown;	 /* those whose files give no answer */
	pid_t silent;		 /* one of those that did not answer in time, or 0 */
	pid_t pid;		 /* one of those that lack it */
	char name[32];		 /* its name */
};

/* Looks at all processes that run, once at each of their roots. */
void preload_elsewhere__look(struct preload_elsewhere *ret);

/* 1 if it lacks the library, 0 if not, or a negative errno. */
int preload_elsewhere__lacks(pid_t pid);

#endif
