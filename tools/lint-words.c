// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * XP018: words in lists that are read as globs, but were written in the manner of another tool, and
 * what they likely mean; XP019: lists that earlier versions read otherwise.
 */
#include <ctype.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "chain/process.h"
#include "lint-internal.h"
#include "policy/meant.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

struct word {
	const struct lint *lint;
	enum policy_cond cond;
	const char *text; /* without its ! */
	const char *next; /* "" behind the last */
	bool first, excludes;
	char meant[2 * POLICY_MAX_GLOB + 3];
};

/* Each says what is wrong with a word, with what is likely meant in w->meant, or NULL. */
typedef const char *(*manner_check)(struct word *w);

static const char *check_space(struct word *w)
{
	static const char *const spaces[] = { "\xc2\xa0", "\xe2\x80\x8b", "\xe2\x80\xaf",
					      "\xef\xbb\xbf" };

	for (size_t i = 0; i < N(spaces); i++)
		if (strstr(w->text, spaces[i]))
			return "what looks like a blank, or like nothing, is a character of it";
	return NULL;
}

/* As the author of the program writes it */
static const char *check_macro(struct word *w)
{
	size_t begin = strlen("SEC("), len;

	if (w->cond != COND_SECTION || strncmp(w->text, "SEC(", begin))
		return NULL;
	begin += strspn(w->text + begin, "\"'");
	len = strcspn(w->text + begin, "\"')");
	snprintf(w->meant, sizeof(w->meant), "%.*s", (int)len, w->text + begin);
	return "the section is what SEC() has between its quotes";
}

static const char *check_quotes(struct word *w)
{
	char *to = w->meant;

	if (!strpbrk(w->text, "\"'`"))
		return NULL;
	for (const char *c = w->text; *c; c++)
		if (!strchr("\"'`", *c))
			*to++ = *c;
	*to = '\0';
	return "quotes are characters of it";
}

/* eth{0,1} and eth(0|1), if each way is one glob */
static void expand(struct word *w, const char *open, const char *close, char separator)
{
	size_t len = 0, size = sizeof(w->meant);

	for (const char *at = open + 1; at <= close && len < size;) {
		const char *end = at;

		while (end < close && *end != separator)
			end++;
		len += snprintf(w->meant + len, size - len, "%s%.*s%.*s%s", len ? " " : "",
				(int)(open - w->text), w->text, (int)(end - at), at, close + 1);
		at = end + 1;
	}
	if (len >= size || strpbrk(w->meant, "{}()|"))
		*w->meant = '\0';
}

static const char *check_braces(struct word *w)
{
	const char *open = strchr(w->text, '{'), *close = open ? strchr(open, '}') : NULL;

	if (!close)
		return NULL;
	expand(w, open, close, ',');
	return "braces are characters of it";
}

static const char *check_alternatives(struct word *w)
{
	const char *open = strchr(w->text, '('), *close = open ? strchr(open, ')') : NULL;

	if (!strchr(w->text, '|'))
		return NULL;
	if (close)
		expand(w, open, close, '|');
	return "a glob has no alternatives";
}

static bool is_expression(const struct word *w)
{
	const char *text = w->text, *dot = strstr(text, ".*");
	size_t len = strlen(text);
	bool is_path = w->cond == COND_EXECUTABLE || w->cond == COND_OBJECT;

	if (*text == '^' || strstr(text, ".+") || strstr(text, "]+") || strstr(text, "]*/"))
		return true;
	if (len > 1 && text[len - 1] == '$' && w->cond != COND_PROGRAM)
		return true;
	if (w->cond == COND_INTERFACE && len > 1 && *text == '/' && text[len - 1] == '/')
		return true;
	/* eth0.* are VLANs, and files and units have suffixes */
	return dot && !is_path && w->cond != COND_UNIT && w->cond != COND_HOST &&
	       (dot == text || isalpha((unsigned char)dot[-1]) || dot[-1] == '_');
}

