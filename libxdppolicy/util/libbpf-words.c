// SPDX-License-Identifier: LGPL-2.1-or-later
/* Collects libbpf's warnings, so that they can be a part of our own messages. */
#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/libbpf-words.h"

#define WORDS_SIZE 320

static _Thread_local char words[WORDS_SIZE];

/* The verifier's log is told elsewhere. */
static bool is_of_use(const char *line)
{
	return *line && !strstr(line, "PROG LOAD LOG");
}

static void append(const char *text)
{
	size_t len = strlen(words), room = sizeof(words) - 1 - len, n = strlen(text);

	memcpy(words + len, text, n < room ? n : room);
	words[len + (n < room ? n : room)] = '\0';
}

static void add(char *line)
{
	static const char prefix[] = "libbpf: ";

	line[strcspn(line, "\n")] = '\0';
	if (!strncmp(line, prefix, strlen(prefix)))
		line += strlen(prefix);
	if (!is_of_use(line))
		return;
	append(*words ? "; " : ": ");
	append(line);
}

static int listen(enum libbpf_print_level level, const char *fmt, va_list args)
{
	char line[WORDS_SIZE];
	int len;

	if (level != LIBBPF_WARN)
		return 0;
	len = vsnprintf(line, sizeof(line), fmt, args);
	add(line);
	return len;
}

void libbpf_words__listen(void)
{
	libbpf_set_print(listen);
}

void libbpf_words__clear(void)
{
	*words = '\0';
}

const char *libbpf_words__get(void)
{
	return words;
}
