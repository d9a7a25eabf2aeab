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

#define MAX_WORD 31

/* Edit distance without regard to case; a swap of two neighbours counts as one edit. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned char d[MAX_WORD + 1][MAX_WORD + 1];
	size_t la = strlen(a), lb = strlen(b);

	if (la > MAX_WORD || lb > MAX_WORD)
		return MAX_WORD;
	for (size_t i = 0; i <= la; i++)
		d[i][0] = i;
	for (size_t j = 0; j <= lb; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= la; i++) {
		for (size_t j = 1; j <= lb; j++) {
			int ca = tolower((unsigned char)a[i - 1]);
			int cb = tolower((unsigned char)b[j - 1]);
			unsigned int best = d[i - 1][j - 1] + (ca != cb);

			if (d[i - 1][j] + 1U < best)
				best = d[i - 1][j] + 1U;
			if (d[i][j - 1] + 1U < best)
				best = d[i][j - 1] + 1U;
			if (i > 1 && j > 1 && ca == tolower((unsigned char)b[j - 2]) &&
			    cb == tolower((unsigned char)a[i - 2]) && d[i - 2][j - 2] + 1U < best)
				best = d[i - 2][j - 2] + 1U;
			d[i][j] = best;
		}
	}
	return d[la][lb];
}

const char *policy_text__nearest(const char *word, const char *const *candidates, size_t n)
{
	unsigned int best = 1 + strlen(word) / 3;
	const char *found = NULL;

	for (size_t i = 0; i < n; i++) {
		unsigned int d = distance(word, candidates[i]);

		if (d <= best && (!found || d < best)) {
			best = d;
			found = candidates[i];
		}
	}
	return found;
}
