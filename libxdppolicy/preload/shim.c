// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The object that is preloaded: a function of the same name in front of each function in symbols.h,
 * and nothing else. It may stand in /etc/ld.so.preload and so in every process of the host,
 * set-user-ID ones included. Hence: no constructor, and before the first hooked call no allocation,
 * no lock, no environment, no I/O; libc alone is needed. All logic is in libxdppolicy-hooks.so,
 * opened at the first hooked call. If that or anything else is missing, the real function is called
 * as if we were not here.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "object-at.h"
#include "symbols.h"
#include "util/owner.h"
#include "util/root.h"

#define EXPORT __attribute__((visibility("default")))

enum library {
	XDP,
	BPF,
	N_LIBRARIES
};

/* Arrays of characters, not of pointers, which would have to be relocated in every process. */
static const char sonames[N_LIBRARIES][16] = { "libxdp.so.1", "libbpf.so.1" };
static const char names[N_SYMBOLS][40] = {
#define X(lib, ret, name, params, args, fail) #name,
	PRELOAD_SYMBOLS(X)
#undef X
};
static const unsigned char libraries[N_SYMBOLS] = {
#define X(lib, ret, name, params, args, fail) lib,
	PRELOAD_SYMBOLS(X)
#undef X
};

static _Atomic(void *) real_fns[N_SYMBOLS];
static _Atomic(void *) fns[N_SYMBOLS];
static _Atomic(void *const *) hooks;
static atomic_bool no_hooks;

/*
 * A child that is forked while another thread is in the loader gets the loader's lists half changed
 * and its lock held, and dies at its own first hooked call. So fork() waits for whatever the
 * preload is doing. Recursive, since what is loaded may call us.
 */
static pthread_mutex_t mutex = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

/* what pthread_atfork() refers to; the start files that define it are not linked */
__attribute__((visibility("hidden"))) void *__dso_handle;

/* Who has the lock has not given it back while somebody waited for it as long as one waits. */
static atomic_bool is_stuck;

/* In steps: a process that was frozen, and so with it who has the lock, has not waited all of it.
 */
#define WAIT_STEPS 10
#define STEP_NS	   100000000L

static bool wait_for_lock(void)
{
	struct timespec limit;

	clock_gettime(CLOCK_MONOTONIC, &limit);
	limit.tv_nsec += STEP_NS;
	if (limit.tv_nsec >= 1000000000L) {
		limit.tv_sec++;
		limit.tv_nsec -= 1000000000L;
	}
	return !pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &limit);
}

/*
 * A thread that is in the loader already, in the constructor of a plug-in, may wait here for one
 * that waits for the loader. Better without the lock than for ever. Where one has waited in vain
 * nobody waits again, until the lock was given back: a call takes it several times.
 */
static bool lock(void)
{
	if (!pthread_mutex_trylock(&mutex))
		return true;
	for (int i = 0; i < WAIT_STEPS; i++) {
		if (atomic_load_explicit(&is_stuck, memory_order_relaxed))
			return false;
		if (wait_for_lock())
			return true;
	}
	atomic_store_explicit(&is_stuck, 1, memory_order_relaxed);
	return false;
}

static void before_fork(void)
{
	lock();
}

/* Of a lock that could not be had this is an error, and does nothing. */
static void unlock(void)
{
	if (!pthread_mutex_unlock(&mutex))
		atomic_store_explicit(&is_stuck, 0, memory_order_relaxed);
}

/* The mutex names its owner's thread id, and in the child that is another. */
static void after_fork_in_child(void)
{
	mutex = (pthread_mutex_t)PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
	atomic_store_explicit(&is_stuck, 0, memory_order_relaxed);
}

static void hold_over_fork(void)
{
	pthread_atfork(before_fork, unlock, after_fork_in_child);
}

/* dlsym() and dlopen() that leave nothing behind for the application's dlerror() if they fail */
static void *quiet_dlsym(void *handle, const char *name)
{
	void *found = dlsym(handle, name);

	if (!found)
		dlerror();
	return found;
}

static void *quiet_dlopen(const char *name, int flags)
{
	void *handle = dlopen(name, flags);

	if (!handle)
		dlerror();
	return handle;
}

