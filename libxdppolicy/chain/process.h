/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_PROCESS_H
#define XDP_POLICY_PROCESS_H

#include <limits.h>
#include <stdio.h>
#include <sys/types.h>

#include "policy/rule.h"

/* Facts about the calling process, of zeros but for root; an empty string is unknown. */
struct process_facts {
	const char *root;	 /* whose names users have; NULL: the host's */
	unsigned int generation; /* of the process that they were read in */
	uid_t euid;
	char executable[PATH_MAX];
	char unit[256];
	char user[64];
	char uid[16];
	char host[256];
	unsigned int withheld; /* as of a subject: what could not be read */
};

/* Reads again what may have changed since the last call: a fork, another user. */
void process__refresh(struct process_facts *facts);

/* /etc/passwd below root, "" for the host's; NULL with errno. */
FILE *process__open_passwd(const char *root);

/* Points the subject's conditions at the facts. */
void process__describe(const struct process_facts *facts, struct policy_subject *subject);

/* The unit in the text of a /proc/PID/cgroup, or an empty string; for tests. */
void process__unit_of(const char *cgroup, char *unit, size_t size);

#endif
