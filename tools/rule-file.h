/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_RULE_FILE_H
#define XDP_POLICY_RULE_FILE_H

/* Rule files of any format, wherever they stand: read, and written as a whole or not at all. */

#include "policy/rule.h"
#include "tool.h"
#include "write-rules.h"

/* FORMAT_INI for "ini" and so on; -1 for a word that is none. */
int rule_format__by_name(const char *name);
/* By the suffix of a path: .conf and any other is INI. */
enum rule_format rule_format__of(const char *path);
/* The same of what is to be written: a name that would not be read as what it says ends argp. */
enum rule_format rule_format__of_output(const char *path, const struct argp_state *state);

/*
 * Reads a rule file, "-" for standard input, and appends its rules; rules->file must be NULL or
 * outlive them. What is wrong is told on standard error. Returns TOOL_OK, TOOL_CONFIG for a file
 * that is wrong, TOOL_FOUND for one that is not there, or TOOL_PERM.
 */
int rule_file__read(const char *path, enum rule_format format, struct policy_rules *rules);

/*
 * Prints rules to standard output, in a format that is no database. places: with a comment above
 * each rule, in formats that have comments. Returns as above.
 */
int rule_file__print(enum rule_format format, const struct policy_rules *rules, bool places);

/*
 * Writes rules to a place as output.h has it. With progress on standard error if a database takes
 * long. Returns as above.
 */
int rule_file__write(const char *path, enum rule_format format, const struct policy_rules *rules);

#endif
