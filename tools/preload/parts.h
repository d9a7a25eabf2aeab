/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_PRELOAD_PARTS_H
#define XDP_POLICY_PRELOAD_PARTS_H

/* The two files of the preload, and whether they can be used. */

#define PRELOAD_PART_WHY_SIZE 300

/*
 * What is wrong with the shim, or with the hooks, below root ("" for the host), as words behind its
 * path; NULL if nothing is. Of another root their machine and version are not looked at.
 */
const char *preload_parts__shim(const char *root, char why[PRELOAD_PART_WHY_SIZE]);
const char *preload_parts__hooks(const char *root, char why[PRELOAD_PART_WHY_SIZE]);

#endif
