/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_RUNCFG_H
#define XDP_POLICY_RUNCFG_H

/*
 * XDP_RUN_CONFIG: the run priority and the chain call actions that a program's author compiled into
 * its BTF, as libxdp reads them, and a copy of the BTF that says something else.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/rule.h"

struct btf;

/* the name of the section in the BTF */
#define RUNCFG_SECTION ".xdp_run_config"

struct runcfg {
	bool has_priority;
	bool has_actions;
	uint32_t priority;
	uint32_t actions; /* bit n is XDP action n; libxdp's default applied where not stated */
};

/*
 * Reads the run config of program (its full function name). Returns 0, or -ENOENT with *ret empty
 * if the author stated none.
 */
int runcfg__read(const struct btf *btf, const char *program, struct runcfg *ret);

/* The same as the answers of source btf. */
struct policy_known runcfg__known(const struct runcfg *cfg);

/*
 * Source app: what an application has set by itself is told by a value that is not what libxdp read
 * of the program when it opened it. Of actions, its own changes are applied to base, the author's
 * set. Returns false if it has set nothing.
 */
bool runcfg__wish(enum policy_attr attr, uint32_t now, uint32_t told, uint32_t base,
		  struct policy_value *ret);

/* The same of both values; told may be NULL if it was what the author says, in btf, or the default.
 */
struct policy_known runcfg__wishes(const struct policy_value now[N_ATTRS],
				   const struct policy_value *told, const struct policy_known *btf);

struct runcfg_override {
	const char *program;
	uint32_t priority;
	uint32_t actions;
};

/*
 * A copy of btf in which each program named has the given run config, all values stated. The
 * original is not touched: libbpf keeps pointers into it. Returns 0 with the caller's own *ret, to
 * be freed by btf__free(), or a negative errno.
 */
int runcfg__override(const struct btf *btf, const struct runcfg_override *override, size_t n,
		     struct btf **ret);

#endif
