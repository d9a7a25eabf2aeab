/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_ENCODE_H
#define XDP_POLICY_ENCODE_H

/*
 * Text of others, such as the name of an interface or a path, may be any bytes. For each kind of
 * reader there is one form of it, which is UTF-8, and from which the bytes can be told again: a
 * byte that cannot stand there is \xHH, as libsmartcols writes it, and the backslash of a \x that
 * stands in the text is \x5c.
 */

#include <stdbool.h>
#include <stddef.h>

/*
 * For a terminal, a log or the journal: no control characters either, nor those that change the
 * direction of writing. What does not fit is cut off, at no place within a character. Returns buf.
 */
char *encode__shown(const char *text, char *buf, size_t size);
/*
 * The same; in ASCII alone, for a terminal that does not take UTF-8; or for JSON, where control
 * characters have a form of their own. NULL without memory.
 */
char *encode__shown_copy(const char *text);
char *encode__ascii_copy(const char *text);
char *encode__utf8_copy(const char *text);

enum encode_form {
	ENCODE_UTF8,
	ENCODE_SHOWN,
	ENCODE_ASCII
};

/*
 * One character of *text, or one byte in its form, to out; *text is moved behind it. Returns its
 * length, 0 at the end.
 */
#define ENCODE_MAX 4
size_t encode__next(const char **text, enum encode_form form, char out[ENCODE_MAX]);

/* Whether it is UTF-8; whether it is shown as it is. */
bool encode__is_utf8(const char *text);
bool encode__is_shown(const char *text);

#endif