/* What an object calls itself, or NULL. */
static const char *soname_of(const struct dl_phdr_info *info)
{
	const ElfW(Dyn) *dyn = NULL;
	ElfW(Addr) strings = 0;
	size_t soname = 0;

	for (unsigned int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
			dyn = (const void *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
	for (; dyn && dyn->d_tag != DT_NULL; dyn++) {
		if (dyn->d_tag == DT_STRTAB)
			strings = dyn->d_un.d_ptr;
		else if (dyn->d_tag == DT_SONAME)
			soname = dyn->d_un.d_val;
	}
	/* an address, where the loader could write there; else what the file has */
	if (strings < info->dlpi_addr)
		strings += info->dlpi_addr;
	return soname ? (const char *)strings + soname : NULL;
}

/* For dl_iterate_phdr(). */
static int has_name(struct dl_phdr_info *info, size_t size, void *name)
{
	const char *soname = soname_of(info), *slash = strrchr(info->dlpi_name, '/');

	(void)size;
	if (!soname)
		soname = slash ? slash + 1 : info->dlpi_name;
	return !strcmp(soname, name);
}

/*
 * The library of that name if the process has it. The loader is asked only if so: for one that is
 * not there it looks through all directories, with a hundred system calls, in a root that may be
 * somebody else's.
 */
static void *loaded(const char *soname)
{
	return dl_iterate_phdr(has_name, (void *)soname) ?
		       quiet_dlopen(soname, RTLD_LAZY | RTLD_NOLOAD) :
		       NULL;
}

/*
 * libxdp.so.1 and libbpf.so.1, once the process has them. For ever: what was found in them must
 * stay valid after dlclose().
 */
static _Atomic(void *) kept[N_LIBRARIES];

/* With the lock held. */
static void *keep(enum library library)
{
	void *handle = atomic_load_explicit(&kept[library], memory_order_relaxed);

	if (!handle) {
		handle = loaded(sonames[library]);
		atomic_store_explicit(&kept[library], handle, memory_order_relaxed);
	}
	return handle;
}

/*
 * RTLD_NEXT does not see a library that came as the dependency of a plug-in opened with RTLD_LOCAL;
 * its own handle does. next is what RTLD_NEXT has answered, or NULL.
 */
static void *find_real(enum preload_symbol symbol, void *next)
{
	void *fn = atomic_load_explicit(&real_fns[symbol], memory_order_acquire);
	void *handle;

	if (fn)
		return fn;
	lock();
	handle = keep(libraries[symbol]);
	fn = next ? next : quiet_dlsym(RTLD_NEXT, names[symbol]);
	if (!fn && handle)
		fn = quiet_dlsym(handle, names[symbol]);
	unlock();
	atomic_store_explicit(&real_fns[symbol], fn, memory_order_release);
	return fn;
}

static void *real(enum preload_symbol symbol)
{
	return find_real(symbol, NULL);
}

/*
 * The object that an address is in. NULL if it stands before the shim: the program, or another
 * preload, which has called what comes after it.
 */
static const struct link_map *plugin_at(const void *addr)
{
	const struct link_map *map = object_at(addr), *shim = object_at(names);

	for (; shim; shim = shim->l_prev)
		if (shim == map)
			return NULL;
	return map;
}

/*
 * Objects that were found to have no libbpf or libxdp of their own. They are asked once, since each
 * call of dlsym() makes the application's dlerror() forget an older error. With the lock held.
 */
#define N_PLAIN 8
static struct {
	const struct link_map *map;
	uint64_t print;
} plain[N_LIBRARIES][N_PLAIN];
static unsigned int next_plain[N_LIBRARIES];

#define HASH_START 14695981039346656037U
#define HASH_PRIME 1099511628211U

/*
 * Tells an object from another that is mapped where it was before it was closed, and described in
 * the same memory: by its path, its place, and whatever its dynamic section says of the sizes of
 * its tables, where they are, and what it needs.
 */
static uint64_t print_of(const struct link_map *map)
{
	uint64_t hash = (HASH_START ^ (uintptr_t)map->l_ld) * HASH_PRIME;

	for (const char *c = map->l_name; *c; c++)
		hash = (hash ^ (unsigned char)*c) * HASH_PRIME;
	for (const ElfW(Dyn) *dyn = map->l_ld; dyn->d_tag != DT_NULL; dyn++) {
		hash = (hash ^ (uint64_t)dyn->d_tag) * HASH_PRIME;
		hash = (hash ^ dyn->d_un.d_val) * HASH_PRIME;
	}
	return hash;
}

static bool is_plain(const struct link_map *map, enum library library)
{
	for (int i = 0; i < N_PLAIN; i++)
		if (plain[library][i].map == map)
			return plain[library][i].print == print_of(map);
	return false;
}

static void set_plain(const struct link_map *map, enum library library)
{
	unsigned int i = 0;

	/* in the place of one that was closed, else of the oldest */
	while (i < N_PLAIN && plain[library][i].map != map)
		i++;
	if (i == N_PLAIN)
		i = next_plain[library]++ % N_PLAIN;
	plain[library][i].map = map;
	plain[library][i].print = print_of(map);
}

static void *look_in(const struct link_map *map, enum preload_symbol symbol)
{
	void *plugin = quiet_dlopen(map->l_name, RTLD_LAZY | RTLD_NOLOAD), *library, *fn;

	if (!plugin)
		return NULL;
	fn = quiet_dlsym(plugin, names[symbol]);
	library = loaded(sonames[libraries[symbol]]);
	if (library) {
		if (fn == quiet_dlsym(library, names[symbol]))
			fn = NULL;
		if (!fn)
			set_plain(map, libraries[symbol]);
		dlclose(library);
	}
	dlclose(plugin);
	return fn;
}

/*
 * A plug-in that was opened with RTLD_LOCAL may have a libbpf or libxdp linked into it. What it
 * calls is its own function then, found by the place that the call comes from, and no business of
 * ours. *global is the function in the global scope, which is the same for all, if there is one.
 */
static void *own_of(enum preload_symbol symbol, const void *caller, void **global)
{
	const struct link_map *map;
	void *fn = NULL;

	lock();
	map = plugin_at(caller);
	*global = NULL;
	if (!map || !is_plain(map, libraries[symbol])) {
		*global = quiet_dlsym(RTLD_NEXT, names[symbol]);
		if (map && !*global)
			fn = look_in(map, symbol);
	}
	unlock();
	return fn;
}

/*
 * Whether the hooks can be let into the process, which may be root's. Only root can change or
 * exchange the file: so what is looked at is what is loaded. The loader maps what its header
 * promises, and a file that was cut short, say by a full disk, kills the process when it is
 * touched. The section headers come last: if they are there, all is.
 */
static bool is_good(const char *path)
{
	ElfW(Ehdr) header;
	struct stat st;
	bool good = false;
	int fd, cancel;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel); /* the lock is held */
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		goto out;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && owner__is_alone(&st, 0) &&
	    owner__has_path(path, 0, 0, NULL, NULL) &&
	    read(fd, &header, sizeof(header)) == sizeof(header))
		good = header.e_shoff && header.e_shoff < (size_t)st.st_size &&
		       header.e_shoff + (size_t)header.e_shnum * header.e_shentsize <=
			       (size_t)st.st_size;
	close(fd);
out:
	pthread_setcancelstate(cancel, NULL);
	return good;
}

