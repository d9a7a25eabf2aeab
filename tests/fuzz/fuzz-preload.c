// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any text as /etc/ld.so.preload: enable, enable again, disable. Others keep what they have. */
#include "fuzz.h"
#include "preload-file.h"

#define ENTRY "/usr/$LIB/libxdppolicy/" PRELOAD_NAME

struct text {
	char *data;
	size_t size;
};

static struct text add(const struct text *text)
{
	struct text ret;

	CHECK(!preload_file__add(text->data, text->size, ENTRY, &ret.data, &ret.size));
	return ret;
}

static struct text take_out(const struct text *text)
{
	struct text ret;

	CHECK(!preload_file__remove(text->data, text->size, &ret.data, &ret.size));
	return ret;
}

static struct preload_found find(const struct text *text)
{
	struct preload_found ret;

	CHECK(!preload_file__find(text->data, text->size, ENTRY, &ret));
	return ret;
}

/* All names but ours, each with a blank behind it; here a '#' always begins a comment. */
static char *others(const struct text *text)
{
	char *copy = malloc(text->size + 1), *names = calloc(1, 2 * text->size + 1), *c;
	const char *at = copy;
	char word[4096];

	CHECK(copy && names);
	memcpy(copy, text->data, text->size);
	copy[text->size] = '\0';
	while ((c = strchr(copy, '#')))
		memset(c, ' ', strcspn(c, "\n"));
	while (policy_text__word(&at, " \t\n:", word, sizeof(word)))
		if (!preload_file__is_ours(word, strlen(word)))
			strcat(strcat(names, word), " ");
	free(copy);
	return names;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text text = { fuzz_text(data, size), size }, on, again, off, off_again;
	char *before, *with, *after;

	/* the loader reads no further than to a NUL, and such a file is refused */
	if (size > 4000 || memchr(data, '\0', size)) {
		free(text.data);
		return 0;
	}
	on = add(&text);
	CHECK(find(&on).ours == 1 && find(&on).same == 1);
	again = add(&on);
	CHECK(again.size == on.size && !memcmp(again.data, on.data, on.size));
	off = take_out(&on);
	CHECK(!find(&off).ours);
	off_again = take_out(&off);
	CHECK(off_again.size == off.size && !memcmp(off_again.data, off.data, off.size));
	before = others(&text);
	with = others(&on);
	after = others(&off);
	CHECK(!strcmp(before, with) && !strcmp(before, after));
	free(before);
	free(with);
	free(after);
	free(text.data);
	free(on.data);
	free(again.data);
	free(off.data);
	free(off_again.data);
	return 0;
}
