// SPDX-License-Identifier: LGPL-2.1-or-later
/* One program of a chain file, and the values that it is made of. */
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain-read.h"
#include "policy/meant.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

/* Of all strings together: aliases make a lot of a small file. */
#define MAX_TEXT (8UL << 20)

enum {
	PROG_OBJECT,
	PROG_PROGRAM,
	PROG_SECTION,
	PROG_PRIORITY,
	PROG_ACTIONS,
	PROG_FRAGS,
	PROG_SHA256,
	PROG_PIN_PATH,
	PROG_PIN,
	N_PROG
};

void *chain_reader__more(struct chain_reader *r, void *list, size_t n, size_t size)
{
	void *grown = reallocarray(list, n + 1, size);

	if (!grown)
		r->yaml.no_memory = true;
	return grown;
}

char *chain_reader__copy(struct chain_reader *r, size_t i, const char *dir, const char *text)
{
	size_t len = strlen(dir);
	char *ret = NULL;

	r->n_text += len + 1 + strlen(text);
	if (r->n_text > MAX_TEXT) {
		if (!r->too_much)
			yaml_reader__error(&r->yaml, i,
					   "found more than %lu bytes of text in all, with what "
					   "aliases stand for; expected fewer",
					   MAX_TEXT);
		r->too_much = true;
		return NULL;
	}
	if (asprintf(&ret, "%s%s%s", dir, len && dir[len - 1] != '/' ? "/" : "", text) < 0) {
		r->yaml.no_memory = true;
		return NULL;
	}
	return ret;
}

const char *chain_reader__string(struct chain_reader *r, size_t i, const char *expected, size_t max)
{
	const char *text = yaml_reader__text(&r->yaml, i, expected);

	if (!text)
		return NULL;
	if (!*text || yaml_reader__at(&r->yaml, i)->is_null)
		yaml_reader__error(&r->yaml, i, "found nothing, expected %s", expected);
	else if (strlen(text) > max)
		yaml_reader__error(&r->yaml, i, "found %zu bytes, expected %s of at most %zu",
				   strlen(text), expected, max);
	else if (policy_text__has_control(text))
		yaml_reader__error(&r->yaml, i,
				   "found '%.60s', expected %s without control characters", text,
				   expected);
	else
		return text;
	return NULL;
}

static bool same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

void chain_reader__bool(struct chain_reader *r, size_t i, bool *ret)
{
	static const char *const words[] = { "false", "true" };
	const char *text = yaml_reader__text(&r->yaml, i, "true or false");

	if (!text)
		return;
	*ret = !strcmp(text, "true");
	if (*ret || !strcmp(text, "false"))
		return;
	if (policy_meant__find(text, words, N(words)))
		yaml_reader__error(&r->yaml, i, "found '%.60s', expected true or false%s", text,
				   policy_meant__hint(text, words, N(words)).text);
	else
		yaml_reader__wrong(&r->yaml, i, "true or false");
}

bool chain_reader__value(struct chain_reader *r, size_t i, enum policy_attr attr,
			 const char *expected, struct policy_value *ret)
{
	const char *text = yaml_reader__text(&r->yaml, i, expected);
	char err[POLICY_ERROR_SIZE];
	int rc;

	if (!text)
		return false;
	rc = policy_value__parse(attr, text, ret, err, sizeof(err));
	yaml_reader__told(&r->yaml, i, rc, err);
	return !rc;
}

static void read_actions(struct chain_reader *r, size_t value, struct policy_known *app)
{
	char err[POLICY_ERROR_SIZE], *text;
	size_t first, end;
	int rc;

	end = yaml_reader__items(&r->yaml, value, "an action or a list of actions", &first);
	if (!end)
		return;
	text = yaml_reader__join(&r->yaml, first, end, yaml_reader__check_actions);
	if (!text)
		return;
	rc = policy_value__parse(ATTR_ACTIONS, first == end ? "none" : text,
				 &app->value[ATTR_ACTIONS], err, sizeof(err));
	yaml_reader__told(&r->yaml, value, rc, err);
	app->has[ATTR_ACTIONS] = !rc;
	free(text);
}

static const char *read_sha256(struct chain_reader *r, size_t i)
{
	static const char expected[] = "a SHA-256 sum: 64 hex digits";
	const char *text = yaml_reader__text(&r->yaml, i, expected);
	char *sum;

	if (!text)
		return NULL;
	if (strlen(text) != 64 || text[strspn(text, "0123456789abcdefABCDEF")]) {
		yaml_reader__wrong(&r->yaml, i, expected);
		return NULL;
	}
	sum = chain_reader__copy(r, i, "", text);
	for (char *c = sum; c && *c; c++)
		*c = tolower((unsigned char)*c);
	return sum;
}

static const char *read_name(struct chain_reader *r, size_t i, const char *expected)
{
	const char *text = chain_reader__string(r, i, expected, CHAIN_MAX_NAME);

	return text ? chain_reader__copy(r, i, "", text) : NULL;
}

/* A path that must be absolute, unless there is a directory where others start. */
static const char *read_path(struct chain_reader *r, size_t i, const char *dir)
{
	const char *text = chain_reader__string(r, i, "a path", PATH_MAX - 1);

	if (!text)
		return NULL;
	if (*text == '/')
		return chain_reader__copy(r, i, "", text);
	if (!dir) {
		yaml_reader__wrong(&r->yaml, i, "an absolute path");
		return NULL;
	}
	if (strlen(dir) + 1 + strlen(text) < PATH_MAX)
		return chain_reader__copy(r, i, dir, text);
	yaml_reader__error(&r->yaml, i,
			   "found a path of %zu bytes below %.60s, expected at "
			   "most %d together",
			   strlen(text), dir, PATH_MAX - 2);
	return NULL;
}

