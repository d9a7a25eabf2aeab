// SPDX-License-Identifier: LGPL-2.1-or-later
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import.h"
#include "tool.h"

static void list(struct import *imp, json_t *items, const char *where, const char *field,
		 const char *fmt, va_list args)
{
	char reason[POLICY_ERROR_SIZE];
	json_t *item;

	vsnprintf(reason, sizeof(reason), fmt, args);
	item = json_pack("{s:o, s:o, s:o}", "where", tool_json_string(where), "field",
			 tool_json_string(field), "reason", tool_json_string(reason));
	if (json_array_append_new(items, item))
		imp->no_memory = true;
}

void import__missed(struct import *imp, const char *where, const char *field, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	list(imp, imp->missed, where, field, fmt, args);
	va_end(args);
}

void import__note(struct import *imp, const char *where, const char *field, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	list(imp, imp->notes, where, field, fmt, args);
	va_end(args);
}

bool import__place(struct import *imp)
{
	imp->too_many = imp->too_many || imp->n_places == IMPORT_MAX_PLACES;
	imp->n_places += !imp->too_many;
	return !imp->too_many;
}

/* How much of text has room in size, without half a character at its end. */
static int fit(const char *text, size_t size)
{
	size_t len = strlen(text);

	if (len < size)
		return len;
	for (len = size - 1; len && (text[len] & 0xc0) == 0x80;)
		len--;
	return len;
}

const char *import__found(const json_t *value, char *buf, size_t size)
{
	switch (value ? json_typeof(value) : JSON_NULL) {
	case JSON_STRING:
		snprintf(buf, size, "'%.*s'", fit(json_string_value(value), size - 2),
			 json_string_value(value));
		return *json_string_value(value) ? buf : "nothing";
	case JSON_INTEGER:
		snprintf(buf, size, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		return buf;
	case JSON_REAL:
		snprintf(buf, size, "%g", json_real_value(value));
		return buf;
	case JSON_TRUE:
		return "true";
	case JSON_FALSE:
		return "false";
	case JSON_ARRAY:
		return json_array_size(value) ? "a list" : "an empty list";
	case JSON_OBJECT:
		return "an object";
	case JSON_NULL:
		break;
	}
	return "nothing";
}

void import__where(char *where, size_t size, const char *name)
{
	size_t len = strlen(where);

	if (len + 2 < size)
		snprintf(where + len, size - len, "%s%.*s", len ? "/" : "",
			 fit(name, size - len - 1 < 100 ? size - len - 1 : 100), name);
}

bool import__is_unset(const json_t *value)
{
	const char *key;
	json_t *item;

	switch (json_typeof(value)) {
	case JSON_NULL:
	case JSON_FALSE:
		return true;
	case JSON_STRING:
		return !json_string_length(value);
	case JSON_INTEGER:
		return !json_integer_value(value);
	case JSON_ARRAY:
		return !json_array_size(value);
	case JSON_OBJECT:
		json_object_foreach((json_t *)value, key, item)
			if (!import__is_unset(item))
				return false;
		return true;
	default:
		return false;
	}
}

int import__glob(const char *name, char *glob, size_t size, char *err, size_t err_size)
{
	char *to = glob;

	for (const char *c = name; *c; c++) {
		if (iscntrl((unsigned char)*c)) {
			snprintf(err, err_size, "found '%.60s', expected no control characters",
				 name);
			return -EINVAL;
		}
		if (to + 2 >= glob + size) {
			snprintf(err, err_size, "found a name of %zu bytes, expected at most %d",
				 strlen(name), POLICY_MAX_GLOB);
			return -EINVAL;
		}
		/* what a glob, or a rule file, takes for something else than itself */
		if (strchr("*?[\\,", *c) || (c == name && strchr("!#;", *c)))
			*to++ = '\\';
		*to++ = *c;
	}
	*to = '\0';
	return policy_glob__check(glob, err, err_size);
}

static struct policy_rule *last_rule(struct import *imp)
{
	return &imp->rules.rule[imp->rules.n - 1];
}

static void failed(struct import *imp, int err)
{
	if (err == -ENOMEM)
		imp->no_memory = true;
}

void import__begin(struct import *imp, const char *name)
{
	char text[POLICY_MAX_NAME + 1];
	size_t size = policy_name__fit(name) + 1;

	snprintf(text, sizeof(text), "%.*s", fit(name, size), name);
	*imp->err = '\0';
	if (!imp->no_memory && !policy_rules__add(&imp->rules, text, 0))
		imp->no_memory = true;
}

void import__set(struct import *imp, const struct policy_key *key, const char *text)
{
	if (!imp->no_memory && !*imp->err)
		failed(imp, policy_rule__set(last_rule(imp), key, text, true, 0, imp->err,
					     sizeof(imp->err)));
}

void import__drop(struct import *imp)
{
	struct policy_rule *rule;

	if (imp->no_memory)
		return;
	rule = last_rule(imp);
	for (int c = 0; c < N_CONDS; c++)
		free(rule->cond[c]);
	free(rule->name);
	imp->rules.n--;
}

bool import__end(struct import *imp, const char *where, const char *field)
{
	if (!imp->no_memory && !*imp->err)
		failed(imp, policy_rule__finish(last_rule(imp), imp->err, sizeof(imp->err)));
	if (imp->no_memory)
		return false;
	if (!*imp->err)
		return true;
	import__drop(imp);
	import__missed(imp, where, field, "%s", imp->err);
	return false;
}
