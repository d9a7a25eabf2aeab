/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_TEXT_H
#define XDP_POLICY_TEXT_H

#include <stdbool.h>
#include <stddef.h>

enum policy_level {
	POLICY_ERROR,	/* a file or a line is left out */
	POLICY_WARNING, /* it works, but hardly as meant */
	POLICY_INFO
};

/*
 * Where messages go. Nothing in policy/ prints: whoever opens a policy passes a function, or NULL
 * to hear nothing. file and text are valid during the call only; line 0 means the whole file. text
 * is in the form for logs of encode.h, file is the path as it is.
 */
struct policy_log {
	void (*fn)(void *ctx, enum policy_level level, const char *file, unsigned int line,
		   const char *text);
	void *ctx;
	unsigned int *n_more; /* counts errors that are not told one by one; may be NULL */
};

__attribute__((format(printf, 5, 6))) void policy_log__msg(const struct policy_log *log,
							   enum policy_level level,
							   const char *file, unsigned int line,
							   const char *fmt, ...);

/* Of a file with many errors only the first are told: says how many more there are, if any. */
void policy_log__more(const struct policy_log *log, const char *file, unsigned int n);

/* Whether there is a control character in it, of ASCII or of Unicode's second set in UTF-8. */
/* By its byte order mark, which some editors of Windows write: text here is UTF-8. */
bool policy_text__is_utf16(const char *text, size_t size);

bool policy_text__has_control(const char *text);

/*
 * Copies the next word of *text into word, cut at size - 1, and moves *text behind it. Returns
 * false at the end.
 */
bool policy_text__word(const char **text, const char *separators, char *word, size_t size);

#endif
