// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * exec RUNS NAME=PRELOAD...: what it costs to start /bin/true and wait for it, with each of the
 * objects preloaded (nothing if PRELOAD is empty). The last two are compared for the bound.
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "bench.h"

#define MAX_VARIANTS 8
#define PROGRAM	     "/bin/true"

struct variant {
	char preload[4096];
	char *env[3];
};

static void run(struct variant *v, struct series *time, struct series *faults)
{
	char *argv[] = { (char *)PROGRAM, NULL };
	struct rusage usage;
	double start = bench__now();
	int status;
	pid_t pid;

	if (posix_spawn(&pid, PROGRAM, NULL, NULL, argv, v->env))
		bench__die("can't start %s", PROGRAM);
	if (wait4(pid, &status, 0, &usage) != pid || status)
		bench__die("%s failed with %s", PROGRAM, v->preload);
	series__add(time, (bench__now() - start) / 1000);
	series__add(faults, usage.ru_minflt);
}

int main(int argc, char **argv)
{
	struct series time[MAX_VARIANTS], faults[MAX_VARIANTS];
	struct variant variant[MAX_VARIANTS];
	size_t n = argc - 2, runs;

	if (argc < 4 || n > MAX_VARIANTS)
		bench__die("usage: exec RUNS NAME=PRELOAD NAME=PRELOAD...");
	runs = strtoul(argv[1], NULL, 10);
	for (size_t i = 0; i < n; i++) {
		char *name = argv[2 + i], *equals = strchr(name, '=');

		if (!equals)
			bench__die("no '=' in %s", name);
		*equals = '\0';
		snprintf(variant[i].preload, sizeof(variant[i].preload), "LD_PRELOAD=%s",
			 equals + 1);
		variant[i].env[0] = (char *)"LC_ALL=C";
		variant[i].env[1] = equals[1] ? variant[i].preload : NULL;
		variant[i].env[2] = NULL;
		series__init(&time[i], name, runs);
		series__init(&faults[i], name, runs);
	}
	/* each comes first, second... equally often */
	for (size_t r = 0; r < runs; r++)
		for (size_t i = 0; i < n; i++)
			run(&variant[(r + i) % n], &time[(r + i) % n], &faults[(r + i) % n]);

	series__table("exec of " PROGRAM, "us", time, n, &time[0]);
	series__table("the same: page faults", "faults", faults, n, &faults[0]);
	series__bound("exec with the shim / with an empty object of the same link flags",
		      &time[n - 1], &time[n - 2], 1.01);
	return 0;
}
