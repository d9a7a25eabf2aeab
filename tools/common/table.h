/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_TABLE_H
#define XDP_POLICY_TABLE_H

/*
 * Tables for people. What stands in a cell may be any bytes: it is shown in the charset of the
 * user's locale, which counts for nothing else that we do.
 */

#include <libsmartcols.h>
#include <stdbool.h>
#include <stdio.h>

/* tree: the first column is one. Never NULL. */
struct libscols_table *table__new(const char *const *columns, size_t n, bool tree);

/*
 * Its lines shall have no more than TABLE_WIDTH columns, also where there is no terminal: what is
 * longer goes on below, in the same column.
 */
#define TABLE_WIDTH 100
void table__wrap(struct libscols_table *table);

void table__set(struct libscols_line *line, size_t column, const char *text);

/* Prints it, unless it is empty, and frees it. Returns whether it had a line. */
bool table__print(struct libscols_table *table, FILE *out);

#endif
