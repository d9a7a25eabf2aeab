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
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "symbols.h"

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

/*
 * A thread that is in the loader already, in the constructor of a plug-in, may wait here for one
 * that waits for the loader. Better without the lock than for ever.
 */
static bool lock(void)
{
	struct timespec limit;

	if (!pthread_mutex_trylock(&mutex))
		return true;
	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += 1;
	return !pthread_mutex_timedlock(&mutex, &limit);
}

static void before_fork(void)
{
	lock();
}

/* Of a lock that could not be had this is an error, and does nothing. */
static void unlock(void)
{
	pthread_mutex_unlock(&mutex);
}

/* The mutex names its owner's thread id, and in the child that is another. */
static void after_fork_in_child(void)
{
	mutex = (pthread_mutex_t)PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
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

/*
 * RTLD_NEXT does not see a library that came as the dependency of a plug-in opened with RTLD_LOCAL;
 * its own handle does. That handle is kept for ever: what was found must stay valid after
 * dlclose().
 */
static void *real(enum preload_symbol symbol)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	void *fn = atomic_load_explicit(&real_fns[symbol], memory_order_acquire);
	void *handle;

	if (fn)
		return fn;
	pthread_once(&once, hold_over_fork);
	lock();
	handle = quiet_dlopen(sonames[libraries[symbol]], RTLD_LAZY | RTLD_NOLOAD);
	fn = quiet_dlsym(RTLD_NEXT, names[symbol]);
	if (!fn && handle)
		fn = quiet_dlsym(handle, names[symbol]);
	unlock();
	atomic_store_explicit(&real_fns[symbol], fn, memory_order_release);
	return fn;
}

/*
 * The loader maps what a file's header promises, and a file that was cut short, say by a full disk,
 * kills the process when it is touched. The section headers come last: if they are there, all is.
 */
static bool is_whole(const char *path)
{
	ElfW(Ehdr) header;
	struct stat st;
	bool whole = false;
	int fd, cancel;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel); /* the lock is held */
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		goto out;
	if (!fstat(fd, &st) && read(fd, &header, sizeof(header)) == sizeof(header))
		whole = header.e_shoff && header.e_shoff < (size_t)st.st_size &&
			header.e_shoff + (size_t)header.e_shnum * header.e_shentsize <=
				(size_t)st.st_size;
	close(fd);
out:
	pthread_setcancelstate(cancel, NULL);
	return whole;
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
	void *handle;

	if (!quiet_dlopen(sonames[BPF], RTLD_LAZY | RTLD_NOLOAD))
		return NULL;
	handle = quiet_dlopen("libbpf.so.0", RTLD_LAZY | RTLD_NOLOAD);
	if (handle) {
		dlclose(handle);
		return NULL;
	}
	handle = is_whole(HOOKS_PATH) ? quiet_dlopen(HOOKS_PATH, RTLD_NOW | RTLD_LOCAL) : NULL;
	get = handle ? quiet_dlsym(handle, PRELOAD_HOOKS_SYMBOL) : NULL;
	if (get)
		found = get(VERSION, &shim);
	if (!found)
		atomic_store_explicit(&no_hooks, 1, memory_order_relaxed);
	return found;
}

/* Threads may look for the same thing one after the other; all find the same. */
static void *find(enum preload_symbol symbol)
{
	void *const *table = atomic_load_explicit(&hooks, memory_order_acquire);
	int saved_errno = errno;
	void *fn = real(symbol);

	if (fn && !table && !atomic_load_explicit(&no_hooks, memory_order_relaxed)) {
		lock();
		table = open_hooks();
		unlock();
		atomic_store_explicit(&hooks, table, memory_order_release);
	}
	if (fn && table)
		fn = table[symbol] ? table[symbol] : fn;
	if (fn && (table || atomic_load_explicit(&no_hooks, memory_order_relaxed)))
		atomic_store_explicit(&fns[symbol], fn, memory_order_release);
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
			fn = find(SYM_##name);                                                  \
		if (fn)                                                                         \
			return fn args;                                                         \
		errno = ENOSYS;                                                                 \
		return fail;                                                                    \
	}
PRELOAD_SYMBOLS(X)
#undef X
