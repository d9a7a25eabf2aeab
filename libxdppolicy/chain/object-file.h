/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_OBJECT_FILE_H
#define XDP_POLICY_OBJECT_FILE_H

/* BPF object files, checked before anything of them is used. */

#include <stddef.h>

#define OBJECT_FILE_MAX_SIZE (64 * 1024 * 1024)

/*
 * Reads an object file whole. It must belong to root or to whoever asks, be writable by nobody
 * else, be an ELF file for BPF, and have the SHA-256 sum if one is given (64 hex digits in either
 * case; NULL: any). The file is read once: what is checked is what is returned. Returns 0 with
 * *data to be freed; or a negative errno with "found X, expected Y" in why.
 */
int object_file__read(const char *path, const char *sha256, void **data, size_t *size, char *why,
		      size_t why_size);
/* The same, whoever it belongs to: for what is only looked at. */
int object_file__read_any(const char *path, void **data, size_t *size, char *why, size_t why_size);
/* Whether an open file would pass, but for its owner and mode. */
int object_file__check(int fd, const char *sha256, char *why, size_t why_size);

#endif
