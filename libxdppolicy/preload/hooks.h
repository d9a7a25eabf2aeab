/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_HOOKS_H
#define XDP_POLICY_HOOKS_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <xdp/libxdp.h>

#include "call.h"
#include "symbols.h"

extern struct preload_shim hooks_shim;

/* The real function behind a hook of the same name. NULL only if libxdp or libbpf lack it. */
#define REAL(name) ((__typeof__(&name))hooks_shim.real(SYM_##name))

/* hook_NAME() for each symbol: called instead of NAME. */
int hook_xdp_program__attach(struct xdp_program *prog, int ifindex, enum xdp_attach_mode mode,
			     unsigned int flags);
int hook_xdp_program__attach_multi(struct xdp_program **progs, size_t n, int ifindex,
				   enum xdp_attach_mode mode, unsigned int flags);
int hook_xdp_program__detach(struct xdp_program *prog, int ifindex, enum xdp_attach_mode mode,
			     unsigned int flags);
int hook_xdp_program__detach_multi(struct xdp_program **progs, size_t n, int ifindex,
				   enum xdp_attach_mode mode, unsigned int flags);
void hook_xdp_program__close(struct xdp_program *prog);
struct xdp_program *hook_xdp_program__from_bpf_obj(struct bpf_object *obj, const char *section);
struct xdp_program *hook_xdp_program__find_file(const char *file, const char *section,
						struct bpf_object_open_opts *opts);
struct xdp_program *hook_xdp_program__open_file(const char *file, const char *section,
						struct bpf_object_open_opts *opts);
struct xdp_program *hook_xdp_program__create(struct xdp_program_opts *opts);
struct bpf_object *hook_bpf_object__open_file(const char *path,
					      const struct bpf_object_open_opts *opts);
struct btf *hook_bpf_object__btf(const struct bpf_object *obj);
void hook_bpf_object__close(struct bpf_object *obj);
int hook_bpf_program__set_attach_target(struct bpf_program *prog, int fd, const char *name);
int hook_bpf_xdp_query(int ifindex, int flags, struct bpf_xdp_query_opts *opts);
int hook_bpf_xdp_attach(int ifindex, int fd, __u32 flags, const struct bpf_xdp_attach_opts *opts);
int hook_bpf_link_create(int fd, int target, enum bpf_attach_type type,
			 const struct bpf_link_create_opts *opts);
int hook_bpf_link_update(int link, int fd, const struct bpf_link_update_opts *opts);

/*
 * LIBXDP_SKIP_DISPATCHER=1, by which libxdp attaches past the dispatcher, is hidden from this
 * process until as many calls have shown it again. In skip.c; hide with the lock of state.h held.
 */
void skip__hide(void);
void skip__show_soon(void);

#endif
