/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_SYMBOLS_H
#define XDP_POLICY_SYMBOLS_H

/*
 * The functions that the preload stands in front of, and the contract between its two objects.
 * Every other function of libxdp and libbpf is not exported by the shim and so not touched.
 *
 * X(library, return type, name, parameters, arguments, answer if the function cannot be found)
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bpf_object;
struct bpf_object_open_opts;
struct bpf_link_create_opts;
struct bpf_link_update_opts;
struct bpf_program;
struct bpf_xdp_attach_opts;
struct bpf_xdp_query_opts;
struct btf;
struct xdp_program;
struct xdp_program_opts;

/* libbpf's and libxdp's error pointers */
#define PRELOAD_ERR_PTR(err) ((void *)(intptr_t)(-(err)))

#define PRELOAD_SYMBOLS(X)                                                                         \
	X(XDP, int, xdp_program__attach,                                                           \
	  (struct xdp_program * prog, int ifindex, int mode, unsigned int flags),                  \
	  (prog, ifindex, mode, flags), -ENOSYS)                                                   \
	X(XDP, int, xdp_program__attach_multi,                                                     \
	  (struct xdp_program * *progs, size_t n, int ifindex, int mode, unsigned int flags),      \
	  (progs, n, ifindex, mode, flags), -ENOSYS)                                               \
	X(XDP, int, xdp_program__detach,                                                           \
	  (struct xdp_program * prog, int ifindex, int mode, unsigned int flags),                  \
	  (prog, ifindex, mode, flags), -ENOSYS)                                                   \
	X(XDP, int, xdp_program__detach_multi,                                                     \
	  (struct xdp_program * *progs, size_t n, int ifindex, int mode, unsigned int flags),      \
	  (progs, n, ifindex, mode, flags), -ENOSYS)                                               \
	X(XDP, void, xdp_program__close, (struct xdp_program * prog), (prog), )                    \
	X(XDP, struct xdp_program *, xdp_program__from_bpf_obj,                                    \
	  (struct bpf_object * obj, const char *section), (obj, section), PRELOAD_ERR_PTR(ENOSYS)) \
	X(XDP, struct xdp_program *, xdp_program__find_file,                                       \
	  (const char *file, const char *section, struct bpf_object_open_opts *opts),              \
	  (file, section, opts), PRELOAD_ERR_PTR(ENOSYS))                                          \
	X(XDP, struct xdp_program *, xdp_program__open_file,                                       \
	  (const char *file, const char *section, struct bpf_object_open_opts *opts),              \
	  (file, section, opts), PRELOAD_ERR_PTR(ENOSYS))                                          \
	X(XDP, struct xdp_program *, xdp_program__create, (struct xdp_program_opts * opts),        \
	  (opts), PRELOAD_ERR_PTR(ENOSYS))                                                         \
	X(BPF, struct bpf_object *, bpf_object__open_file,                                         \
	  (const char *path, const struct bpf_object_open_opts *opts), (path, opts), NULL)         \
	X(BPF, struct btf *, bpf_object__btf, (const struct bpf_object *obj), (obj), NULL)         \
	X(BPF, void, bpf_object__close, (struct bpf_object * obj), (obj), )                        \
	X(BPF, int, bpf_program__set_attach_target,                                                \
	  (struct bpf_program * prog, int fd, const char *name), (prog, fd, name), -ENOSYS)        \
	X(BPF, int, bpf_xdp_query, (int ifindex, int flags, struct bpf_xdp_query_opts *opts),      \
	  (ifindex, flags, opts), -ENOSYS)                                                         \
	X(BPF, int, bpf_xdp_attach,                                                                \
	  (int ifindex, int fd, uint32_t flags, const struct bpf_xdp_attach_opts *opts),           \
	  (ifindex, fd, flags, opts), -ENOSYS)                                                     \
	X(BPF, int, bpf_link_create,                                                               \
	  (int fd, int target, int type, const struct bpf_link_create_opts *opts),                 \
	  (fd, target, type, opts), -ENOSYS)                                                       \
	X(BPF, int, bpf_link_update, (int link, int fd, const struct bpf_link_update_opts *opts),  \
	  (link, fd, opts), -ENOSYS)

enum preload_symbol {
#define X(lib, ret, name, params, args, fail) SYM_##name,
	PRELOAD_SYMBOLS(X)
#undef X
	N_SYMBOLS
};

/*
 * The hooks object exports PRELOAD_HOOKS_SYMBOL alone. The shim calls it once, with the version
 * that both were built from and what it has to offer; it answers with N_SYMBOLS functions to call
 * instead, or NULL if the versions differ.
 */
#define PRELOAD_HOOKS_SYMBOL "xdp_policy_preload_hooks"

struct preload_shim {
	/* the real function of a symbol, NULL if there is none */
	void *(*real)(enum preload_symbol symbol);
	/* one lock for all that the preload does; recursive, and held over fork() */
	bool (*lock)(void); /* false: it could not be had in time */
	void (*unlock)(void);
};

typedef void *const *preload_hooks_fn(const char *version, const struct preload_shim *shim);

#endif
