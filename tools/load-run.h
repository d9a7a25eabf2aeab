/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_LOAD_RUN_H
#define XDP_POLICY_LOAD_RUN_H

/*
 * Chains of files on the interfaces that they are for: what `xdp-policy load`, `unload` and `watch`
 * have in common. Shows what it does; errors go to a log.
 */

#include "chain-file.h"
#include "chain/load.h"
#include "interfaces.h"
#include "tool.h"

struct load_claim;
struct load_jobs;
struct load_run {
	/* given */
	const struct policy *policy;
	struct process_facts facts;
	struct policy_log log;
	bool dry_run, verbose;
	bool add;    /* whatever the file says */
	int foreign; /* enum chain_foreign, whatever the file says; -1: what the file says */
	bool may_be_missing; /* an interface that a file names may come later */
	bool quiet_if_same;  /* say nothing of chains that are as they shall be */
	bool about_all;	     /* the run is about all interfaces, not some that are named */
	bool keeps_undo;     /* what is replaced can be had back; else what was kept is given up */
	uint64_t undo_run;   /* its number, of undo.h; 0: not chosen yet */
	const char *netns;   /* the name of the namespace that we are in */
	json_t *interfaces;  /* if it is to be told as JSON, else NULL */
	json_t *errors;	     /* as well */

	struct load_claim *claims; /* interfaces that a file has a chain for already */

	size_t n_swapped; /* jobs to be settled */
	struct load_jobs *swapped;

	/* told */
	bool failed, bad_config, not_permitted;
};

enum load_outcome {
	LOAD_NONE, /* not done, since another one failed */
	LOAD_SAME,
	LOAD_DONE, /* of a dry run, it would be */
	LOAD_FAILED
};

/* One interface and what shall run there. */
struct load_job {
	struct interface interface;
	const char *path;		      /* of the file; NULL: there is none */
	const struct chain_file_entry *entry; /* NULL: all that load has attached is taken off */
	bool undo; /* or, if this is set, what it has replaced comes back */
	struct chain_spec spec;
	struct chain_load *load;
	enum load_outcome outcome;
};

struct load_jobs {
	const char *path; /* of the file, for messages; NULL: none */
	size_t n;
	struct load_job *job;
};

/*
 * A run's message, as policy_log's: to standard error; with --json they stand beside the
 * interfaces.
 */
void load_run__tell(void *run, enum policy_level level, const char *file, unsigned int line,
		    const char *text);

/* Before argp fills in what is asked for. */
void load_run__init(struct load_run *run);

/*
 * Opens the policy and all that a run needs. Returns 0 with run->policy to be closed, or the
 * exit status.
 */
int load_run__open(struct load_run *run, const struct tool_opts *opts, struct policy **policy);

/*
 * Calls fn in the network namespaces of netns__each(), under the lock of chain/lock.h unless it is
 * a dry run.
 */
void load_run__each(struct load_run *run, const char *netns,
		    void (*fn)(void *ctx, const char *name), void *ctx);

/* Reads a file; tells what is wrong. Returns 0 or a negative errno. */
int load_run__read(struct load_run *run, const char *path, struct chain_file *ret);

/*
 * The interfaces that a file may have chains for, in the network namespace that we are in: those
 * that it names, or all, if it has globs or is NULL. False after a message; to be freed in any
 * case.
 */
bool load_run__find(struct load_run *run, const struct chain_file *file, struct interfaces *ret);

/*
 * Finds the interfaces that the file has chains for, and claims them. Returns 0, or a negative
 * errno after messages: then nothing of the file can be loaded. *ret is to be cleared.
 */
int load_run__match(struct load_run *run, const struct chain_file *file,
		    const struct interfaces *interfaces, struct load_jobs *ret);
void load_run__drop_claims(struct load_run *run);

/* Says so of a file that cannot be loaded. */
void load_run__unchanged(const struct load_run *run, const struct load_jobs *jobs);

/* Jobs that take off what load has attached. Returns 0 or -ENOMEM. */
int load_jobs__unload(const struct interfaces *interfaces, struct load_jobs *ret);
void load_jobs__clear(struct load_jobs *jobs);

/* Says what is attached to the interface and stays: nothing of it is load's. */
void load_run__leave(const struct load_run *run, const struct interface *interface,
		     const struct chain *chain);

/*
 * Does all of them or none, as far as that can be. Under the lock of chain/lock.h, unless it is a
 * dry run. Returns 0, or a negative errno after messages. What is done is to be settled, and the
 * jobs are the run's till then, or the caller's if they have failed.
 */
int load_run__do(struct load_run *run, struct load_jobs *jobs);

/* Ends all that is done, with one grace for all; frees the jobs. */
void load_run__settle(struct load_run *run);

/* Prints what is left to be printed; the exit status. */
int load_run__finish(struct load_run *run);

#endif
