// SPDX-License-Identifier: LGPL-2.1-or-later
/* Prints tables in the charset of the user's locale. */
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

bool table__print(struct libscols_table *table, FILE *out)
{
	bool empty = scols_table_is_empty(table);
	locale_t before;

	if (!empty) {
		before = uselocale(user_locale());
		scols_table_set_stream(table, out);
		scols_print_table(table);
		uselocale(before);
	}
	scols_unref_table(table);
	return !empty;
}