/* More than the hooks and what they bring take. */
#define ROOM (8 << 20)

/* The loader does not tell us why it failed. */
static bool has_room(void)
{
	void *room = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return room != MAP_FAILED && !munmap(room, ROOM);
}

/*
 * NULL if they cannot be had. *lasting is whether that stays so: of descriptors and memory there
 * may be enough at the next call.
 */
static void *open_file(bool *lasting)
{
	void *handle = NULL;

	errno = 0;
	if (root__is_original() && is_good(HOOKS_PATH)) {
		handle = quiet_dlopen(HOOKS_PATH, RTLD_NOW | RTLD_LOCAL);
		*lasting = handle || has_room();
	} else {
		*lasting = errno != EMFILE && errno != ENFILE && errno != ENOMEM && errno != EINTR;
	}
	return handle;
}

/*
 * The hooks need libbpf.so.1 and take it as the process has it; they never bring one in, and keep
 * out of a process that has the incompatible libbpf.so.0 too.
 */
static void *const *open_hooks(void)
{
	const struct preload_shim shim = { .real = real, .lock = lock, .unlock = unlock };
	void *const *found = NULL;
	preload_hooks_fn *get;
	bool lasting;
	void *handle;

	if (!keep(BPF))
		return NULL;
	handle = loaded("libbpf.so.0");
	if (handle) {
		dlclose(handle);
		return NULL;
	}
	handle = open_file(&lasting);
	get = handle ? quiet_dlsym(handle, PRELOAD_HOOKS_SYMBOL) : NULL;
	if (get)
		found = get(VERSION, &shim);
	if (!found && lasting)
		atomic_store_explicit(&no_hooks, 1, memory_order_relaxed);
	return found;
}

/*
 * The hooks of libxdp's functions call others of libxdp.so.1 by that name. A libxdp that is part of
 * another shared library does without them: it is reached as one that is linked in.
 */
static bool has_libxdp(void)
{
	bool found;

	lock();
	found = keep(XDP);
	unlock();
	return found;
}

/*
 * Threads may look for the same thing one after the other; all find the same. Where the global
 * scope has the function it is for all callers: that is kept.
 */
static void *find(enum preload_symbol symbol, const void *caller)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	void *const *table = atomic_load_explicit(&hooks, memory_order_acquire);
	int saved_errno = errno;
	void *global, *fn;

	pthread_once(&once, hold_over_fork);
	fn = own_of(symbol, caller, &global);
	if (fn)
		goto out;
	fn = find_real(symbol, global);
	if (fn && libraries[symbol] == XDP && !has_libxdp())
		goto out;
	if (fn && !table && !atomic_load_explicit(&no_hooks, memory_order_relaxed)) {
		lock();
		table = open_hooks();
		unlock();
		atomic_store_explicit(&hooks, table, memory_order_release);
	}
	if (fn && table)
		fn = table[symbol] ? table[symbol] : fn;
	if (fn && global && (table || atomic_load_explicit(&no_hooks, memory_order_relaxed)))
		atomic_store_explicit(&fns[symbol], fn, memory_order_release);
out:
	errno = saved_errno;
	return fn;
}

#define X(lib, ret, name, params, args, fail)                                                   \
	EXPORT ret name params;                                                                 \
	EXPORT ret name params                                                                  \
	{                                                                                       \
		ret(*fn) params = atomic_load_explicit(&fns[SYM_##name], memory_order_acquire); \
                                                                                                \
		if (!fn)                                                                        \
			fn = find(SYM_##name, __builtin_return_address(0));                     \
		if (fn)                                                                         \
			return fn args;                                                         \
		errno = ENOSYS;                                                                 \
		return fail;                                                                    \
	}
PRELOAD_SYMBOLS(X)
#undef X
