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
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "yaml-doc.h"
#include "yaml.h"

#define MAX_ERRORS 20

struct reader {
	struct policy_doc doc;
	unsigned int n_errors;
	bool no_memory;
	struct policy_rules *rules;
	const struct policy_log *log;
};

/* One name in a mapping whose names are fixed; value 0 if it is not there: node 0 is no value. */
struct field {
	const char *name;
	size_t value;
};

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

__attribute__((format(printf, 3, 4))) static void error(struct reader *r, size_t i, const char *fmt,
							...)
{
	const struct policy_node *node = &r->doc.node[i];
	char text[POLICY_ERROR_SIZE];
	va_list args;

	if (r->n_errors++ >= MAX_ERRORS)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	policy_log__msg(r->log, POLICY_ERROR, r->rules->file, node->line, "column %u: %s",
			node->column, text);
}

/* What a function of rule.h said of node i. */
static void told(struct reader *r, size_t i, int rc, const char *err)
{
	if (rc == -EINVAL)
		error(r, i, "%s", err);
	else if (rc)
		r->no_memory = true;
}

static const struct policy_node *at(const struct reader *r, size_t i)
{
	return &r->doc.node[policy_doc__follow(&r->doc, i)];
}

static void wrong(struct reader *r, size_t i, const char *expected)
{
	const struct policy_node *node = at(r, i);

	if (node->kind == NODE_SEQUENCE)
		error(r, i, "found a list, expected %s", expected);
	else if (node->kind == NODE_MAPPING)
		error(r, i, "found a mapping, expected %s", expected);
	else if (!*node->text)
		error(r, i, "found nothing, expected %s", expected);
	else
		error(r, i, "found '%.60s', expected %s", node->text, expected);
}

/* The text of a scalar, or NULL after a message. */
static const char *text_of(struct reader *r, size_t i, const char *expected)
{
	const struct policy_node *node = at(r, i);

	if (node->kind == NODE_SCALAR)
		return node->text;
	wrong(r, i, expected);
	return NULL;
}

static bool is_a(struct reader *r, size_t i, enum policy_node_kind kind, const char *expected)
{
	if (at(r, i)->kind == kind)
		return true;
	wrong(r, i, expected);
	return false;
}

static void twice(struct reader *r, size_t key, const char *name)
{
	error(r, key, "found '%s' a second time in this mapping, expected it once", name);
}

static void unknown_field(struct reader *r, size_t key, const char *name,
			  const struct field *fields, size_t n)
{
	const struct policy_key *row = policy_key__find(name);
	const char *names[N_RULE], *near;
	char expected[60] = "";
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		const char *link = !i ? "" : i < n - 1 ? ", " : " or ";

		names[i] = fields[i].name;
		len += snprintf(expected + len, sizeof(expected) - len, "%s%s", link, names[i]);
	}
	near = policy_text__nearest(name, names, n);
	if (row && n == N_RULE)
		error(r, key, "found '%s' beside %s, expected it in %s", name, expected,
		      names[row->kind == KEY_COND ? RULE_MATCH : RULE_SET]);
	else
		error(r, key, "found '%.60s', expected %s%s%s%s", name, expected,
		      near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static struct field *find_field(const char *name, struct field *fields, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(fields[i].name, name))
			return &fields[i];
	return NULL;
}

/* Notes where in the mapping the value of each field stands. */
static void read_fields(struct reader *r, size_t map, struct field *fields, size_t n)
{
	for_each_pair(key, value, map, &r->doc) {
		const char *name = text_of(r, key, "a name");
		struct field *field = name ? find_field(name, fields, n) : NULL;

		if (field && field->value)
			twice(r, key, name);
		else if (field)
			field->value = value;
		else if (name)
			unknown_field(r, key, name, fields, n);
	}
}

/*
 * The nodes of a value that is one scalar or a list of them: from *first on, before the result.
 * Both are 0 after a message.
 */
