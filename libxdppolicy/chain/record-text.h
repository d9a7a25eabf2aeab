/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_RECORD_TEXT_H
#define XDP_POLICY_RECORD_TEXT_H

/*
 * What stands in the files of record.h. INI, as inih reads it:
 *
 *	version = 1
 *	loaded = 48230001177		nanoseconds from the boot to the program's load
 *	chain = yes			it is of a chain from data; else left out
 *	load-key = 9f86d081...		of one in a chain: see load-key.h; left out if there is none
 *	program = xdp_filter
 *	executable = /usr/sbin/filterd	a fact a line; what is unknown is left out
 *	unit =				a fact, too: of no unit
 *	[app]				left out if unknown
 *	priority = 30
 *	chain-call-actions = unset
 *
 * and so on: [author] in a file of the hooks, [first] alone in one of seen/. Bytes of
 * facts that INI would not keep are written %XX; a long fact goes on in further lines, which begin
 * with a blank. There is one way to write each byte, and the reader takes no other.
 */

#include "record.h"

#define RECORD_VERSION	 1
#define RECORD_TEXT_SIZE 16384 /* with a NUL */

enum record_kind {
	RECORD_ATTACHED,
	RECORD_SEEN
};

/* Both write RECORD_TEXT_SIZE bytes at most and return the length, or -E2BIG. */
int record_text__attached(const struct record_attach *attach, char *text);
int record_text__seen(const struct chain_program *program, char *text);

/*
 * Adds what the text says to *ret, if it is about a program that was loaded at that time. Returns
 * 0; -ESTALE if it is about another program; -EINVAL or -ENOMEM. *ret is untouched on failure.
 */
int record_text__parse(enum record_kind kind, const char *text, size_t size, uint64_t loaded,
		       struct record *ret);

#endif
