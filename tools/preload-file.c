// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "preload-file.h"

struct word {
	size_t begin, end;
};

/* The loader stops at a NUL; a name never goes across one. */
static bool is_separator(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == ':' || !c;
}

bool preload_file__is_ours(const char *name, size_t len)
{
	static const size_t own = sizeof(PRELOAD_NAME) - 1;

	return len >= own && !memcmp(name + len - own, PRELOAD_NAME, own) &&
	       (len == own || name[len - own - 1] == '/');
}

/*
 * A copy with blanks in place of the comments that the loader sees. Each search begins at the start
 * of the file again, but is as long as what is left behind the comment before.
 */
static char *blank_comments(const char *text, size_t size)
{
	char *copy = malloc(size + 1), *comment;
	size_t rest = size;

	if (!copy)
		return NULL;
	memcpy(copy, text, size);
	copy[size] = '\0';
	while (rest && (comment = memchr(copy, '#', rest))) {
		rest -= comment - copy;
		do
			*comment = ' ';
		while (--rest && *++comment != '\n');
	}
	return copy;
}

static bool next_word(const char *text, size_t size, struct word *word)
{
	size_t at = word->end;

	while (at < size && is_separator(text[at]))
		at++;
	word->begin = at;
	while (at < size && !is_separator(text[at]))
		at++;
	word->end = at;
	return word->begin < word->end;
}

/* What is left of it in front of a '#', which is a comment even where the loader takes it for more.
 */
static size_t name_len(const char *text, const struct word *word)
{
	const char *comment = memchr(text + word->begin, '#', word->end - word->begin);

	return (comment ? comment : text + word->end) - (text + word->begin);
}

static bool is_our_word(const char *text, const struct word *word)
{
	return preload_file__is_ours(text + word->begin, name_len(text, word));
}

static unsigned int line_of(const char *text, size_t at)
{
	unsigned int line = 1;

	for (size_t i = 0; i < at; i++)
		line += text[i] == '\n';
	return line;
}

int preload_file__find(const char *text, size_t size, const char *entry, struct preload_found *ret)
{
	struct preload_found found = { 0 };
	char *seen = blank_comments(text, size);
	size_t len = entry ? strlen(entry) : 0;
	struct word word = { 0 };

	if (!seen)
		return -ENOMEM;
	while (next_word(seen, size, &word)) {
		size_t own_len = name_len(seen, &word);

		if (word.begin + own_len != word.end && !found.comment_line)
			found.comment_line = line_of(seen, word.begin);
		if (!is_our_word(seen, &word))
			continue;
		if (!found.ours++)
			found.line = line_of(seen, word.begin);
		found.same += entry && own_len == len && !memcmp(seen + word.begin, entry, len);
	}
	free(seen);
	*ret = found;
	return 0;
}

/* The next of ours that the loader would load, from the start. Returns 1, 0 or -ENOMEM. */
static int find_ours(const char *text, size_t size, struct word *word)
{
	char *seen = blank_comments(text, size);
	int found = 0;

	if (!seen)
		return -ENOMEM;
	*word = (struct word){ 0 };
	while (!found && next_word(seen, size, word))
		found = is_our_word(seen, word);
	if (found)
		word->end = word->begin + name_len(seen, word);
	free(seen);
	return found;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == ':';
}

/*
 * What goes with a name: its line, if that holds nothing else; else the separators behind it, or,
 * at the end of a line, those in front of it.
 */
static void widen(const char *text, size_t size, struct word *word)
{
	size_t begin = word->begin, end = word->end;

	while (begin && is_blank(text[begin - 1]))
		begin--;
	while (end < size && is_blank(text[end]))
		end++;
	if (end < size && text[end] != '\n') {
		word->end = end;
		return;
	}
	word->end = end;
	word->begin = begin;
	if ((!begin || text[begin - 1] == '\n') && end < size)
		word->end++;
}

/* Whether the loader takes the same for names in both texts, but for ours. */
static bool others_agree(const char *a, size_t a_size, const char *b, size_t b_size)
{
	struct word x = { 0 }, y = { 0 };
	bool more_x, more_y;

	do {
		do
			more_x = next_word(a, a_size, &x);
		while (more_x && is_our_word(a, &x));
		do
			more_y = next_word(b, b_size, &y);
		while (more_y && is_our_word(b, &y));
		if (more_x != more_y || x.end - x.begin != y.end - y.begin ||
		    memcmp(a + x.begin, b + y.begin, x.end - x.begin))
			return false;
	} while (more_x);
	return true;
}

/* Takes word out of text: 1 if it is gone, 0 if others would be read in another way, or -ENOMEM. */
static int cut(char *text, size_t *size, const struct word *word)
{
	size_t left = *size - (word->end - word->begin);
	char *before = blank_comments(text, *size), *after = NULL, *copy = malloc(left + 1);
	int done = -ENOMEM;

	if (!before || !copy)
		goto out;
	memcpy(copy, text, word->begin);
	memcpy(copy + word->begin, text + word->end, *size - word->end);
	after = blank_comments(copy, left);
	if (!after)
		goto out;
	done = others_agree(before, *size, after, left);
	if (done) {
		memcpy(text, copy, left);
		*size = left;
	}
out:
	free(before);
	free(after);
	free(copy);
	return done;
}

int preload_file__remove(const char *text, size_t size, char **ret, size_t *ret_size)
{
	struct word name, all;
	char *copy = malloc(size + 1);
	int found, done;

	if (!copy)
		return -ENOMEM;
	memcpy(copy, text, size);
	while ((found = find_ours(copy, size, &name)) > 0) {
		all = name;
		widen(copy, size, &all);
		done = cut(copy, &size, &all);
		if (done < 0) {
			found = done;
			break;
		}
		if (!done)
			memset(copy + name.begin, ' ', name.end - name.begin);
	}
	if (found < 0) {
		free(copy);
		return found;
	}
	copy[size] = '\0';
	*ret = copy;
	*ret_size = size;
	return 0;
}

/* The text without ours, and entry as its last line. */
static int put_last(const char *text, size_t size, const char *entry, char **ret, size_t *ret_size)
{
	size_t len = strlen(entry);
	char *rest, *all;
	int err;

	err = preload_file__remove(text, size, &rest, &size);
	if (err)
		return err;
	all = realloc(rest, size + len + 3);
	if (!all) {
		free(rest);
		return -ENOMEM;
	}
	if (size && all[size - 1] != '\n')
		all[size++] = '\n';
	memcpy(all + size, entry, len);
	all[size + len] = '\n';
	*ret = all;
	*ret_size = size + len + 1;
	return 0;
}

/* In a longer text other parts of a comment may count, and ours may stand there. */
int preload_file__add(const char *text, size_t size, const char *entry, char **ret,
		      size_t *ret_size)
{
	char *copy = malloc(size + 1), *next;
	struct preload_found found;
	int err = copy ? 0 : -ENOMEM;

	if (copy)
		memcpy(copy, text, size);
	while (!err && !(err = preload_file__find(copy, size, entry, &found)) &&
	       (found.ours != 1 || found.same != 1)) {
		err = put_last(copy, size, entry, &next, &size);
		if (!err) {
			free(copy);
			copy = next;
		}
	}
	if (err) {
		free(copy);
		return err;
	}
	*ret = copy;
	*ret_size = size;
	return 0;
}

bool preload_file__is_blank(const char *text, size_t size)
{
	struct word word = { 0 };

	return !next_word(text, size, &word);
}
