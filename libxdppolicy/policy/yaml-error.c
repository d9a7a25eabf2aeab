// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "rule.h"
#include "yaml-error.h"

int yaml_source__fail(const struct yaml_source *source, const yaml_mark_t *mark, const char *fmt,
		      ...)
{
	char text[POLICY_ERROR_SIZE];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	policy_log__msg(source->log, POLICY_ERROR, source->file, mark->line + 1, "column %zu: %s",
			mark->column + 1, text);
	return -EINVAL;
}

yaml_mark_t yaml_source__mark(const struct yaml_source *source, size_t offset)
{
	yaml_mark_t mark = { 0 };

	for (size_t i = 0; i < offset && i < source->size; i++) {
		if (source->text[i] == '\n') {
			mark.line++;
			mark.column = 0;
		} else if ((source->text[i] & 0xc0) != 0x80) {
			mark.column++;
		}
	}
	return mark;
}

/* The byte at a place of libyaml, in a line that begins with ASCII. */
static char byte_at(const struct yaml_source *source, const yaml_mark_t *mark)
{
	const char *at = source->text, *end = at + source->size;

	for (size_t line = 0; at && line < mark->line; line++) {
		at = memchr(at, '\n', end - at);
		at = at ? at + 1 : NULL;
	}
	return at && mark->column < (size_t)(end - at) ? at[mark->column] : 0;
}

/* Globs are full of what YAML takes for something of its own. */
static const char *hint_for(const struct yaml_source *source, const yaml_parser_t *parser)
{
	const char *context = parser->context ? parser->context : "";

	if (source->size > 2 && !memcmp(source->text, "//", 2))
		return "; a comment begins with #";
	if (strstr(parser->problem, "<document start>") && *source->text == '[')
		return "; the name of a file in INI ends in .conf";
	if (byte_at(source, &parser->problem_mark) == '\t')
		return "; YAML takes no tab at the beginning of a line";

	if (strstr(context, "an alias"))
		return "; a glob that begins with * stands in quotes";
	if (strstr(context, "a tag") || strstr(parser->problem, "tag handle"))
		return "; a glob that begins with ! stands in quotes";
	if (strstr(parser->problem, "expected ',' or"))
		return "; a glob with brackets stands in quotes here";
	return "";
}

int yaml_source__refused(const struct yaml_source *source, const yaml_parser_t *p)
{
	yaml_mark_t mark;
	char from[40] = "";

	if (p->error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	if (p->error == YAML_READER_ERROR) {
		mark = yaml_source__mark(source, p->problem_offset);
		return yaml_source__fail(source, &mark,
					 "found no text, expected YAML or JSON in UTF-8: %s",
					 p->problem);
	}
	if (p->context && p->context_mark.line != p->problem_mark.line)
		snprintf(from, sizeof(from), " from line %zu", p->context_mark.line + 1);
	return yaml_source__fail(source, &p->problem_mark,
				 "found wrong syntax, expected YAML or JSON: %s%s%s%s%s",
				 p->context ? p->context : "", from, p->context ? ", " : "",
				 p->problem, hint_for(source, p));
}
