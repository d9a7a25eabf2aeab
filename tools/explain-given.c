// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the kernel takes: the names of programs are those of C functions, or what clang makes of
 * them; those of interfaces have no slash, colon or blank, but an alternative name may be longer.
 */
#include <ctype.h>
#include <linux/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "explain-given.h"
#include "policy/meant.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

#define TAG_LEN 16
#ifndef ALTIFNAMSIZ
#define ALTIFNAMSIZ 128
#endif

__attribute__((format(printf, 2, 3))) static bool refuse(char *why, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, GIVEN_WHY_SIZE, fmt, args);
	va_end(args);
	return false;
}

/* Nothing that clang makes of a function's name ends as these do. */
static bool is_file(const char *value)
{
	static const char *const suffixes[] = { ".conf", ".yaml", ".yml", ".json" };
	const char *suffix = strrchr(value, '.');

	for (size_t i = 0; suffix && i < N(suffixes); i++)
		if (!strcmp(suffix, suffixes[i]))
			return true;
	return false;
}

static bool is_program(const char *value, char *why)
{
	const unsigned char *c = (const unsigned char *)value;
	char near[64];

	if (strpbrk(value, "*?["))
		return refuse(why,
			      "found '%.60s', expected the name of one program: a pattern "
			      "is for rules",
			      value);
	if (policy_meant__is_interface(value))
		return refuse(why,
			      "found '%.60s', which is an interface's name rather than a "
			      "program's; did you mean --interface=%.60s?",
			      value, value);
	if (is_file(value))
		return refuse(why, "found '%.60s', which is a file's name, expected a program's",
			      value);
	/* no compiler makes other bytes than these, but nothing is said against them */
	while (*c == '_' || *c == '.' || *c == '$' || isalnum(*c) || *c & 0x80)
		c++;
	if (!*c)
		return true;
	if (*c != '-')
		return refuse(why,
			      "found '%.60s', expected a program's name, of letters, digits and _",
			      value);
	snprintf(near, sizeof(near), "%.60s", value);
	for (char *dash = near; (dash = strchr(dash, '-'));)
		*dash = '_';
	return refuse(
		why,
		"found '%.60s', which is a tool's name rather than a program's; did you mean %s? "
		"'xdp-policy status' shows the programs of a tool while they are attached",
		value, near);
}

static bool is_interface(const char *value, char *why)
{
	const char *at = strstr(value, "@");

	if (!strcmp(value, ".") || !strcmp(value, ".."))
		return refuse(why, "found '%s', expected the name of an interface", value);
	if (strlen(value) >= ALTIFNAMSIZ)
		return refuse(why,
			      "found a name of %zu bytes, expected at most %d, and %d of an "
			      "alternative name",
			      strlen(value), IFNAMSIZ - 1, ALTIFNAMSIZ - 1);
	if (at && at != value && at[1])
		return refuse(why,
			      "found '%s', expected the name of an interface; did you mean "
			      "%.*s? ip(8) shows what it is on behind the @",
			      value, (int)(at - value), value);
	if (strpbrk(value, "*?["))
		return refuse(why,
			      "found '%s', expected the name of one interface: a pattern is "
			      "for rules",
			      value);
	for (const char *c = value; *c; c++)
		if (strchr("/:,", *c) || isspace((unsigned char)*c))
			return refuse(why,
				      "found '%s', expected the name of one interface, without "
				      "'%c'",
				      value, *c);
	return true;
}

static bool is_mode(const char *value, char *why)
{
	static const char *const modes[] = { "native", "skb", "hw" };

	for (size_t i = 0; i < N(modes); i++)
		if (!strcmp(value, modes[i]))
			return true;
	return refuse(why, "found '%.60s', expected native, skb or hw%s", value,
		      policy_meant__hint(value, modes, N(modes)).text);
}

static bool is_tag(const char *value, char *why)
{
	size_t n = strspn(value, "0123456789abcdefABCDEF");

	if (n == TAG_LEN && !value[n] && n == strspn(value, "0123456789abcdef"))
		return true;
	return refuse(why, "found '%.60s', expected 16 hexadecimal digits%s", value,
		      n == TAG_LEN && !value[n] ? " in small letters" : "");
}

bool given__is_possible(enum policy_cond cond, const char *value, char why[GIVEN_WHY_SIZE])
{
	switch (cond) {
	case COND_PROGRAM:
		return is_program(value, why);
	case COND_INTERFACE:
		return is_interface(value, why);
	case COND_MODE:
		return is_mode(value, why);
	case COND_TAG:
		return is_tag(value, why);
	case COND_EXECUTABLE:
		return *value == '/' ||
		       refuse(why, "found '%.60s', expected a whole path, such as /usr/bin/%.60s",
			      value, value);
	default:
		return true;
	}
}
