/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_PROC_LOOKS_H
#define XDP_POLICY_PROC_LOOKS_H

/*
 * Looks at files of other processes. Their root directories are made by whoever likes, from file
 * systems whose server may be gone or never answer: what opens a file there may wait for ever, and
 * cannot always be killed. So a child process looks, and who asks it waits as long as it gets on.
 */

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#define PROC_LOOKS_SECONDS 2 /* without any progress */

/* The root directory of a process, as it is known without a look at it. */
struct proc_root {
	ino_t namespace;
	char path[PATH_MAX];
};
/* Returns 0 or a negative errno. */
int proc_root__read(pid_t pid, struct proc_root *ret);
bool proc_root__is_same(const struct proc_root *a, const struct proc_root *b);

struct proc_looks;

/* In the child: does what *look says, and puts in there what was found. */
typedef void proc_looks_fn(void *ctx, void *look);

/* For looks of that size, at most some KiB. NULL without memory. */
struct proc_looks *proc_looks__new(proc_looks_fn *fn, void *ctx, size_t size);
void proc_looks__free(struct proc_looks *looks);

/*
 * Has fn look at process pid; what it changes of ctx stays in the child and is there at its next
 * look, unless it did not answer meanwhile. Returns 0; -ETIMEDOUT if files of *silent do not
 * answer, which is pid, or a process with the same root that was asked before, or the third of the
 * same user; or another negative errno. The look is untouched on failure.
 */
int proc_looks__ask(struct proc_looks *looks, pid_t pid, void *look, pid_t *silent);

/* Whether a process is a child that looks, or still waits. */
bool proc_looks__is_child(const struct proc_looks *looks, pid_t pid);

#endif
