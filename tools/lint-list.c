// SPDX-License-Identifier: LGPL-2.1-or-later
/* What is certain about two lists of globs, by trying the words of one on the other. */
#include <ctype.h>
#include <string.h>

#include "lint-internal.h"

bool lint__is_word(const char *glob)
{
	return *glob != '!' && !strpbrk(glob, "*?[\\");
}

bool lint__is_words(const char *list)
{
	return list && policy_list__size(list) <= LINT_MAX_LIST && policy_list__is_literal(list);
}

bool lint__word_matches(enum policy_cond cond, const char *list, const char *word)
{
	struct policy_subject subject = { 0 };

	subject.value[cond] = word;
	return policy_cond__match(cond, list, &subject) == MATCH_YES;
}

bool lint__same_list(const char *a, const char *b)
{
	size_t len;

	if (!a || !b)
		return a == b;
	do {
		if (strcmp(a, b))
			return false;
		len = strlen(a) + 1;
		a += len;
		b += len;
	} while (len > 1);
	return true;
}

bool lint__is_all(const char *list)
{
	bool all = false;

	for_each_glob(glob, list) {
		if (*glob == '!')
			return false;
		all = all || !strcmp(glob, "*");
	}
	return all;
}

static bool has_glob(const char *list, const char *wanted)
{
	for_each_glob(glob, list)
		if (!strcmp(glob, wanted))
			return true;
	return false;
}

static bool has_exclusion(const char *list)
{
	for_each_glob(glob, list)
		if (*glob == '!')
			return true;
	return false;
}

/* A user has a name and a number, a host a short and a long name: two words may be the same. */
static bool has_aliases(enum policy_cond cond)
{
	return cond == COND_USER || cond == COND_HOST;
}

/* Of no list with exclusions: every glob that can make b hold is in a too. */
static bool has_all_globs(const char *a, const char *b)
{
	size_t n = 0;

	if (has_exclusion(a) || policy_list__size(a) > LINT_MAX_LIST)
		return false;
	for_each_glob(glob, b) {
		if (*glob == '!')
			continue;
		if (++n > LINT_MAX_LIST / 2 || !has_glob(a, glob))
			return false;
	}
	return n;
}

/* Whether a list of words has the short name of a host. */
static bool has_short(const char *list, const char *host)
{
	size_t len = strcspn(host, ".");

	if (!host[len])
		return false;
	for_each_glob(glob, list)
		if (strlen(glob) == len && !strncmp(glob, host, len))
			return true;
	return false;
}

/* What lint__word_matches() says; of a list of words at less cost. */
static bool is_matched(enum policy_cond cond, const char *list, bool words, const char *word)
{
	if (!words)
		return lint__word_matches(cond, list, word);
	return has_glob(list, word) || (cond == COND_HOST && has_short(list, word));
}

static enum answer words_implied(enum policy_cond cond, const char *a, const char *words)
{
	bool is_words = lint__is_words(a);

	for_each_glob(word, words) {
		if (!is_matched(cond, a, is_words, word))
			return has_aliases(cond) ? UNSURE : NO;
	}
	return YES;
}

/* More values match than any list of words has. */
static bool is_endless(const char *list)
{
	bool endless = false, only_excludes = true;

	for_each_glob(glob, list) {
		endless = endless || (*glob != '!' && strchr(glob, '*'));
		only_excludes = only_excludes && *glob == '!';
	}
	return only_excludes || (endless && !has_exclusion(list));
}

/* In examples: no name has it, and no file can. */
#define NOWHERE '\x7f'

/* A value that is one for sure, and not perhaps the other name of another. */
static bool is_example(const char *list)
{
	return strchr(list, NOWHERE) && !list[strlen(list) + 1];
}

