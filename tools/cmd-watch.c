// SPDX-License-Identifier: LGPL-2.1-or-later
/* watch: see watch.c. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

/* The same beside this program, where nothing is installed. */
static void exec_beside(char **argv)
{
	char path[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *name;

	if (len < 0)
		return;
	path[len] = '\0';
	name = strrchr(path, '/');
	if (!name || name + sizeof("/xdp-policy-watch") > path + sizeof(path))
		return;
	strcpy(name, "/xdp-policy-watch");
	execv(path, argv);
}

int cmd_watch(int argc, char **argv)
{
	(void)argc;
	execv(WATCH_PATH, argv);
	if (errno == ENOENT)
		exec_beside(argv);
	tool_error("%s: cannot run: %m; this package has it", WATCH_PATH);
	return TOOL_FOUND;
}
