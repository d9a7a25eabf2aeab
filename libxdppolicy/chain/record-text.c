// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <ini.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record-text.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

/* inih may have been built to cut lines at 200 characters */
#define MAX_CHUNK 150

static const char unset[] = "unset", yes[] = "yes";

/* The facts that are kept; name, tag and place of a live program are the kernel's to tell. */
static const enum policy_cond fact_conds[] = { COND_PROGRAM,	COND_SECTION, COND_OBJECT,
					       COND_EXECUTABLE, COND_USER,    COND_UNIT,
					       COND_HOST };

static const enum policy_attr value_attrs[] = { ATTR_PRIORITY, ATTR_ACTIONS, ATTR_MODE };

/* only an application asks for a mode */
static bool has_mode(const char *section)
{
	return !strcmp(section, "app");
}

/* --- writing --- */

struct writer {
	char *text;
	size_t len;
	bool full;
};

__attribute__((format(printf, 2, 3))) static void put(struct writer *w, const char *fmt, ...)
{
	size_t room = RECORD_TEXT_SIZE - w->len;
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(w->text + w->len, room, fmt, args);
	va_end(args);
	if (len < 0 || (size_t)len >= room)
		w->full = true;
	else
		w->len += len;
}

/* Whether INI, or a terminal, would not keep the byte as it is. */
static bool is_special(unsigned char c)
{
	return c <= ' ' || c >= 0x7f || strchr("%;#", c);
}

static void put_fact(struct writer *w, const char *name, const char *value)
{
	size_t start = w->len;

	if (!value)
		return;
	put(w, *value ? "%s = " : "%s =", name);
	for (; *value && !w->full; value++) {
		if (w->len - start >= MAX_CHUNK) {
			put(w, "\n ");
			start = w->len;
		}
		put(w, is_special(*value) ? "%%%02X" : "%c", (unsigned char)*value);
	}
	put(w, "\n");
}

static void put_value(struct writer *w, enum policy_attr attr, const struct policy_value *value)
{
	char buf[POLICY_VALUE_SIZE];

	put(w, "%s = %s\n", policy_key__attr(attr)->name,
	    value ? policy_value__print(attr, value, buf, sizeof(buf)) : unset);
}

/* has may be NULL: all are stated */
static void put_values(struct writer *w, const char *section, const bool *has,
		       const struct policy_value *values)
{
	put(w, "[%s]\n", section);
	for (size_t i = 0; i < N(value_attrs); i++) {
		enum policy_attr attr = value_attrs[i];

		if (attr != ATTR_MODE || has_mode(section))
			put_value(w, attr, !has || has[attr] ? &values[attr] : NULL);
	}
}

static void put_head(struct writer *w, const struct proginfo *info)
{
	put(w, "version = %d\nloaded = %" PRIu64 "\n", RECORD_VERSION, info->load_time);
}

int record_text__attached(const struct record_attach *attach, char *text)
{
	const struct policy_subject *subject = attach->subject;
	struct writer w = { .text = text };

	put_head(&w, attach->info);
	if (attach->in_chain)
		put(&w, "chain = %s\n", yes);
	if (attach->load_key && *attach->load_key)
		put(&w, "load-key = %s\n", attach->load_key);
	for (size_t i = 0; i < N(fact_conds); i++)
		put_fact(&w, policy_key__cond(fact_conds[i])->name, subject->value[fact_conds[i]]);
	put_fact(&w, "uid", subject->uid);
	if (!subject->app.unknown)
		put_values(&w, "app", subject->app.has, subject->app.value);
	if (!subject->btf.unknown)
		put_values(&w, "author", subject->btf.has, subject->btf.value);
	return w.full ? -E2BIG : (int)w.len;
}

int record_text__seen(const struct chain_program *program, char *text)
{
	const struct policy_value first[N_ATTRS] = {
		[ATTR_PRIORITY] = { .num = program->priority },
		[ATTR_ACTIONS] = { .num = program->actions },
	};
	struct writer w = { .text = text };

	put_head(&w, &program->info);
	put_values(&w, "first", NULL, first);
	return w.full ? -E2BIG : (int)w.len;
}