static size_t items_of(struct reader *r, size_t value, const char *expected, size_t *first)
{
	size_t i = policy_doc__follow(&r->doc, value);

	*first = 0;
	if (r->doc.node[i].kind == NODE_MAPPING) {
		wrong(r, value, expected);
		return 0;
	}
	*first = i + (r->doc.node[i].kind == NODE_SEQUENCE);
	return r->doc.node[i].next;
}

static bool check_glob(struct reader *r, size_t i)
{
	const char *text = text_of(r, i, "a glob");
	char err[POLICY_ERROR_SIZE];
	int rc;

	if (!text)
		return false;
	if (at(r, i)->is_null) {
		error(r, i, "found null, expected a glob; a name that is 'null' stands in quotes");
		return false;
	}
	rc = policy_glob__check(text, err, sizeof(err));
	told(r, i, rc, err);
	return !rc;
}

static bool check_actions(struct reader *r, size_t i)
{
	const char *text = text_of(r, i, "a chain call action");
	struct policy_value value;
	char err[POLICY_ERROR_SIZE];
	int rc;

	if (!text)
		return false;
	rc = policy_value__parse(ATTR_ACTIONS, text, &value, err, sizeof(err));
	told(r, i, rc, err);
	return !rc;
}

/*
 * The items in one text with blanks in between: adding one after the other to a rule would copy
 * what is there each time. NULL if one of them is wrong, or without memory.
 */
static char *join(struct reader *r, size_t first, size_t end,
		  bool (*check)(struct reader *r, size_t i))
{
	size_t size = 1;
	bool good = true;
	char *text, *to;

	for (size_t i = first; i < end; i = r->doc.node[i].next) {
		if (check(r, i))
			size += strlen(at(r, i)->text) + 1;
		else
			good = false;
	}
	if (!good)
		return NULL;
	to = text = malloc(size);
	if (!text) {
		r->no_memory = true;
		return NULL;
	}
	for (size_t i = first; i < end; i = r->doc.node[i].next) {
		to = stpcpy(to, at(r, i)->text);
		*to++ = ' ';
	}
	*to = '\0';
	return text;
}

static void set(struct reader *r, struct policy_rule *rule, const struct policy_key *key,
		size_t key_node, size_t value, const char *text)
{
	char err[POLICY_ERROR_SIZE];
	int rc = policy_rule__set(rule, key, text, false, r->doc.node[key_node].line, err,
				  sizeof(err));

	told(r, value, rc, err);
}

static void set_list(struct reader *r, struct policy_rule *rule, const struct policy_key *key,
		     size_t key_node, size_t value)
{
	bool actions = key->kind == KEY_ATTR;
	size_t first, end;
	char *text;

	end = items_of(r, value,
		       actions ? "an action or a list of actions" : "a glob or a list of globs",
		       &first);
	if (!end)
		return;
	text = join(r, first, end, actions ? check_actions : check_glob);
	if (text)
		set(r, rule, key, key_node, value, actions && first == end ? "none" : text);
	free(text);
}

static void set_value(struct reader *r, struct policy_rule *rule, const struct policy_key *key,
		      size_t key_node, size_t value)
{
	const char *text = text_of(r, value, "one value");

	if (text)
		set(r, rule, key, key_node, value, text);
}

static bool is_list(const struct policy_key *key)
{
	return key->kind == KEY_COND || (key->kind == KEY_ATTR && key->id == ATTR_ACTIONS) ||
	       (key->kind == KEY_ORDER && key->id == ORDER_LIST);
}

static void unknown_key(struct reader *r, size_t key, const char *name, bool conds)
{
	char err[POLICY_ERROR_SIZE];

	if (policy_key__find(name)) {
		error(r, key, "found '%s' in %s, expected it in %s", name, conds ? "match" : "set",
		      conds ? "set" : "match");
		return;
	}
	policy_key__unknown(name, conds, !conds, err, sizeof(err));
	error(r, key, "%s", err);
}

