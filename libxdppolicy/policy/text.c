// SPDX-License-Identifier: LGPL-2.1-or-later
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text.h"
#include "util/encode.h"

void policy_log__msg(const struct policy_log *log, enum policy_level level, const char *file,
		     unsigned int line, const char *fmt, ...)
{
	char text[512], shown[768];
	va_list args;

	if (!log || !log->fn)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	/* what was found may be anything; a terminal or a log shall not obey it */
	log->fn(log->ctx, level, file, line, encode__shown(text, shown, sizeof(shown)));
}

void policy_log__more(const struct policy_log *log, const char *file, unsigned int n)
{
	if (n && log && log->n_more)
		*log->n_more += n;
	if (n)
		policy_log__msg(log, POLICY_INFO, file, 0, "%u more error%s", n, n == 1 ? "" : "s");
}

bool policy_text__is_utf16(const char *text, size_t size)
{
	return size >= 2 && (!memcmp(text, "\xff\xfe", 2) || !memcmp(text, "\xfe\xff", 2));
}

bool policy_text__has_control(const char *text)
{
	for (; *text; text++)
		if (iscntrl((unsigned char)*text) ||
		    ((unsigned char)*text == 0xc2 && (text[1] & 0xe0) == 0x80))
			return true;
	return false;
}

/* Not strspn(3), which begins with a table of all characters: words are short. */
static bool is_one_of(char c, const char *set)
{
	for (; *set; set++)
		if (*set == c)
			return true;
	return false;
}

bool policy_text__word(const char **text, const char *separators, char *word, size_t size)
{
	const char *start = *text, *end;
	size_t len;

	while (*start && is_one_of(*start, separators))
		start++;
	for (end = start; *end && !is_one_of(*end, separators);)
		end++;
	len = (size_t)(end - start);
	*text = end;
	if (!len)
		return false;
	if (len > size - 1)
		len = size - 1;
	memcpy(word, start, len);
	word[len] = '\0';
	return true;
}
