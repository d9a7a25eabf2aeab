// SPDX-License-Identifier: LGPL-2.1-or-later
/* Writes chains as xdp-chain(5) has them: what is as it is by default is left out. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "chain-read.h"
#include "tool.h"
#include "util/encode.h"
#include "write-doc.h"

/* A text of a program by its key. */
struct named {
	const char *name, *text;
};

#define N_NAMED 6

static void names_of(const struct chain_spec_program *p, struct named ret[N_NAMED])
{
	const struct named list[N_NAMED] = {
		{ "object", p->object },   { "pin", p->pin },	    { "program", p->program },
		{ "section", p->section }, { "sha256", p->sha256 }, { "pin-path", p->pin_path },
	};

	memcpy(ret, list, sizeof(list));
}

static const char *print(const struct policy_known *app, enum policy_attr attr,
			 char text[POLICY_VALUE_SIZE])
{
	return policy_value__print(attr, &app->value[attr], text, POLICY_VALUE_SIZE);
}

/* The first text that is no UTF-8, or NULL. */
static const char *find_bytes(const struct chain_file_entry *entry)
{
	const char *const *map = entry->spec.share_maps;
	struct named named[N_NAMED];

	if (!encode__is_utf8(entry->interface))
		return entry->interface;
	for (; map && *map; map++)
		if (!encode__is_utf8(*map))
			return *map;
	for (size_t i = 0; i < entry->spec.n; i++) {
		names_of(&entry->spec.program[i], named);
		for (size_t k = 0; k < N_NAMED; k++)
			if (named[k].text && !encode__is_utf8(named[k].text))
				return named[k].text;
	}
	return NULL;
}

static int check_utf8(const struct chain_file *file, const struct policy_log *log)
{
	int rc = 0;

	for (size_t i = 0; i < file->n; i++) {
		const char *bytes = find_bytes(&file->entry[i]);

		if (!bytes)
			continue;
		policy_log__msg(log, POLICY_ERROR, file->path, file->entry[i].line,
				"found '%.60s', expected UTF-8: YAML and JSON hold nothing else",
				bytes);
		rc = -EILSEQ;
	}
	return rc;
}

static void yaml_pair(struct yaml_writer *w, const char *key, const char *text)
{
	yaml_writer__text(w, key);
	yaml_writer__text(w, text);
}

static void yaml_program(struct yaml_writer *w, const struct chain_spec_program *p)
{
	char text[POLICY_VALUE_SIZE];
	struct named named[N_NAMED];

	yaml_writer__mapping(w);
	names_of(p, named);
	for (size_t i = 0; i < N_NAMED; i++) {
		if (!named[i].text)
			continue;
		yaml_writer__text(w, named[i].name);
		yaml_writer__string(w, named[i].text);
	}
	if (p->frags != FRAGS_AS_BUILT)
		yaml_pair(w, "frags", p->frags == FRAGS_YES ? "true" : "false");
	if (p->app.has[ATTR_PRIORITY])
		yaml_pair(w, "priority", print(&p->app, ATTR_PRIORITY, text));
	if (p->app.has[ATTR_ACTIONS]) {
		yaml_writer__text(w, "chain-call-actions");
		yaml_writer__list(w, YAML_FLOW_SEQUENCE_STYLE);
		yaml_writer__actions(w, print(&p->app, ATTR_ACTIONS, text));
		yaml_writer__close(w, false);
	}
	yaml_writer__close(w, true);
}

static void yaml_maps(struct yaml_writer *w, const char *const *map)
{
	if (!map || !*map)
		return;
	yaml_writer__text(w, "share-maps");
	yaml_writer__list(w, YAML_FLOW_SEQUENCE_STYLE);
	for (; *map; map++)
		yaml_writer__string(w, *map);
	yaml_writer__close(w, false);
}

