// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Any input as JSON values. YAML is taken from libyaml's events: its documents may hold aliases
 * that stand for themselves, or for more than anyone can walk through.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "import.h"
#include "policy/yaml-error.h"

struct anchor {
	char *name;
	json_t *json;
	size_t n_values;
	unsigned int depth;
	bool open; /* what it stands for goes on */
};

/* A list or an object around the next event. */
struct level {
	json_t *json;
	char *key; /* of an object, when its value is next */
	size_t n_values;
	unsigned int depth;
	struct anchor *anchor;
};

struct loader {
	yaml_parser_t parser;
	struct yaml_source source;
	json_t *docs, *root;
	struct level level[IMPORT_MAX_DEPTH];
	unsigned int n_levels;
	struct anchor anchor[IMPORT_MAX_ANCHORS];
	unsigned int n_anchors;
	size_t n_values;
};

static struct anchor *find_anchor(struct loader *l, const yaml_char_t *name)
{
	for (unsigned int i = l->n_anchors; i--;)
		if (!strcmp(l->anchor[i].name, (const char *)name))
			return &l->anchor[i];
	return NULL;
}

/* Leaves *ret NULL if there is no name. A name may be given again: the last one counts. */
static int add_anchor(struct loader *l, const yaml_event_t *event, const yaml_char_t *name,
		      json_t *json, struct anchor **ret)
{
	struct anchor *anchor;

	*ret = NULL;
	if (!name)
		return 0;
	if (l->n_anchors == IMPORT_MAX_ANCHORS)
		return yaml_source__fail(&l->source, &event->start_mark,
					 "found more than %d anchors, expected fewer",
					 IMPORT_MAX_ANCHORS);
	anchor = &l->anchor[l->n_anchors];
	*anchor = (struct anchor){ .name = strdup((const char *)name), .n_values = 1 };
	if (!anchor->name)
		return -ENOMEM;
	anchor->json = json_incref(json);
	l->n_anchors++;
	*ret = anchor;
	return 0;
}

static int check_tag(struct loader *l, const yaml_event_t *event, const yaml_char_t *tag)
{
	if (!tag)
		return 0;
	return yaml_source__fail(&l->source, &event->start_mark,
				 "found the tag '%.60s', expected none", tag);
}

static bool wants_key(const struct loader *l)
{
	const struct level *level = l->n_levels ? &l->level[l->n_levels - 1] : NULL;

	return level && json_is_object(level->json) && !level->key;
}

/* Puts a value, which is ours, where the events before it say. */
static int add(struct loader *l, const yaml_event_t *event, json_t *json, size_t n_values,
	       unsigned int depth)
{
	struct level *level = l->n_levels ? &l->level[l->n_levels - 1] : NULL;
	int err;

	if (!json)
		return -ENOMEM;
	l->n_values += n_values;
	if (l->n_values > IMPORT_MAX_VALUES) {
		json_decref(json);
		return yaml_source__fail(&l->source, &event->start_mark,
					 "found more than %d values, expected fewer",
					 IMPORT_MAX_VALUES);
	}
	if (!level) {
		l->root = json;
		return 0;
	}
	level->n_values += n_values;
	if (depth >= level->depth)
		level->depth = depth + 1;
	if (json_is_array(level->json)) {
		err = json_array_append_new(level->json, json);
	} else {
		err = json_object_set_new(level->json, level->key, json);
		free(level->key);
		level->key = NULL;
	}
	return err ? -ENOMEM : 0;
}

static int add_key(struct loader *l, const yaml_event_t *event)
{
	const char *key = (const char *)event->data.scalar.value;
	struct level *level = &l->level[l->n_levels - 1];

	if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !strcmp(key, "<<"))
		return yaml_source__fail(&l->source, &event->start_mark,
					 "found '<<', expected no merging of mappings");
	if (json_object_get(level->json, key))
		return yaml_source__fail(
			&l->source, &event->start_mark,
			"found '%.60s' a second time in this mapping, expected it once", key);
	level->key = strdup(key);
	return level->key ? 0 : -ENOMEM;
}

static bool is_one_of(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (!strcmp(text, *words))
			return true;
	return false;
}

