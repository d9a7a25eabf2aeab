// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"
#include "util/encode.h"
#include "write-doc.h"
#include "write-rules.h"

/* What a rule says by one key: a list of globs or, if that is NULL, a value as attr has them. */
struct said {
	const char *list;
	enum policy_attr attr;
	struct policy_value value;
};

static bool order_says(const struct policy_rule *rule, enum policy_order id, struct said *ret)
{
	uint32_t start = rule->head.value[ATTR_PRIORITY].num, step = rule->head.order_step;

	*ret = (struct said){ .attr = ATTR_PRIORITY };
	switch (id) {
	case ORDER_LIST:
		ret->list = rule->cond[COND_PROGRAM];
		return true;
	case ORDER_START:
		ret->value.num = start;
		return start != POLICY_ORDER_START;
	case ORDER_STEP:
		break;
	}
	ret->value.num = step;
	return step != POLICY_ORDER_STEP;
}

/* False: nothing. An order stands for the program and the priority that it gives. */
static bool says(const struct policy_rule *rule, const struct policy_key *key, struct said *ret)
{
	bool order = rule->head.order_step;

	switch (key->kind) {
	case KEY_COND:
		*ret = (struct said){ .list = rule->cond[key->id] };
		return ret->list && !(order && key->id == COND_PROGRAM);
	case KEY_ATTR:
		*ret = (struct said){ .attr = key->id, .value = rule->head.value[key->id] };
		return rule->head.has[key->id] && !(order && key->id == ATTR_PRIORITY);
	case KEY_ORDER:
		break;
	}
	return order && order_says(rule, key->id, ret);
}

/* In as many lines as it takes; inih reads no long ones. */
static void ini_list(FILE *out, const char *key, const char *list)
{
	int column = fprintf(out, "%-18s =", key);

	for_each_glob(glob, list) {
		if (glob != list && column + 1 + strlen(glob) > WRITE_WIDTH)
			column = fprintf(out, "\n%20s", "") - 1;
		column += fprintf(out, " %s", glob);
	}
	putc('\n', out);
}

/* A file may be called anything, but a comment ends with its line. */
static void ini_place(FILE *out, const struct policy_rule *rule)
{
	char *shown = encode__shown_copy(rule->file);

	fprintf(out, "# %s:%u\n", shown ? shown : "?", rule->line);
	free(shown);
}

int write_rules__ini(FILE *out, const struct policy_rule *const *rules, size_t n, bool places)
{
	char text[POLICY_VALUE_SIZE];
	struct said said;

	for (size_t i = 0; i < n; i++) {
		if (i || places)
			putc('\n', out);
		if (places)
			ini_place(out, rules[i]);
		fprintf(out, "[%s]\n", rules[i]->name);
		for (const struct policy_key *key = policy_keys; key->name; key++) {
			if (!says(rules[i], key, &said))
				continue;
			if (said.list)
				ini_list(out, key->name, said.list);
			else
				fprintf(out, "%-18s = %s\n", key->name,
					policy_value__print(said.attr, &said.value, text,
							    sizeof(text)));
		}
	}
	return 0;
}

/* The first name or glob that is no UTF-8, or NULL. */
static const char *find_bytes(const struct policy_rule *rule)
{
	if (!encode__is_utf8(rule->name))
		return rule->name;
	for (int c = 0; c < N_CONDS; c++)
		for_each_glob(glob, rule->cond[c])
			if (!encode__is_utf8(glob))
				return glob;
	return NULL;
}

static int check_utf8(const struct policy_rule *const *rules, size_t n,
		      const struct policy_log *log)
{
	int rc = 0;

	for (size_t i = 0; i < n; i++) {
		const char *bytes = find_bytes(rules[i]);

		if (!bytes)
			continue;
		policy_log__msg(log, POLICY_ERROR, rules[i]->file, rules[i]->line,
				"found '%.60s', expected UTF-8: YAML and JSON hold nothing else",
				bytes);
		rc = -EILSEQ;
	}
	return rc;
}

