/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_INTERFACES_H
#define XDP_POLICY_INTERFACES_H

/* Which interfaces a command is about, and the lock for those that change their chains. */

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

struct interface {
	int ifindex;
	int master, link; /* as in util/ifinfo.h */
	char name[IF_NAMESIZE];
	char *altnames; /* its other names, as a list of globs is kept; NULL: none */
};

/* Of the network namespace that we are in. */
struct interfaces {
	size_t n;
	struct interface *interface;
	bool no_memory;
};

/*
 * Those that are named, by any of their names and each once, or all if n is 0; to be freed in any
 * case. Returns false after a message for each that is missing; the others are listed all the same.
 *
 * found, if not NULL, has a place for each name, which is set if there is such an interface; then
 * one that is missing is not told of, since another network namespace may have it.
 */
bool interfaces__find(char *const *names, size_t n, bool *found, struct interfaces *ret);
/* For found: NULL unless which is "all", and something is named. */
bool *interfaces__new_found(const char *which, size_t n);
/* Adds the one of that name, if it is there and not yet among them. False after a message. */
bool interfaces__find_there(const char *name, struct interfaces *interfaces);
/* Tells of those that are nowhere. Returns whether there is none; frees found. */
bool interfaces__all_found(char *const *names, size_t n, bool *found);
/*
 * What is below others of them comes first, or last: the kernel gives no program to an interface
 * below one that has a program. All else keeps its order. Asks nobody.
 */
void interfaces__sort(struct interfaces *interfaces, bool top_first);
void interfaces__free(struct interfaces *interfaces);

/* Says so on standard error; for file_lock__on_wait(). */
void tool_waiting(const char *path, const char *holder);

/* Waits for the lock of chain/lock.h, and before that for libxdp's to be free. Returns it, or a
 * negative errno after a message. */
int tool_take_lock(void);

/* Says which directories of /run/xdp-policy are refused, once for as long as they are. */
void tool_tell_run_dirs(void);
/* Gives it back, and then removes what changes of chains have left over. */
void tool_drop_lock(int lock);

/*
 * Takes away what runs nowhere, unless others are at work; after tool_drop_lock(), when what was
 * replaced has gone: then there is mostly nothing to look at. Looks at everything, or, for a
 * command that is about some interfaces, at so much that more of them do not make it slower. What
 * is left does no harm.
 */
void tool_sweep(bool all);

#endif