enum answer lint__implied(enum policy_cond cond, const char *a, const char *b)
{
	if (!a || lint__same_list(a, b))
		return YES;
	/* other facts may be unknown, and then * does not hold */
	if (!b && lint__is_all(a))
		return cond == COND_PROGRAM || cond == COND_HOST ? YES : UNSURE;
	if (!b)
		return NO;
	if (lint__is_all(a))
		return YES;
	if (is_example(b))
		return lint__word_matches(cond, a, b) ? YES : NO;
	if (has_aliases(cond) && has_exclusion(a))
		return UNSURE;
	if (lint__is_words(b))
		return words_implied(cond, a, b);
	if (has_all_globs(a, b))
		return YES;
	return lint__disjoint(cond, a, b) || (lint__is_words(a) && is_endless(b)) ? NO : UNSURE;
}

static bool any_word_matches(enum policy_cond cond, const char *list, const char *words)
{
	bool is_words = lint__is_words(list);

	for_each_glob(word, words)
		if (is_matched(cond, list, is_words, word))
			return true;
	return false;
}

static bool may_be_same(enum policy_cond cond, const char *a, const char *b)
{
	size_t len = strcspn(a, ".");

	if (cond == COND_HOST)
		return len == strcspn(b, ".") && !strncmp(a, b, len);
	return !strcmp(a, b) || !isdigit((unsigned char)*a) != !isdigit((unsigned char)*b);
}

static bool aliases_disjoint(enum policy_cond cond, const char *a, const char *b)
{
	if (!lint__is_words(a) || !lint__is_words(b))
		return false;
	for_each_glob(word, a)
		for_each_glob(other, b)
			if (may_be_same(cond, word, other))
				return false;
	return true;
}

bool lint__disjoint(enum policy_cond cond, const char *a, const char *b)
{
	if (!a || !b || lint__same_list(a, b))
		return false;
	if (is_example(a) || is_example(b))
		return !(is_example(a) ? lint__word_matches(cond, b, a) :
					 lint__word_matches(cond, a, b));
	if (has_aliases(cond))
		return aliases_disjoint(cond, a, b);
	if (lint__is_words(a))
		return !any_word_matches(cond, b, a);
	return lint__is_words(b) && !any_word_matches(cond, a, b);
}

/* The first word that matches the list, as a list of its own. */
static bool pick_word(enum policy_cond cond, const char *words, const char *list, const char **ret,
		      char *buf)
{
	bool is_words = lint__is_words(list);

	for_each_glob(word, words) {
		size_t len = strlen(word);

		if (len + 2 > LINT_WORD_SIZE || !is_matched(cond, list, is_words, word))
			continue;
		memcpy(buf, word, len + 1);
		buf[len + 1] = '\0';
		*ret = buf;
		return true;
	}
	return false;
}

bool lint__meet(enum policy_cond cond, const char *a, const char *b, const char **ret, char *buf)
{
	if (!a || !b || lint__same_list(a, b)) {
		*ret = a ? a : b;
		return true;
	}
	return (lint__is_words(a) && pick_word(cond, a, b, ret, buf)) ||
	       (lint__is_words(b) && pick_word(cond, b, a, ret, buf));
}

/* What a glob without brackets matches, but as few others do as can be. */
static bool fill_glob(const char *glob, char *buf)
{
	size_t len = strlen(glob);

	if (strpbrk(glob, "[\\") || len + 2 > LINT_WORD_SIZE)
		return false;
	for (size_t i = 0; i <= len; i++)
		buf[i] = strchr("*?", glob[i]) && glob[i] ? NOWHERE : glob[i];
	buf[len + 1] = '\0';
	return true;
}

/* Modes are few: something made up would not do. */
static const char *example_of_mode(const char *list)
{
	static const char *const modes[] = { "native\0", "skb\0", "hw\0" };

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!list || lint__word_matches(COND_MODE, list, modes[i]))
			return modes[i];
	return list;
}

const char *lint__example(enum policy_cond cond, const char *list, char *buf)
{
	static const char anything[] = { NOWHERE, '\0', '\0' };

	if (cond == COND_MODE)
		return example_of_mode(list);
	if (!list || lint__word_matches(cond, list, anything))
		return anything;
	for_each_glob(glob, list) {
		if (*glob != '!' && fill_glob(glob, buf) && lint__word_matches(cond, list, buf))
			return buf;
	}
	return list;
}