static const char *check_expression(struct word *w)
{
	const char *c = w->text;
	char *to = w->meant;

	if (!is_expression(w))
		return NULL;
	c += *c == '^' || (*c == '/' && w->cond == COND_INTERFACE);
	for (; *c; c++) {
		if (*c == '.' && (c[1] == '*' || c[1] == '+'))
			continue;
		if (!c[1] && (*c == '$' || (*c == '/' && w->cond == COND_INTERFACE)))
			continue;
		*to++ = *c == '+' ? '*' : *c;
	}
	*to = '\0';
	return "a glob is no regular expression";
}

static const char *check_plus(struct word *w)
{
	size_t len = strlen(w->text);

	if (w->cond != COND_INTERFACE || len < 2 || w->text[len - 1] != '+')
		return NULL;
	snprintf(w->meant, sizeof(w->meant), "%.*s*", (int)len - 1, w->text);
	return "the + is a character of it";
}

static const char *check_minus(struct word *w)
{
	if (*w->text != '-' || !isalnum((unsigned char)w->text[1]) || w->cond == COND_PROGRAM)
		return NULL;
	if (w->cond == COND_EXECUTABLE || w->cond == COND_OBJECT)
		return "arguments are no part of a path";
	snprintf(w->meant, sizeof(w->meant), "!%s", w->text + 1);
	return "the - is a character of it";
}

/* "a -> b" and "a>b" in an order: what is left without the signs */
static const char *check_arrow(struct word *w)
{
	size_t len = 0;

	if (w->cond != COND_PROGRAM || !strpbrk(w->text, "<>"))
		return NULL;
	for (const char *c = w->text; *c; c++)
		if (!strchr("<>=-", *c))
			w->meant[len++] = *c;
		else if (len && w->meant[len - 1] != ' ')
			w->meant[len++] = ' ';
	if (len && w->meant[len - 1] == ' ')
		len--;
	w->meant[len] = '\0';
	return "programs in their order have blanks alone between them";
}

static const char *check_operator(struct word *w)
{
	static const char *const between[] = { "or", "OR", "and", "AND" };
	static const char *const all[] = { "any", "ANY", "all", "ALL" };
	static const char *const nots[] = { "not",     "NOT",	  "except",
					    "without", "exclude", "excluding" };

	if (strspn(w->text, "<>-=&|") == strlen(w->text))
		return "blanks separate globs";
	for (size_t i = 0; i < N(between); i++)
		if (!w->first && *w->next && !strcmp(w->text, between[i]))
			return "a list has globs alone, one of which must match";
	for (size_t i = 0; i < N(nots); i++) {
		if (!*w->next || strcmp(w->text, nots[i]))
			continue;
		snprintf(w->meant, sizeof(w->meant), "!%s", w->next);
		return "a list has globs alone";
	}
	for (size_t i = 0; i < N(all); i++) {
		if (!w->first || *w->next || strcmp(w->text, all[i]))
			continue;
		strcpy(w->meant, "*");
		return "it is a name as any other";
	}
	return NULL;
}

static const char *check_bracket(struct word *w)
{
	const char *open = strchr(w->text, '[');

	if (!open || strchr(open + 1, ']'))
		return NULL;
	return "a [ that no ] closes is a character of it";
}

/* As ip link prints those that are on another */
static const char *check_parent(struct word *w)
{
	const char *at = strchr(w->text, '@');

	if (!at || at == w->text)
		return NULL;
	if (w->cond == COND_PROGRAM && at[1]) {
		snprintf(w->meant, sizeof(w->meant), "interface = %s", at + 1);
		return "the interface is a condition of its own";
	}
	if (w->cond != COND_INTERFACE)
		return NULL;
	snprintf(w->meant, sizeof(w->meant), "%.*s", (int)(at - w->text), w->text);
	return "what ip(8) prints behind the name is no part of it";
}