/* What does not go together. */
static void check_fields(struct chain_reader *r, size_t i, const struct yaml_field *f,
			 unsigned int n_errors)
{
	static const int of_objects[] = { PROG_OBJECT, PROG_PROGRAM, PROG_SECTION,
					  PROG_FRAGS,  PROG_SHA256,  PROG_PIN_PATH };

	if (!f[PROG_OBJECT].value && !f[PROG_PIN].value)
		yaml_reader__lacks(&r->yaml, i, n_errors,
				   "found a program without object and pin, expected one of them");
	for (size_t k = 0; f[PROG_PIN].value && k < N(of_objects); k++)
		if (f[of_objects[k]].value)
			yaml_reader__error(&r->yaml, f[of_objects[k]].key,
					   "found '%s' beside 'pin' in line %u, expected just one: "
					   "a pinned program is loaded already",
					   f[of_objects[k]].name,
					   r->yaml.doc.node[f[PROG_PIN].key].line);
	if (f[PROG_PROGRAM].value && f[PROG_SECTION].value)
		yaml_reader__error(&r->yaml, f[PROG_SECTION].key,
				   "found 'section' beside 'program' in line %u, expected one of "
				   "them",
				   r->yaml.doc.node[f[PROG_PROGRAM].key].line);
}

static void read_fields(struct chain_reader *r, const struct yaml_field *f,
			struct chain_spec_program *p)
{
	bool frags = false;

	if (f[PROG_OBJECT].value)
		p->object = read_path(r, f[PROG_OBJECT].value, r->dir);
	if (f[PROG_PROGRAM].value)
		p->program = read_name(r, f[PROG_PROGRAM].value, "a program's name");
	if (f[PROG_SECTION].value)
		p->section = read_name(r, f[PROG_SECTION].value, "a section's name");
	if (f[PROG_PRIORITY].value)
		p->app.has[ATTR_PRIORITY] =
			chain_reader__value(r, f[PROG_PRIORITY].value, ATTR_PRIORITY,
					    "a run priority", &p->app.value[ATTR_PRIORITY]);
	if (f[PROG_ACTIONS].value)
		read_actions(r, f[PROG_ACTIONS].value, &p->app);
	if (f[PROG_FRAGS].value) {
		chain_reader__bool(r, f[PROG_FRAGS].value, &frags);
		p->frags = frags ? FRAGS_YES : FRAGS_NO;
	}
	if (f[PROG_SHA256].value)
		p->sha256 = read_sha256(r, f[PROG_SHA256].value);
	if (f[PROG_PIN_PATH].value)
		p->pin_path = read_path(r, f[PROG_PIN_PATH].value, NULL);
	if (f[PROG_PIN].value)
		p->pin = read_path(r, f[PROG_PIN].value, NULL);
}

static void check_twice(struct chain_reader *r, size_t i, const struct chain_file_entry *entry,
			const struct chain_spec_program *p)
{
	for (size_t k = 0; k < entry->spec.n; k++) {
		const struct chain_spec_program *other = &entry->spec.program[k];

		if (!same(p->object, other->object) || !same(p->pin, other->pin) ||
		    !same(p->program, other->program) || !same(p->section, other->section))
			continue;
		yaml_reader__error(&r->yaml, i,
				   "found the program of line %u a second time in this chain, "
				   "expected it once",
				   entry->program_line[k]);
		return;
	}
}

static bool read_program(struct chain_reader *r, size_t i, struct chain_spec_program *p)
{
	struct yaml_field f[N_PROG] = {
		[PROG_OBJECT] = { .name = "object" },
		[PROG_PROGRAM] = { .name = "program" },
		[PROG_SECTION] = { .name = "section" },
		[PROG_PRIORITY] = { .name = "priority" },
		[PROG_ACTIONS] = { .name = "chain-call-actions" },
		[PROG_FRAGS] = { .name = "frags" },
		[PROG_SHA256] = { .name = "sha256" },
		[PROG_PIN_PATH] = { .name = "pin-path" },
		[PROG_PIN] = { .name = "pin" },
	};
	unsigned int n_errors = r->yaml.n_errors;

	if (!yaml_reader__is_a(&r->yaml, i, NODE_MAPPING,
			       "a program: a mapping of object and more"))
		return false;
	yaml_reader__fields(&r->yaml, policy_doc__follow(&r->yaml.doc, i), f, N_PROG,
			    yaml_reader__unknown);
	check_fields(r, i, f, n_errors);
	read_fields(r, f, p);
	return r->yaml.n_errors == n_errors;
}

void chain_reader__program(struct chain_reader *r, size_t i, struct chain_file_entry *entry)
{
	struct chain_spec_program *list, p = { 0 };
	unsigned int *lines;
	size_t n = entry->spec.n;

	lines = chain_reader__more(r, entry->program_line, n, sizeof(*lines));
	if (!lines)
		return;
	entry->program_line = lines;
	list = chain_reader__more(r, (void *)entry->spec.program, n, sizeof(*list));
	if (!list)
		return;
	entry->spec.program = list;
	if (read_program(r, i, &p))
		check_twice(r, i, entry, &p);
	lines[n] = r->yaml.doc.node[i].line;
	list[n] = p;
	entry->spec.n++;
}
