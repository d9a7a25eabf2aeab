// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "meant.h"
#include "rule.h"
#include "yaml-read.h"

void yaml_reader__error(struct yaml_reader *r, size_t i, const char *fmt, ...)
{
	const struct policy_node *node = &r->doc.node[i];
	char text[POLICY_ERROR_SIZE];
	struct yaml_message *message;
	va_list args;

	if (r->n_errors++ >= YAML_MAX_ERRORS)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	message = &r->message[r->n_errors - 1];
	*message = (struct yaml_message){ node->line, node->column, strdup(text) };
	if (!message->text)
		r->no_memory = true;
}

static int by_place(const void *a, const void *b)
{
	const struct yaml_message *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return (x->column > y->column) - (x->column < y->column);
}

int yaml_reader__end(struct yaml_reader *r)
{
	size_t n = r->n_errors < YAML_MAX_ERRORS ? r->n_errors : YAML_MAX_ERRORS;

	qsort(r->message, n, sizeof(*r->message), by_place);
	for (size_t i = 0; i < n; i++) {
		struct yaml_message *m = &r->message[i];

		if (m->text)
			policy_log__msg(r->log, POLICY_ERROR, r->file, m->line, "column %u: %s",
					m->column, m->text);
		free(m->text);
	}
	policy_log__more(r->log, r->file, r->n_errors - n);
	policy_doc__free(&r->doc);
	return r->no_memory ? -ENOMEM : r->n_errors ? -EINVAL : 0;
}

void yaml_reader__lacks(struct yaml_reader *r, size_t i, unsigned int n_errors, const char *text)
{
	if (r->n_errors == n_errors)
		yaml_reader__error(r, i, "%s", text);
}

void yaml_reader__told(struct yaml_reader *r, size_t i, int rc, const char *err)
{
	if (rc == -EINVAL)
		yaml_reader__error(r, i, "%s", err);
	else if (rc)
		r->no_memory = true;
}

const struct policy_node *yaml_reader__at(const struct yaml_reader *r, size_t i)
{
	return &r->doc.node[policy_doc__follow(&r->doc, i)];
}

void yaml_reader__wrong(struct yaml_reader *r, size_t i, const char *expected)
{
	const struct policy_node *node = yaml_reader__at(r, i);

	if (node->kind == NODE_SEQUENCE)
		yaml_reader__error(r, i, "found a list, expected %s", expected);
	else if (node->kind == NODE_MAPPING)
		yaml_reader__error(r, i, "found a mapping, expected %s", expected);
	else if (!*node->text)
		yaml_reader__error(r, i, "found nothing, expected %s", expected);
	else
		yaml_reader__error(r, i, "found '%.60s', expected %s", node->text, expected);
}

const char *yaml_reader__text(struct yaml_reader *r, size_t i, const char *expected)
{
	const struct policy_node *node = yaml_reader__at(r, i);

	if (node->kind == NODE_SCALAR)
		return node->text;
	yaml_reader__wrong(r, i, expected);
	return NULL;
}

bool yaml_reader__is_a(struct yaml_reader *r, size_t i, enum policy_node_kind kind,
		       const char *expected)
{
	if (yaml_reader__at(r, i)->kind == kind)
		return true;
	yaml_reader__wrong(r, i, expected);
	return false;
}

void yaml_reader__twice(struct yaml_reader *r, size_t key, const char *name)
{
	yaml_reader__error(r, key, "found '%s' a second time in this mapping, expected it once",
			   name);
}

struct yaml_field *yaml_field__find(const char *name, struct yaml_field *fields, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(fields[i].name, name))
			return &fields[i];
	return NULL;
}

void yaml_reader__fields(struct yaml_reader *r, size_t map, struct yaml_field *fields, size_t n,
			 void (*unknown)(struct yaml_reader *r, size_t key, const char *name,
					 const struct yaml_field *fields, size_t n))
{
	for_each_pair(key, value, map, &r->doc) {
		const char *name = yaml_reader__text(r, key, "a name");
		struct yaml_field *field = name ? yaml_field__find(name, fields, n) : NULL;

		if (field && field->value)
			yaml_reader__twice(r, key, name);
		else if (field)
			*field = (struct yaml_field){ name, value, key };
		else if (name)
			unknown(r, key, name, fields, n);
	}
}

void yaml_reader__unknown(struct yaml_reader *r, size_t key, const char *name,
			  const struct yaml_field *fields, size_t n)
{
	const char *names[YAML_MAX_FIELDS];
	char expected[160] = "";
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		const char *link = !i ? "" : i < n - 1 ? ", " : " or ";

		names[i] = fields[i].name;
		len += snprintf(expected + len, sizeof(expected) - len, "%s%s", link, names[i]);
	}
	yaml_reader__error(r, key, "found '%.60s', expected %s%s", name, expected,
			   policy_meant__hint(name, names, n).text);
}

size_t yaml_reader__items(struct yaml_reader *r, size_t value, const char *expected, size_t *first)
{
	size_t i = policy_doc__follow(&r->doc, value);

	*first = 0;
	if (r->doc.node[i].kind == NODE_MAPPING) {
		yaml_reader__wrong(r, value, expected);
		return 0;
	}
	*first = i + (r->doc.node[i].kind == NODE_SEQUENCE);
	return r->doc.node[i].next;
}

bool yaml_reader__check_actions(struct yaml_reader *r, size_t i)
{
	const char *text = yaml_reader__text(r, i, "a chain call action");
	struct policy_value value;
	char err[POLICY_ERROR_SIZE];
	int rc;

	if (!text)
		return false;
	rc = policy_value__parse(ATTR_ACTIONS, text, &value, err, sizeof(err));
	yaml_reader__told(r, i, rc, err);
	return !rc;
}

/*
 * The items in one text with blanks in between: adding one after the other to a rule would copy
 * what is there each time. NULL if one of them is wrong, or without memory.
 */
char *yaml_reader__join(struct yaml_reader *r, size_t first, size_t end,
			bool (*check)(struct yaml_reader *r, size_t i))
{
	size_t size = 1;
	bool good = true;
	char *text, *to;

	for (size_t i = first; i < end; i = r->doc.node[i].next) {
		if (check(r, i))
			size += strlen(yaml_reader__at(r, i)->text) + 1;
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
		to = stpcpy(to, yaml_reader__at(r, i)->text);
		*to++ = ' ';
	}
	*to = '\0';
	return text;
}

bool yaml_reader__is_our_version(struct yaml_reader *r)
{
	for_each_pair(key, value, 0, &r->doc) {
		const struct policy_node *name = yaml_reader__at(r, key);
		const struct policy_node *version = yaml_reader__at(r, value);

		if (name->kind == NODE_SCALAR && !strcmp(name->text, "version")) {
			if (version->kind == NODE_SCALAR && !strcmp(version->text, "1"))
				return true;
			yaml_reader__wrong(r, value,
					   "1: a newer xdp-policy may know more versions");
			return false;
		}
	}
	return true;
}
