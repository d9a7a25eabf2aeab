// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What JSON may have and libyaml refuses: characters beyond U+FFFF as a pair of escapes,
 * \ud83d\ude00, which YAML writes as \U0001f600; a line break between a name and its colon; and a
 * tab between values.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json-text.h"

#define PAIR_LEN   12 /* \ud83d\ude00 */
#define ESCAPE_LEN 10 /* \U0001f600 */

struct json_text {
	char *at, *end;
};

/* \uXXXX with a value from first to first + 0x3ff; less first, or -1. */
static int half(const char *at, uint32_t first)
{
	uint32_t value = 0;

	if (at[0] != '\\' || at[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		static const char digits[] = "0123456789abcdef0123456789ABCDEF";
		const char *digit = at[i] ? strchr(digits, at[i]) : NULL;

		if (!digit)
			return -1;
		value = value << 4 | ((digit - digits) & 15);
	}
	return value >= first && value <= first + 0x3ff ? (int)(value - first) : -1;
}

/* Whether a pair is at at, which is put into YAML's form then, with room behind it. */
static bool ease_pair(char *at, const char *end)
{
	char escape[ESCAPE_LEN + 1];
	int high, low;

	if (end - at < PAIR_LEN)
		return false;
	high = half(at, 0xd800);
	low = half(at + PAIR_LEN / 2, 0xdc00);
	if (high < 0 || low < 0)
		return false;
	snprintf(escape, sizeof(escape), "\\U%08x",
		 0x10000 + ((unsigned int)high << 10 | (unsigned int)low));
	memcpy(at, escape, ESCAPE_LEN);
	return true;
}

/* Behind its quote; what has become shorter is filled up with blanks behind it. */
static void ease_string(struct json_text *t)
{
	char *to = ++t->at;

	while (t->at < t->end && *t->at != '"') {
		size_t len = 1, written = 1;

		if (*t->at == '\\' && ease_pair(t->at, t->end)) {
			len = PAIR_LEN;
			written = ESCAPE_LEN;
		} else if (*t->at == '\\' && t->end - t->at > 1) {
			len = written = 2;
		}
		memmove(to, t->at, written);
		t->at += len;
		to += written;
	}
	if (t->at < t->end) {
		t->at++;
		*to++ = '"';
	}
	memset(to, ' ', t->at - to);
}

/* A colon behind a line break is moved to the string's end. */
static void ease_colon(struct json_text *t)
{
	char *colon = t->at;
	bool line_break = false;

	for (; colon < t->end && strchr(" \t\r\n", *colon) && *colon; colon++)
		line_break = line_break || *colon == '\n' || *colon == '\r';
	if (!line_break || colon == t->end || *colon != ':')
		return;
	memmove(t->at + 1, t->at, colon - t->at);
	*t->at = ':';
}

void json_text__ease(char *text, size_t size)
{
	struct json_text t = { text, text + size };

	t.at += strspn(text, " \t\r\n");
	if (*t.at != '{')
		return;
	/* words are true, false and null; anything else is YAML's, where a quote may be none */
	while (t.at < t.end && *t.at && strchr("{}[]:, \t\r\n\"+-.0123456789Etruefalsn", *t.at)) {
		if (*t.at == '"') {
			ease_string(&t);
			ease_colon(&t);
		} else {
			/*
			 * a tab is a blank in JSON; libyaml takes none at the beginning of a line
			 */
			if (*t.at == '\t')
				*t.at = ' ';
			t.at++;
		}
	}
}
