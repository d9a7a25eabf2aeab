// SPDX-License-Identifier: LGPL-2.1-or-later
/* Code that must not get into a process, as hooks or as a plug-in: it says that it did. */
#include <unistd.h>

__attribute__((constructor)) static void say(void)
{
	if (write(STDOUT_FILENO, "EVIL ", 5) != 5)
		_exit(98);
}
