// SPDX-License-Identifier: LGPL-2.1-or-later
/* xdpswitch.conf, read line by line; a line that is wrong leaves the others as they are. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "meant.h"
#include "switch.h"

static const char *const sources[] = { "files", "cdb", "app", "btf" };
static const char *const statuses[] = { "success", "notfound", "unavail", "tryagain" };
static const char *const action_names[] = { "return", "continue", "merge" };

#define N(array) (sizeof(array) / sizeof((array)[0]))

#define BLANKS	 " \t\r\v\f"
#define MAX_LINE 511

static const char *const built_in[N_ATTRS] = {
	[ATTR_PRIORITY] = "files cdb app btf",
	[ATTR_ACTIONS] = "files cdb app btf",
	/* neither authors nor applications have a say in these */
	[ATTR_ATTACH] = "files cdb",
	[ATTR_DISPATCHER] = "files cdb",
	/* of no program before it is attached */
	[ATTR_MODE] = "files cdb app",
};

struct line {
	const char *file;
	unsigned int line;
	const struct policy_log *log;
	unsigned int *seen; /* the line of each attribute, on-error behind the last; 0: none yet */
};

static int find(const char *word, size_t len, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(names[i]) == len && !strncasecmp(word, names[i], len))
			return i;
	return -1;
}

static bool is_name(int c)
{
	return isalnum(c) || c == '_' || c == '-';
}

static size_t name_len(const char *text)
{
	size_t len = 0;

	while (is_name((unsigned char)text[len]))
		len++;
	return len;
}

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, BLANKS);
}

static bool wrong(const struct line *l, const char *text, const char *expected)
{
	const char *hint = *text == ',' ? "; blanks separate words" :
			   *text == ';' ? "; a comment begins with #" :
					  "";

	policy_log__msg(l->log, POLICY_ERROR, l->file, l->line,
			*text ? "found '%.40s', expected %s%s" :
				"found the end of the line%.0s, expected %s%s",
			text, expected, hint);
	return false;
}

static bool wrong_word(const struct line *l, const char *text, size_t len, const char *expected,
		       const char *const *names, size_t n)
{
	char word[32], hinted[128];

	snprintf(word, sizeof(word), "%.*s", len < sizeof(word) ? (int)len : 0, text);
	snprintf(hinted, sizeof(hinted), "%s%s", expected, policy_meant__hint(word, names, n).text);
	return wrong(l, text, hinted);
}

bool policy_source__may_answer(enum policy_source source, enum policy_attr attr)
{
	switch (source) {
	case SOURCE_APP:
		return attr != ATTR_ATTACH && attr != ATTR_DISPATCHER;
	case SOURCE_BTF:
		return POLICY_RUN_ATTRS & 1U << attr;
	default:
		return true;
	}
}

#define STATUS_WORDS "success, notfound, unavail or tryagain"

/* [ "!"? STATUS = ACTION ... ], as in nsswitch.conf(5); *text is behind the bracket. */
static bool parse_brackets(const struct line *l, enum policy_attr attr, const char **text,
			   struct policy_step *step)
{
	const char *t = skip_blanks(*text);
	bool first = true;

	do {
		bool negate = *t == '!';
		int status, action;
		size_t len;

		t = negate ? skip_blanks(t + 1) : t;
		len = name_len(t);
		status = find(t, len, statuses, N(statuses));
		if (status < 0)
			return wrong_word(l, t, len, first ? STATUS_WORDS : "']', " STATUS_WORDS,
					  statuses, N(statuses));
		t = skip_blanks(t + len);
		if (*t != '=')
			return wrong(l, t, "'='");
		t = skip_blanks(t + 1);
		len = name_len(t);
		action = find(t, len, action_names, N(action_names));
		if (action < 0)
			return wrong_word(l, t, len, "return, continue or merge", action_names,
					  N(action_names));
		if (action == ACTION_MERGE && attr != ATTR_ACTIONS)
			return wrong(l, t, "return or continue: only chain-call-actions merge");
		for (int s = 0; s < N_STATUSES; s++)
			if ((s == status) != negate)
				step->action[s] = action;
		t = skip_blanks(t + len);
		first = false;
	} while (*t && *t != ']');