/* As Kubernetes reads it; numbers in any other form stay text, and are then no numbers to us. */
static json_t *plain(const char *text)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL };
	static const char *const trues[] = { "true", "True", "TRUE", NULL };
	static const char *const falses[] = { "false", "False", "FALSE", NULL };
	const char *digits = text + (*text == '-');
	size_t n = strspn(digits, "0123456789");

	if (is_one_of(text, nulls))
		return json_null();
	if (is_one_of(text, trues))
		return json_true();
	if (is_one_of(text, falses))
		return json_false();
	if (n && n < 18 && !digits[n] && (n == 1 || *digits != '0'))
		return json_integer(strtoll(text, NULL, 10));
	return json_string(text);
}

static int scalar(struct loader *l, const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	struct anchor *anchor;
	json_t *json;
	int err;

	err = check_tag(l, event, event->data.scalar.tag);
	if (err)
		return err;
	if (strlen(text) != event->data.scalar.length)
		return yaml_source__fail(&l->source, &event->start_mark,
					 "found a value with byte 0x00, expected text");
	if (wants_key(l))
		return add_key(l, event);
	json = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE ? plain(text) :
								     json_string(text);
	err = add_anchor(l, event, event->data.scalar.anchor, json, &anchor);
	if (err) {
		json_decref(json);
		return err;
	}
	return add(l, event, json, 1, 0);
}

static int begin(struct loader *l, const yaml_event_t *event, json_t *json, const yaml_char_t *tag,
		 const yaml_char_t *anchor)
{
	struct level *level;
	int err;

	err = json ? check_tag(l, event, tag) : -ENOMEM;
	if (!err && wants_key(l))
		err = yaml_source__fail(&l->source, &event->start_mark,
					"found a list or a mapping, expected a name");
	if (!err && l->n_levels == IMPORT_MAX_DEPTH)
		err = yaml_source__fail(
			&l->source, &event->start_mark,
			"found lists and mappings within each other more than %d deep, expected "
			"fewer",
			IMPORT_MAX_DEPTH);
	if (err) {
		json_decref(json);
		return err;
	}
	level = &l->level[l->n_levels++];
	*level = (struct level){ .json = json, .n_values = 1 };
	err = add_anchor(l, event, anchor, json, &level->anchor);
	if (level->anchor)
		level->anchor->open = true;
	return err;
}

static int end(struct loader *l, const yaml_event_t *event)
{
	struct level *level = &l->level[--l->n_levels];

	if (level->anchor) {
		level->anchor->open = false;
		level->anchor->n_values = level->n_values;
		level->anchor->depth = level->depth;
	}
	/* those within it are counted already */
	l->n_values -= level->n_values - 1;
	return add(l, event, level->json, level->n_values, level->depth);
}

static int alias(struct loader *l, const yaml_event_t *event)
{
	const yaml_char_t *name = event->data.alias.anchor;
	struct anchor *anchor = find_anchor(l, name);

	if (!anchor)
		return yaml_source__fail(
			&l->source, &event->start_mark,
			"found the alias '*%.60s' without an anchor before it, expected one", name);
	if (anchor->open)
		return yaml_source__fail(
			&l->source, &event->start_mark,
			"found the alias '*%.60s' within what it stands for, expected no circle",
			name);
	if (wants_key(l))
		return yaml_source__fail(&l->source, &event->start_mark,
					 "found an alias, expected a name");
	if (l->n_levels + anchor->depth > IMPORT_MAX_DEPTH)
		return yaml_source__fail(
			&l->source, &event->start_mark,
			"found lists and mappings within each other more than %d deep, expected "
			"fewer",
			IMPORT_MAX_DEPTH);
	return add(l, event, json_incref(anchor->json), anchor->n_values, anchor->depth);
}

static void forget_anchors(struct loader *l)
{
	while (l->n_anchors) {
		json_decref(l->anchor[--l->n_anchors].json);
		free(l->anchor[l->n_anchors].name);
	}
}

static int end_document(struct loader *l)
{
	json_t *root = l->root;

	/* an anchor counts in its document only */
	forget_anchors(l);
	l->root = NULL;
	return json_array_append_new(l->docs, root) ? -ENOMEM : 0;
}

