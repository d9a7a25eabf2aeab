// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A document is bounded before anyone walks it: how deep it is, and how much its aliases stand for
 * (nine lists of ten aliases each, one in the other, are a billion values in a small file).
 *
 * Tags are refused. No value here needs one, and `program: !dns` has one: YAML takes what follows
 * the ! for a tag, and the glob would be gone without a word.
 */
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>

#include "json-check.h"
#include "json-text.h"
#include "rule.h"
#include "yaml-doc.h"
#include "yaml-error.h"

#define MAX_DEPTH   8 /* of sequences and mappings; a list of globs is the fifth */
#define MAX_ALIASED 100000

struct anchor {
	size_t node;
	char name[];
};

struct loader {
	yaml_parser_t parser;
	struct policy_doc *doc;
	size_t open[MAX_DEPTH]; /* the sequences and mappings around */
	unsigned int depth;
	size_t n_aliased;
	void *anchors; /* a tree of tsearch(3) */

	struct yaml_source source;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct anchor *)a)->name, ((const struct anchor *)b)->name);
}

static struct anchor *new_anchor(const char *name)
{
	struct anchor *anchor = malloc(sizeof(*anchor) + strlen(name) + 1);

	if (anchor)
		strcpy(anchor->name, name);
	return anchor;
}

/* As YAML has it, a name may be given again; the last one counts. */
static int add_anchor(struct loader *l, const yaml_char_t *name, size_t node)
{
	struct anchor *anchor, **found;

	if (!name)
		return 0;
	anchor = new_anchor((const char *)name);
	found = anchor ? tsearch(anchor, &l->anchors, by_name) : NULL;
	if (!found) {
		free(anchor);
		return -ENOMEM;
	}
	(*found)->node = node;
	if (*found != anchor)
		free(anchor);
	return 0;
}

static int find_anchor(struct loader *l, const char *name, struct anchor **ret)
{
	struct anchor *key = new_anchor(name), **found;

	if (!key)
		return -ENOMEM;
	found = tfind(key, &l->anchors, by_name);
	free(key);
	*ret = found ? *found : NULL;
	return 0;
}

static struct policy_node *add_node(struct loader *l, enum policy_node_kind kind,
				    const yaml_mark_t *mark)
{
	struct policy_doc *doc = l->doc;
	struct policy_node *node;

	if (doc->n == doc->size) {
		size_t size = doc->size ? doc->size * 2 : 64;

		node = reallocarray(doc->node, size, sizeof(*node));
		if (!node)
			return NULL;
		doc->node = node;
		doc->size = size;
	}
	node = &doc->node[doc->n++];
	*node = (struct policy_node){
		.kind = kind,
		.line = mark->line + 1,
		.column = mark->column + 1,
		.next = doc->n,
	};
	return node;
}

static int check_tag(struct loader *l, const yaml_event_t *event, const yaml_char_t *tag)
{
	if (!tag)
		return 0;
	return yaml_source__fail(
		&l->source, &event->start_mark,
		"found the tag '%.60s', expected none; a glob that begins with ! stands in "
		"quotes",
		tag);
}

/* A line break in quotes, a NUL by its escape: nothing that INI could hold. */
static int check_text(struct loader *l, const yaml_event_t *event)
{
	const yaml_char_t *text = event->data.scalar.value;

	for (size_t i = 0; i < event->data.scalar.length; i++) {
		if (text[i] == '\n')
			return yaml_source__fail(
				&l->source, &event->start_mark,
				"found a value with a line break, expected one line");
		if ((text[i] < ' ' && text[i] != '\t') || text[i] == 0x7f)
			return yaml_source__fail(&l->source, &event->start_mark,
						 "found a value with byte 0x%02x, expected text",
						 text[i]);
	}
	return 0;
}

static bool is_null(const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;

	return event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       (!*text || !strcmp(text, "~") || !strcasecmp(text, "null"));
}

static int scalar(struct loader *l, yaml_event_t *event)
{
	struct policy_node *node;
	int rc;

	rc = check_tag(l, event, event->data.scalar.tag);
	if (!rc)
		rc = check_text(l, event);
	if (rc)
		return rc;
	node = add_node(l, NODE_SCALAR, &event->start_mark);
	if (!node)
		return -ENOMEM;
	node->is_null = is_null(event);
	node->text = (char *)event->data.scalar.value;
	event->data.scalar.value = NULL; /* ours now */
	return add_anchor(l, event->data.scalar.anchor, l->doc->n - 1);
}

static int begin_list(struct loader *l, const yaml_event_t *event, enum policy_node_kind kind,
		      const yaml_char_t *tag, const yaml_char_t *anchor)
{
	struct policy_node *node;
	int rc;

	rc = check_tag(l, event, tag);
	if (rc)
		return rc;
	if (l->depth == MAX_DEPTH)
		return yaml_source__fail(
			&l->source, &event->start_mark,
			"found lists and mappings within each other more than %d deep, "
			"expected fewer",
			MAX_DEPTH);
	node = add_node(l, kind, &event->start_mark);
	if (!node)
		return -ENOMEM;
	node->next = 0; /* still open */
	node->n_aliased = l->n_aliased;
	l->open[l->depth++] = l->doc->n - 1;
	return add_anchor(l, anchor, l->doc->n - 1);
}

static void end_list(struct loader *l)
{
	struct policy_node *node = &l->doc->node[l->open[--l->depth]];

	node->next = l->doc->n;
	node->n_aliased = l->n_aliased - node->n_aliased;
}

