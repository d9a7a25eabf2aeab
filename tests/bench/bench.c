// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"

#define N_DRAWS 300

double bench__now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

void bench__die(const char *fmt, ...)
{
	va_list args;

	fputs("bench: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

void *bench__alloc(size_t size)
{
	void *p = malloc(size);

	if (!p)
		bench__die("out of memory");
	return p;
}

void series__init(struct series *s, const char *name, size_t room)
{
	s->name = name;
	s->value = bench__alloc(room * sizeof(*s->value));
	s->n = 0;
}

void series__add(struct series *s, double value)
{
	s->value[s->n++] = value;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double quantile(double *value, size_t n, double part)
{
	double at = part * (n - 1);
	size_t i = at;

	qsort(value, n, sizeof(*value), by_value);
	return i + 1 < n ? value[i] + (at - i) * (value[i + 1] - value[i]) : value[n - 1];
}

double series__quantile(const struct series *s, double part)
{
	double *copy = bench__alloc(s->n * sizeof(*copy)), result;

	memcpy(copy, s->value, s->n * sizeof(*copy));
	result = quantile(copy, s->n, part);
	free(copy);
	return result;
}

/* Rounds are drawn, not single runs: what was slow for one was often slow for its neighbour. */
static void ratio_range(const struct series *s, const struct series *reference, double *from,
			double *to)
{
	size_t n = s->n < reference->n ? s->n : reference->n;
	double *a = bench__alloc(n * sizeof(*a)), *b = bench__alloc(n * sizeof(*b));
	double ratio[N_DRAWS];

	srandom(1);
	for (size_t draw = 0; draw < N_DRAWS; draw++) {
		for (size_t i = 0; i < n; i++) {
			size_t round = random() % n;

			a[i] = s->value[round];
			b[i] = reference->value[round];
		}
		ratio[draw] = quantile(a, n, 0.5) / quantile(b, n, 0.5);
	}
	free(a);
	free(b);
	*from = quantile(ratio, N_DRAWS, 0.025);
	*to = quantile(ratio, N_DRAWS, 0.975);
}

static double ratio(const struct series *s, const struct series *reference)
{
	return series__quantile(s, 0.5) / series__quantile(reference, 0.5);
}

void series__table(const char *title, const char *unit, const struct series *all, size_t n,
		   const struct series *reference)
{
	double from, to;

	printf("\n%s (%zu runs each, interleaved; %s; reference: %s)\n", title, reference->n, unit,
	       reference->name);
	printf("  %-36s %10s %10s %10s %8s  %s\n", "", "median", "p10", "p90", "ratio", "95 %");
	for (size_t i = 0; i < n; i++) {
		const struct series *s = &all[i];

		printf("  %-36s %10.1f %10.1f %10.1f", s->name, series__quantile(s, 0.5),
		       series__quantile(s, 0.1), series__quantile(s, 0.9));
		if (s != reference) {
			ratio_range(s, reference, &from, &to);
			printf(" %8.3f  %.3f..%.3f", ratio(s, reference), from, to);
		}
		putchar('\n');
	}
	fflush(stdout);
}

void series__bound(const char *what, const struct series *s, const struct series *reference,
		   double limit)
{
	double measured = ratio(s, reference), from, to;

	ratio_range(s, reference, &from, &to);
	printf("bound: %s <= %.2f: measured %.3f (%zu runs, 95 %%: %.3f..%.3f): %s\n", what, limit,
	       measured, s->n, from, to, measured <= limit ? "holds" : "does NOT hold");
	fflush(stdout);
}
