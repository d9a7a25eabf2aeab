// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Preloaded into xdp-policy itself: when that makes its temporary file, somebody else adds a line
 * to the file that it has read, WRITES times.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

int mkostemp(char *template, int flags)
{
	static int (*real)(char *, int);
	static int writes;
	FILE *file;

	if (!real) {
		real = (int (*)(char *, int))dlsym(RTLD_NEXT, "mkostemp");
		writes = atoi(getenv("WRITES"));
	}
	if (writes-- > 0) {
		file = fopen(getenv("WRITTEN"), "a");
		fputs("/other.so\n", file);
		fclose(file);
	}
	return real(template, flags);
}
