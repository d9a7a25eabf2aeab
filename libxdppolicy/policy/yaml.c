// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * YAML and JSON rule files. What a rule can say is decided where INI's is, in rule.c; here is only
 * how it is written down:
 *
 *	version: 1
 *	rules:
 *	  - name: text
 *	    match: {program: [a, b], interface: eth*}
 *	    set: {priority: 5, chain-call-actions: [PASS, DROP]}
 *
 * All scalars are taken as text, whatever YAML would make of them, but for a null: it is no glob,
 * since a tool that writes null for "no condition" does not mean a program of that name.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "yaml-read.h"
#include "yaml.h"

enum {
	TOP_VERSION,
	TOP_RULES,
	N_TOP
};

enum {
	RULE_NAME,
	RULE_MATCH,
	RULE_SET,
	N_RULE
};

static void unknown(struct yaml_reader *r, size_t key, const char *name,
		    const struct yaml_field *fields, size_t n)
{
	const struct policy_key *row = policy_key__find(name);

	if (n == N_TOP && !strcmp(name, "chains"))
		yaml_reader__error(r, key,
				   "found chains, expected rules: this is a file for xdp-policy "
				   "load, see xdp-chain(5)");
	else if (row && n == N_RULE)
		yaml_reader__error(r, key,
				   "found '%s' beside name, match or set, expected it in %s", name,
				   fields[row->kind == KEY_COND ? RULE_MATCH : RULE_SET].name);
	else
		yaml_reader__unknown(r, key, name, fields, n);
}

static bool check_glob(struct yaml_reader *r, size_t i)
{
	const char *text = yaml_reader__text(r, i, "a glob");
	char err[POLICY_ERROR_SIZE];
	int rc;

	if (!text)
		return false;
	if (yaml_reader__at(r, i)->is_null) {
		yaml_reader__error(
			r, i,
			"found null, expected a glob; a name that is 'null' stands in quotes");
		return false;
	}
	rc = policy_glob__check(text, err, sizeof(err));
	yaml_reader__told(r, i, rc, err);
	return !rc;
}

static void set(struct yaml_reader *r, struct policy_rule *rule, const struct policy_key *key,
		size_t key_node, size_t value, const char *text)
{
	char err[POLICY_ERROR_SIZE];
	int rc = policy_rule__set(rule, key, text, false, r->doc.node[key_node].line, err,
				  sizeof(err));

	yaml_reader__told(r, value, rc, err);
}

static void set_list(struct yaml_reader *r, struct policy_rule *rule, const struct policy_key *key,
		     size_t key_node, size_t value)
{
	bool actions = key->kind == KEY_ATTR;
	size_t first, end;
	char *text;

	end = yaml_reader__items(
		r, value, actions ? "an action or a list of actions" : "a glob or a list of globs",
		&first);
	if (!end)
		return;
	text = yaml_reader__join(r, first, end, actions ? yaml_reader__check_actions : check_glob);
	if (text)
		set(r, rule, key, key_node, value, actions && first == end ? "none" : text);
	free(text);
}

static void set_value(struct yaml_reader *r, struct policy_rule *rule, const struct policy_key *key,
		      size_t key_node, size_t value)
{
	const char *text = yaml_reader__text(r, value, "one value");

	if (text)
		set(r, rule, key, key_node, value, text);
}

static bool is_list(const struct policy_key *key)
{
	return policy_key__is_globs(key) || (key->kind == KEY_ATTR && key->id == ATTR_ACTIONS);
}

static void unknown_key(struct yaml_reader *r, size_t key, const char *name, bool conds)
{
	const struct policy_key *row = policy_key__find(name);
	char err[POLICY_ERROR_SIZE];

	if (row) {
		yaml_reader__error(r, key, "found '%s' in %s, expected it in %s%s", name,
				   conds ? "match" : "set", conds ? "set" : "match",
				   row == policy_key__cond(COND_MODE) ?
					   "; a setting for it is attach-mode" :
					   "");
		return;
	}
	policy_key__unknown(name, "", conds, !conds, err, sizeof(err));
	yaml_reader__error(r, key, "%s", err);
}

/* The conditions or the settings of a rule. */
static void read_keys(struct yaml_reader *r, struct policy_rule *rule, size_t map, bool conds)
{
	uint32_t seen = 0; /* a bit for each row */

	map = policy_doc__follow(&r->doc, map);
	for_each_pair(node, value, map, &r->doc) {
		const char *name = yaml_reader__text(r, node, conds ? "a condition" : "a setting");
		const struct policy_key *key = name ? policy_key__find(name) : NULL;

		if (key && (key->kind == KEY_COND) == conds) {
			uint32_t bit = 1U << (key - policy_keys);

			if (seen & bit)
				yaml_reader__twice(r, node, name);
			else if (is_list(key))
				set_list(r, rule, key, node, value);
			else
				set_value(r, rule, key, node, value);
			seen |= bit;
		} else if (name) {
			unknown_key(r, node, name, conds);
		}
	}
}

