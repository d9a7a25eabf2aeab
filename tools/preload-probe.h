/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_PRELOAD_PROBE_H
#define XDP_POLICY_PRELOAD_PROBE_H

/* What the loader does with the shim, tried in children before anything is written. */

#include <stdbool.h>
#include <sys/types.h>

/* The argument by which `xdp-policy preload` is such a child. */
#define PRELOAD_PROBE "probe"

/* In the child: says on standard output which object stands in front of libbpf. */
int preload_probe__main(void);

/* The object whose function of libbpf this process would call. */
const char *preload_probe__in_front(void);
/* Whether the shim is mapped into a process: a number, or "self". -errno if that can't be read. */
int preload_probe__is_mapped(const char *pid);

/*
 * Looks at the library below root ("" for the host) and tries it with the loaders of the host, or
 * with our own alone. On success *entry is what to write: with $LIB, which is another directory for
 * each word size, if that is how the library is found, else its path. What is wrong is said, and
 * the exit status returned; what matters less is no failure with force.
 */
int preload_probe__try(const char *root, bool own_loader, bool force, const char **entry);

/* Whether a new process without LD_PRELOAD has it. */
bool preload_probe__is_everywhere(void);

#endif
