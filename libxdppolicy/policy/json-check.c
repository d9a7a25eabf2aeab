// SPDX-License-Identifier: LGPL-2.1-or-later
/* The grammar of RFC 8259, and nothing else. */
#include <string.h>

#include "json-check.h"

#define MAX_DEPTH 64

struct json {
	const char *text, *at, *end;
	unsigned int depth;
	struct json_fault *fault;
};

static bool parse_value(struct json *j);

/* Behind the end there is nothing, not even what the caller's buffer has there. */
static char next(const struct json *j)
{
	return j->at < j->end ? *j->at : '\0';
}

static bool take(struct json *j, char c)
{
	if (j->at == j->end || *j->at != c)
		return false;
	j->at++;
	return true;
}

static void skip_blanks(struct json *j)
{
	while (next(j) && strchr(" \t\r\n", next(j)))
		j->at++;
}

static bool fail(struct json *j, const char *found, const char *expected)
{
	*j->fault = (struct json_fault){ j->at - j->text, found, expected };
	return false;
}

static bool wrong(struct json *j, const char *expected)
{
	if (next(j) == '#' || next(j) == '/')
		return fail(j, "a comment", "none");
	if (next(j) == '\'')
		return fail(j, "text in single quotes", "double quotes");
	return fail(j, j->at == j->end ? "the end" : NULL, expected);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool take_digits(struct json *j)
{
	if (!is_digit(next(j)))
		return wrong(j, "a digit");
	while (is_digit(next(j)))
		j->at++;
	return true;
}

static bool parse_number(struct json *j)
{
	take(j, '-');
	if (take(j, '0')) {
		if (is_digit(next(j)))
			return wrong(j, "a number without a 0 before it");
	} else if (!take_digits(j)) {
		return false;
	}
	if (take(j, '.') && !take_digits(j))
		return false;
	if (!take(j, 'e') && !take(j, 'E'))
		return true;
	if (!take(j, '+'))
		take(j, '-');
	return take_digits(j);
}

static bool parse_escape(struct json *j)
{
	if (!take(j, 'u')) {
		if (!next(j) || !strchr("\"\\/bfnrt", next(j)))
			return wrong(j, "an escape: one of \"\\/bfnrtu");
		j->at++;
		return true;
	}
	for (int i = 0; i < 4; i++, j->at++)
		if (!next(j) || !strchr("0123456789abcdefABCDEF", next(j)))
			return wrong(j, "four hexadecimal digits");
	return true;
}

static bool parse_string(struct json *j)
{
	if (!take(j, '"'))
		return wrong(j, "text in double quotes");
	while (!take(j, '"')) {
		if (take(j, '\\')) {
			if (!parse_escape(j))
				return false;
			continue;
		}
		if ((unsigned char)next(j) < ' ')
			return fail(j, j->at == j->end ? "the end" : "a control character", "'\"'");
		j->at++;
	}
	return true;
}

static bool parse_word(struct json *j)
{
	static const char *const words[] = { "true", "false", "null" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t len = strlen(words[i]);

		if ((size_t)(j->end - j->at) >= len && !memcmp(j->at, words[i], len)) {
			j->at += len;
			return true;
		}
	}
	return wrong(j, "text in double quotes");
}

static bool parse_pair(struct json *j)
{
	if (!parse_string(j))
		return false;
	skip_blanks(j);
	return take(j, ':') ? parse_value(j) : wrong(j, "':'");
}

/* What is in a list or an object, behind its opening bracket. */
static bool parse_items(struct json *j, char close, bool (*parse)(struct json *j))
{
	skip_blanks(j);
	if (take(j, close))
		return true;
	for (;;) {
		if (!parse(j))
			return false;
		skip_blanks(j);
		if (take(j, close))
			return true;
		if (!take(j, ','))
			return wrong(j, close == ']' ? "',' or ']'" : "',' or '}'");
		skip_blanks(j);
		if (next(j) == close)
			return fail(j, "a comma behind the last value", "none");
	}
}

static bool parse_nested(struct json *j, char close, bool (*parse)(struct json *j))
{
	bool ok;

	if (j->depth == MAX_DEPTH)
		return wrong(j, "fewer lists and objects in each other");
	j->at++;
	j->depth++;
	ok = parse_items(j, close, parse);
	j->depth--;
	return ok;
}

static bool parse_value(struct json *j)
{
	skip_blanks(j);
	switch (next(j)) {
	case '{':
		return parse_nested(j, '}', parse_pair);
	case '[':
		return parse_nested(j, ']', parse_value);
	case '"':
		return parse_string(j);
	case '-':
		return parse_number(j);
	default:
		return is_digit(next(j)) ? parse_number(j) : parse_word(j);
	}
}

bool json_check__is_named(const char *file)
{
	const char *suffix = strrchr(file, '.');

	return suffix && !strcmp(suffix, ".json");
}

bool json_check__text(const char *text, size_t size, struct json_fault *ret)
{
	struct json j = { .text = text, .at = text, .end = text + size, .fault = ret };

	if (!parse_value(&j))
		return false;
	skip_blanks(&j);
	return j.at == j.end || wrong(&j, "the end");
}
