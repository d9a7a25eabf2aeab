// SPDX-License-Identifier: LGPL-2.1-or-later
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <search.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "failing.h"

static struct {
	bool armed;
	enum failing_kind kind;
	unsigned int n, k;
	struct failing_point failed;
} now;

extern const char __executable_start[], __etext[];

static bool is_ours(const void *from)
{
	return (uintptr_t)from >= (uintptr_t)__executable_start &&
	       (uintptr_t)from < (uintptr_t)__etext;
}

static bool fails(enum failing_kind kind, int err, const char *call, const void *from)
{
	if (!now.armed)
		return false;
	if (kind == FAILING_MEMORY && !is_ours(from))
		kind = FAILING_THEIR_MEMORY;
	if (kind != now.kind || ++now.n != now.k)
		return false;
	now.failed = (struct failing_point){ call, from };
	errno = err;
	return true;
}

void failing__arm(enum failing_kind kind, unsigned int k)
{
	now.failed = (struct failing_point){ NULL, NULL };
	now.kind = kind;
	now.k = k;
	now.n = 0;
	now.armed = true;
}

unsigned int failing__disarm(struct failing_point *failed)
{
	now.armed = false;
	if (failed)
		*failed = now.failed;
	return now.n;
}

/* Also called before a sanitizer is ready for it. */
#define PLAIN	  __attribute__((no_sanitize("address", "undefined")))
#define FROM	  __builtin_return_address(0)
#define REAL(fn)  ((__typeof__(&fn))next(&real_##fn, #fn))
#define SLOT(fn)  static void *real_##fn
#define LOST(err) (fails(FAILING_CALLS, err, __func__, FROM))

static void *next(void **slot, const char *name)
{
	bool armed = now.armed;

	if (!*slot) {
		now.armed = false;
		*slot = dlsym(RTLD_NEXT, name);
		now.armed = armed;
	}
	return *slot;
}

/* what follows is there for all libraries */
#pragma GCC visibility push(default)

/* --- memory --- */

/* A sanitizer's, if there is one: these names must not be looked for while they are needed. */
void *__interceptor_malloc(size_t size) __attribute__((weak));
void *__interceptor_calloc(size_t n, size_t size) __attribute__((weak));
void *__interceptor_realloc(void *ptr, size_t size) __attribute__((weak));
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *ptr, size_t size);

static PLAIN void *real_malloc(size_t size)
{
	return __interceptor_malloc ? __interceptor_malloc(size) : __libc_malloc(size);
}

static PLAIN void *real_realloc(void *ptr, size_t size)
{
	return __interceptor_realloc ? __interceptor_realloc(ptr, size) : __libc_realloc(ptr, size);
}

static PLAIN bool no_memory(const char *call, const void *from)
{
	return now.armed && fails(FAILING_MEMORY, ENOMEM, call, from);
}

PLAIN void *malloc(size_t size)
{
	return no_memory("malloc", FROM) ? NULL : real_malloc(size);
}

PLAIN void *calloc(size_t n, size_t size)
{
	if (no_memory("calloc", FROM))
		return NULL;
	return __interceptor_calloc ? __interceptor_calloc(n, size) : __libc_calloc(n, size);
}

PLAIN void *realloc(void *ptr, size_t size)
{
	return no_memory("realloc", FROM) ? NULL : real_realloc(ptr, size);
}

PLAIN void *reallocarray(void *ptr, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return no_memory("reallocarray", FROM) ? NULL : real_realloc(ptr, bytes);
}

PLAIN char *strndup(const char *text, size_t size)
{
	size_t len = strnlen(text, size);
	char *copy = no_memory("strndup", FROM) ? NULL : real_malloc(len + 1);

	if (copy) {
		memcpy(copy, text, len);
		copy[len] = '\0';
	}
	return copy;
}

PLAIN char *strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = no_memory("strdup", FROM) ? NULL : real_malloc(size);

	return copy ? memcpy(copy, text, size) : NULL;
}

int asprintf(char **ret, const char *fmt, ...)
{
	va_list args;
	int len;

	if (no_memory("asprintf", FROM))
		return -1;
	va_start(args, fmt);
	len = vasprintf(ret, fmt, args);
	va_end(args);
	return len;
}

SLOT(tsearch);
void *tsearch(const void *key, void **root, __compar_fn_t compare)
{
	return no_memory("tsearch", FROM) ? NULL : REAL(tsearch)(key, root, compare);
}

/* --- system calls, and functions that make some --- */

/* More arguments are passed on than there may be. */
SLOT(syscall);
PLAIN long syscall(long number, ...)
{
	long arg[6];
	va_list args;

	va_start(args, number);
	for (int i = 0; i < 6; i++)
		arg[i] = va_arg(args, long);
	va_end(args);
	if (LOST(EIO))
		return -1;
	return REAL(syscall)(number, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
}

/* The mode is there, or is not looked at. */
#define OPEN(name)                                                        \
	SLOT(name);                                                       \
	PLAIN int name(const char *path, int flags, ...)                  \
	{                                                                 \
		va_list args;                                             \
		mode_t mode;                                              \
                                                                          \
		va_start(args, flags);                                    \
		mode = va_arg(args, mode_t);                              \
		va_end(args);                                             \
		return LOST(EMFILE) ? -1 : REAL(name)(path, flags, mode); \
	}
#define OPENAT(name)                                                          \
	SLOT(name);                                                           \
	PLAIN int name(int at, const char *path, int flags, ...)              \
	{                                                                     \
		va_list args;                                                 \
		mode_t mode;                                                  \
                                                                              \
		va_start(args, flags);                                        \
		mode = va_arg(args, mode_t);                                  \
		va_end(args);                                                 \
		return LOST(EMFILE) ? -1 : REAL(name)(at, path, flags, mode); \
	}
#define FCNTL(name)                                                      \
	SLOT(name);                                                      \
	PLAIN int name(int fd, int command, ...)                         \
	{                                                                \
		va_list args;                                            \
		long arg;                                                \
                                                                         \
		va_start(args, command);                                 \
		arg = va_arg(args, long);                                \
		va_end(args);                                            \
		return LOST(EMFILE) ? -1 : REAL(name)(fd, command, arg); \
	}
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)
FCNTL(fcntl)
FCNTL(fcntl64)

