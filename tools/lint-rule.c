// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a single rule, or the switch, shows by itself. */
#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lint-internal.h"
#include "policy/meant.h"

/* Looks at one word of a list, without its !; returns what it would have to be, NULL if it is. */
typedef const char *(*word_check)(const char *word);

/* Characters that every match has, so far as that is easily said: brackets and \ may hide any. */
static bool is_plain(const char *word)
{
	return !strpbrk(word, "[\\");
}

/* The shortest name that a plain glob matches. */
static size_t min_len(const char *word)
{
	size_t len = 0;

	for (; *word; word++)
		len += *word != '*';
	return len;
}

static bool has_suffix(const char *word, const char *suffix)
{
	size_t len = strlen(word), suffix_len = strlen(suffix);

	return len > suffix_len && !strcmp(word + len - suffix_len, suffix);
}

/* What the kernel lets a name consist of, and $ that some compilers write behind its 15 bytes. */
static const char *check_program(const char *word)
{
	if (!is_plain(word))
		return NULL;
	if (has_suffix(word, ".o"))
		return "a function name; the file that it is in stands in object";
	if (isdigit((unsigned char)*word))
		return "a function name, which does not begin with a digit";
	for (const char *c = word; *c; c++) {
		if (isalnum((unsigned char)*c) || strchr("_.$*?", *c))
			continue;
		return *c == '-' && c > word ? "a function name of letters, digits and '_'; a tool "
					       "stands in executable" :
					       "a function name of letters, digits and '_'";
	}
	return NULL;
}

/* /proc/PID/exe and the object's path are absolute and have no links in them. */
static const char *check_path(const char *word)
{
	static const char expected[] = "an absolute path without links, or a glob for one";
	size_t len = strlen(word);

	if (!strchr("/*?[\\", *word))
		return expected;
	if (!is_plain(word))
		return NULL;
	if (strstr(word, "//") || strstr(word, "/./") || strstr(word, "/../"))
		return expected;
	if (lint__is_word(word) &&
	    (word[len - 1] == '/' || (len > 1 && !strcmp(word + len - 2, "/.")) ||
	     (len > 2 && !strcmp(word + len - 3, "/.."))))
		return expected;
	return NULL;
}

static const char *check_tag(const char *word)
{
	static const char expected[] = "16 hex digits in small letters, or a glob for them";

	if (!is_plain(word))
		return NULL;
	if (min_len(word) > 16 || (lint__is_word(word) && strlen(word) != 16) ||
	    word[strspn(word, "0123456789abcdef*?")])
		return expected;
	return NULL;
}

/* As the kernel's dev_valid_name(), of an alternative name as well */
#define MAX_ALTNAME 127
static const char *check_interface(const char *word)
{
	static const char expected[] = "an interface: 1 to 127 characters without '/' and ':'";

	if (is_plain(word) && (min_len(word) > MAX_ALTNAME || strpbrk(word, "/:")))
		return expected;
	return NULL;
}

/* The kinds of units that have processes of their own, as the preload finds them. */
static const char *check_unit(const char *word)
{
	static const char *const suffixes[] = { ".service", ".scope", ".socket", ".mount" };

	if (!lint__is_word(word))
		return NULL;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (has_suffix(word, suffixes[i]))
			return NULL;
	return "a unit that ends in .service, .scope, .socket or .mount";
}

static const char *const modes[] = { "native", "skb", "hw" };
#define N_MODES (sizeof(modes) / sizeof(modes[0]))

static const char *check_mode(const char *word)
{
	for (size_t i = 0; i < N_MODES; i++)
		if (!fnmatch(word, modes[i], 0))
			return NULL;
	return "native, skb or hw";
}

static const word_check checks[N_CONDS] = {
	[COND_PROGRAM] = check_program, [COND_OBJECT] = check_path,
	[COND_TAG] = check_tag,		[COND_EXECUTABLE] = check_path,
	[COND_UNIT] = check_unit,	[COND_INTERFACE] = check_interface,
	[COND_MODE] = check_mode,
};

