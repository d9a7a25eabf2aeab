// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Preloaded into xdp-policy: whenever it asks how long it has been at work, a second more has gone
 * by. What is shown of long work is shown however fast the machine is.
 */
#include <dlfcn.h>
#include <time.h>

int clock_gettime(clockid_t clock, struct timespec *now)
{
	static int (*real)(clockid_t, struct timespec *);
	static time_t later;
	int rc;

	if (!real)
		real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	rc = real(clock, now);
	if (clock == CLOCK_MONOTONIC)
		now->tv_sec += ++later;
	return rc;
}
