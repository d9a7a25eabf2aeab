// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "rule.h"
#include "text.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct policy_rule *policy_rules__add(struct policy_rules *rules, const char *name,
				      unsigned int line)
{
	struct policy_rule *rule;

	if (rules->n == rules->size) {
		/* room that is not used is not touched, and costs nothing */
		size_t size = rules->size ? rules->size * 2 : 128;

		rule = reallocarray(rules->rule, size, sizeof(*rule));
		if (!rule)
			return NULL;
		rules->rule = rule;
		rules->size = size;
	}
	rule = &rules->rule[rules->n];
	*rule = (struct policy_rule){ .file = rules->file, .line = line };
	rule->name = strdup(name);
	if (!rule->name)
		return NULL;
	rules->n++;
	return rule;
}

void policy_rules__clear(struct policy_rules *rules)
{
	for (size_t i = 0; i < rules->n; i++) {
		for (int c = 0; c < N_CONDS; c++)
			free(rules->rule[i].cond[c]);
		free(rules->rule[i].name);
	}
	free(rules->rule);
	rules->rule = NULL;
	rules->n = rules->size = 0;
}

int policy_rules__copy(struct policy_rules *rules, const struct policy_rule *rule)
{
	struct policy_rule *copy = policy_rules__add(rules, rule->name, rule->line);

	if (!copy)
		return -ENOMEM;
	copy->head = rule->head;
	copy->has_order = rule->has_order;
	copy->file = rule->file;
	copy->changed = rule->changed;
	memcpy(copy->cond_line, rule->cond_line, sizeof(copy->cond_line));
	memcpy(copy->value_line, rule->value_line, sizeof(copy->value_line));
	for (int c = 0; c < N_CONDS; c++) {
		size_t size = policy_list__size(rule->cond[c]);

		copy->cond[c] = size ? malloc(size) : NULL;
		if (!size)
			continue;
		if (!copy->cond[c])
			return -ENOMEM;
		memcpy(copy->cond[c], rule->cond[c], size);
	}
	return 0;
}

/* Of ASCII, or of Unicode's second set in UTF-8, which a terminal obeys as well. */
static bool is_control(const char *text)
{
	unsigned char c = *text, next;

	if (c > 0x1f && c < 0x7f)
		return false;
	next = c ? text[1] : 0;
	return c < ' ' || c == 0x7f || (c == 0xc2 && next >= 0x80 && next < 0xa0);
}

