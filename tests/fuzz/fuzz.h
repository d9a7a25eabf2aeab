/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_FUZZ_H
#define XDP_POLICY_FUZZ_H

/* What the libFuzzer targets share; see run. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* assert(3) that stays in force and says what was handled. */
#define CHECK(cond)                                                                        \
	do {                                                                               \
		if (!(cond)) {                                                             \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #cond); \
			abort();                                                           \
		}                                                                          \
	} while (0)

/* A copy of the input with a NUL behind it, without room beyond: a sanitizer sees one byte too far.
 */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	CHECK(text);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

/* A message sink that reads all of each message; ctx, if any, points to a counter of errors. */
static inline void fuzz_message(void *ctx, enum policy_level level, const char *file,
				unsigned int line, const char *text)
{
	(void)line;
	CHECK(*text && strlen(text) < 768 && *file);
	for (const char *c = text; *c; c++)
		CHECK((unsigned char)*c >= ' ' && *c != 127);
	if (ctx && level == POLICY_ERROR)
		++*(unsigned int *)ctx;
}

#endif