/* Whether the list's own exclusions leave nothing of a glob. */
static bool is_taken_away(enum policy_cond cond, const char *list, const char *word)
{
	if (lint__is_word(word))
		return !lint__word_matches(cond, list, word);
	for_each_glob(glob, list) {
		if (*glob == '!' && (!strcmp(glob + 1, word) || !strcmp(glob + 1, "*")))
			return true;
	}
	return false;
}

unsigned int lint__line(const struct policy_rule *rule, enum policy_cond cond)
{
	return rule->cond_line[cond] ? rule->cond_line[cond] : rule->line;
}

/* Tells of words that can match nothing. Returns whether no other word is there. */
static bool check_words(struct lint *lint, const struct policy_rule *rule, enum policy_cond cond)
{
	bool any_good = false, any_bad = false;

	for_each_glob(glob, rule->cond[cond]) {
		bool exclude = *glob == '!';
		const char *expected = checks[cond] ? checks[cond](glob + exclude) : NULL;

		if (!lint__manner(lint, rule, cond, glob) && expected)
			lint__add(lint, LINT_NEVER_MATCHES, rule->file, lint__line(rule, cond),
				  "found %s '%.80s', expected %s; it matches nothing%s",
				  policy_key__cond(cond)->name, glob, expected,
				  cond == COND_MODE ?
					  policy_meant__hint(glob + exclude, modes, N_MODES).text :
					  "");
		any_good = any_good || (!exclude && !expected);
		any_bad = any_bad || (!exclude && expected);
	}
	return any_bad && !any_good;
}

static bool excludes_all(const struct policy_rule *rule, enum policy_cond cond)
{
	const char *list = rule->cond[cond];
	bool excluded = false, only = true;

	if (policy_list__size(list) > LINT_MAX_LIST)
		return false;
	for_each_glob(glob, list) {
		only = only && *glob == '!';
		excluded = excluded || *glob == '!';
		if (*glob != '!' && !is_taken_away(cond, list, glob))
			return false;
	}
	return excluded && (!only || is_taken_away(cond, list, "*"));
}

static bool check_conds(struct lint *lint, const struct policy_rule *rule)
{
	bool never = false;

	for (int c = 0; c < N_CONDS; c++) {
		if (!rule->cond[c])
			continue;
		never = check_words(lint, rule, c) || never;
		lint__changed(lint, rule, c);
		if (!excludes_all(rule, c))
			continue;
		lint__add(
			lint, LINT_NEVER_MATCHES, rule->file, lint__line(rule, c),
			"found a list for %s that excludes all it names, expected one that leaves "
			"something",
			policy_key__cond(c)->name);
		never = true;
	}
	return never;
}

struct entry {
	const char *glob;
	size_t nth;
};

static int by_glob(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = strcmp(x->glob, y->glob);

	return order ? order : (x->nth > y->nth) - (x->nth < y->nth);
}

/* Each glob that stands in the order before, once for each further time. */
static void check_twice(struct lint *lint, const struct policy_rule *rule, struct entry *entry,
			size_t n)
{
	qsort(entry, n, sizeof(*entry), by_glob);
	for (size_t i = 1; i < n; i++)
		if (!strcmp(entry[i].glob, entry[i - 1].glob))
			lint__add(
				lint, LINT_ORDER_REPEATS, rule->file,
				rule->value_line[ATTR_PRIORITY],
				"found '%.80s' again as number %zu of the order, expected it once; "
				"the first counts",
				entry[i].glob, entry[i].nth + 1);
}

/* Programs behind a glob that takes them already. */
static void check_behind_globs(struct lint *lint, const struct policy_rule *rule)
{
	enum {
		MAX_GLOBS = 32
	};
	const char *before[MAX_GLOBS];
	size_t n = 0, nth = 0;

	for_each_glob(word, rule->cond[COND_PROGRAM]) {
		nth++;
		if (!lint__is_word(word)) {
			before[n] = word;
			n += n < MAX_GLOBS - 1;
			continue;
		}
		for (size_t i = 0; i < n; i++) {
			if (fnmatch(before[i], word, 0))
				continue;
			lint__add(lint, LINT_ORDER_REPEATS, rule->file,
				  rule->value_line[ATTR_PRIORITY],
				  "found '%.80s' as number %zu of the order, expected it before "
				  "'%.80s', which matches it; the first counts",
				  word, nth, before[i]);
			break;
		}
	}
}