static void yaml_chain(struct yaml_writer *w, const struct chain_spec *spec)
{
	const struct policy_value mode = { .num = spec->mode };
	char text[POLICY_VALUE_SIZE];

	yaml_writer__mapping(w);
	if (spec->mode != MODE_AUTO)
		yaml_pair(w, "mode", policy_value__print(ATTR_MODE, &mode, text, sizeof(text)));
	if (spec->add)
		yaml_pair(w, "add", "true");
	if (spec->foreign != FOREIGN_REFUSE)
		yaml_pair(w, "foreign", chain_foreign_words[spec->foreign]);
	yaml_maps(w, spec->share_maps);
	yaml_writer__text(w, "programs");
	yaml_writer__list(w, YAML_BLOCK_SEQUENCE_STYLE);
	for (size_t i = 0; i < spec->n; i++)
		yaml_program(w, &spec->program[i]);
	yaml_writer__close(w, false);
	yaml_writer__close(w, true);
}

int chain_file__write_yaml(FILE *out, const struct chain_file *file, const struct policy_log *log)
{
	struct yaml_writer w;
	int rc;

	rc = check_utf8(file, log);
	if (!rc)
		rc = yaml_writer__begin(&w, out);
	if (rc)
		return rc;
	yaml_pair(&w, "version", "1");
	yaml_writer__text(&w, "chains");
	yaml_writer__mapping(&w);
	for (size_t i = 0; i < file->n && !w.rc; i++) {
		yaml_writer__string(&w, file->entry[i].interface);
		yaml_chain(&w, &file->entry[i].spec);
	}
	yaml_writer__close(&w, true);
	return yaml_writer__end(&w, out);
}

/* Returns -1 without memory: then the value is NULL, or it is given up. */
static int json_put(json_t *json, const char *key, json_t *value)
{
	return json_object_set_new(json, key, value);
}

static json_t *json_program(const struct chain_spec_program *p)
{
	json_t *json = json_object();
	struct named named[N_NAMED];
	int err = 0;

	names_of(p, named);
	for (size_t i = 0; i < N_NAMED; i++)
		if (named[i].text)
			err |= json_put(json, named[i].name, json_string(named[i].text));
	if (p->frags != FRAGS_AS_BUILT)
		err |= json_put(json, "frags", json_boolean(p->frags == FRAGS_YES));
	for_each_attr(attr)
		if (p->app.has[attr])
			err |= json_put(json, policy_key__attr(attr)->name,
					tool_json_value(attr, &p->app.value[attr]));
	if (!err)
		return json;
	json_decref(json);
	return NULL;
}

static json_t *json_maps(const char *const *map)
{
	json_t *list = json_array();

	for (; *map; map++) {
		if (!json_array_append_new(list, json_string(*map)))
			continue;
		json_decref(list);
		return NULL;
	}
	return list;
}

static json_t *json_chain(const struct chain_spec *spec)
{
	const struct policy_value mode = { .num = spec->mode };
	json_t *json = json_object(), *list = json_array();
	int err = 0;

	if (spec->mode != MODE_AUTO)
		err |= json_put(json, "mode", tool_json_value(ATTR_MODE, &mode));
	if (spec->add)
		err |= json_put(json, "add", json_true());
	if (spec->foreign != FOREIGN_REFUSE)
		err |= json_put(json, "foreign", json_string(chain_foreign_words[spec->foreign]));
	if (spec->share_maps && *spec->share_maps)
		err |= json_put(json, "share-maps", json_maps(spec->share_maps));
	for (size_t i = 0; i < spec->n; i++)
		err |= json_array_append_new(list, json_program(&spec->program[i]));
	err |= json_put(json, "programs", list);
	if (!err)
		return json;
	json_decref(json);
	return NULL;
}

int chain_file__write_json(FILE *out, const struct chain_file *file, const struct policy_log *log)
{
	json_t *json = json_object(), *chains = json_object();
	char *text = NULL;
	int err, rc;

	rc = check_utf8(file, log);
	err = json_put(json, "version", json_integer(1));
	for (size_t i = 0; i < file->n && !rc; i++)
		err |= json_put(chains, file->entry[i].interface, json_chain(&file->entry[i].spec));
	err |= json_put(json, "chains", chains);
	if (!rc && !err)
		text = json_dumps(json, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	json_decref(json);
	return rc ? rc : json_writer__print(out, text);
}