static int take(struct loader *l, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_END_EVENT:
		return end_document(l);
	case YAML_SCALAR_EVENT:
		return scalar(l, event);
	case YAML_SEQUENCE_START_EVENT:
		return begin(l, event, json_array(), event->data.sequence_start.tag,
			     event->data.sequence_start.anchor);
	case YAML_MAPPING_START_EVENT:
		return begin(l, event, json_object(), event->data.mapping_start.tag,
			     event->data.mapping_start.anchor);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return end(l, event);
	case YAML_ALIAS_EVENT:
		return alias(l, event);
	default:
		return 0;
	}
}

static int load(struct loader *l)
{
	yaml_event_t event;
	bool last;
	int err;

	do {
		if (!yaml_parser_parse(&l->parser, &event))
			return yaml_source__refused(&l->source, &l->parser);
		last = event.type == YAML_STREAM_END_EVENT;
		err = take(l, &event);
		yaml_event_delete(&event);
	} while (!err && !last);
	return err;
}

static int read_yaml(struct loader *l)
{
	int err;

	if (!yaml_parser_initialize(&l->parser))
		return -ENOMEM;
	yaml_parser_set_encoding(&l->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&l->parser, (const unsigned char *)l->source.text,
				     l->source.size);
	err = load(l);
	yaml_parser_delete(&l->parser);
	for (unsigned int i = 0; i < l->n_levels; i++) {
		json_decref(l->level[i].json);
		free(l->level[i].key);
	}
	forget_anchors(l);
	json_decref(l->root);
	return err;
}

/* jansson has a bound of its own, but no way to set it. */
static int check_depth(struct loader *l)
{
	const char *text = l->source.text;
	yaml_mark_t mark = { 0 };
	bool quoted = false;
	size_t depth = 0;

	for (size_t i = 0; i < l->source.size; i++, mark.column++) {
		if (text[i] == '\n') {
			mark.line++;
			mark.column = -1;
		} else if (quoted && text[i] == '\\') {
			i++;
			mark.column++;
		} else if (text[i] == '"') {
			quoted = !quoted;
		} else if (!quoted && (text[i] == '[' || text[i] == '{') &&
			   depth++ == IMPORT_MAX_DEPTH) {
			return yaml_source__fail(
				&l->source, &mark,
				"found lists and objects within each other more than %d deep, "
				"expected fewer",
				IMPORT_MAX_DEPTH);
		} else if (!quoted && (text[i] == ']' || text[i] == '}') && depth) {
			depth--;
		}
	}
	return 0;
}

static int read_json(struct loader *l)
{
	json_error_t error;
	json_t *json;
	int err;

	err = check_depth(l);
	if (err)
		return err;
	json = json_loadb(l->source.text, l->source.size, JSON_REJECT_DUPLICATES, &error);
	if (json)
		return json_array_append_new(l->docs, json) ? -ENOMEM : 0;
	if (json_error_code(&error) == json_error_out_of_memory)
		return -ENOMEM;
	policy_log__msg(l->source.log, POLICY_ERROR, l->source.file, error.line,
			"column %d: found wrong syntax, expected JSON: %s", error.column,
			error.text);
	return -EINVAL;
}

static bool looks_like_json(const struct loader *l)
{
	size_t i = 0;

	while (i < l->source.size && strchr(" \t\r\n", l->source.text[i]))
		i++;
	return i < l->source.size && (l->source.text[i] == '{' || l->source.text[i] == '[');
}

int import__read(const char *file, const char *text, size_t size, const struct policy_log *log,
		 json_t **ret)
{
	struct loader *l = calloc(1, sizeof(*l));
	int err = -ENOMEM;

	if (!l)
		return err;
	l->source.file = file;
	l->source.log = log;
	if (size >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
		text += 3;
		size -= 3;
	}
	l->source.text = text;
	l->source.size = size;
	l->docs = json_array();
	if (l->docs)
		err = looks_like_json(l) ? read_json(l) : read_yaml(l);
	if (err)
		json_decref(l->docs);
	else
		*ret = l->docs;
	free(l);
	return err;
}