/* --- reading --- */

/* A section and where its values go. */
struct values {
	const char *name;
	enum record_kind kind;
	bool may_be_unset;
	bool stated[N_ATTRS]; /* a value, or that there is none */
	struct policy_known known;
};

enum {
	APP,
	AUTHOR,
	FIRST,
	N_SECTIONS
};

struct parser {
	enum record_kind kind;
	const char *next, *end;
	bool had_name;	/* a line that begins with a blank goes on with its value */
	bool continues; /* this is such a line */
	bool bad, no_memory;
	bool has_version, has_loaded, in_chain;
	uint64_t version, loaded;
	char *fact[N_CONDS], *uid, *load_key;
	struct values section[N_SECTIONS];
};

static bool parse_number(const char *text, uint64_t max, uint64_t *ret)
{
	char *end;

	/* strtoull() would take signs and blanks */
	if (*text < '0' || *text > '9' || (*text == '0' && text[1]))
		return false;
	errno = 0;
	*ret = strtoull(text, &end, 10);
	return !*end && !errno && *ret <= max;
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789ABCDEF";
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? (int)(found - digits) : -1;
}

/* Takes one character of a written fact; returns its length, 0 if it is wrong. */
static size_t decode_char(const char *text, char *ret)
{
	int high, low;

	if (*text != '%') {
		*ret = *text;
		return !is_special(*text);
	}
	high = hex_digit(text[1]);
	low = high < 0 ? -1 : hex_digit(text[2]);
	if (low < 0 || !(high | low) || !is_special(high << 4 | low))
		return 0;
	*ret = high << 4 | low;
	return 3;
}

static bool add_fact(struct parser *p, char **fact, const char *text)
{
	size_t len = *fact ? strlen(*fact) : 0, n;
	char *grown;

	if (!*fact != !p->continues)
		return false;
	grown = realloc(*fact, len + strlen(text) + 1);
	if (!grown) {
		p->no_memory = true;
		return false;
	}
	*fact = grown;
	grown[len] = '\0';
	for (; *text; text += n) {
		n = decode_char(text, &grown[len]);
		if (!n)
			break;
		grown[++len] = '\0';
	}
	grown[len] = '\0';
	return !*text && len < PATH_MAX;
}

static bool set_head(const char *text, bool *has, uint64_t *ret)
{
	if (*has)
		return false;
	*has = true;
	return parse_number(text, UINT64_MAX, ret);
}

static bool set_value(struct values *values, enum policy_attr attr, const char *text)
{
	struct policy_value *value = &values->known.value[attr];
	char err[POLICY_ERROR_SIZE];
	uint64_t num;

	if (values->stated[attr] || (attr == ATTR_MODE && !has_mode(values->name)))
		return false;
	values->stated[attr] = true;
	if (!strcmp(text, unset))
		return values->may_be_unset;
	values->known.has[attr] = true;
	/* not all that libxdp takes for a priority could stand in a rule */
	if (attr == ATTR_PRIORITY) {
		if (!parse_number(text, UINT32_MAX, &num))
			return false;
		value->num = num;
		return true;
	}
	return !policy_value__parse(attr, text, value, err, sizeof(err)) && !value->relative;
}

static bool take_head(struct parser *p, const char *name, const char *value)
{
	if (!strcmp(name, "version"))
		return set_head(value, &p->has_version, &p->version);
	if (!strcmp(name, "loaded"))
		return set_head(value, &p->has_loaded, &p->loaded);
	if (p->kind != RECORD_ATTACHED)
		return false;
	if (!strcmp(name, "chain") && !p->in_chain)
		return p->in_chain = !strcmp(value, yes);
	if (!strcmp(name, "load-key"))
		return add_fact(p, &p->load_key, value);
	if (!strcmp(name, "uid"))
		return add_fact(p, &p->uid, value);
	for (size_t i = 0; i < N(fact_conds); i++)
		if (!strcmp(name, policy_key__cond(fact_conds[i])->name))
			return add_fact(p, &p->fact[fact_conds[i]], value);
	return false;
}

