// SPDX-License-Identifier: LGPL-2.1-or-later
/* The public interface of chains from data: what chain/load.h does, under its lock. */
#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libxdppolicy-chain.h"
#include "libxdppolicy-internal.h"
#include "chain/load.h"
#include "chain/lock.h"
#include "chain/pins.h"
#include "chain/record.h"
#include "run/retired.h"

#define LOCK_TIMEOUT_MS 10000

/* The public numbers are chain/'s own. */
_Static_assert((int)XDP_POLICY_FRAGS_AS_BUILT == FRAGS_AS_BUILT &&
		       (int)XDP_POLICY_FRAGS_YES == FRAGS_YES &&
		       (int)XDP_POLICY_FRAGS_NO == FRAGS_NO,
	       "frags");

ENDS_WITH(struct xdp_policy_chain_program, app);
ENDS_WITH(struct xdp_policy_chain_opts, prog_ids);

#define ALL_FLAGS                                                                      \
	(XDP_POLICY_F_ADD | XDP_POLICY_F_KEEP_FOREIGN | XDP_POLICY_F_REPLACE_FOREIGN | \
	 XDP_POLICY_F_DRY_RUN)

/* One call: what the caller wants, what the engine is given, and what is there to be told. */
struct request {
	struct xdp_policy_chain_opts opts;
	struct policy policy;
	struct process_facts facts;
	char ifname[IF_NAMESIZE];
	int ifindex;
	struct chain_spec_program program[CHAIN_MAX];
	struct chain_spec spec;
	struct chain_problem problem;
};

__attribute__((format(printf, 3, 4))) static int refuse(struct request *r, int err, const char *fmt,
							...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(r->problem.text, sizeof(r->problem.text), fmt, args);
	va_end(args);
	return err;
}

/* --- what is asked for --- */

static int take_interface(struct request *r)
{
	const struct xdp_policy_chain_opts *opts = &r->opts;

	if (!opts->interface && opts->ifindex <= 0)
		return refuse(r, -EINVAL, "found no interface, expected its name or its index");
	r->ifindex = opts->interface ? (int)if_nametoindex(opts->interface) : opts->ifindex;
	if (!r->ifindex)
		return refuse(r, -errno, "interface '%s': %s", opts->interface, strerror(errno));
	if (opts->ifindex && opts->ifindex != r->ifindex)
		return refuse(r, -EINVAL, "found index %d of interface '%s', expected %d",
			      opts->ifindex, opts->interface, r->ifindex);
	/* by its own name: that of the caller can be another one of it */
	if (!if_indextoname(r->ifindex, r->ifname))
		return refuse(r, errno == ENXIO ? -ENODEV : -errno, "interface %d: %s", r->ifindex,
			      strerror(errno == ENXIO ? ENODEV : errno));
	return 0;
}

static int check_flags(struct request *r)
{
	uint32_t flags = r->opts.flags;

	if (flags & ~ALL_FLAGS)
		return refuse(r, -EINVAL, "found flags %#x, expected none but %#x", flags,
			      ALL_FLAGS);
	if (flags & XDP_POLICY_F_REPLACE_FOREIGN &&
	    flags & (XDP_POLICY_F_KEEP_FOREIGN | XDP_POLICY_F_ADD))
		return refuse(r, -EINVAL,
			      "found flags that both keep and replace programs of others, "
			      "expected at most one of them");
	if (r->opts.mode < MODE_AUTO || r->opts.mode > MODE_HW)
		return refuse(r, -EINVAL, "found attach mode %d, expected %d to %d", r->opts.mode,
			      MODE_AUTO, MODE_HW);
	return 0;
}