	if (*t != ']')
		return wrong(l, t, "']'");
	*text = t + 1;
	return true;
}

static bool minds_default(const struct policy_steps *steps)
{
	for (size_t i = 0; i < steps->n; i++) {
		if (steps->step[i].action[STATUS_SUCCESS] == ACTION_MERGE)
			return true;
		if (steps->step[i].source == SOURCE_BTF && i + 1 < steps->n)
			return true;
	}
	return false;
}

static bool is_repeated(const struct policy_steps *steps, size_t i)
{
	/* a plug-in may know more when it is asked again */
	for (size_t j = 0; j < i && steps->step[i].source != SOURCE_PLUGIN; j++)
		if (steps->step[j].source == steps->step[i].source)
			return true;
	return false;
}

/* Sources that do nothing where they are. */
static void judge_steps(const struct line *l, enum policy_attr attr,
			const struct policy_steps *steps)
{
	for (size_t i = 0; i < steps->n; i++) {
		const struct policy_step *step = &steps->step[i];

		if (!policy_source__may_answer(step->source, attr))
			policy_log__msg(l->log, POLICY_WARNING, l->file, l->line,
					"found source '%s', which never has an answer for %s; it "
					"does nothing there",
					step->name, policy_key__attr(attr)->name);
		else if (is_repeated(steps, i))
			policy_log__msg(l->log, POLICY_WARNING, l->file, l->line,
					"found source '%s' twice, expected it once: it has no "
					"other answer the second time",
					step->name);
	}
}

/* Of lines that are good; in place of one before it comes this one. */
static void note_line(const struct line *l, unsigned int i, const char *name)
{
	if (l->seen[i])
		policy_log__msg(l->log, POLICY_WARNING, l->file, l->line,
				"found attribute '%s' a second time, expected it once: line %u "
				"does not count",
				name, l->seen[i]);
	l->seen[i] = l->line;
}

static bool parse_steps(const struct line *l, enum policy_attr attr, const char *t,
			struct policy_steps *ret)
{
	struct policy_steps steps = { 0 };

	for (t = skip_blanks(t); *t; t = skip_blanks(t)) {
		struct policy_step *step = &steps.step[steps.n];
		size_t len = name_len(t);
		int source;

		if (steps.n == N(steps.step))
			return wrong(l, t, "at most 16 sources");
		if (!len || len >= sizeof(step->name))
			return wrong(l, t, "a source: files, cdb, app or btf");
		source = find(t, len, sources, N(sources));
		step->source = source < 0 ? SOURCE_PLUGIN : (enum policy_source)source;
		/* ours in small letters, however they are written */
		memcpy(step->name, source < 0 ? t : sources[source], len);
		step->line = l->line;
		for (int s = 0; s < N_STATUSES; s++)
			step->action[s] = s == STATUS_SUCCESS ? ACTION_RETURN : ACTION_CONTINUE;
		t = skip_blanks(t + len);
		if (*t == '[') {
			t++;
			if (!parse_brackets(l, attr, &t, step))
				return false;
		}
		steps.n++;
	}
	if (!steps.n)
		return wrong(l, t, "one or more sources: files, cdb, app, btf");
	steps.minds_default = minds_default(&steps);
	*ret = steps;
	return true;
}

/*
 * Whether a line that is wrong was to be one for on-error, and not for "allow": who writes it wants
 * attaching to be refused when anything is wrong, and something is.
 */