/* An interface has a name that may be of digits, but none has it from the kernel. */
static const char *check_index(struct word *w)
{
	if (w->cond != COND_INTERFACE || w->text[strspn(w->text, "0123456789")])
		return NULL;
	return "the name counts, not the index";
}

static const char *check_domain(struct word *w)
{
	if (w->cond != COND_HOST || *w->text != '.')
		return NULL;
	snprintf(w->meant, sizeof(w->meant), "*%s", w->text);
	return "the name of a host has more before its domain";
}

/* What is likely meant is another condition, or another tool's setting. */
static const char *check_not_program(struct word *w)
{
	if (w->cond != COND_PROGRAM)
		return NULL;
	if (policy_meant__is_interface(w->text)) {
		snprintf(w->meant, sizeof(w->meant), "interface = %s", w->text);
		return "it is an interface's name";
	}
	if (strncmp(w->text, "net.", 4))
		return NULL;
	snprintf(w->meant, sizeof(w->meant), "%s", strrchr(w->text, '.') + 1);
	return "it is a name as sysctl has them";
}

static bool has_user(const char *root, const char *name)
{
	FILE *passwd = process__open_passwd(root);
	struct passwd entry, *found = NULL;
	bool has = !passwd;
	char buf[1024];

	while (!has && !fgetpwent_r(passwd, &entry, buf, sizeof(buf), &found))
		has = !strcmp(found->pw_name, name);
	if (passwd)
		fclose(passwd);
	return has;
}

static const char *check_user(struct word *w)
{
	if (w->cond != COND_USER)
		return NULL;
	if (*w->text == '@' || *w->text == '%')
		return "groups are not known, a user's name or number is";
	if (!w->lint->placed || !lint__is_word(w->text) ||
	    !w->text[strspn(w->text, "0123456789")] || has_user(w->lint->root, w->text))
		return NULL;
	return "no user in /etc/passwd has that name";
}

/* Those of which no program has the name; what has a dash is no function's name anyhow. */
static const char *check_tool(struct word *w)
{
	static const char *const tools[] = { "bpfman",	"cilium", "knotd", "kxdpgun", "l3afd",
					     "bpftool", "nsd",	  "snort", "suricata" };

	for (size_t i = 0; w->cond == COND_PROGRAM && i < N(tools); i++) {
		if (strcmp(w->text, tools[i]))
			continue;
		snprintf(w->meant, sizeof(w->meant), "executable = */%s", w->text);
		return "it is a tool's name, and programs have names of their own";
	}
	return NULL;
}

/* More than one word, and what no module's name has. */
static bool is_description(const char *list)
{
	bool more = list[strlen(list) + 1];

	for_each_glob(glob, list)
		for (const char *c = glob; more && lint__is_word(glob) && *c; c++)
			if (isupper((unsigned char)*c) || *c == '(')
				return true;
	return false;
}

static const char *check_driver(struct word *w)
{
	size_t len = strlen(w->text);

	if (w->cond != COND_DRIVER)
		return NULL;
	if (len > 3 && !strcmp(w->text + len - 3, ".ko")) {
		snprintf(w->meant, sizeof(w->meant), "%.*s", (int)len - 3, w->text);
		return "a driver has the name of its module, without a suffix";
	}
	if (!w->first || !is_description(w->text))
		return NULL;
	for_each_glob(glob, w->text) {
		size_t used = strlen(w->meant);

		if (used + strlen(glob) + 2 > sizeof(w->meant)) {
			*w->meant = '\0';
			break;
		}
		snprintf(w->meant + used, sizeof(w->meant) - used, "%s%s", used ? "?" : "", glob);
	}
	return "blanks end a glob, and ethtool -i shows the driver's name; ? stands for a blank in "
	       "it";
}

