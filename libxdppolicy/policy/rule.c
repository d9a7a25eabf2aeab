// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "rule.h"
#include "text.h"

struct policy_rule *policy_rules__add(struct policy_rules *rules, const char *name,
				      unsigned int line)
{
	struct policy_rule *rule;

	if (rules->n == rules->size) {
		size_t size = rules->size ? rules->size * 2 : 16;

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
			policy_globs__free(rules->rule[i].cond[c]);
		free(rules->rule[i].name);
	}
	free(rules->rule);
	rules->rule = NULL;
	rules->n = rules->size = 0;
}

void policy_globs__free(struct policy_globs *globs)
{
	if (!globs)
		return;
	for (unsigned int i = 0; i < globs->n; i++)
		free(globs->glob[i].text);
	free(globs);
}

static int add_one(struct policy_globs **globs, const char *word)
{
	unsigned int n = *globs ? (*globs)->n : 0;
	bool exclude = *word == '!';
	struct policy_globs *g;

	g = realloc(*globs, sizeof(*g) + (n + 1) * sizeof(g->glob[0]));
	if (!g)
		return -ENOMEM;
	if (!n)
		g->literal = true;
	g->n = n;
	*globs = g;
	g->glob[n].text = strdup(word + exclude);
	if (!g->glob[n].text)
		return -ENOMEM;
	g->glob[n].exclude = exclude;
	g->literal = g->literal && !exclude && !strpbrk(word, "*?[\\");
	g->n++;
	return 0;
}

/* "unit = x" within a list was meant as a line of its own: no list shall swallow a setting. */
static bool is_setting(const char *text)
{
	size_t len = strcspn(text, " \t=:");
	char word[32], sign = text[len + strspn(text + len, " \t")];

	if (len >= sizeof(word) || (sign != '=' && sign != ':'))
		return false;
	memcpy(word, text, len);
	word[len] = '\0';
	return policy_key__find(word);
}

int policy_globs__add(struct policy_globs **globs, const char *text, char *err, size_t err_size)
{
	char word[256];
	int rc = 0;

	if (!text[strspn(text, " \t")]) {
		snprintf(err, err_size, "found nothing, expected one or more globs");
		return -EINVAL;
	}
	for (const char *t = text; *(t += strspn(t, " \t"));) {
		if (is_setting(t)) {
			snprintf(err, err_size,
				 "found '%.60s' in a list of globs, expected a setting at the "
				 "beginning of a line",
				 t);
			return -EINVAL;
		}
		policy_text__word(&t, " \t", word, sizeof(word));
		if (*word == '#' || *word == ';') {
			snprintf(err, err_size,
				 "found '%.60s', expected a glob; a comment has a line of its own",
				 word);
			return -EINVAL;
		}
		if (!strcmp(word, "!")) {
			snprintf(err, err_size, "found a lone '!', expected !GLOB without a blank");
			return -EINVAL;
		}
	}
	while (!rc && policy_text__word(&text, " \t", word, sizeof(word)))
		rc = add_one(globs, word);
	return rc;
}

static bool glob_matches(const struct policy_glob *glob, const char *value, const char *alias)
{
	return !fnmatch(glob->text, value, 0) || (alias && !fnmatch(glob->text, alias, 0));
}

enum policy_match policy_globs__match(const struct policy_globs *globs, const char *value,
				      const char *alias)
{
	bool only_excludes = true, found = false;

	if (!value)
		return MATCH_UNKNOWN;
	for (unsigned int i = 0; i < globs->n; i++) {
		const struct policy_glob *glob = &globs->glob[i];

		only_excludes = only_excludes && glob->exclude;
		if ((glob->exclude || !found) && glob_matches(glob, value, alias)) {
			if (glob->exclude)
				return MATCH_NO;
			found = true;
		}
	}
	return found || only_excludes ? MATCH_YES : MATCH_NO;
}

enum policy_match policy_rule__match(const struct policy_rule *rule, unsigned int conds,
				     const struct policy_subject *subject, unsigned int *missing)
{
	*missing = 0;
	for (; conds; conds &= conds - 1) {
		int c = ffs(conds) - 1;

		switch (policy_globs__match(rule->cond[c], subject->value[c], subject->alias[c])) {
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