static bool means_deny(const char *line)
{
	static const char *const words[] = { "allow", "deny" };
	static const char *const names[] = { "on-error" };
	char name[16] = "", value[16];
	size_t len = strcspn(line, ":="), n = 0;
	const char *rest, *near;

	if (!line[len]) /* "on-error deny" */
		len = name_len(line);
	rest = line + len + strspn(line + len, BLANKS ":=");
	while (len && strchr(BLANKS, line[len - 1]))
		len--;
	if (len >= sizeof(name))
		return false;
	for (; n < len; n++)
		name[n] = line[n] == ' ' || line[n] == '_' ? '-' : line[n];
	if (!policy_meant__find(name, names, N(names)))
		return false;
	snprintf(value, sizeof(value), "%.*s", (int)name_len(rest), rest);
	near = policy_meant__find(value, words, N(words));
	/* a misspelt "allow" opens; no other word for it does */
	return near != words[0] || strncasecmp(value, "al", 2);
}

/* line: of which t is the value. */
static bool parse_on_error(const struct line *l, const char *line, const char *t, bool *deny)
{
	static const char *const words[] = { "allow", "deny" };
	char word[32], expected[128];
	size_t len;

	t = skip_blanks(t);
	len = name_len(t);
	if (len == 4 && !strncasecmp(t, "deny", len) && !*skip_blanks(t + len)) {
		*deny = true;
		return true;
	}
	if (len == 5 && !strncasecmp(t, "allow", len) && !*skip_blanks(t + len)) {
		*deny = false;
		return true;
	}
	snprintf(word, sizeof(word), "%.*s", (int)len, t);
	snprintf(expected, sizeof(expected), "allow or deny%s; %s",
		 policy_meant__hint(word, words, N(words)).text,
		 means_deny(line) ? "it counts as 'on-error: deny'" : "the line is ignored");
	return wrong(l, t, expected);
}

/* ": 10 PASS", as behind a program in a rule file */
static bool is_rule(const char *value)
{
	return *value == ':' && isdigit((unsigned char)*skip_blanks(value + 1));
}

/* Returns whether it can be ignored: not if an attach that was to be refused is allowed then. */
static bool unknown_attr(const struct line *l, const char *name, size_t len)
{
	bool shut, deny = means_deny(name);
	const char *names[N_ATTRS + 1], *near, *value = skip_blanks(name + len);
	char word[32];

	for_each_attr(attr)
		names[attr] = policy_key__attr(attr)->name;
	names[N_ATTRS] = "on-error";
	snprintf(word, sizeof(word), "%.*s", (int)len, name);
	near = policy_meant__find(word, names, N(names));
	shut = near && (near == names[N_ATTRS] || near == names[ATTR_ATTACH]);
	policy_log__msg(l->log, shut ? POLICY_ERROR : POLICY_WARNING, l->file, l->line,
			"found attribute '%s', expected priority, chain-call-actions, attach, "
			"attach-mode, dispatcher or on-error%s%s; %s",
			word, policy_meant__hint(word, names, N(names)).text,
			is_rule(value) ? "; rules stand in priorities.conf" : "",
			deny ? "it counts as 'on-error: deny'" : "the line is ignored");
	return !shut;
}

static void set_default(struct policy_switch *sw, enum policy_attr attr)
{
	const struct line l = { 0 };

	parse_steps(&l, attr, built_in[attr], &sw->attr[attr]);
}

/* The attribute whose name is at the beginning of a line; N_ATTRS for none. */
static enum policy_attr attr_of(const char *name, size_t len)
{
	for_each_attr(attr) {
		const char *known = policy_key__attr(attr)->name;

		if (strlen(known) == len && !strncmp(name, known, len))
			return attr;
	}
	return N_ATTRS;
}

