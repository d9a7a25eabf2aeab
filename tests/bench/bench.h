/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_BENCH_H
#define XDP_POLICY_BENCH_H

/* What the benchmarks share: a clock, medians, a table of ratios and the line about a bound. */

#include <stddef.h>

/* One thing that is measured, as often as the others beside it and in turn with them. */
struct series {
	const char *name;
	double *value;
	size_t n;
};

/* Monotonic, in nanoseconds. */
double bench__now(void);

/* Says what failed and ends the program. */
__attribute__((format(printf, 1, 2), noreturn)) void bench__die(const char *fmt, ...);

/* malloc() or the end. */
void *bench__alloc(size_t size);

void series__init(struct series *s, const char *name, size_t room);
void series__add(struct series *s, double value);

/* part of 0.5 is the median. */
double series__quantile(const struct series *s, double part);

/*
 * One line for each series: median, p10, p90, and the median's ratio to that of the reference with
 * the range in which 95 % of the ratios lie if the runs are drawn again (bootstrap).
 */
void series__table(const char *title, const char *unit, const struct series *all, size_t n,
		   const struct series *reference);

/* "bound: what <= X: measured Y (n runs, 95 %: from..to): holds" */
void series__bound(const char *what, const struct series *s, const struct series *reference,
		   double limit);

#endif