/* It is closed in any case. */
SLOT(close);
int close(int fd)
{
	int rc = REAL(close)(fd);

	return LOST(EIO) ? -1 : rc;
}

SLOT(ioctl);
PLAIN int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	return LOST(EIO) ? -1 : REAL(ioctl)(fd, request, arg);
}

#define CALL(type, name, failure, err, declared, passed)          \
	SLOT(name);                                               \
	type name declared                                        \
	{                                                         \
		return LOST(err) ? (failure) : REAL(name) passed; \
	}

CALL(FILE *, fopen, NULL, EMFILE, (const char *path, const char *mode), (path, mode))
CALL(FILE *, fopen64, NULL, EMFILE, (const char *path, const char *mode), (path, mode))
CALL(DIR *, opendir, NULL, EMFILE, (const char *path), (path))
CALL(DIR *, fdopendir, NULL, ENOMEM, (int fd), (fd))
CALL(struct dirent *, readdir, NULL, EIO, (DIR * dir), (dir))
CALL(char *, realpath, NULL, EIO, (const char *path, char *to), (path, to))
CALL(ssize_t, read, -1, EIO, (int fd, void *to, size_t size), (fd, to, size))
CALL(ssize_t, pread, -1, EIO, (int fd, void *to, size_t size, off_t at), (fd, to, size, at))
CALL(ssize_t, write, -1, ENOSPC, (int fd, const void *from, size_t size), (fd, from, size))
CALL(ssize_t, readlink, -1, EIO, (const char *path, char *to, size_t size), (path, to, size))
CALL(int, access, -1, EIO, (const char *path, int mode), (path, mode))
CALL(int, faccessat, -1, EIO, (int at, const char *path, int mode, int flags),
     (at, path, mode, flags))
CALL(int, stat, -1, EIO, (const char *path, struct stat *to), (path, to))
CALL(int, lstat, -1, EIO, (const char *path, struct stat *to), (path, to))
CALL(int, fstat, -1, EIO, (int fd, struct stat *to), (fd, to))
CALL(int, fstatat, -1, EIO, (int at, const char *path, struct stat *to, int flags),
     (at, path, to, flags))
CALL(int, statfs, -1, EIO, (const char *path, struct statfs *to), (path, to))
CALL(int, statfs64, -1, EIO, (const char *path, struct statfs64 *to), (path, to))
CALL(int, mkdir, -1, ENOSPC, (const char *path, mode_t mode), (path, mode))
CALL(int, mkdirat, -1, ENOSPC, (int at, const char *path, mode_t mode), (at, path, mode))
CALL(int, rename, -1, ENOSPC, (const char *from, const char *to), (from, to))
CALL(int, renameat, -1, ENOSPC, (int at, const char *from, int to_at, const char *to),
     (at, from, to_at, to))
CALL(int, renameat2, -1, ENOSPC,
     (int at, const char *from, int to_at, const char *to, unsigned int flags),
     (at, from, to_at, to, flags))
CALL(int, unlink, -1, EIO, (const char *path), (path))
CALL(int, unlinkat, -1, EIO, (int at, const char *path, int flags), (at, path, flags))
CALL(int, rmdir, -1, EIO, (const char *path), (path))
CALL(int, fchmod, -1, EIO, (int fd, mode_t mode), (fd, mode))
CALL(int, flock, -1, EIO, (int fd, int operation), (fd, operation))
CALL(int, dup3, -1, EMFILE, (int fd, int to, int flags), (fd, to, flags))
CALL(int, socket, -1, EMFILE, (int domain, int type, int protocol), (domain, type, protocol))
CALL(int, bind, -1, EIO, (int fd, const struct sockaddr *to, socklen_t size), (fd, to, size))
CALL(int, getsockname, -1, EIO, (int fd, struct sockaddr *to, socklen_t *size), (fd, to, size))
CALL(int, setsockopt, -1, EIO, (int fd, int level, int name, const void *value, socklen_t size),
     (fd, level, name, value, size))
CALL(ssize_t, send, -1, EIO, (int fd, const void *from, size_t size, int flags),
     (fd, from, size, flags))
CALL(ssize_t, sendmsg, -1, EIO, (int fd, const struct msghdr *from, int flags), (fd, from, flags))
CALL(ssize_t, recv, -1, EIO, (int fd, void *to, size_t size, int flags), (fd, to, size, flags))
CALL(ssize_t, recvmsg, -1, EIO, (int fd, struct msghdr *to, int flags), (fd, to, flags))
CALL(void *, mmap64, MAP_FAILED, ENOMEM,
     (void *at, size_t size, int prot, int flags, int fd, off64_t offset),
     (at, size, prot, flags, fd, offset))
CALL(unsigned int, if_nametoindex, 0, EMFILE, (const char *name), (name))
CALL(char *, if_indextoname, NULL, EMFILE, (unsigned int index, char to[IF_NAMESIZE]), (index, to))
