// SPDX-License-Identifier: LGPL-2.1-or-later
/* Prints tables in the charset of the user's locale. */
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "common/table.h"
#include "util/encode.h"

/*
 * Of the environment, for what is printed alone: setlocale() would let it decide how globs match
 * and what is a letter.
 */
static locale_t user_locale(void)
{
	static locale_t locale;
	static bool asked;

	if (!asked)
		locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	asked = true;
	return locale;
}

static bool is_utf8(locale_t locale)
{
	return locale && !strcmp(nl_langinfo_l(CODESET, locale), "UTF-8");
}

struct libscols_table *table__new(const char *const *columns, size_t n, bool tree)
{
	struct libscols_table *table = scols_new_table();

	for (size_t i = 0; i < n; i++)
		scols_table_new_column(table, columns[i], 0, tree && !i ? SCOLS_FL_TREE : 0);
	scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
	scols_table_enable_noencoding(table, 1); /* it would encode our \x again */
	if (!isatty(STDOUT_FILENO))
		scols_table_enable_ascii(table, 1);
	return table;
}

void table__set(struct libscols_line *line, size_t column, const char *text)
{
	char *cell = is_utf8(user_locale()) ? encode__shown_copy(text) : encode__ascii_copy(text);

	scols_line_set_data(line, column, cell ? cell : "out of memory");
	free(cell);
}

void table__wrap(struct libscols_table *table)
{
	struct libscols_iter *iter = scols_new_iter(SCOLS_ITER_FORWARD);
	struct libscols_column *column;

	while (iter && !scols_table_next_column(table, iter, &column)) {
		scols_column_set_flags(column, SCOLS_FL_WRAP);
		scols_column_set_wrapfunc(column, scols_wrapnl_chunksize, scols_wrapnl_nextchunk,
					  NULL);
	}
	scols_free_iter(iter);
}

static bool is_wrapped(struct libscols_table *table)
{
	return scols_column_get_flags(scols_table_get_column(table, 0)) & SCOLS_FL_WRAP;
}

/* The next character of a text: how long it is, and how many columns it takes. */
static size_t next_char(const char *text, size_t *width)
{
	mbstate_t state = { 0 };
	wchar_t c;
	size_t len = mbrtowc(&c, text, MB_CUR_MAX, &state);
	int columns = len && len < (size_t)-2 ? wcwidth(c) : 1;

	*width = columns < 0 ? 1 : columns;
	return len && len < (size_t)-2 ? len : 1;
}

static size_t width_of(const char *text)
{
	size_t width = 0, columns;

	for (; *text; width += columns)
		text += next_char(text, &columns);
	return width;
}

/* How much of a text goes into a line: up to a blank, else to behind a slash, else all of it. */
static size_t line_len(const char *text, size_t width)
{
	size_t at = 0, used = 0, columns, len, blank = 0, slash = 0;

	while (text[at]) {
		len = next_char(text + at, &columns);
		if (text[at] == ' ')
			blank = at;
		if (used + columns > width)
			return blank ? blank : slash ? slash : at ? at : len;
		at += len;
		used += columns;
		if (text[at - 1] == '/')
			slash = at;
	}
	return at;
}

/* With a line's end behind each line; NULL without memory. */
static char *wrap(const char *text, size_t width)
{
	char *ret = malloc(2 * strlen(text) + 1), *to = ret;

	while (ret && *text) {
		size_t len = line_len(text, width);

		to = mempcpy(to, text, len);
		text += len;
		text += *text == ' ';
		if (*text)
			*to++ = '\n';
	}
	if (ret)
		*to = '\0';
	return ret;
}

static const char *cell_text(const struct libscols_line *line, size_t column)
{
	const char *text =
		scols_cell_get_data(scols_line_get_cell((struct libscols_line *)line, column));

	return text ? text : "";
}

#define MAX_COLUMNS 8

/* The widest columns share what the others leave. */
static void share_width(struct libscols_table *table, size_t n, size_t widths[])
{
	size_t total = n - 1, widest = 0;

	for (size_t column = 0; column < n; column++) {
		widths[column] =
			width_of(scols_column_get_name(scols_table_get_column(table, column)));
		for (size_t i = 0; i < scols_table_get_nlines(table); i++) {
			size_t width = width_of(cell_text(scols_table_get_line(table, i), column));

			widths[column] = width > widths[column] ? width : widths[column];
		}
		total += widths[column];
	}
	for (; total > TABLE_WIDTH; total--) {
		for (size_t column = 0; column < n; column++)
			widest = widths[column] > widths[widest] ? column : widest;
		widths[widest]--;
	}
}

static void wrap_cells(struct libscols_table *table)
{
	size_t n = scols_table_get_ncols(table), widths[MAX_COLUMNS];

	share_width(table, n, widths);
	for (size_t i = 0; i < scols_table_get_nlines(table); i++) {
		struct libscols_line *line = scols_table_get_line(table, i);

		for (size_t column = 0; column < n; column++) {
			char *cell = wrap(cell_text(line, column), widths[column]);

			if (cell)
				scols_line_set_data(line, column, cell);
			free(cell);
		}
	}
}

bool table__print(struct libscols_table *table, FILE *out)
{
	bool empty = scols_table_is_empty(table);
	locale_t before;

	if (!empty) {
		before = uselocale(user_locale());
		if (is_wrapped(table))
			wrap_cells(table);
		scols_table_set_stream(table, out);
		scols_print_table(table);
		uselocale(before);
	}
	scols_unref_table(table);
	return !empty;
}