static int take_app(struct request *r, const struct xdp_policy_known *from, struct policy_known *to)
{
	struct policy_value value;

	if (from->has & ~POLICY_RUN_ATTRS)
		return refuse(r, -EINVAL,
			      "found attributes %#x of a program, expected none but %#x: priority "
			      "and chain call actions",
			      from->has, POLICY_RUN_ATTRS);
	api__take_known(to, from);
	value = to->value[ATTR_PRIORITY];
	if (value.num > POLICY_MAX_PRIORITY)
		return refuse(r, -EINVAL, "found run priority %u, expected 0 to %d", value.num,
			      POLICY_MAX_PRIORITY);
	value = to->value[ATTR_ACTIONS];
	if (value.num >> POLICY_N_ACTIONS)
		return refuse(r, -EINVAL, "found chain call actions %#x, expected none but %#x",
			      value.num, (1U << POLICY_N_ACTIONS) - 1);
	return 0;
}

static int take_program(struct request *r, const struct xdp_policy_chain_program *from,
			struct chain_spec_program *to)
{
	int n = !!from->object + !!from->bpf_object + !!from->pin + !!from->fd;

	if (n != 1)
		return refuse(r, -EINVAL,
			      "found %s a program comes from, expected one of object, bpf_object, "
			      "pin and fd",
			      n ? "more than one place that" : "no place that");
	if (from->fd < 0)
		return refuse(r, -EBADF, "found descriptor %d, expected that of a program",
			      from->fd);
	if ((unsigned int)from->frags > XDP_POLICY_FRAGS_NO)
		return refuse(r, -EINVAL, "found frags %u, expected 0 to %u", from->frags,
			      XDP_POLICY_FRAGS_NO);
	*to = (struct chain_spec_program){
		.object = from->object,
		.open = from->bpf_object,
		.pin = from->pin,
		.fd = from->fd,
		.program = from->program,
		.section = from->section,
		.sha256 = from->sha256,
		.pin_path = from->pin_path,
		.frags = (enum chain_frags)from->frags,
	};
	return take_app(r, &from->app, &to->app);
}

static int take_programs(struct request *r)
{
	const struct xdp_policy_chain_opts *opts = &r->opts;
	int rc;

	if (opts->n_programs > CHAIN_MAX) {
		r->problem.program = CHAIN_MAX;
		return refuse(r, -E2BIG, "found %zu programs, expected at most %d",
			      opts->n_programs, CHAIN_MAX);
	}
	if (opts->prog_ids)
		memset(opts->prog_ids, 0, opts->n_programs * sizeof(opts->prog_ids[0]));
	for (size_t i = 0; i < opts->n_programs; i++) {
		const char *from = (const char *)opts->programs + i * opts->program_sz;
		struct xdp_policy_chain_program program;

		rc = api__take(&program, sizeof(program), opts->programs ? from : NULL,
			       opts->program_sz);
		if (rc == -EINVAL)
			return refuse(r, rc,
				      "found programs %p of %zu bytes each, expected an array of "
				      "structures of %zu",
				      (const void *)opts->programs, opts->program_sz,
				      sizeof(program));
		r->problem.program = i;
		if (rc)
			return refuse(r, rc,
				      "found a program that says what this version of the library "
				      "does not know, expected zeros there");
		rc = take_program(r, &program, &r->program[i]);
		if (rc)
			return rc;
		r->problem.program = -1;
	}
	return 0;
}

static int take_request(struct request *r)
{
	uint32_t flags = r->opts.flags;
	int rc = take_programs(r);

	if (!rc)
		rc = check_flags(r);
	if (!rc)
		rc = take_interface(r);
	r->spec = (struct chain_spec){
		.mode = (enum policy_mode)r->opts.mode,
		.add = flags & XDP_POLICY_F_ADD,
		.foreign = flags & XDP_POLICY_F_KEEP_FOREIGN	? FOREIGN_KEEP :
			   flags & XDP_POLICY_F_REPLACE_FOREIGN ? FOREIGN_REPLACE :
								  FOREIGN_REFUSE,
		.n = r->opts.n_programs,
		.program = r->program,
		.share_maps = r->opts.share_maps,
	};
	return rc;
}

/* --- the answer --- */

