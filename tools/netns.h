/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_NETNS_H
#define XDP_POLICY_NETNS_H

/*
 * Network namespaces by the names that ip-netns(8) gives them. Only the network is entered: bpffs
 * stays the host's, where libxdp's pins are.
 */

#define NETNS_DIR "/run/netns"

/*
 * Opens a namespace: a name, or a path if there is a slash. Returns a descriptor; -EAGAIN if it is
 * not a namespace, or not one yet; another negative errno.
 */
int netns__open(const char *name);

/* A sorted list of all names, with NULL behind it, to be freed by netns__free_list(); or NULL. */
char **netns__list(void);
void netns__free_list(char **names);

/*
 * Calls fn inside of each that is asked for: which is a name, "all" for the own one, with the name
 * "", and all that have names, or NULL for the own one alone. Ends in the own one. Returns the
 * number of namespaces that could not be entered, after a call of fail for each.
 */
unsigned int netns__each(const char *which, void (*fn)(void *ctx, const char *name),
			 void (*fail)(const char *name, int err), void *ctx);

#endif
