// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The objects in Debian's libxdp.a are made for executables: they address one variable of another
 * library, stderr, in a way that a shared library cannot. It is renamed there to this one.
 */
#include <stdio.h>

extern FILE *libxdp_stderr;
__attribute__((visibility("hidden"))) FILE *libxdp_stderr;

__attribute__((constructor)) static void set_stderr(void)
{
	libxdp_stderr = stderr;
}
