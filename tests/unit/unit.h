/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_UNIT_H
#define XDP_POLICY_UNIT_H

#include <check.h>
#include <time.h>

#include "policy/policy.h"

TCase *attr_tests(void);
TCase *encode_tests(void);
TCase *ini_tests(void);
TCase *switch_tests(void);
TCase *files_tests(void);
TCase *resolve_tests(void);
TCase *runcfg_tests(void);
TCase *process_tests(void);
TCase *proc_looks_tests(void);
TCase *file_lock_tests(void);
TCase *in_root_tests(void);
TCase *input_tests(void);
TCase *netlink_tests(void);
TCase *db_tests(void);
TCase *formats_tests(void);
TCase *yaml_tests(void);
TCase *chain_file_tests(void);
TCase *plugin_tests(void);
TCase *api_tests(void);
TCase *api_misuse_tests(void);
TCase *api_chain_tests(void);
TCase *memory_tests(void);
TCase *reload_tests(void);
TCase *lint_tests(void);
TCase *chain_tests(void);
TCase *record_tests(void);
TCase *policyd_tests(void);
TCase *object_file_tests(void);
TCase *open_objects_tests(void);
TCase *load_key_tests(void);
TCase *preload_tests(void);
TCase *undo_tests(void);

/* Seconds that the clocks of the whole program go on at each look at them. */
extern time_t clock_step;

/* A temporary root directory; remove_root() takes all of it away. */
char *make_root(void);
void remove_root(char *root);

/* Writes a file below root, directories included. */
void put_file(const char *root, const char *path, const char *text);
void put_bytes(const char *root, const char *path, const void *data, size_t size);

/* root/path, in a buffer that the next call reuses. */
const char *at(const char *root, const char *path);

/* Messages, one "LINE: text\n" each, with the root cut off file names where there is one. */
struct messages {
	char text[4096];
	unsigned int n;
};
struct policy_log log_to(struct messages *messages);

struct policy *open_policy(const char *root, struct messages *messages);

#endif