static const manner_check checks[] = {
	check_space,	check_macro,	    check_quotes,     check_braces, check_arrow,
	check_operator, check_alternatives, check_expression, check_plus,   check_minus,
	check_bracket,	check_parent,	    check_index,      check_domain, check_user,
	check_tool,	check_not_program,  check_driver,
};

static bool tell_manner(struct lint *lint, const char *file, unsigned int line, struct word w)
{
	const char *why = NULL;

	/* with a \ it is meant as it stands */
	if (strchr(w.text, '\\'))
		return false;
	for (size_t i = 0; i < N(checks) && !why; i++)
		why = checks[i](&w);
	if (why)
		lint__add(lint, LINT_MANNER, file, line,
			  "found %s '%s%.80s', expected a glob: %s%s%s%s%s",
			  policy_key__cond(w.cond)->name, w.excludes ? "!" : "", w.text, why,
			  *w.meant ? "; did you mean " : "",
			  *w.meant && w.excludes && *w.meant != '!' ? "!" : "", w.meant,
			  *w.meant ? "?" : "");
	return why;
}

bool lint__manner(struct lint *lint, const struct policy_rule *rule, enum policy_cond cond,
		  const char *glob)
{
	bool excludes = *glob == '!';
	struct word w = {
		.lint = lint,
		.cond = cond,
		.text = glob + excludes,
		.next = glob + strlen(glob) + 1,
		.first = glob == rule->cond[cond],
		.excludes = excludes,
	};

	return tell_manner(lint, rule->file, lint__line(rule, cond), w);
}

/* Where a chain file has one glob, a list of rules has more. */
void lint__manner_of_chain(struct lint *lint, const char *file, unsigned int line,
			   const char *interface)
{
	struct word w = {
		.lint = lint,
		.cond = COND_INTERFACE,
		.text = interface,
		.next = "",
		.first = true,
	};

	if (!tell_manner(lint, file, line, w) && strchr(interface, ','))
		lint__add(lint, LINT_MANNER, file, line,
			  "found interface '%.80s', expected one name or glob: each has a chain of "
			  "its own, and a comma is a character of it",
			  interface);
}

static bool is_like_condition(const char *name)
{
	const char *suffix = strrchr(name, '.');

	if (!*name || strpbrk(name, " \t"))
		return false;
	return policy_meant__is_interface(name) || *name == '/' || strchr(name, '*') ||
	       !strncmp(name, "xdp_", 4) ||
	       (suffix && (!strcmp(suffix, ".o") || !strcmp(suffix, ".service")));
}

void lint__name(struct lint *lint, const struct policy_rule *rule)
{
	const char *name = rule->name, *suffix = strrchr(name, '.');
	enum policy_cond cond = COND_PROGRAM;

	if (rule->head.conds || !is_like_condition(name))
		return;
	if (policy_meant__is_interface(name))
		cond = COND_INTERFACE;
	else if (suffix && !strcmp(suffix, ".service"))
		cond = COND_UNIT;
	else if (suffix && !strcmp(suffix, ".o"))
		cond = COND_OBJECT;
	else if (*name == '/')
		cond = COND_EXECUTABLE;
	lint__add(lint, LINT_MANNER, rule->file, rule->line,
		  "found the rule's name '%s' and no condition, expected one such as '%s = %s': a "
		  "name says nothing, and the rule is for every program",
		  name, policy_key__cond(cond)->name, name);
}

void lint__changed(struct lint *lint, const struct policy_rule *rule, enum policy_cond cond)
{
	if (rule->changed & 1U << cond)
		lint__add(lint, LINT_CHANGED, rule->file, lint__line(rule, cond),
			  "found a list for %s that xdp-policy before 0.2.0 reads otherwise, "
			  "expected %s",
			  policy_key__cond(cond)->name,
			  cond == COND_UNIT ? "blanks for commas and \\\\ before an x, which every "
					      "version reads alike" :
					      "blanks for commas, which every version reads alike");
}
