// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * INI rule files, parsed by inih. Debian builds inih without line numbers, cuts lines at 200
 * characters and section names at 49, and gives two equal section names in a row as one section. So
 * the reader that we pass to it counts lines, refuses what would be cut, and opens the rules; the
 * handler fills them.
 */
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ini.h"
#include "switch.h"
#include "yaml.h"

#define MAX_ERRORS 20

struct parser {
	const char *next, *end;
	unsigned int line;
	const char *line_text; /* the line being handled, without its newline */
	size_t line_len;
	bool in_section;
	bool bad_section; /* its own line was wrong: what follows has no rule to go to */
	bool continues;	  /* this line goes on with the value of the one before */
	bool misplaced;	  /* a rule's name that inih would take for more of the list above */
	bool had_name;
	unsigned int n_errors;
	unsigned int n_errors_before; /* this rule */
	bool stopped;
	bool no_memory;
	struct policy_rules *rules;
	const struct policy_log *log;
};

__attribute__((format(printf, 2, 3))) static void error(struct parser *p, const char *fmt, ...)
{
	char text[POLICY_ERROR_SIZE];
	va_list args;

	if (p->n_errors++ >= MAX_ERRORS)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	policy_log__msg(p->log, POLICY_ERROR, p->rules->file, p->line, "%s", text);
}

/* "interface == eth0": the second sign would be part of the value. */
static bool is_doubled(struct parser *p, const char *value)
{
	if (*value == '=')
		error(p, "found '==', expected '='");
	return *value == '=';
}

static struct policy_rule *current_rule(struct parser *p)
{
	return p->rules->n ? &p->rules->rule[p->rules->n - 1] : NULL;
}

