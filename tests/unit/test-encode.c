// SPDX-License-Identifier: LGPL-2.1-or-later
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"
#include "unit.h"
#include "util/encode.h"

static const struct {
	const char *text, *shown, *utf8;
} texts[] = {
	{ "", "", "" },
	{ "eth0", "eth0", "eth0" },
	{ "x\xff\xfey", "x\\xff\\xfey", "x\\xff\\xfey" },
	{ "e\033[31m", "e\\x1b[31m", "e\033[31m" },
	{ "a\nb\tc\x7f", "a\\x0ab\\x09c\\x7f", "a\nb\tc\x7f" },
	/* a terminal obeys U+009B as it does ESC [ */
	{ "a\xc2\x9b"
	  "b",
	  "a\\xc2\\x9bb",
	  "a\xc2\x9b"
	  "b" },
	/* right to left, and a line separator */
	{ "a\xe2\x80\xae", "a\\xe2\\x80\\xae", "a\xe2\x80\xae" },
	{ "a\xe2\x80\xa8", "a\\xe2\\x80\\xa8", "a\xe2\x80\xa8" },
	{ "\xc3\xbc\xe2\x82\xac\xf0\x9f\x90\x9d", "\xc3\xbc\xe2\x82\xac\xf0\x9f\x90\x9d",
	  "\xc3\xbc\xe2\x82\xac\xf0\x9f\x90\x9d" },
	/* a name with a backslash is no name with a byte */
	{ "\\xff", "\\x5cxff", "\\x5cxff" },
	{ "a\\b\\", "a\\b\\", "a\\b\\" },
	/* too long a form, half a pair, beyond Unicode, cut off */
	{ "\xc0\xaf", "\\xc0\\xaf", "\\xc0\\xaf" },
	{ "\xe0\x80\xaf", "\\xe0\\x80\\xaf", "\\xe0\\x80\\xaf" },
	{ "\xed\xa0\x80", "\\xed\\xa0\\x80", "\\xed\\xa0\\x80" },
	{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", "\\xf4\\x90\\x80\\x80" },
	{ "a\xe2\x82", "a\\xe2\\x82", "a\\xe2\\x82" },
	{ "\xe2\x82-", "\\xe2\\x82-", "\\xe2\\x82-" },
};

START_TEST(forms)
{
	const char *text = texts[_i].text;
	char *shown = encode__shown_copy(text), *utf8 = encode__utf8_copy(text), buf[64];

	ck_assert_str_eq(shown, texts[_i].shown);
	ck_assert_str_eq(encode__shown(text, buf, sizeof(buf)), texts[_i].shown);
	ck_assert_str_eq(utf8, texts[_i].utf8);
	ck_assert(encode__is_shown(text) == !strcmp(text, shown));
	free(shown);
	free(utf8);
}
END_TEST

START_TEST(ascii)
{
	char *form = encode__ascii_copy("d\xc3\xbcr\\x\xff\033 ~\xf0\x9f\x90\x9d");

	ck_assert_str_eq(form, "d\\xc3\\xbcr\\x5cx\\xff\\x1b ~\\xf0\\x9f\\x90\\x9d");
	free(form);
}
END_TEST

/* The bytes that a form stands for. */
static void decode(const char *form, char *bytes)
{
	while (*form)
		if (form[0] == '\\' && form[1] == 'x') {
			char digits[3] = { form[2], form[3] };

			*bytes++ = (char)strtol(digits, NULL, 16);
			form += 4;
		} else {
			*bytes++ = *form++;
		}
	*bytes = '\0';
}

/* No assertion a text: each is a record that libcheck writes to a file and reads again. */
static bool is_back(const char *text)
{
	char *form[] = { encode__shown_copy(text), encode__utf8_copy(text) }, bytes[16];
	json_t *json = json_string(text);
	bool right = encode__is_utf8(text) == !!json;

	json_decref(json);
	for (int i = 0; i < 2; i++) {
		json = json_string(form[i]);
		decode(form[i], bytes);
		right = right && json && encode__is_utf8(form[i]) && !strcmp(bytes, text);
		json_decref(json);
		free(form[i]);
	}
	return right;
}

static void check_back(const char *text)
{
	if (!is_back(text))
		ck_abort_msg("not back again: %s", encode__shown_copy(text));
}

/* All texts of two bytes, and of more that are near to characters: jansson is another opinion. */
START_TEST(back_again)
{
	static const unsigned char near[] = { 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 'x' };
	const size_t n = sizeof(near);
	char text[6] = "";

	for (int a = 1; a < 256; a++)
		for (int b = 1; b < 256; b++) {
			text[0] = (char)a;
			text[1] = (char)b;
			check_back(text);
		}
	for (int a = 0xc0; a < 256; a++)
		for (size_t i = 0; i < n * n * n; i++) {
			text[0] = (char)a;
			text[1] = (char)near[i / n / n];
			text[2] = (char)near[i / n % n];
			text[3] = (char)near[i % n];
			check_back(text);
		}
}
END_TEST

/* What does not fit ends with a whole character or form. */
START_TEST(cut)
{
	const char *text = "\xe2\x82\xac\xff"
			   "a";
	static const char *const cuts[] = { "",
					    "",
					    "",
					    "",
					    "\xe2\x82\xac",
					    "\xe2\x82\xac",
					    "\xe2\x82\xac",
					    "\xe2\x82\xac",
					    "\xe2\x82\xac\\xff",
					    ("\xe2\x82\xac\\xff"
					     "a") };
	char buf[16];

	for (size_t size = 1; size < sizeof(cuts) / sizeof(cuts[0]); size++) {
		memset(buf, '#', sizeof(buf));
		ck_assert_str_eq(encode__shown(text, buf, size), cuts[size]);
		ck_assert_int_eq(buf[size], '#');
	}
	ck_assert_str_eq(encode__shown(text, buf, 0) ? "left alone" : "", "left alone");
}
END_TEST

/* Three digits behind the point at most, and none of what a double has besides. */
START_TEST(milliseconds)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} rows[] = {
		{ 0, "{\"ms\": 0.0}\n" },
		{ 499, "{\"ms\": 0.0}\n" },
		{ 300000, "{\"ms\": 0.3}\n" },
		{ 1234567, "{\"ms\": 1.235}\n" },
		{ 367123456, "{\"ms\": 367.123}\n" },
		{ 86400000000001, "{\"ms\": 86400000.0}\n" },
	};
	char text[64] = "", *to;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		FILE *out = fmemopen(text, sizeof(text), "w");

		ck_assert_int_eq(
			tool_json_write(
				json_pack("{s:o}", "ms", tool_json_milliseconds(rows[i].ns)), out),
			0);
		fclose(out);
		/* without the indent */
		to = text;
		for (const char *c = text; *c; c++)
			if (*c != '\n' && (*c != ' ' || c[-1] == ':'))
				*to++ = *c;
		strcpy(to, "\n");
		ck_assert_str_eq(text, rows[i].text);
	}
}
END_TEST

TCase *encode_tests(void)
{
	TCase *tc = tcase_create("encode");

	tcase_add_loop_test(tc, forms, 0, sizeof(texts) / sizeof(texts[0]));
	tcase_add_test(tc, ascii);
	tcase_add_test(tc, back_again);
	tcase_add_test(tc, cut);
	tcase_add_test(tc, milliseconds);
	return tc;
}
