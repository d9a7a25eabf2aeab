// SPDX-License-Identifier: LGPL-2.1-or-later
/* A bar for who waits at a terminal; nobody waits in front of a log. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "progress.h"

#define QUIET_MS   500 /* what is done by then is not worth a word */
#define BAR_MS	   100
#define BAR_LENGTH 40

static long ms_between(const struct timespec *a, const struct timespec *b)
{
	return (b->tv_sec - a->tv_sec) * 1000 + (b->tv_nsec - a->tv_nsec) / 1000000;
}

void progress__begin(struct progress *progress, const char *what)
{
	*progress = (struct progress){ .what = what, .on_terminal = isatty(STDERR_FILENO) };
	clock_gettime(CLOCK_MONOTONIC, &progress->begin);
	progress->last = progress->begin;
}

static void show_bar(const struct progress *progress, size_t done, size_t all)
{
	static const char bar[] = "########################################";
	int filled = all ? done * BAR_LENGTH / all : BAR_LENGTH;

	fprintf(stderr, "\r%s [%-*.*s] %3zu %%", progress->what, BAR_LENGTH, filled, bar,
		all ? done * 100 / all : 100);
}

void progress__show(void *ctx, size_t done, size_t all)
{
	struct progress *progress = ctx;
	struct timespec now;

	if (!progress->on_terminal)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (ms_between(&progress->begin, &now) < QUIET_MS)
		return;
	if (progress->shown && ms_between(&progress->last, &now) < BAR_MS)
		return;
	progress->last = now;
	progress->shown = true;
	show_bar(progress, done, all);
}

void progress__end(struct progress *progress)
{
	if (!progress->shown)
		return;
	show_bar(progress, 1, 1);
	fputc('\n', stderr);
}