static void yaml_said(struct yaml_writer *w, const struct said *said)
{
	char text[POLICY_VALUE_SIZE];

	policy_value__print(said->attr, &said->value, text, sizeof(text));
	if (!said->list && said->attr != ATTR_ACTIONS) {
		yaml_writer__text(w, text);
		return;
	}
	yaml_writer__list(w, YAML_FLOW_SEQUENCE_STYLE);
	if (!said->list)
		yaml_writer__actions(w, text);
	for_each_glob(glob, said->list)
		yaml_writer__text(w, glob);
	yaml_writer__close(w, false);
}

/* The conditions or the settings; nothing if there are none. */
static void yaml_keys(struct yaml_writer *w, const struct policy_rule *rule, const char *name,
		      bool conds)
{
	struct said said;
	bool any = false;

	for (const struct policy_key *key = policy_keys; key->name; key++) {
		if ((key->kind == KEY_COND) != conds || !says(rule, key, &said))
			continue;
		if (!any) {
			yaml_writer__text(w, name);
			yaml_writer__mapping(w);
		}
		any = true;
		yaml_writer__text(w, key->name);
		yaml_said(w, &said);
	}
	if (any)
		yaml_writer__close(w, true);
}

static void yaml_document(struct yaml_writer *w, const struct policy_rule *const *rules, size_t n)
{
	yaml_writer__text(w, "version");
	yaml_writer__text(w, "1");
	yaml_writer__text(w, "rules");
	yaml_writer__list(w, YAML_BLOCK_SEQUENCE_STYLE); /* "[]" without rules, all the same */
	for (size_t i = 0; i < n && !w->rc; i++) {
		yaml_writer__mapping(w);
		if (*rules[i]->name) {
			yaml_writer__text(w, "name");
			yaml_writer__text(w, rules[i]->name);
		}
		yaml_keys(w, rules[i], "match", true);
		yaml_keys(w, rules[i], "set", false);
		yaml_writer__close(w, true);
	}
	yaml_writer__close(w, false);
}

int write_rules__yaml(FILE *out, const struct policy_rule *const *rules, size_t n,
		      const struct policy_log *log)
{
	struct yaml_writer w;
	int rc;

	rc = check_utf8(rules, n, log);
	if (rc)
		return rc;
	rc = yaml_writer__begin(&w, out);
	if (rc)
		return rc;
	yaml_document(&w, rules, n);
	return yaml_writer__end(&w, out);
}

static json_t *json_list(const char *list)
{
	json_t *json = json_array();

	for_each_glob(glob, list) {
		if (!json_array_append_new(json, json_string(glob)))
			continue;
		json_decref(json);
		return NULL;
	}
	return json;
}

static json_t *json_keys(const struct policy_rule *rule, bool conds)
{
	json_t *json = json_object();
	struct said said;

	for (const struct policy_key *key = policy_keys; key->name; key++) {
		if ((key->kind == KEY_COND) != conds || !says(rule, key, &said))
			continue;
		if (!json_object_set_new(json, key->name,
					 said.list ? json_list(said.list) :
						     tool_json_value(said.attr, &said.value)))
			continue;
		json_decref(json);
		return NULL;
	}
	return json;
}

static char *json_text(const struct policy_rule *const *rules, size_t n)
{
	json_t *list = json_array(), *json;
	char *text = NULL;
	int err = 0;

	for (size_t i = 0; i < n && !err; i++)
		err = json_array_append_new(list,
					    json_pack("{s:s, s:o, s:o}", "name", rules[i]->name,
						      "match", json_keys(rules[i], true), "set",
						      json_keys(rules[i], false)));
	json = json_pack("{s:i, s:o}", "version", 1, "rules", list);
	if (!err)
		text = json_dumps(json, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	json_decref(json);
	return text;
}

int write_rules__json(FILE *out, const struct policy_rule *const *rules, size_t n,
		      const struct policy_log *log)
{
	int rc = check_utf8(rules, n, log);

	return rc ? rc : json_writer__print(out, json_text(rules, n));
}