static void end_rule(struct parser *p)
{
	struct policy_rule *rule = current_rule(p);
	unsigned int line = p->line;
	char err[POLICY_ERROR_SIZE];

	/* of a rule that is wrong anyhow, what it lacks is no news */
	if (!p->in_section || p->bad_section || !rule || p->n_errors != p->n_errors_before)
		return;
	if (policy_rule__finish(rule, err, sizeof(err))) {
		p->line = policy_rule__finish_line(rule);
		error(p, "%s", err);
	}
	p->line = line;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* A rule's name and nothing else; more than one glob may begin with a bracket, too. */
static bool is_header(const char *start, size_t len)
{
	const char *end = start + len, *close = *start == '[' ? memchr(start, ']', len) : NULL;

	if (!close || close == start + 1)
		return false;
	for (close++; close < end && is_blank(*close);)
		close++;
	return close == end || strchr(";#\r", *close);
}

static void begin_section(struct parser *p, const char *start, size_t len)
{
	const char *close = memchr(start, ']', len);
	char name[POLICY_MAX_NAME + 1], err[POLICY_ERROR_SIZE];
	size_t name_len;

	end_rule(p);
	p->in_section = p->bad_section = true;
	p->had_name = false;
	if (p->misplaced) {
		error(p,
		      "found '%.*s' behind a blank, where it could go on with the list above, "
		      "expected a rule's name at the beginning of the line",
		      len > 60 ? 60 : (int)len, start);
		return;
	}
	if (!close) {
		error(p, "found '%.*s', expected ']' at the end of the rule's name",
		      len > 60 ? 60 : (int)len, start);
		return;
	}
	name_len = close - start - 1;
	if (name_len > POLICY_MAX_NAME) {
		error(p, "found a rule name of %zu bytes, expected at most %d", name_len,
		      POLICY_MAX_NAME);
		return;
	}
	memcpy(name, start + 1, name_len);
	name[name_len] = '\0';
	for (close++; close < start + len && is_blank(*close);)
		close++;
	if (close < start + len && *close != ';' && *close != '\r') {
		error(p, "found '%.*s' behind the rule's name, expected the end of the line",
		      (int)(start + len - close), close);
		return;
	}
	if (policy_name__check(name, err, sizeof(err))) {
		error(p, "%s", err);
		return;
	}
	p->bad_section = false;
	p->n_errors_before = p->n_errors;
	if (!policy_rules__add(p->rules, name, p->line))
		p->no_memory = p->stopped = true;
}

static bool line_begins(const char *line, size_t len, const char *with)
{
	return len >= strlen(with) && !memcmp(line, with, strlen(with));
}

static const char *no_value_hint(const char *line, size_t len)
{
	line += len && strchr(".@#%", *line);
	if (line_begins(line, len, "//") || line_begins(line, len, "/*"))
		return "; a comment begins with #";
	if (line_begins(line, len, "include"))
		return "; nothing is included, all files of priorities.d count";
	return "";
}

static void no_value(struct parser *p, const char *line, size_t len)
{
	error(p,
	      "found '%.*s', expected 'program: priority [actions]', '[rule name]' or "
	      "'name = value'%s",
	      len > 60 ? 60 : (int)len, line, no_value_hint(line, len));
}

/* inih's idea of a line: see the order of its tests in ini_parse_stream(). */
static void look_at_line(struct parser *p)
{
	const char *start = p->line_text;
	size_t len = p->line_len;
	bool indented;

	if (p->line == 1 && len >= 3 && !memcmp(start, "\xef\xbb\xbf", 3)) {
		start += 3;
		len -= 3;
	}
	while (len && strchr(" \t\r\v\f", *start)) {
		start++;
		len--;
	}
	p->continues = p->misplaced = false;
	if (!len || *start == ';' || *start == '#')
		return;
	indented = p->had_name && start > p->line_text;
	p->misplaced = indented && is_header(start, len);
	p->continues = indented && !p->misplaced;
	if (p->continues)
		return;
	if (*start == '[')
		begin_section(p, start, len);
	else if (memchr(start, '=', len) || memchr(start, ':', len))
		p->had_name = true;
	else
		no_value(p, start, len);
}

static bool is_comment(const char *text, size_t len)
{
	while (len && (*text == ' ' || *text == '\t')) {
		text++;
		len--;
	}
	return len && (*text == ';' || *text == '#');
}

/* Control characters have no place in a name, and a terminal would obey them. */
static bool find_binary(const char *text, size_t len, unsigned char *byte)
{
	if (len && text[len - 1] == '\r')
		len--;
	for (size_t i = 0; i < len; i++) {
		*byte = text[i];
		if ((*byte < 0x20 && *byte != '\t') || *byte == 0x7f)
			return true;
	}
	return false;
}

/* In a line that goes on with a list, inih before release 58 takes a comment for more values. */
static void cut_comment(char *line)
{
	for (char *c = line; *c; c++) {
		if (*c == ';' && c > line && (c[-1] == ' ' || c[-1] == '\t')) {
			strcpy(c, "\n");
			return;
		}
	}
}

/* An ini_reader: one whole line into str, or NULL at the end or where going on makes no sense. */
static char *read_line(char *str, int num, void *stream)
{
	struct parser *p = stream;
	size_t len, room = num - 2; /* for the newline and the final NUL */
	const char *newline;
	unsigned char byte;

	if (p->stopped || p->next >= p->end)
		return NULL;
	newline = memchr(p->next, '\n', p->end - p->next);
	len = (newline ? newline : p->end) - p->next;
	p->line++;
	p->line_text = p->next;
	p->next += len + !!newline;

	if (len > room && is_comment(p->line_text, len)) {
		len = room; /* what is cut off a comment is not missed */
	} else if (len > room) {
		error(p,
		      "found a line of %zu bytes, expected at most %zu; a list goes on in "
		      "the next line if that begins with a blank",
		      len, room);
		p->stopped = true;
		return NULL;
	}
	p->line_len = len;
	if (find_binary(p->line_text, len, &byte)) {
		error(p, "found byte 0x%02x, expected text", byte);
		p->stopped = true;
		return NULL;
	}
	memcpy(str, p->line_text, len);
	str[len] = '\n';
	str[len + 1] = '\0';
	look_at_line(p);
	if (p->misplaced)
		*str = ';'; /* nothing for inih */
	if (p->continues)
		cut_comment(str);
	return str;
}

/* Only lists of globs do. */
static void goes_on(struct parser *p, const char *value, const char *name)
{
	error(p,
	      "found '%.60s' behind a blank, where it goes on with '%.60s', expected it at the "
	      "beginning of the line",
	      value, name);
}

static void set(struct parser *p, struct policy_rule *rule, const struct policy_key *key,
		const char *value)
{
	char err[POLICY_ERROR_SIZE];
	int rc;

	if (p->continues && !policy_key__is_globs(key)) {
		goes_on(p, value, key->name);
		return;
	}
	rc = policy_rule__set(rule, key, value, p->continues, p->line, err, sizeof(err));
	if (rc == -EINVAL && p->continues)
		error(p, "%s; the line begins with a blank, so it goes on with '%s'", err,
		      key->name);
	else if (rc == -EINVAL)
		error(p, "%s", err);
	else if (rc)
		p->no_memory = p->stopped = true;
}

/* program: priority [chain call actions] */
static void short_rule(struct parser *p, const char *program, const char *value)
{
	size_t len = strcspn(value, " \t"), name_len = policy_name__fit(program);
	bool number = strspn(value, "0123456789") == len && len;
	const struct policy_key *key;
	struct policy_rule *rule;
	char word[32], name[POLICY_MAX_NAME + 1];
	unsigned int n_errors;

	if (p->continues) {
		goes_on(p, value, program);
		return;
	}
	key = policy_key__find(program);
	if (key && key->kind == KEY_ATTR && policy_switch__has_source(value)) {
		error(p,
		      "found sources for '%s', expected rules; a line such as '%s: files app' "
		      "stands in xdpswitch.conf",
		      program, program);
		return;
	}
	if (key && (!number || key->kind != KEY_COND)) {
		error(p, "found '%s' before the first '[rule name]', expected one above it",
		      program);
		return;
	}
	if (len >= sizeof(word) || !len) {
		error(p, "found %s%.60s%s, expected a run priority from 0 to %d", len ? "'" : "",
		      len ? value : "nothing", len ? "'" : "", POLICY_MAX_PRIORITY);
		return;
	}
	memcpy(word, value, len);
	word[len] = '\0';
	memcpy(name, program, name_len);
	name[name_len] = '\0';
	rule = policy_rules__add(p->rules, name, p->line);
	if (!rule) {
		p->no_memory = p->stopped = true;
		return;
	}
	set(p, rule, policy_key__cond(COND_PROGRAM), program);
	n_errors = p->n_errors;
	set(p, rule, policy_key__attr(ATTR_PRIORITY), word);
	value += len + strspn(value + len, " \t");
	/* behind what is no priority are hardly actions */
	if (*value && p->n_errors == n_errors)
		set(p, rule, policy_key__attr(ATTR_ACTIONS), value);
}

static bool is_number(const char *text, size_t len)
{
	return len && (!text[len] || is_blank(text[len]));
}

static void unknown(struct parser *p, const struct policy_rule *rule, const char *name,
		    const char *value)
{
	char err[POLICY_ERROR_SIZE];
	size_t digits = strspn(value, "0123456789");

	if (!strcasecmp(name, "name"))
		error(p,
		      "found '%s', expected a condition or a setting; a rule's name is what its "
		      "brackets hold",
		      name);
	else if (!policy_key__unknown(name, value, true, true, err, sizeof(err)) &&
		 is_number(value, digits))
		error(p,
		      "found '%.*s' in the rule of line %u, expected a condition or a setting; "
		      "'program: priority [actions]' stands before the first '[rule name]'",
		      p->line_len > 60 ? 60 : (int)p->line_len, p->line_text, rule->line);
	else
		error(p, "%s", err);
}

/* An ini_handler. It always answers 1: then inih's own errors are those we did not see. */
static int handle(void *user, const char *section, const char *name, const char *value)
{
	struct parser *p = user;
	const struct policy_key *key;
	struct policy_rule *rule;

	(void)section;
	if (p->stopped || p->bad_section)
		return 1;
	if (!p->in_section) {
		short_rule(p, name, value);
		return 1;
	}
	rule = current_rule(p);
	key = policy_key__find(name);
	if (p->continues && !key)
		return 1;
	if (is_doubled(p, value))
		return 1;
	if (key)
		set(p, rule, key, value);
	else
		unknown(p, rule, name, value);
	return 1;
}

int policy_ini__parse(const char *text, size_t size, struct policy_rules *rules,
		      const struct policy_log *log)
{
	struct parser p = {
		.next = text,
		.end = text + size,
		.rules = rules,
		.log = log,
	};
	size_t begin = policy_yaml__begin(text, size);
	int line;

	if (policy_text__is_utf16(text, size)) {
		p.line = 1;
		error(&p, "found text in UTF-16, expected UTF-8");
		return -EINVAL;
	}

	if (begin < size) {
		for (size_t i = 0; i <= begin; i++)
			p.line += !i || text[i - 1] == '\n';
		error(&p,
		      "found YAML or JSON, expected INI; the name of a YAML file ends in .yaml, "
		      "of a JSON file in .json");
		return -EINVAL;
	}
	line = ini_parse_stream(read_line, &p, handle, &p);
	if (p.no_memory)
		return -ENOMEM;
	if (!p.stopped)
		end_rule(&p);
	if (p.n_errors > MAX_ERRORS)
		policy_log__more(log, rules->file, p.n_errors - MAX_ERRORS);
	/* left to inih: a '=' or ']' that is there, but behind a comment sign */
	if (line > 0 && !p.n_errors) {
		p.line = line;
		no_value(&p, ";", 1);
	}
	return p.n_errors ? -EINVAL : 0;
}