/* Up to what INI would take for the end of the name: a bracket, or a comment. */
size_t policy_name__fit(const char *text)
{
	size_t len = 0;

	while (len < POLICY_MAX_NAME && !is_control(text + len) && text[len] != ']' &&
	       !(text[len] == ';' && len && text[len - 1] == ' '))
		len++;
	/* no character of UTF-8 is cut */
	while (len && (text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

int policy_name__check(const char *name, char *err, size_t err_size)
{
	size_t len = strlen(name);

	if (len > POLICY_MAX_NAME)
		snprintf(err, err_size, "found a rule name of %zu bytes, expected at most %d", len,
			 POLICY_MAX_NAME);
	else if (policy_name__fit(name) < len)
		snprintf(err, err_size,
			 "found '%s', expected a rule name without ']', ' ;' and control "
			 "characters",
			 name);
	else
		return 0;
	return -EINVAL;
}

bool policy_list__is_literal(const char *list)
{
	for_each_glob(glob, list)
		if (*glob == '!' || strpbrk(glob, "*?[\\"))
			return false;
	return true;
}

size_t policy_list__count(const char *list)
{
	size_t n = 0;

	for_each_glob(glob, list)
		n++;
	return n;
}

size_t policy_list__size(const char *list)
{
	const char *end = list;

	for_each_glob(glob, list)
		end = glob + strlen(glob) + 1;
	return list ? end + 1 - list : 0;
}

/* "unit=x" within a list was meant as a line of its own: no list shall swallow a setting. */
static bool is_setting(const char *text)
{
	char word[32];
	size_t len = 0;

	while (text[len] && text[len] != '=' && text[len] != ':')
		len++;
	if (len >= sizeof(word) || !text[len])
		return false;
	memcpy(word, text, len);
	word[len] = '\0';
	return !len || policy_key__find(word);
}

static bool has_control(const char *word)
{
	for (; *word; word++)
		if (*word != '\t' && is_control(word))
			return true;
	return false;
}

int policy_glob__check(const char *word, char *err, size_t err_size)
{
	if (!*word)
		snprintf(err, err_size, "found nothing, expected a glob");
	else if (strlen(word) > POLICY_MAX_GLOB)
		snprintf(err, err_size, "found a glob of %zu bytes, expected at most %d",
			 strlen(word), POLICY_MAX_GLOB);
	else if (*word == '#' || *word == ';')
		snprintf(err, err_size,
			 "found '%.60s', expected a glob; a comment has a line of its own", word);
	else if (!strcmp(word, "!"))
		snprintf(err, err_size, "found a lone '!', expected !GLOB without a blank");
	else if (is_setting(word))
		snprintf(err, err_size,
			 "found '%.60s' in a list of globs, expected globs alone; %s", word,
			 *word == '=' ? "blanks or commas separate them" :
					"a setting stands by itself");
	else if (has_control(word))
		snprintf(err, err_size, "found '%.60s', expected a glob without control characters",
			 word);
	else if (strpbrk(word, " \t"))
		snprintf(err, err_size,
			 "found '%.60s', expected a glob without blanks; more than one stand in a "
			 "list, and ? stands for a blank",
			 word);
	else
		return 0;
	return -EINVAL;
}

/* "user = x" with a blank: the word is all that tells it from two globs. */
static bool begins_setting(const char *word, const char *rest)
{
	return (*rest == '=' || *rest == ':') && policy_key__find(word);
}

static const char *skip_blanks(const char *text)
{
	while (is_blank(*text))
		text++;
	return text;
}

/* What closes a bracket or brace of the same word; NULL if nothing does. */
static const char *closing(const char *open)
{
	const char *c = open + 1;

	if (*open == '[') {
		c += *c == '!' || *c == '^';
		c += *c == ']';
	}
	while (*c && !is_blank(*c) && *c != (*open == '[' ? ']' : '}'))
		c++;
	return *c && !is_blank(*c) ? c : NULL;
}

/* Behind the word: a comma ends it as well, unless it has a \ before it or is within brackets. */
static const char *word_end(const char *text)
{
	for (; *text && !is_blank(*text) && *text != ','; text++) {
		const char *close = *text == '[' || *text == '{' ? closing(text) : NULL;

		if (close)
			text = close;
		else if (*text == '\\' && text[1] && !is_blank(text[1]))
			text++;
	}
	return text;
}

/* Copies a word; returns its length. */
static size_t copy_word(char *word, const char *begin, const char *end)
{
	size_t len = end - begin;

	memcpy(word, begin, len);
	word[len] = '\0';
	return len;
}

/*
 * systemd writes \x2d into the names of units, which a glob would take for x2d: \\x2d is the glob.
 */
static size_t copy_unit(char *word, const char *begin, const char *end)
{
	size_t len = 0;

	while (begin < end) {
		bool escape = *begin == '\\' && end - begin > 1;

		if (escape && begin[1] == 'x')
			word[len++] = '\\';
		word[len++] = *begin++;
		if (escape)
			word[len++] = *begin++;
	}
	word[len] = '\0';
	return len;
}

/*
 * Splits text into words that are all globs, one NUL behind each; *n_bytes is their length, and
 * *changed whether what is read is not what earlier versions read.
 */
static int split(enum policy_cond cond, const char *text, char *words, size_t *n_bytes,
		 bool *changed, char *err, size_t err_size)
{
	char *word = words;
	int rc;

	for (text = skip_blanks(text); *text;) {
		const char *begin = text;
		size_t len;

		text = word_end(begin);
		if (cond == COND_UNIT)
			len = copy_unit(word, begin, text);
		else
			len = copy_word(word, begin, text);
		*changed = *changed || len != (size_t)(text - begin) || *text == ',';
		text = skip_blanks(text);
		if (*text == ',') {
			text = skip_blanks(text + 1);
			if (!len)
				continue;
		}
		if (begins_setting(word, text)) {
			snprintf(err, err_size,
				 "found '%.60s' in a list of globs, expected globs alone; a "
				 "setting stands by itself",
				 begin);
			return -EINVAL;
		}
		rc = policy_glob__check(word, err, err_size);
		if (rc)
			return rc;
		word += len + 1;
	}
	*n_bytes = word - words;
	if (*n_bytes)
		return 0;
	snprintf(err, err_size, "found nothing, expected one or more globs");
	return -EINVAL;
}

/* Appends the globs in text to the list, which is NULL at first. */
static int list_add(struct policy_rule *rule, enum policy_cond cond, const char *text, char *err,
		    size_t err_size)
{
	char **list = &rule->cond[cond], *words, *grown;
	size_t size = policy_list__size(*list), used = size ? size - 1 : 0, n_bytes;
	bool changed = false;
	int rc;

	/* escapes get longer */
	words = malloc(strlen(text) * (cond == COND_UNIT ? 2 : 1) + 2);
	if (!words)
		return -ENOMEM;
	rc = split(cond, text, words, &n_bytes, &changed, err, err_size);
	if (changed)
		rule->changed |= 1U << cond;
	if (!rc && !*list) {
		words[n_bytes] = '\0';
		*list = words;
		return 0;
	}
	grown = rc ? NULL : realloc(*list, used + n_bytes + 1);
	if (grown) {
		memcpy(grown + used, words, n_bytes);
		grown[used + n_bytes] = '\0';
		*list = grown;
	}
	free(words);
	return rc ? rc : grown ? 0 : -ENOMEM;
}

static int twice(const struct policy_key *key, char *err, size_t err_size)
{
	snprintf(err, err_size,
		 key->kind == KEY_ATTR ?
			 "found '%s' a second time in this rule, expected it once" :
			 "found '%s' a second time in this rule, expected it once; a list goes on "
			 "in the next line if that begins with a blank",
		 key->name);
	return -EINVAL;
}

static int clash(const char *found, const char *other, char *err, size_t err_size)
{
	snprintf(err, err_size,
		 "found '%s' beside '%s', expected one of them: an order names its programs and "
		 "gives their priorities",
		 found, other);
	return -EINVAL;
}

static int set_cond(struct policy_rule *rule, const struct policy_key *key, const char *text,
		    bool more, unsigned int line, char *err, size_t err_size)
{
	int rc;

	if (key->id == COND_PROGRAM && rule->has_order)
		return clash(key->name, policy_key__order(ORDER_LIST)->name, err, err_size);
	if (rule->cond[key->id] && !more)
		return twice(key, err, err_size);
	if (!more)
		rule->cond_line[key->id] = line;
	rc = list_add(rule, key->id, text, err, err_size);
	if (!rc)
		rule->head.conds |= 1U << key->id;
	return rc;
}

static int set_attr(struct policy_rule *rule, const struct policy_key *key, const char *text,
		    unsigned int line, char *err, size_t err_size)
{
	if (key->id == ATTR_PRIORITY && rule->has_order)
		return clash(key->name, policy_key__order(ORDER_LIST)->name, err, err_size);
	if (rule->head.has[key->id])
		return twice(key, err, err_size);
	rule->head.has[key->id] = true;
	rule->value_line[key->id] = line;
	return policy_value__parse(key->id, text, &rule->head.value[key->id], err, err_size);
}

static int set_order_list(struct policy_rule *rule, const struct policy_key *key, const char *text,
			  bool more, unsigned int line, char *err, size_t err_size)
{
	if (rule->has_order && !more)
		return twice(key, err, err_size);
	if (!rule->has_order && rule->cond[COND_PROGRAM])
		return clash(key->name, policy_key__cond(COND_PROGRAM)->name, err, err_size);
	if (!rule->has_order && rule->head.has[ATTR_PRIORITY])
		return clash(key->name, policy_key__attr(ATTR_PRIORITY)->name, err, err_size);
	rule->has_order = true;
	rule->head.conds |= 1U << COND_PROGRAM;
	if (!more) {
		rule->cond_line[COND_PROGRAM] = rule->order_line = line;
		rule->value_line[ATTR_PRIORITY] = line;
	}
	return list_add(rule, COND_PROGRAM, text, err, err_size);
}

static int set_order(struct policy_rule *rule, const struct policy_key *key, const char *text,
		     bool more, unsigned int line, char *err, size_t err_size)
{
	uint32_t *number = &rule->head.order_step;

	if (key->id == ORDER_LIST)
		return set_order_list(rule, key, text, more, line, err, err_size);
	if (key->id == ORDER_START ? rule->has_start : rule->head.order_step)
		return twice(key, err, err_size);
	if (!rule->has_order)
		rule->order_line = line;
	if (key->id == ORDER_STEP)
		return policy_number__parse(text, "a distance", 1, number, err, err_size);
	rule->has_start = true;
	return policy_number__parse(text, "a run priority", 0, &rule->head.value[ATTR_PRIORITY].num,
				    err, err_size);
}

int policy_rule__set(struct policy_rule *rule, const struct policy_key *key, const char *text,
		     bool more, unsigned int line, char *err, size_t err_size)
{
	switch (key->kind) {
	case KEY_COND:
		return set_cond(rule, key, text, more, line, err, err_size);
	case KEY_ATTR:
		return set_attr(rule, key, text, line, err, err_size);
	case KEY_ORDER:
		break;
	}
	return set_order(rule, key, text, more, line, err, err_size);
}

static int finish_order(struct policy_rule *rule, char *err, size_t err_size)
{
	const char *list = rule->cond[COND_PROGRAM];
	uint64_t last;

	if (!rule->has_order || !list) {
		snprintf(err, err_size,
			 "found '%s' without an order, expected 'order' in the same rule",
			 policy_key__order(rule->has_start ? ORDER_START : ORDER_STEP)->name);
		return -EINVAL;
	}
	for_each_glob(glob, list) {
		if (*glob != '!')
			continue;
		snprintf(err, err_size, "found '%.60s' in an order, expected a program", glob);
		return -EINVAL;
	}
	if (!rule->has_start)
		rule->head.value[ATTR_PRIORITY].num = POLICY_ORDER_START;
	if (!rule->head.order_step)
		rule->head.order_step = POLICY_ORDER_STEP;
	rule->head.has[ATTR_PRIORITY] = true;
	last = rule->head.value[ATTR_PRIORITY].num +
	       (uint64_t)rule->head.order_step * (policy_list__count(list) - 1);
	if (last <= POLICY_MAX_PRIORITY)
		return 0;
	snprintf(err, err_size,
		 "found an order whose last program gets %llu, expected a run priority from 0 to "
		 "%d",
		 (unsigned long long)last, POLICY_MAX_PRIORITY);
	return -EINVAL;
}

int policy_rule__finish(struct policy_rule *rule, char *err, size_t err_size)
{
	if (rule->has_order || rule->has_start || rule->head.order_step)
		return finish_order(rule, err, err_size);
	for_each_attr(attr)
		if (rule->head.has[attr])
			return 0;
	policy_key__nothing_set(err, err_size);
	if (rule->cond[COND_MODE]) {
		size_t len = strlen(err);

		snprintf(err + len, err_size - len,
			 "; mode asks for the mode, attach-mode sets it");
	}
	return -EINVAL;
}

unsigned int policy_rule__finish_line(const struct policy_rule *rule)
{
	return rule->order_line ? rule->order_line : rule->line;
}

/* By any of its names: aliases is a list, too. */
static bool glob_matches(const char *glob, const char *value, const char *aliases)
{
	if (!fnmatch(glob, value, 0))
		return true;
	for_each_glob(alias, aliases)
		if (!fnmatch(glob, alias, 0))
			return true;
	return false;
}

/* more: it has other names that are not known. */
static enum policy_match match_list(const char *list, const char *value, const char *aliases,
				    bool more)
{
	bool only_excludes = true, found = false, excludes = false;

	for_each_glob(glob, list) {
		bool exclude = *glob == '!';

		only_excludes = only_excludes && exclude;
		excludes = excludes || exclude;
		if ((exclude || !found) && glob_matches(glob + exclude, value, aliases)) {
			if (exclude)
				return MATCH_NO;
			found = true;
		}
	}
	found = found || only_excludes;
	if (more && (!found || excludes))
		return MATCH_UNKNOWN;
	return found ? MATCH_YES : MATCH_NO;
}

/*
 * Whether a glob matches all names that begin so: one that does not end with * matches no name that
 * is long enough. Or any: then its own beginning, up to somewhere, matches the beginning.
 */
static enum policy_match match_cut(const char *glob, const char *begin)
{
	size_t len = strlen(glob);
	char start[POLICY_MAX_GLOB + 1];

	if (len > POLICY_MAX_GLOB)
		return MATCH_UNKNOWN;
	if (glob[len - 1] == '*' && (len < 2 || glob[len - 2] != '\\') && !fnmatch(glob, begin, 0))
		return MATCH_YES;
	for (size_t i = 0; i < len; i++) {
		start[i] = glob[i];
		start[i + 1] = '\0';
		if (!fnmatch(start, begin, 0))
			return MATCH_UNKNOWN;
	}
	return MATCH_NO;
}

/* As match_list() for a name that may go on. In an order the first glob that matches counts. */
static enum policy_match match_list_cut(const char *list, const char *begin, bool ordered)
{
	enum policy_match found = MATCH_NO, excluded = MATCH_NO;
	bool only_excludes = true;

	for_each_glob(glob, list) {
		bool exclude = *glob == '!';
		enum policy_match match = match_cut(glob + exclude, begin);

		only_excludes = only_excludes && exclude;
		if (exclude && match == MATCH_YES)
			return MATCH_NO;
		if (exclude && match == MATCH_UNKNOWN)
			excluded = match;
		else if (!exclude && match != MATCH_NO && found != MATCH_YES &&
			 !(ordered && found == MATCH_UNKNOWN))
			found = match;
	}
	if (found == MATCH_NO && !only_excludes)
		return MATCH_NO;
	return found == MATCH_UNKNOWN || excluded == MATCH_UNKNOWN ? MATCH_UNKNOWN : MATCH_YES;
}

enum policy_match policy_cond__match(enum policy_cond cond, const char *list,
				     const struct policy_subject *subject)
{
	bool more = subject->withheld & 1U << cond;
	const char *value = subject->value[cond];
	char alias[66] = ""; /* a list of one */

	if (!value)
		return MATCH_UNKNOWN;
	if (cond == COND_INTERFACE)
		return match_list(list, value, subject->altnames, more);
	if (cond == COND_USER && subject->uid)
		snprintf(alias, sizeof(alias) - 1, "%s", subject->uid);
	else if (cond == COND_HOST)
		snprintf(alias, sizeof(alias) - 1, "%.*s", (int)strcspn(value, "."), value);
	return match_list(list, value, alias, more);
}

int policy_order__find(const char *list, const char *program)
{
	int i = 0;

	for_each_glob(glob, list) {
		if (!fnmatch(glob, program, 0))
			return i;
		i++;
	}
	return -1;
}

static enum policy_match match_cond(const struct policy_rule *rule, enum policy_cond cond,
				    const struct policy_subject *subject)
{
	if (cond == COND_PROGRAM && subject->name_cut && subject->value[cond])
		return match_list_cut(rule->cond[cond], subject->value[cond],
				      rule->head.order_step);
	return policy_cond__match(cond, rule->cond[cond], subject);
}

enum policy_match policy_rule__match(const struct policy_rule *rule, unsigned int conds,
				     const struct policy_subject *subject, unsigned int *missing)
{
	*missing = 0;
	for (; conds; conds &= conds - 1) {
		int c = ffs(conds) - 1;

		switch (match_cond(rule, c, subject)) {
		case MATCH_NO:
			return MATCH_NO;
		case MATCH_UNKNOWN:
			*missing |= 1U << c;
			break;
		case MATCH_YES:
			break;
		}
	}
	return *missing ? MATCH_UNKNOWN : MATCH_YES;
}

struct policy_value policy_subject__own(const struct policy_subject *subject, enum policy_attr attr)
{
	if (subject->app.has[attr])
		return subject->app.value[attr];
	if (subject->btf.has[attr])
		return subject->btf.value[attr];
	return policy_value__default(attr);
}
