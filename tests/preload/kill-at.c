// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Preloaded into xdp-policy itself, and what that starts: kills it at moment KILL_AT, where each of
 * its calls that changes files makes two, one before it and one after.
 */
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

static void moment(void)
{
	static int now;
	const char *at = getenv("KILL_AT");

	if (at && !strcmp(program_invocation_short_name, "xdp-policy") && ++now == atoi(at))
		raise(SIGKILL);
}

#define WRAP(ret, name, params, args)                                       \
	ret name params;                                                    \
	ret name params                                                     \
	{                                                                   \
		ret(*real) params = (ret(*) params)dlsym(RTLD_NEXT, #name); \
		ret got;                                                    \
                                                                            \
		moment();                                                   \
		got = real args;                                            \
		moment();                                                   \
		return got;                                                 \
	}

WRAP(int, mkostemp, (char *template, int flags), (template, flags))
WRAP(int, mkostemps, (char *template, int len, int flags), (template, len, flags))
WRAP(ssize_t, write, (int fd, const void *data, size_t size), (fd, data, size))
WRAP(int, fchmod, (int fd, mode_t mode), (fd, mode))
WRAP(int, fchown, (int fd, uid_t uid, gid_t gid), (fd, uid, gid))
WRAP(int, fsync, (int fd), (fd))
WRAP(int, rename, (const char *from, const char *to), (from, to))
WRAP(int, unlink, (const char *path), (path))
WRAP(int, unlinkat, (int dir, const char *path, int flags), (dir, path, flags))
