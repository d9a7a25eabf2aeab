/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_HOOKS_H
#define XDP_POLICY_HOOKS_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <xdp/libxdp.h>

#include "policy/policy.h"
#include "symbols.h"

extern preload_real_fn hooks_real;

/* The real function behind a hook of the same name. NULL only if libxdp or libbpf lack it. */
#define REAL(name) ((__typeof__(&name))hooks_real(SYM_##name))

/* hook_NAME() for each symbol: called instead of NAME. Those that need none are not defined. */
int hook_xdp_program__attach(struct xdp_program *prog, int ifindex, enum xdp_attach_mode mode,
			     unsigned int flags);
int hook_xdp_program__attach_multi(struct xdp_program **progs, size_t n, int ifindex,
				   enum xdp_attach_mode mode, unsigned int flags);
int hook_xdp_program__set_run_prio(struct xdp_program *prog, unsigned int prio);
int hook_xdp_program__set_chain_call_enabled(struct xdp_program *prog, unsigned int action,
					     bool enabled);
void hook_xdp_program__close(struct xdp_program *prog);
struct xdp_program *hook_xdp_program__from_bpf_obj(struct bpf_object *obj, const char *section);
struct xdp_program *hook_xdp_program__find_file(const char *file, const char *section,
						struct bpf_object_open_opts *opts);
struct xdp_program *hook_xdp_program__open_file(const char *file, const char *section,
						struct bpf_object_open_opts *opts);
struct xdp_program *hook_xdp_program__create(struct xdp_program_opts *opts);
struct xdp_program *hook_xdp_program__clone(struct xdp_program *prog, unsigned int flags);
struct xdp_program *hook_xdp_program__from_fd(int fd);
struct xdp_program *hook_xdp_program__from_id(__u32 id);
struct xdp_program *hook_xdp_program__from_pin(const char *path);
struct xdp_multiprog *hook_xdp_multiprog__get_from_ifindex(int ifindex);
struct bpf_object *hook_bpf_object__open_file(const char *path,
					      const struct bpf_object_open_opts *opts);
struct btf *hook_bpf_object__btf(const struct bpf_object *obj);
void hook_bpf_object__close(struct bpf_object *obj);
int hook_bpf_program__set_attach_target(struct bpf_program *prog, int fd, const char *name);
int hook_bpf_xdp_query(int ifindex, int flags, struct bpf_xdp_query_opts *opts);
int hook_bpf_xdp_attach(int ifindex, int fd, __u32 flags, const struct bpf_xdp_attach_opts *opts);

/*
 * How deep this thread is in libxdp: its functions call each other and libbpf's through the hooks,
 * and only what the application itself asked for is a wish of the application.
 */
extern __thread unsigned int libxdp_depth;

#endif
