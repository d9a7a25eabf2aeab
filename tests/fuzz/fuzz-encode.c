// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any text in the forms for its readers: UTF-8, and the bytes can be told from it. */
#include "fuzz.h"
#include "util/encode.h"

static void check_back(const char *form, const char *text)
{
	for (; *form; text++) {
		char digits[3] = "";

		if (form[0] != '\\' || form[1] != 'x') {
			CHECK(*form++ == *text);
			continue;
		}
		memcpy(digits, form + 2, 2);
		CHECK((char)strtol(digits, NULL, 16) == *text);
		form += 4;
	}
	CHECK(!*text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *shown, *utf8, *cut;
	size_t room = size ? 1 + data[0] % 32 : 1;

	shown = encode__shown_copy(text);
	utf8 = encode__utf8_copy(text);
	cut = malloc(room);
	CHECK(shown && utf8 && cut);
	CHECK(encode__is_utf8(shown) && encode__is_utf8(utf8));
	check_back(shown, text);
	check_back(utf8, text);
	CHECK(encode__is_shown(text) == !strcmp(text, shown));
	encode__shown(text, cut, room);
	CHECK(encode__is_utf8(cut) && !strncmp(cut, shown, strlen(cut)));
	free(text);
	free(shown);
	free(utf8);
	free(cut);
	return 0;
}
