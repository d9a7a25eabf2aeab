/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBXDPPOLICY_CHAIN_H
#define LIBXDPPOLICY_CHAIN_H

/*
 * The chain of XDP programs of one interface, from data: an array of programs in, all of them
 * running out, or nothing changed. The policy of the host has the final word on their order, their
 * chain call actions, the mode, and whether they may be attached at all.
 *
 * Conventions, errors and structures that may grow are those of libxdppolicy.h.
 */

#include <libxdppolicy.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bpf_object;

enum xdp_policy_frags {
	XDP_POLICY_FRAGS_AS_BUILT, /* as the program's section says: xdp.frags, or not */
	XDP_POLICY_FRAGS_YES,
	XDP_POLICY_FRAGS_NO
};

/*
 * One program. What is zero or NULL is not given. All that is pointed to is the caller's, and is
 * looked at during the call only, unless something else is said of it.
 */
struct xdp_policy_chain_program {
	/* Where it comes from: just one of these four. */
	const char *object; /* path of an object file that only root or the caller can write to */
	/*
	 * Opened with libbpf and not loaded yet. It stays the caller's to close, and is not to be
	 * used in another thread during the call. Afterwards it is loaded, or spoilt by a failure:
	 * good for its maps, and for no other call. So even by a dry run.
	 */
	struct bpf_object *bpf_object;
	/*
	 * A program of type EXT: loaded before for a dispatcher, and attached or not. A program of
	 * type XDP cannot be in a chain any more once it is loaded: -EINVAL.
	 */
	const char *pin; /* path below bpffs */
	int fd;		 /* never 0; stays open and the caller's */

	enum xdp_policy_frags frags;

	/* Which program of the object; both NULL: the only one in it. */
	const char *program; /* name of its function */
	const char *section;

	const char *sha256;   /* of the object file, 64 hex digits: no other one will do */
	const char *pin_path; /* where maps are pinned that want to be by name; NULL: /sys/fs/bpf */

	/*
	 * XDP_POLICY_PRIORITY and XDP_POLICY_CHAIN_CALL_ACTIONS as the application wants them:
	 * source app of xdpswitch.conf(5). If no program has a priority, they are meant to run in
	 * the order of the array.
	 */
	struct xdp_policy_known app;
};

/* For flags of struct xdp_policy_chain_opts. */

/* These programs beside all that is there. Without it: the chain is just these programs. */
#define XDP_POLICY_F_ADD (1U << 0)
/*
 * What becomes of programs that were attached in other ways than as a chain, by this function or by
 * xdp-policy(8) load. Without either of these they are an error, -EEXIST, unless they are just what
 * is wanted. They always stay with XDP_POLICY_F_ADD.
 */
#define XDP_POLICY_F_KEEP_FOREIGN    (1U << 1)
#define XDP_POLICY_F_REPLACE_FOREIGN (1U << 2)
/* Do all but the change: whether it would work, as far as that can be told. */
#define XDP_POLICY_F_DRY_RUN (1U << 3)

struct xdp_policy_chain_opts {
	size_t sz;
	/* In the network namespace of the calling thread. One of these is enough. */
	const char *interface;
	int ifindex;
	/* enum xdp_attach_mode of libxdp. Counts if nothing is attached yet and the policy does not
	 * say; a chain keeps the mode that it has. */
	int mode;
	uint32_t flags;
	/* How long to wait for others who change chains, in milliseconds. 0: 10 seconds. */
	uint32_t timeout_ms;

	/*
	 * The programs, at most 10 together with those that stay. program_sz is
	 * sizeof(programs[0]), the distance from one to the next. None at all takes off what there
	 * is.
	 */
	const struct xdp_policy_chain_program *programs;
	size_t n_programs;
	size_t program_sz;
	/*
	 * Names of maps, NULL behind the last: all programs of the chain that have a map by that
	 * name share one, and a program's successor takes it over with what is in it.
	 */
	const char *const *share_maps;

	/*
	 * Room for what there is to say: why it failed, "found X, expected Y", and below it what
	 * the kernel's verifier said: the last lines of that for which there is room. Cut to fit,
	 * always terminated, empty if there is nothing to say. 1000 bytes have room for any message
	 * without the verifier's.
	 */
	char *log;
	size_t log_size;
	/* Gets the index of the program at fault; -1 if it is none of them. */
	int *failed;
	/*
	 * Room for n_programs: gets the kernel's id of each program as it runs, which is the old
	 * one's for a program that was there and stays. 0 if it does not run: after a failure, and
	 * after a dry run.
	 */
	uint32_t *prog_ids;
};

/*
 * Makes the chain of an interface what opts says, in one step: packets pass either all programs of
 * the old chain or all of the new one. A program that runs already, by name, tag and definitions
 * of its maps, goes on running with its id and its maps.
 *
 * Returns 1 if the chain was changed, or would be in a dry run; 0 if it was so already; or a
 * negative errno, and the interface is as before. 1 or 0 with a message in log: the chain is live,
 * but something could not be cleaned up or written down; the next call does so.
 *
 * -EINVAL		an argument is wrong, or an object is; -ENOEXEC if it is none
 * -E2BIG		opts or a program has what this version does not know, or there are too many
 * -ENODEV		no such interface
 * -EACCES		the policy denies a program, or everything
 * -EPERM		not enough privileges, or a file that others can write to
 * -EBUSY		the interface has what only its owner can change: a program without
 *dispatcher, a bpf_link, another mode
 * -EEXIST		it has programs of others, and no flag says what becomes of them
 * -ETIMEDOUT		another process changes chains for longer than timeout_ms
 * -EAGAIN		somebody else changed this chain again and again
 *
 * and what the kernel, libbpf and the file system return. errno is set as well, and keeps its value
 * on success.
 *
 * libbpf says on standard error what it thinks of objects, unless libbpf_set_print() was told
 * otherwise: that is for the application to decide.
 *
 * Threads: any number may call it, with one policy or several; they wait for each other, as
 * processes do. It may sleep for some 100 ms after the change, until no packet is in the old chain
 * any more. Needs the privileges to load and attach XDP programs and to write to /run/xdp-policy.
 */
LIBXDPPOLICY_API int xdp_policy__attach_chain(struct xdp_policy *policy,
					      const struct xdp_policy_chain_opts *opts);

#ifdef __cplusplus
}
#endif

#endif
