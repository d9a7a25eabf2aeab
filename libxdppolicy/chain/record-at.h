/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_RECORD_AT_H
#define XDP_POLICY_RECORD_AT_H

/* The functions of record.h on a directory that the caller has opened. */

#include "record-text.h"

/* Makes attached/ if need be and opens it. Returns a descriptor or a negative errno. */
int record_at__open(void);

/* Each returns 0; -EEXIST if this very program has a record there, which stays. */
int record_at__write(int dir, const struct record_attach *attach);
int record_at__keep_first(int dir, const struct chain_program *program);

/* Adds what one record says; *ret is untouched on failure. */
int record_at__read(int dir, enum record_kind kind, const struct proginfo *info,
		    struct record *ret);

#endif