static void check_order(struct lint *lint, const struct policy_rule *rule)
{
	size_t n = policy_list__count(rule->cond[COND_PROGRAM]), i = 0;
	struct entry *entry = calloc(n, sizeof(*entry));

	if (!entry) {
		lint->no_memory = true;
		return;
	}
	for_each_glob(glob, rule->cond[COND_PROGRAM]) {
		entry[i] = (struct entry){ .glob = glob, .nth = i };
		i++;
	}
	check_twice(lint, rule, entry, n);
	check_behind_globs(lint, rule);
	if (n > LINT_MAX_CHAIN)
		lint__add(lint, LINT_TOO_MANY, rule->file, rule->value_line[ATTR_PRIORITY],
			  "found an order of %zu programs, expected at most %d: no more run on one "
			  "interface",
			  n, LINT_MAX_CHAIN);
	free(entry);
}

static bool is_for_all(const struct policy_rule *rule)
{
	return !(rule->head.conds & ~(1U << COND_PROGRAM)) &&
	       (!rule->cond[COND_PROGRAM] || lint__is_all(rule->cond[COND_PROGRAM]));
}

/* A rule that denies all is fine if others allow some again. */
static void check_deny(struct lint *lint)
{
	for (size_t i = lint->n; i--;) {
		const struct policy_rule *rule = lint->rule[i];

		if (!rule->head.has[ATTR_ATTACH] || lint->never[i])
			continue;
		if (rule->head.value[ATTR_ATTACH].num != ATTACH_DENY)
			return;
		if (is_for_all(rule))
			lint__add(
				lint, LINT_DENIES_ALL, rule->file, rule->value_line[ATTR_ATTACH],
				"found attach = deny for every program and no rule behind it that "
				"allows one, expected a condition, or such a rule");
	}
}

void lint__each_rule(struct lint *lint)
{
	for (size_t i = 0; i < lint->n; i++) {
		lint->never[i] = check_conds(lint, lint->rule[i]);
		lint__name(lint, lint->rule[i]);
		if (lint->rule[i]->head.order_step)
			check_order(lint, lint->rule[i]);
	}
	if (lint->whole && lint->asked[ATTR_ATTACH])
		check_deny(lint);
}

static bool never_goes_on(const struct policy_step *step)
{
	for (int s = 0; s < N_STATUSES; s++)
		if (step->action[s] != ACTION_RETURN)
			return false;
	return true;
}

/* Whether rules may have the say, and not only be asked for an answer that is thrown away. */
static bool asks_rules(const struct policy_steps *steps, enum policy_attr attr)
{
	for (size_t i = 0; i < steps->n; i++) {
		const struct policy_step *step = &steps->step[i];

		/* +ACTION counts even then */
		if (step->source == SOURCE_FILES &&
		    (attr == ATTR_ACTIONS || step->action[STATUS_SUCCESS] != ACTION_CONTINUE))
			return true;
		if (never_goes_on(step))
			return false;
	}
	return false;
}

static const char *switch_path(const struct policy_files *files)
{
	for (size_t i = 0; i < files->n; i++)
		if (files->file[i].kind == FILE_SWITCH)
			return files->file[i].path;
	return "xdpswitch.conf";
}

void lint__switch(struct lint *lint, const struct policy_switch *sw,
		  const struct policy_files *files)
{
	for_each_attr(attr) {
		const struct policy_rule *first = NULL;

		lint->asked[attr] = asks_rules(&sw->attr[attr], attr);
		for (size_t i = 0; i < lint->n && !lint->asked[attr] && !first; i++)
			if (lint->rule[i]->head.has[attr])
				first = lint->rule[i];
		if (first)
			lint__add(
				lint, LINT_NOT_ASKED, switch_path(files),
				sw->attr[attr].step[0].line,
				"found no place where 'files' decides on %s, expected one: no rule "
				"for it has an effect, such as %s:%u",
				policy_key__attr(attr)->name, first->file, first->value_line[attr]);
	}
}
