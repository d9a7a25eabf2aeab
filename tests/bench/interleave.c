// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * interleave ROUNDS LIMIT TITLE NAME=COMMAND...: runs all commands beside each other and asks them
 * in turn for one measurement, by a byte on their standard input; they answer with a line, a time
 * in nanoseconds. The first is the reference. LIMIT is the bound for the others' ratio, 0 for none.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define MAX_COMMANDS 8

struct command {
	const char *name;
	pid_t pid;
	FILE *in, *out;
};

static void start(struct command *c, char *arg)
{
	char *equals = strchr(arg, '=');
	int to[2], from[2];

	if (!equals)
		bench__die("no '=' in %s", arg);
	*equals = '\0';
	c->name = arg;
	if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC))
		bench__die("pipe: %m");
	c->pid = fork();
	if (c->pid < 0)
		bench__die("fork: %m");
	if (!c->pid) {
		dup2(to[0], STDIN_FILENO);
		dup2(from[1], STDOUT_FILENO);
		execl("/bin/sh", "sh", "-c", equals + 1, NULL);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	c->in = fdopen(to[1], "w");
	c->out = fdopen(from[0], "r");
	if (!c->in || !c->out)
		bench__die("fdopen: %m");
	setvbuf(c->in, NULL, _IONBF, 0);
}

static double measure(const struct command *c)
{
	char line[64];

	if (fputc('.', c->in) == EOF || !fgets(line, sizeof(line), c->out))
		bench__die("%s gave no answer", c->name);
	return strtod(line, NULL);
}

static void stop(const struct command *c)
{
	fclose(c->in);
	fclose(c->out);
	waitpid(c->pid, NULL, 0);
}

int main(int argc, char **argv)
{
	struct command command[MAX_COMMANDS];
	struct series all[MAX_COMMANDS];
	size_t n = argc - 4, rounds;
	char what[300];
	double limit;

	if (argc < 5 || n > MAX_COMMANDS)
		bench__die("usage: interleave ROUNDS LIMIT TITLE NAME=COMMAND...");
	signal(SIGPIPE, SIG_IGN);
	rounds = strtoul(argv[1], NULL, 10);
	limit = strtod(argv[2], NULL);
	for (size_t i = 0; i < n; i++) {
		start(&command[i], argv[4 + i]);
		series__init(&all[i], command[i].name, rounds);
		/* once for nothing: the command is there then */
		measure(&command[i]);
	}
	for (size_t r = 0; r < rounds; r++)
		for (size_t i = 0; i < n; i++)
			series__add(&all[(r + i) % n], measure(&command[(r + i) % n]) / 1000);
	for (size_t i = 0; i < n; i++)
		stop(&command[i]);

	series__table(argv[3], "us", all, n, &all[0]);
	for (size_t i = 1; i < n && limit > 0; i++) {
		snprintf(what, sizeof(what), "%s, %s / %s", argv[3], all[i].name, all[0].name);
		series__bound(what, &all[i], &all[0], limit);
	}
	return 0;
}