/* A line without the blanks before it. */
static bool parse_line(struct policy_switch *sw, const struct line *l, char *text)
{
	size_t len = name_len(text);
	enum policy_attr attr;
	const char *colon;

	text[strcspn(text, "#")] = '\0';
	if (!*text)
		return true;
	colon = skip_blanks(text + len);
	if (!len || *colon != ':')
		return wrong(l, colon, "'attribute: source...'");
	if (len == 8 && !strncmp(text, "on-error", len)) {
		if (!parse_on_error(l, text, colon + 1, &sw->deny_on_error))
			return false;
		note_line(l, N_ATTRS, "on-error");
		return true;
	}
	attr = attr_of(text, len);
	if (attr == N_ATTRS)
		return unknown_attr(l, text, len);
	if (!parse_steps(l, attr, colon + 1, &sw->attr[attr]))
		return false;
	judge_steps(l, attr, &sw->attr[attr]);
	note_line(l, attr, policy_key__attr(attr)->name);
	return true;
}

void policy_switch__default(struct policy_switch *sw)
{
	*sw = (struct policy_switch){ 0 };
	for_each_attr(attr)
		set_default(sw, attr);
}

/* Of a line as it is in the file, which may have anything in it; start is behind its blanks. */
static bool is_text(const struct line *l, const char *line, size_t len, const char *start)
{
	if (memchr(line, '\0', len))
		policy_log__msg(l->log, POLICY_ERROR, l->file, l->line,
				"found byte 0x00, expected text");
	else if (len > MAX_LINE && (start == line + len || *start != '#'))
		policy_log__msg(l->log, POLICY_ERROR, l->file, l->line,
				"found a line of %zu bytes, expected at most %d", len, MAX_LINE);
	else
		return true;
	return false;
}

/*
 * Returns false for a line that is wrong. What it was to say of its attribute is not known, and
 * what lines before it said does not hold on.
 */
static bool take_line(struct policy_switch *sw, const struct line *l, const char *line, size_t len)
{
	const char *start = line, *end = line + len;
	enum policy_attr attr;
	char text[MAX_LINE + 1];

	while (start < end && *start && strchr(BLANKS, *start))
		start++;
	snprintf(text, sizeof(text), "%.*s", (int)(end - start), start);
	if (is_text(l, line, len, start) && parse_line(sw, l, text))
		return true;
	attr = attr_of(text, name_len(text));
	if (attr != N_ATTRS)
		set_default(sw, attr);
	if (means_deny(text))
		sw->deny_on_error = true;
	return false;
}

unsigned int policy_switch__parse(struct policy_switch *sw, const char *file, const char *text,
				  size_t size, const struct policy_log *log)
{
	static const char mark[] = "\xef\xbb\xbf"; /* of UTF-8, by some editors */
	unsigned int seen[N_ATTRS + 1] = { 0 };
	struct line l = { .file = file, .log = log, .seen = seen };
	const char *end = text + size;
	unsigned int n_wrong = 0;

	policy_switch__default(sw);
	if (policy_text__is_utf16(text, size)) {
		policy_log__msg(log, POLICY_ERROR, file, 1,
				"found text in UTF-16, expected UTF-8; it counts as 'on-error: "
				"deny'");
		/* who knows what it says of on-error */
		sw->deny_on_error = true;
		return 1;
	}
	if (size >= strlen(mark) && !memcmp(text, mark, strlen(mark)))
		text += strlen(mark);
	while (text < end) {
		const char *newline = memchr(text, '\n', end - text);
		size_t len = (newline ? newline : end) - text;

		l.line++;
		n_wrong += !take_line(sw, &l, text, len);
		text += len + !!newline;
	}
	return n_wrong;
}

bool policy_switch__has_source(const char *value)
{
	value = skip_blanks(value);
	return find(value, name_len(value), sources, N(sources)) >= 0;
}

void policy_switch__unknown_source(const struct policy_step *step, char *err, size_t err_size)
{
	snprintf(err, err_size,
		 "found source '%s', expected files, cdb, app, btf or a plug-in that is "
		 "installed%s; it counts as unavailable",
		 step->name, policy_meant__hint(step->name, sources, N(sources)).text);
}

const char *policy_status__name(enum policy_status status)
{
	return statuses[status];
}