static int alias(struct loader *l, const yaml_event_t *event)
{
	const char *name = (const char *)event->data.alias.anchor;
	const struct policy_node *target;
	struct policy_node *node;
	struct anchor *anchor;
	int rc;

	rc = find_anchor(l, name, &anchor);
	if (rc)
		return rc;
	if (!anchor)
		return yaml_source__fail(
			&l->source, &event->start_mark,
			"found the alias '*%.60s' without an anchor '&%.60s' before it, "
			"expected one; a glob that begins with * stands in quotes",
			name, name);
	target = &l->doc->node[anchor->node];
	if (!target->next)
		return yaml_source__fail(
			&l->source, &event->start_mark,
			"found the alias '*%.60s' within what it stands for, expected no circle",
			name);
	l->n_aliased += target->next - anchor->node;
	if (target->kind != NODE_SCALAR)
		l->n_aliased += target->n_aliased;
	if (l->n_aliased > MAX_ALIASED)
		return yaml_source__fail(
			&l->source, &event->start_mark,
			"found aliases for more than %d values in all, expected fewer",
			MAX_ALIASED);
	node = add_node(l, NODE_ALIAS, &event->start_mark);
	if (!node)
		return -ENOMEM;
	node->target = anchor->node;
	return 0;
}

static int take(struct loader *l, yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return !l->doc->n ?
			       0 :
			       yaml_source__fail(&l->source, &event->start_mark,
						 "found a second document, expected one in a file");
	case YAML_STREAM_END_EVENT:
		return l->doc->n ? 0 :
				   yaml_source__fail(
					   &l->source, &event->start_mark,
					   "found nothing, expected a mapping with version: 1");
	case YAML_SCALAR_EVENT:
		return scalar(l, event);
	case YAML_SEQUENCE_START_EVENT:
		return begin_list(l, event, NODE_SEQUENCE, event->data.sequence_start.tag,
				  event->data.sequence_start.anchor);
	case YAML_MAPPING_START_EVENT:
		return begin_list(l, event, NODE_MAPPING, event->data.mapping_start.tag,
				  event->data.mapping_start.anchor);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		end_list(l);
		return 0;
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
	int rc;

	do {
		if (!yaml_parser_parse(&l->parser, &event))
			return yaml_source__refused(&l->source, &l->parser);
		last = event.type == YAML_STREAM_END_EVENT;
		rc = take(l, &event);
		yaml_event_delete(&event);
	} while (!rc && !last);
	return rc;
}

/*
 * What names tags is refused like them, and before libyaml sees it: that compares each such line
 * with all before it.
 */
static int check_directives(struct loader *l)
{
	static const char directive[] = "%TAG";
	const char *end = l->source.text + l->source.size, *c = l->source.text;
	yaml_mark_t mark;

	for (; (c = memmem(c, end - c, directive, strlen(directive))); c++) {
		/* a line break in any of YAML's forms, by its last byte */
		if (c > l->source.text && !strchr("\n\r\x85\xa8\xa9", c[-1]))
			continue;
		mark = yaml_source__mark(&l->source, c - l->source.text);
		return yaml_source__fail(&l->source, &mark, "found %s, expected no tags",
					 directive);
	}
	return 0;
}

static int parse(struct loader *l, const char *eased)
{
	int rc;

	if (!yaml_parser_initialize(&l->parser))
		return -ENOMEM;
	/* libyaml would read UTF-16 as well; no other format of ours does */
	yaml_parser_set_encoding(&l->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&l->parser, (const yaml_char_t *)eased, l->source.size);
	rc = load(l);
	yaml_parser_delete(&l->parser);
	tdestroy(l->anchors, free);
	return rc;
}

/* Of a file that is named .json: libyaml knows only what YAML lacks. */
static int check_json(const struct yaml_source *source)
{
	struct json_fault fault;
	yaml_mark_t mark;
	char word[24] = "'";
	size_t len = 1;

	if (!json_check__is_named(source->file) ||
	    json_check__text(source->text, source->size, &fault))
		return 0;
	mark = yaml_source__mark(source, fault.offset);
	for (size_t i = fault.offset; i < source->size && len < sizeof(word) - 2; i++) {
		if (len > 1 && strchr(" \t\r\n,:]}", source->text[i]))
			break;
		word[len++] = source->text[i];
	}
	word[len] = '\'';
	return yaml_source__fail(source, &mark,
				 "found %s, expected %s, as JSON has it; a file of YAML ends in "
				 ".yaml",
				 fault.found ? fault.found : word, fault.expected);
}

int policy_doc__read(struct policy_doc *doc, const char *text, size_t size, const char *file,
		     const struct policy_log *log)
{
	struct loader l = {
		.doc = doc,
		.source = { .file = file, .text = text, .size = size, .log = log },
	};
	char *eased;
	int rc;

	*doc = (struct policy_doc){ 0 };
	/* libyaml looks for a byte order mark only if it may choose the encoding by it */
	if (size >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
		l.source.text += 3;
		l.source.size -= 3;
	}
	rc = check_json(&l.source);
	if (!rc)
		rc = check_directives(&l);
	if (rc)
		return rc;
	eased = malloc(l.source.size + 1);
	if (!eased)
		return -ENOMEM;
	memcpy(eased, l.source.text, l.source.size);
	eased[l.source.size] = '\0';
	json_text__ease(eased, l.source.size);
	rc = parse(&l, eased);
	free(eased);
	return rc;
}

void policy_doc__free(struct policy_doc *doc)
{
	for (size_t i = 0; i < doc->n; i++)
		if (doc->node[i].kind == NODE_SCALAR)
			free(doc->node[i].text);
	free(doc->node);
	*doc = (struct policy_doc){ 0 };
}

size_t policy_doc__follow(const struct policy_doc *doc, size_t i)
{
	return doc->node[i].kind == NODE_ALIAS ? doc->node[i].target : i;
}
