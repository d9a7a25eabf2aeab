/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_DB_H
#define XDP_POLICY_DB_H

/*
 * Rules in a constant database: source cdb. Its layout stands at the head of db.c.
 *
 * An open database does not change and is not written to: any number of threads may read it.
 */

#include <stdint.h>

#include "rule.h"
#include "text.h"

#define POLICY_DB_PATH "/var/lib/xdp-policy/policy.cdb"

struct policy_db;

/*
 * Opens the database in fd, which stays the caller's and may be closed afterwards, and verifies it
 * as a whole. path names it in messages and in rules. Returns 0, -ENOMEM, or -EINVAL after one
 * message that says what is wrong with it.
 */
int policy_db__open(int fd, const char *path, struct policy_db **ret, const struct policy_log *log);
void policy_db__close(struct policy_db *db);

uint32_t policy_db__n_rules(const struct policy_db *db);

/* The conditions that any rule states, a bit for each. */
unsigned int policy_db__conds(const struct policy_db *db);

/*
 * The rule of that number, from 0, in *ret: its strings are the database's, its line is the number
 * from 1. False if there is none, or it makes no sense.
 */
bool policy_db__rule(const struct policy_db *db, uint32_t number, struct policy_rule *ret);

/* Goes through the rules that may match a program, from the last to the first. */
struct policy_db_cursor {
	const struct policy_db *db;
	const unsigned char *named, *general; /* lists of rule numbers in the database */
	uint32_t n_named, n_general, n_all;
	/* of the rule that was given last, as struct policy_cursor has them */
	const struct policy_head *head;
	unsigned int conds;
	int position;
	struct policy_rule rule;
};

/* program of NULL: all rules. */
void policy_db_cursor__start(struct policy_db_cursor *cursor, const struct policy_db *db,
			     const char *program);
/* The next rule, valid until the call after, or NULL at the end. */
const struct policy_rule *policy_db_cursor__next(struct policy_db_cursor *cursor);

/*
 * Writes the rules of all sets, in their order, as a database to fd: a new empty file, open for
 * reading and writing and at its beginning. The same rules give the same bytes. progress, if any,
 * is called now and then with what is done. Returns 0 or a negative errno; -EFBIG if it would be
 * too large.
 */
int policy_db__write(int fd, const struct policy_rules *const *sets, size_t n_sets,
		     void (*progress)(void *ctx, size_t done, size_t all), void *ctx);

#endif
