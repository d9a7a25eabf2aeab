// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What an application does first with libxdp, timed for interleave. For each byte on standard input
 * it writes one line, the nanoseconds of one call:
 *
 *	open warm OBJECT	xdp_program__open_file() and close, mean of a few, in this process
 *	open first OBJECT	the first of it in a new process
 *	open close OBJECT	the first hooked call at all, xdp_program__close(NULL), in a new
 *process
 */
#include <bpf/libbpf.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xdp/libxdp.h>

#include "bench.h"

extern char **environ;

static int silent(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static void open_and_close(const char *path)
{
	struct xdp_program *prog = xdp_program__open_file(path, NULL, NULL);

	if (libxdp_get_error(prog))
		bench__die("can't open %s", path);
	/* the price of a decision is not to be had without taking it */
	if (getenv("BENCH_PRIORITY") &&
	    xdp_program__run_prio(prog) != strtoul(getenv("BENCH_PRIORITY"), NULL, 10))
		bench__die("found run priority %u, expected %s", xdp_program__run_prio(prog),
			   getenv("BENCH_PRIORITY"));
	xdp_program__close(prog);
}

static double time_of(const char *path, unsigned int n)
{
	double start = bench__now();

	while (n--)
		open_and_close(path);
	return bench__now() - start;
}

static double time_of_close(void)
{
	double start = bench__now();

	xdp_program__close(NULL);
	return bench__now() - start;
}

/* The child answers in our place. */
static void spawn(char *self, char *what, char *path)
{
	char *argv[] = { self, what, path, (char *)"once", NULL };
	int status;
	pid_t pid;

	if (posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, environ) ||
	    waitpid(pid, &status, 0) != pid || status)
		bench__die("a child failed");
}

int main(int argc, char **argv)
{
	bool warm = argc == 3 && !strcmp(argv[1], "warm");
	unsigned int batch = getenv("BENCH_BATCH") ? atoi(getenv("BENCH_BATCH")) : 1;
	char byte;

	if (argc < 3)
		bench__die("usage: open warm|first|close OBJECT");
	if (warm || argc == 4) {
		libbpf_set_print(silent);
		libxdp_set_print(NULL);
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 4) {
		printf("%.0f\n", strcmp(argv[1], "close") ? time_of(argv[2], 1) : time_of_close());
		return 0;
	}
	if (warm)
		time_of(argv[2], batch);
	while (read(STDIN_FILENO, &byte, 1) == 1) {
		if (warm)
			printf("%.0f\n", time_of(argv[2], batch) / batch);
		else
			spawn(argv[0], argv[1], argv[2]);
	}
	return 0;
}