static void tell_ids(const struct request *r, const struct chain_load *load)
{
	const struct chain *after = chain_load__after(load);

	for (unsigned int slot = 0; r->opts.prog_ids && slot < after->n; slot++) {
		int program = chain_load__spec_of(load, slot);

		if (program >= 0)
			r->opts.prog_ids[program] = after->program[slot].info.id;
	}
}

static void write_log(const struct chain_problem *problem, char *log, size_t size)
{
	size_t len = strlen(problem->text) + 1;

	snprintf(log, size, "%s%s", problem->text, problem->log ? "\n" : "");
	if (problem->log && len < size)
		strcpy(log + len, chain_problem__log_end(problem, SIZE_MAX, size - len));
}

static void tell(struct request *r)
{
	const struct xdp_policy_chain_opts *opts = &r->opts;
	const struct chain_problem *problem = &r->problem;

	if (opts->failed)
		*opts->failed = problem->program;
	if (opts->log && opts->log_size)
		write_log(problem, opts->log, opts->log_size);
	chain_problem__clear(&r->problem);
}

/* --- the work --- */

/* Returns as the whole does. */
static int swap(struct request *r, struct chain_load *load)
{
	int rc = chain_load__swap(load, &r->problem);

	if (rc)
		return rc;
	rc = chain_load__changes(load);
	tell_ids(r, load);
	/* The chain is live. Who is told of a failure would take it for the old one. */
	chain_load__settle(load, &r->problem);
	return rc;
}

static int attach(struct request *r)
{
	bool dry_run = r->opts.flags & XDP_POLICY_F_DRY_RUN;
	struct chain_load_opts opts = {
		.policy = &r->policy,
		.facts = &r->facts,
		.dry_run = dry_run,
	};
	struct chain_load *load;
	int rc;

	rc = chain_load__prepare(&opts, r->ifname, r->ifindex, &r->spec, &r->problem, &load);
	if (rc)
		return rc;
	rc = dry_run ? chain_load__changes(load) : swap(r, load);
	chain_load__free(load);
	return rc;
}

static int attach_locked(struct request *r)
{
	unsigned int timeout_ms = r->opts.timeout_ms ? r->opts.timeout_ms : LOCK_TIMEOUT_MS;
	char why[RUN_DIR_WHY_SIZE];
	int lock, rc;

	lock = chain_lock__take(timeout_ms);
	if (lock == -ETIMEDOUT)
		return refuse(r, lock, "%s/lock: another process has held it for %u ms",
			      XDP_POLICY_RUN_DIR, timeout_ms);
	if (lock < 0)
		return refuse(r, lock, "%s", run_dir__strerror(lock, "lock", why));
	pins__set_limit(timeout_ms);
	chain__recover(); /* if it can't, what was left behind does no harm */
	rc = attach(r);
	chain_lock__release(lock);
	retired__collect(RETIRED_WAIT_MS);
	record__sweep(RECORD_SWEEP_SOME);
	return rc;
}

static int run(struct xdp_policy *policy, struct request *r)
{
	int rc = take_request(r);

	if (rc)
		return rc;
	process__refresh(&r->facts);
	api__hold(policy, &r->policy);
	rc = r->opts.flags & XDP_POLICY_F_DRY_RUN ? attach(r) : attach_locked(r);
	api__put(&r->policy);
	return rc;
}

int xdp_policy__attach_chain(struct xdp_policy *policy, const struct xdp_policy_chain_opts *opts)
{
	struct request *r;
	int saved = errno, rc;

	if (!policy || api__is_error(policy) || !opts)
		return api__fail(-EINVAL);
	r = calloc(1, sizeof(*r));
	if (!r)
		return api__fail(-ENOMEM);
	r->problem.program = -1;
	rc = api__take(&r->opts, sizeof(r->opts), opts, opts->sz);
	if (!rc) {
		rc = run(policy, r);
		tell(r);
	}
	free(r);
	if (rc < 0)
		return api__fail(rc);
	errno = saved;
	return rc;
}
