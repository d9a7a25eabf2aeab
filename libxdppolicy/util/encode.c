// SPDX-License-Identifier: LGPL-2.1-or-later
/* Text of others in a form that its reader can take. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/encode.h"

/* The length of the character of UTF-8 at text, and which it is; 0 if there is none. */
static size_t decode(const unsigned char *text, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = *text < 0x80 ? 1 : *text < 0xc2 ? 0 : *text < 0xe0 ? 2 : *text < 0xf0 ? 3 : 4;

	if (len <= 1) {
		*c = *text;
		return len;
	}
	*c = *text & (0xffU >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (text[i] & 0x3f);
	}
	return *text < 0xf5 && *c >= least[len] && *c <= 0x10ffff && (*c < 0xd800 || *c > 0xdfff) ?
		       len :
		       0;
}

/*
 * What a terminal obeys, a log takes for the end of a line, or a reader sees in another order, for
 * an ordinary blank or not at all.
 */
static bool is_control(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0, 0x1f },	    { 0x7f, 0xa0 },	{ 0xad, 0xad },	    { 0x61c, 0x61c },
		{ 0x2000, 0x200f }, { 0x2028, 0x202f }, { 0x205f, 0x2069 }, { 0x3000, 0x3000 },
		{ 0xfeff, 0xfeff }, { 0xfff9, 0xfffb },
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

size_t encode__next(const char **text, enum encode_form form, char out[ENCODE_MAX])
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *at = (const unsigned char *)*text;
	uint32_t c;
	size_t len;

	if (!*at)
		return 0;
	len = decode(at, &c);
	if (!len || (c == '\\' && at[1] == 'x') || (form != ENCODE_UTF8 && is_control(c)) ||
	    (form == ENCODE_ASCII && c >= 0x80)) {
		const char byte[ENCODE_MAX] = { '\\', 'x', hex[*at >> 4], hex[*at & 15] };

		memcpy(out, byte, sizeof(byte));
		*text += 1;
		return sizeof(byte);
	}
	memcpy(out, at, len);
	*text += len;
	return len;
}

char *encode__shown(const char *text, char *buf, size_t size)
{
	char out[ENCODE_MAX];
	size_t n, len = 0;

	while ((n = encode__next(&text, ENCODE_SHOWN, out)) && len + n < size) {
		memcpy(buf + len, out, n);
		len += n;
	}
	if (size)
		buf[len] = '\0';
	return buf;
}

static char *copy(const char *text, enum encode_form form)
{
	char *ret = malloc(ENCODE_MAX * strlen(text) + 1), *to = ret;

	if (!ret)
		return NULL;
	for (size_t n; (n = encode__next(&text, form, to));)
		to += n;
	*to = '\0';
	return ret;
}

char *encode__shown_copy(const char *text)
{
	return copy(text, ENCODE_SHOWN);
}

char *encode__utf8_copy(const char *text)
{
	return copy(text, ENCODE_UTF8);
}

char *encode__ascii_copy(const char *text)
{
	return copy(text, ENCODE_ASCII);
}

bool encode__is_utf8(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	uint32_t c;

	for (size_t len; *at; at += len) {
		len = decode(at, &c);
		if (!len)
			return false;
	}
	return true;
}

bool encode__is_shown(const char *text)
{
	char out[ENCODE_MAX];

	for (const char *at = text; *at;) {
		const char *before = at;
		size_t n = encode__next(&at, ENCODE_SHOWN, out);

		if (n != (size_t)(at - before) || memcmp(before, out, n))
			return false;
	}
	return true;
}