/* The conditions or the settings of a rule. */
static void read_keys(struct reader *r, struct policy_rule *rule, size_t map, bool conds)
{
	uint32_t seen = 0; /* a bit for each row */

	map = policy_doc__follow(&r->doc, map);
	for_each_pair(node, value, map, &r->doc) {
		const char *name = text_of(r, node, conds ? "a condition" : "a setting");
		const struct policy_key *key = name ? policy_key__find(name) : NULL;

		if (key && (key->kind == KEY_COND) == conds) {
			uint32_t bit = 1U << (key - policy_keys);

			if (seen & bit)
				twice(r, node, name);
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
static const char *name_of(struct reader *r, size_t value)
{
	char err[POLICY_ERROR_SIZE];
	const char *name;
	int rc;

	if (!value || at(r, value)->is_null)
		return "";
	name = text_of(r, value, "a rule's name");
	if (!name)
		return NULL;
	rc = policy_name__check(name, err, sizeof(err));
	told(r, value, rc, err);
	return rc ? NULL : name;
}

static void read_rule(struct reader *r, size_t i)
{
	struct field fields[N_RULE] = {
		[RULE_NAME] = { .name = "name" },
		[RULE_MATCH] = { .name = "match" },
		[RULE_SET] = { .name = "set" },
	};
	size_t match, values;
	unsigned int n_errors = r->n_errors;
	struct policy_rule *rule;
	char err[POLICY_ERROR_SIZE];
	const char *name;

	if (!is_a(r, i, NODE_MAPPING, "a rule: a mapping of name, match and set"))
		return;
	read_fields(r, policy_doc__follow(&r->doc, i), fields, N_RULE);
	match = fields[RULE_MATCH].value;
	values = fields[RULE_SET].value;
	name = name_of(r, fields[RULE_NAME].value);
	rule = policy_rules__add(r->rules, name ? name : "", at(r, i)->line);
	if (!rule) {
		r->no_memory = true;
		return;
	}
	if (match && is_a(r, match, NODE_MAPPING, "a mapping of conditions"))
		read_keys(r, rule, match, true);
	if (values && is_a(r, values, NODE_MAPPING, "a mapping of settings"))
		read_keys(r, rule, values, false);
	/* of a rule that is wrong anyhow, what it lacks is no news */
	if (r->n_errors == n_errors && !r->no_memory)
		told(r, i, policy_rule__finish(rule, err, sizeof(err)), err);
}

static void read_rules(struct reader *r, size_t list)
{
	if (!is_a(r, list, NODE_SEQUENCE, "a list of rules"))
		return;
	list = policy_doc__follow(&r->doc, list);
	for_each_node(i, list, &r->doc)
		read_rule(r, i);
}

/* Of a file of another version nothing else is read: its names may be others, too. */
static bool is_our_version(struct reader *r)
{
	for_each_pair(key, value, 0, &r->doc) {
		const struct policy_node *name = at(r, key);
		const struct policy_node *version = at(r, value);

		if (name->kind == NODE_SCALAR && !strcmp(name->text, "version")) {
			if (version->kind == NODE_SCALAR && !strcmp(version->text, "1"))
				return true;
			wrong(r, value, "1: a newer xdp-policy may know more versions");
			return false;
		}
	}
	error(r, 0, "found no version, expected version: 1");
	return true;
}

static void read_top(struct reader *r)
{
	struct field fields[N_TOP] = {
		[TOP_VERSION] = { .name = "version" },
		[TOP_RULES] = { .name = "rules" },
	};

	if (!is_a(r, 0, NODE_MAPPING, "a mapping of version and rules"))
		return;
	if (!is_our_version(r))
		return;
	read_fields(r, 0, fields, N_TOP);
	if (fields[TOP_RULES].value)
		read_rules(r, fields[TOP_RULES].value);
	else
		error(r, 0, "found no rules, expected a list of rules");
}

int policy_yaml__parse(const char *text, size_t size, struct policy_rules *rules,
		       const struct policy_log *log)
{
	struct reader r = { .rules = rules, .log = log };
	int rc;

	rc = policy_doc__read(&r.doc, text, size, rules->file, log);
	if (!rc)
		read_top(&r);
	policy_doc__free(&r.doc);
	if (rc)
		return rc;
	return r.no_memory ? -ENOMEM : r.n_errors ? -EINVAL : 0;
}