/* "" if there is none, NULL after a message. */
static const char *name_of(struct yaml_reader *r, size_t value)
{
	char err[POLICY_ERROR_SIZE];
	const char *name;
	int rc;

	if (!value || yaml_reader__at(r, value)->is_null)
		return "";
	name = yaml_reader__text(r, value, "a rule's name");
	if (!name)
		return NULL;
	rc = policy_name__check(name, err, sizeof(err));
	yaml_reader__told(r, value, rc, err);
	return rc ? NULL : name;
}

/* What of an order stands in a line of the settings, else the rule. */
static size_t order_key(struct yaml_reader *r, size_t values, unsigned int line, size_t rule)
{
	if (!values)
		return rule;
	values = policy_doc__follow(&r->doc, values);
	for_each_pair(key, value, values, &r->doc) {
		const struct policy_key *row = policy_key__find(yaml_reader__at(r, key)->text);

		if (row && row->kind == KEY_ORDER && r->doc.node[key].line == line)
			return key;
	}
	return rule;
}

static void read_rule(struct yaml_reader *r, struct policy_rules *rules, size_t i)
{
	struct yaml_field fields[N_RULE] = {
		[RULE_NAME] = { .name = "name" },
		[RULE_MATCH] = { .name = "match" },
		[RULE_SET] = { .name = "set" },
	};
	size_t match, values;
	unsigned int n_errors = r->n_errors;
	struct policy_rule *rule;
	char err[POLICY_ERROR_SIZE];
	const char *name;

	if (!yaml_reader__is_a(r, i, NODE_MAPPING, "a rule: a mapping of name, match and set"))
		return;
	yaml_reader__fields(r, policy_doc__follow(&r->doc, i), fields, N_RULE, unknown);
	match = fields[RULE_MATCH].value;
	values = fields[RULE_SET].value;
	name = name_of(r, fields[RULE_NAME].value);
	rule = policy_rules__add(rules, name ? name : "", yaml_reader__at(r, i)->line);
	if (!rule) {
		r->no_memory = true;
		return;
	}
	if (match && yaml_reader__is_a(r, match, NODE_MAPPING, "a mapping of conditions"))
		read_keys(r, rule, match, true);
	if (values && yaml_reader__is_a(r, values, NODE_MAPPING, "a mapping of settings"))
		read_keys(r, rule, values, false);
	/* of a rule that is wrong anyhow, what it lacks is no news */
	if (r->n_errors == n_errors && !r->no_memory)
		yaml_reader__told(r, order_key(r, values, policy_rule__finish_line(rule), i),
				  policy_rule__finish(rule, err, sizeof(err)), err);
}

static void read_rules(struct yaml_reader *r, struct policy_rules *rules, size_t list)
{
	if (!yaml_reader__is_a(r, list, NODE_SEQUENCE, "a list of rules"))
		return;
	list = policy_doc__follow(&r->doc, list);
	for_each_node(i, list, &r->doc)
		read_rule(r, rules, i);
}

static void read_top(struct yaml_reader *r, struct policy_rules *rules)
{
	struct yaml_field fields[N_TOP] = {
		[TOP_VERSION] = { .name = "version" },
		[TOP_RULES] = { .name = "rules" },
	};

	if (!yaml_reader__is_a(r, 0, NODE_MAPPING, "a mapping of version and rules"))
		return;
	if (!yaml_reader__is_our_version(r))
		return;
	yaml_reader__fields(r, 0, fields, N_TOP, unknown);
	if (!fields[TOP_VERSION].value)
		yaml_reader__lacks(r, 0, 0, "found no version, expected version: 1");
	else if (!fields[TOP_RULES].value)
		yaml_reader__lacks(r, 0, 0, "found no rules, expected a list of rules");
	if (fields[TOP_RULES].value)
		read_rules(r, rules, fields[TOP_RULES].value);
}

static bool begins(const char *text, const char *end, const char *with)
{
	return (size_t)(end - text) >= strlen(with) && !memcmp(text, with, strlen(with));
}

size_t policy_yaml__begin(const char *text, size_t size)
{
	static const char *const beginnings[] = {
		"{\"",	 "{ ",	  "{\t",   "{\n",   "{\r",    "{}",	 "---\n",
		"---\r", "--- #", "--- {", "%YAML", "rules:", "chains:",
	};
	const char *at = text, *end = text + size;

	at += begins(at, end, "\xef\xbb\xbf") ? 3 : 0;
	while (at < end && (*at == '#' || (*at && strchr(" \t\r\n", *at)))) {
		if (*at == '#')
			at = memchr(at, '\n', end - at);
		at = at ? at + 1 : end;
	}
	/* a program may be called so */
	if (begins(at, end, "version:") &&
	    (memmem(at, end - at, "\nrules:", 7) || memmem(at, end - at, "\nchains:", 8)))
		return at - text;
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++)
		if (begins(at, end, beginnings[i]))
			return at - text;
	return size;
}

int policy_yaml__parse(const char *text, size_t size, struct policy_rules *rules,
		       const struct policy_log *log)
{
	struct yaml_reader r = { .file = rules->file, .log = log };
	int rc, end;

	rc = policy_doc__read(&r.doc, text, size, rules->file, log);
	if (!rc)
		read_top(&r, rules);
	end = yaml_reader__end(&r);
	return rc ? rc : end;
}
