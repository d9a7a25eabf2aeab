// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>
#include <string.h>

#include "preload-file.h"
#include "unit.h"

#define OURS "/usr/lib/libxdppolicy/" PRELOAD_NAME

/* what is there, then what it is after `enable` and after `disable` */
static const struct {
	const char *text, *added, *removed;
} texts[] = {
	{ "", OURS "\n", "" },
	{ "\n", "\n" OURS "\n", "\n" },
	{ "/a", "/a\n" OURS "\n", "/a" },
	{ "/a\n", "/a\n" OURS "\n", "/a\n" },
	{ "/a\n/b", "/a\n/b\n" OURS "\n", "/a\n/b" },
	{ "# why\n/a\n", "# why\n/a\n" OURS "\n", "# why\n/a\n" },
	{ "/a # why", "/a # why\n" OURS "\n", "/a # why" },
	/* ours: alone, first, in the middle, last, double */
	{ OURS, OURS, "" },
	{ OURS "\n", OURS "\n", "" },
	{ OURS "\n/a\n", OURS "\n/a\n", "/a\n" },
	{ "/a\n" OURS "\n/b\n", "/a\n" OURS "\n/b\n", "/a\n/b\n" },
	{ "/a\n" OURS, "/a\n" OURS, "/a\n" },
	{ OURS "\n/a\n" OURS "\n", "/a\n" OURS "\n", "/a\n" },
	{ OURS ":" OURS, OURS "\n", "" },
	/* in one line with others */
	{ OURS ":/a\n", OURS ":/a\n", "/a\n" },
	{ "/a:" OURS "\n", "/a:" OURS "\n", "/a\n" },
	{ "/a:" OURS ":/b\n", "/a:" OURS ":/b\n", "/a:/b\n" },
	{ "/a \t" OURS " /b\n", "/a \t" OURS " /b\n", "/a \t/b\n" },
	{ "/a " OURS " \n/b\n", "/a " OURS " \n/b\n", "/a\n/b\n" },
	{ "  " OURS "  \n/a\n", "  " OURS "  \n/a\n", "/a\n" },
	/* comments */
	{ OURS " # mine\n", OURS " # mine\n", "# mine\n" },
	{ OURS "# mine\n", OURS "# mine\n", "# mine\n" },
	{ "# " OURS "\n", "# " OURS "\n" OURS "\n", "# " OURS "\n" },
	{ "/a # " OURS "\n/b\n", "/a # " OURS "\n/b\n" OURS "\n", "/a # " OURS "\n/b\n" },
	{ "#" OURS "\n", "#" OURS "\n" OURS "\n", "#" OURS "\n" },
	/* the same by other names */
	{ "/usr/$LIB/libxdppolicy/" PRELOAD_NAME "\n", OURS "\n", "" },
	{ "/opt/lib/" PRELOAD_NAME " /a\n", "/a\n" OURS "\n", "/a\n" },
	{ PRELOAD_NAME, OURS "\n", "" },
	/* others by names that are like it */
	{ "/usr/lib/my" PRELOAD_NAME "\n", "/usr/lib/my" PRELOAD_NAME "\n" OURS "\n",
	  "/usr/lib/my" PRELOAD_NAME "\n" },
	{ OURS ".1\n", OURS ".1\n" OURS "\n", OURS ".1\n" },
	{ "/a\r\n", "/a\r\n" OURS "\n", "/a\r\n" },
	/* a second comment near the end is none to the loader: there ours counts */
	{ "# one comment, a long one: the loader is confused by it, and the more\n# " OURS "\n",
	  "# one comment, a long one: the loader is confused by it, and the more\n# " OURS "\n",
	  "# one comment, a long one: the loader is confused by it, and the more\n#\n" },
};

static void is_text(const char *found, size_t size, const char *expected)
{
	char *text = strndup(found, size);

	ck_assert_str_eq(text, expected);
	free(text);
}

START_TEST(test_add)
{
	char *text;
	size_t size;

	ck_assert_int_eq(
		preload_file__add(texts[_i].text, strlen(texts[_i].text), OURS, &text, &size), 0);
	is_text(text, size, texts[_i].added);
	free(text);
}
END_TEST

START_TEST(test_remove)
{
	char *text;
	size_t size;

	ck_assert_int_eq(preload_file__remove(texts[_i].text, strlen(texts[_i].text), &text, &size),
			 0);
	is_text(text, size, texts[_i].removed);
	free(text);
}
END_TEST

/* What would make a comment of others count is taken out in another way: by blanks. */
START_TEST(test_remove_keeps_comments)
{
	static const char before[] = "# one, and long\n# two\n/a\n" OURS "\n";
	struct preload_found found;
	char *text;
	size_t size;

	ck_assert_int_eq(preload_file__find(before, strlen(before), OURS, &found), 0);
	ck_assert_uint_eq(found.ours, 1);
	ck_assert_uint_eq(found.same, 1);
	ck_assert_uint_eq(found.line, 4);
	ck_assert_uint_eq(found.comment_line, 0);
	ck_assert_int_eq(preload_file__remove(before, strlen(before), &text, &size), 0);
	ck_assert_uint_eq(size, strlen(before));
	ck_assert_int_eq(preload_file__find(text, size, NULL, &found), 0);
	ck_assert_uint_eq(found.ours, 0);
	ck_assert_uint_eq(found.comment_line, 0);
	free(text);
}
END_TEST

START_TEST(test_find)
{
	static const char text[] =
		"/a\n\n/b:" OURS " /x/" PRELOAD_NAME "\n# one, and long\n# two\n";
	struct preload_found found;

	ck_assert_int_eq(preload_file__find(text, strlen(text), OURS, &found), 0);
	ck_assert_uint_eq(found.ours, 2);
	ck_assert_uint_eq(found.same, 1);
	ck_assert_uint_eq(found.line, 3);
	ck_assert_uint_eq(found.comment_line, 5);
}
END_TEST

START_TEST(test_blank)
{
	ck_assert(preload_file__is_blank("", 0));
	ck_assert(preload_file__is_blank(" \t:\n", 4));
	ck_assert(!preload_file__is_blank("#", 1));
	ck_assert(!preload_file__is_blank(" a", 2));
}
END_TEST

TCase *preload_tests(void)
{
	TCase *tc = tcase_create("preload");

	tcase_add_loop_test(tc, test_add, 0, sizeof(texts) / sizeof(texts[0]));
	tcase_add_loop_test(tc, test_remove, 0, sizeof(texts) / sizeof(texts[0]));
	tcase_add_test(tc, test_remove_keeps_comments);
	tcase_add_test(tc, test_find);
	tcase_add_test(tc, test_blank);
	return tc;
}
