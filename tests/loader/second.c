// SPDX-License-Identifier: LGPL-2.1-or-later
/* Somebody else's preload: passes two functions on and says so once for each. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct bpf_object;
struct bpf_object_open_opts;
struct btf;
struct xdp_program;

struct xdp_program *xdp_program__open_file(const char *path, const char *section,
					   struct bpf_object_open_opts *opts);
struct btf *bpf_object__btf(const struct bpf_object *obj);

static void *next(const char *soname, const char *name)
{
	void *fn = dlsym(RTLD_NEXT, name), *handle;

	if (fn)
		return fn;
	handle = dlopen(soname, RTLD_LAZY | RTLD_NOLOAD);
	fn = handle ? dlsym(handle, name) : NULL;
	if (!fn)
		abort();
	return fn;
}

static void say(const char *text)
{
	if (write(STDOUT_FILENO, text, strlen(text)) < 0)
		abort();
}

struct xdp_program *xdp_program__open_file(const char *path, const char *section,
					   struct bpf_object_open_opts *opts)
{
	static struct xdp_program *(*fn)(const char *, const char *, struct bpf_object_open_opts *);

	if (!fn) {
		say("second: open_file\n");
		*(void **)&fn = next("libxdp.so.1", "xdp_program__open_file");
	}
	return fn(path, section, opts);
}

struct btf *bpf_object__btf(const struct bpf_object *obj)
{
	static struct btf *(*fn)(const struct bpf_object *);

	if (!fn) {
		say("second: btf\n");
		*(void **)&fn = next("libbpf.so.1", "bpf_object__btf");
	}
	return fn(obj);
}
