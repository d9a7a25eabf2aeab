// SPDX-License-Identifier: LGPL-2.1-or-later
/* Stands for a shim that does what the loader cannot see: CRASH, HANG or SAY at its start. */
#include <unistd.h>

__attribute__((constructor)) static void start(void)
{
#if defined(CRASH)
	__builtin_trap();
#elif defined(HANG)
	for (;;)
		pause();
#elif defined(SAY)
	if (write(2, "hello\n", 6) < 0)
		_exit(1);
#endif
}