static bool take_value(struct parser *p, const char *section, const char *name, const char *value)
{
	for (int s = 0; s < N_SECTIONS; s++) {
		struct values *values = &p->section[s];

		if (values->kind != p->kind || strcmp(section, values->name))
			continue;
		for (size_t i = 0; i < N(value_attrs); i++)
			if (!strcmp(name, policy_key__attr(value_attrs[i])->name))
				return set_value(values, value_attrs[i], value);
	}
	return false;
}

/* An ini_handler. */
static int handle(void *user, const char *section, const char *name, const char *value)
{
	struct parser *p = user;

	if (!p->bad &&
	    !(*section ? take_value(p, section, name, value) : take_head(p, name, value)))
		p->bad = true;
	return 1;
}

/* An ini_reader: one whole line, or NULL at the end and at what nobody here wrote. */
static char *read_line(char *str, int num, void *stream)
{
	struct parser *p = stream;
	const char *newline, *line = p->next;
	size_t len;

	if (p->bad || line >= p->end)
		return NULL;
	newline = memchr(line, '\n', p->end - line);
	len = newline ? newline - line : 0;
	p->bad = !len || len > (size_t)num - 2;
	for (size_t i = 0; i < len && !p->bad; i++)
		p->bad = line[i] < ' ' || line[i] > '~' || line[i] == ';' || line[i] == '#';
	p->continues = *line == ' ' && p->had_name;
	p->had_name = *line != '[';
	if (*line == ' ' && !p->continues)
		p->bad = true;
	if (p->bad)
		return NULL;
	memcpy(str, line, len + 1);
	str[len + 1] = '\0';
	p->next = newline + 1;
	return str;
}

/* All attributes of a section are stated, or none is and nothing is known of it. */
static bool finish_section(struct values *values)
{
	unsigned int n = 0, all = N(value_attrs) - !has_mode(values->name);

	for_each_attr(attr)
		n += values->stated[attr];
	values->known.unknown = !n;
	return !n || n == all;
}

static int finish(struct parser *p, uint64_t loaded)
{
	if (p->no_memory)
		return -ENOMEM;
	for (int s = 0; s < N_SECTIONS && !p->bad; s++)
		p->bad = !finish_section(&p->section[s]);
	if (p->bad || !p->has_loaded || p->version != RECORD_VERSION)
		return -EINVAL;
	if (p->kind == RECORD_SEEN && p->section[FIRST].known.unknown)
		return -EINVAL;
	return p->loaded == loaded ? 0 : -ESTALE;
}

static void hand_over(struct parser *p, struct record *ret)
{
	if (p->kind == RECORD_SEEN) {
		ret->seen = true;
		memcpy(ret->first, p->section[FIRST].known.value, sizeof(ret->first));
		return;
	}
	ret->attached = true;
	ret->in_chain = p->in_chain;
	memcpy(ret->value, p->fact, sizeof(ret->value));
	ret->uid = p->uid;
	ret->load_key = p->load_key;
	ret->app = p->section[APP].known;
	ret->btf = p->section[AUTHOR].known;
}

int record_text__parse(enum record_kind kind, const char *text, size_t size, uint64_t loaded,
		       struct record *ret)
{
	struct parser p = {
		.kind = kind,
		.next = text,
		.end = text + size,
		.section = {
			[APP] = { .name = "app", .may_be_unset = true },
			[AUTHOR] = { .name = "author", .may_be_unset = true },
			[FIRST] = { .name = "first", .kind = RECORD_SEEN },
		},
	};
	int err;

	if (size >= RECORD_TEXT_SIZE || ini_parse_stream(read_line, &p, handle, &p))
		p.bad = true;
	err = finish(&p, loaded);
	if (!err) {
		hand_over(&p, ret);
		return 0;
	}
	for (int cond = 0; cond < N_CONDS; cond++)
		free(p.fact[cond]);
	free(p.uid);
	free(p.load_key);
	return err;
}
