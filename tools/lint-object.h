/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_LINT_OBJECT_H
#define XDP_POLICY_LINT_OBJECT_H

/* BPF objects that rules name, as far as the lint has to know them. */

#include <stdbool.h>

/* Calls fn for each XDP program of a BPF object; for none if it is not one. */
void lint_object__each(int fd,
		       void (*fn)(void *ctx, const char *program, const char *section, bool frags),
		       void *ctx);

#endif
