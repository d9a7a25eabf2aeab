// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "attr.h"
#include "meant.h"
#include "text.h"

/* Conditions, attributes and what is of an order, each in the order of its enum. */
const struct policy_key policy_keys[] = {
	{ "program", "GLOB...", "the program's function name", KEY_COND, COND_PROGRAM },
	{ "section", "GLOB...", "the ELF section that holds the program", KEY_COND, COND_SECTION },
	{ "object", "GLOB...", "absolute path of the BPF object file", KEY_COND, COND_OBJECT },
	{ "tag", "GLOB...", "the kernel's tag of a loaded program, 16 hex digits", KEY_COND,
	  COND_TAG },
	{ "executable", "GLOB...", "absolute path of the program that opens or attaches", KEY_COND,
	  COND_EXECUTABLE },
	{ "user", "GLOB...", "name or number of the effective user of that process", KEY_COND,
	  COND_USER },
	{ "unit", "GLOB...", "systemd unit of that process", KEY_COND, COND_UNIT },
	{ "host", "GLOB...", "name of this host, in full or up to the first dot", KEY_COND,
	  COND_HOST },
	{ "interface", "GLOB...", "name of the interface; known when a program is attached",
	  KEY_COND, COND_INTERFACE },
	{ "driver", "GLOB...", "kernel driver of that interface", KEY_COND, COND_DRIVER },
	{ "mode", "GLOB...", "mode in which it is attached: native, skb or hw", KEY_COND,
	  COND_MODE },
	{ "priority", "NUMBER", "run priority; the lower runs first", KEY_ATTR, ATTR_PRIORITY },
	{ "chain-call-actions", "ACTION...",
	  "the verdicts after which the next program runs; +ACTION and -ACTION change "
	  "the next answer",
	  KEY_ATTR, ATTR_ACTIONS },
	{ "attach", "allow|deny", "whether the program may be attached at all", KEY_ATTR,
	  ATTR_ATTACH },
	{ "attach-mode", "auto|native|skb|hw",
	  "the mode in which it is attached, whatever was asked for", KEY_ATTR, ATTR_MODE },
	{ "dispatcher", "optional|required",
	  "whether an application may attach it past libxdp's dispatcher", KEY_ATTR,
	  ATTR_DISPATCHER },
	{ "order", "GLOB...", "programs in their run order, which get 10, 20, 30 and so on",
	  KEY_ORDER, ORDER_LIST },
	{ "order-start", "NUMBER", "run priority of the first in the order", KEY_ORDER,
	  ORDER_START },
	{ "order-step", "NUMBER", "how much more each next one gets", KEY_ORDER, ORDER_STEP },
	{ NULL, NULL, NULL, KEY_COND, 0 },
};

static const char *const actions[POLICY_N_ACTIONS] = { "ABORTED", "DROP", "PASS", "TX",
						       "REDIRECT" };

static const char *const attaches[] = { "allow", "deny" };
static const char *const dispatchers[] = { "optional", "required" };
static const char *const modes[] = { "auto", "native", "skb", "hw" };

const struct policy_key *policy_key__find(const char *name)
{
	for (const struct policy_key *k = policy_keys; k->name; k++)
		if (!strcmp(k->name, name))
			return k;
	return NULL;
}

const struct policy_key *policy_key__cond(enum policy_cond cond)
{
	return &policy_keys[cond];
}

const struct policy_key *policy_key__attr(enum policy_attr attr)
{
	return &policy_keys[N_CONDS + attr];
}

const struct policy_key *policy_key__order(enum policy_order order)
{
	return &policy_keys[N_CONDS + N_ATTRS + order];
}

bool policy_key__is_globs(const struct policy_key *key)
{
	return key->kind == KEY_COND || (key->kind == KEY_ORDER && key->id == ORDER_LIST);
}

void policy_key__nothing_set(char *err, size_t err_size)
{
	size_t len = snprintf(err, err_size, "found a rule that sets nothing, expected ");

	for_each_attr(attr)
		len += snprintf(err + len, err_size - len, "%s, ", policy_key__attr(attr)->name);
	len -= strlen(", ");
	snprintf(err + len, err_size - len, " or %s", policy_key__order(ORDER_LIST)->name);
}

/* "5 # first" */
static const char *comment_hint(const char *text)
{
	return text[strcspn(text, "#;")] || strstr(text, "//") ?
		       "; a comment has a line of its own" :
		       "";
}

/* "interface != eth0" and "chain-call-actions += TX": the sign belongs to the value. */
static bool find_signed(const char *name, const char *value, char *hint, size_t size)
{
	size_t len = strlen(name), end = len;
	const struct policy_key *key;
	char sign, word[32];

	sign = len ? name[--end] : 0;
	while (end && (name[end - 1] == ' ' || name[end - 1] == '\t'))
		end--;
	if (!sign || !strchr("!+-", sign) || end >= sizeof(word))
		return false;
	memcpy(word, name, end);
	word[end] = '\0';
	key = policy_key__find(word);
	if (key && sign == '!' && key->kind == KEY_COND)
		snprintf(hint, size, "; did you mean '%s = !%.40s'?", word,
			 value[strcspn(value, " \t,")] ? "GLOB..." : value);
	else if (key && sign != '!' && key->kind == KEY_ATTR && key->id == ATTR_ACTIONS)
		snprintf(hint, size, "; did you mean '%s = %c%.40s'?", word, sign,
			 value[strcspn(value, " \t,")] ? "ACTION..." : value);
	else if (key && sign == '+' && policy_key__is_globs(key))
		snprintf(hint, size,
			 "; a list goes on in the next line if that begins with a blank");
	else
		return false;
	return true;
}

static bool is_attach(const char *text)
{
	return !strcasecmp(text, "allow") || !strcasecmp(text, "deny");
}

bool policy_key__unknown(const char *name, const char *value, bool conds, bool settings, char *err,
			 size_t err_size)
{
	const char *what = !settings ? "a condition" :
			   !conds    ? "a setting" :
				       "a condition or a setting";
	const char *names[32], *near;
	char hint[160];
	size_t n = 0, len;

	for (const struct policy_key *k = policy_keys; k->name; k++)
		if (k->kind == KEY_COND ? conds : settings)
			names[n++] = k->name;
	/* "action = deny" */
	near = settings && is_attach(value) ? policy_key__attr(ATTR_ATTACH)->name :
					      policy_meant__find(name, names, n);
	if (near)
		snprintf(hint, sizeof(hint), "; did you mean %s?", near);
	if (find_signed(name, value, hint, sizeof(hint)) || near) {
		snprintf(err, err_size, "found '%.60s', expected %s%s", name, what, hint);
		return true;
	}
	snprintf(err, err_size, "found '%.60s', expected %s:", name, what);
	for (size_t i = 0; i < n; i++) {
		len = strlen(err);
		snprintf(err + len, err_size - len, "%s %s", i ? "," : "", names[i]);
	}
	return false;
}

const char *policy_action__name(unsigned int action)
{
	return action < POLICY_N_ACTIONS ? actions[action] : NULL;
}

const char *policy_mode__name(unsigned int mode)
{
	return mode > MODE_AUTO && mode <= MODE_HW ? modes[mode] : NULL;
}

int policy_number__parse(const char *text, const char *what, uint32_t min, uint32_t *ret, char *err,
			 size_t err_size)
{
	uint64_t num = 0;
	const char *end = text;

	while (*end >= '0' && *end <= '9' && num <= POLICY_MAX_PRIORITY)
		num = 10 * num + (uint64_t)(*end++ - '0');
	if (end == text || *end || num < min || num > POLICY_MAX_PRIORITY) {
		snprintf(err, err_size, "found '%.60s', expected %s from %u to %d%s", text, what,
			 min, POLICY_MAX_PRIORITY, comment_hint(text));
		return -EINVAL;
	}
	*ret = num;
	return 0;
}

static int parse_priority(const char *text, struct policy_value *ret, char *err, size_t err_size)
{
	return policy_number__parse(text, "a run priority", 0, &ret->num, err, err_size);
}

static int parse_word(const char *text, const char *const *words, size_t n, const char *expected,
		      struct policy_value *ret, char *err, size_t err_size)
{
	for (size_t i = 0; i < n; i++) {
		if (strcasecmp(text, words[i]))
			continue;
		ret->num = i;
		return 0;
	}
	snprintf(err, err_size, "found '%.60s', expected %s%s%s", text, expected,
		 policy_meant__hint(text, words, n).text, comment_hint(text));
	return -EINVAL;
}

static int parse_attach(const char *text, struct policy_value *ret, char *err, size_t err_size)
{
	return parse_word(text, attaches, 2, "allow or deny", ret, err, err_size);
}

static int parse_mode(const char *text, struct policy_value *ret, char *err, size_t err_size)
{
	return parse_word(text, modes, 4, "auto, native, skb or hw", ret, err, err_size);
}

static int parse_dispatcher(const char *text, struct policy_value *ret, char *err, size_t err_size)
{
	return parse_word(text, dispatchers, 2, "optional or required", ret, err, err_size);
}

/* PASS, pass and XDP_PASS are the same. */
static int action_by_name(const char *word)
{
	if ((*word | 0x20) == 'x' && !strncasecmp(word, "XDP_", 4))
		word += 4;
	for (int i = 0; i < POLICY_N_ACTIONS; i++) /* all begin differently */
		if ((*word & ~0x20) == *actions[i] && !strcasecmp(word, actions[i]))
			return i;
	return -ENOENT;
}

static void wrong_action(const char *word, char *err, size_t err_size)
{
	char sign = strchr("+-!~^", *word) ? *word : 0;
	const char *name = word + !!sign, *near;
	char hint[64] = "";

	name += strncasecmp(name, "XDP_", 4) ? 0 : 4;
	near = policy_meant__find(name, actions, POLICY_N_ACTIONS);
	if (near) /* without PASS: what a ! means elsewhere */
		snprintf(hint, sizeof(hint), "; did you mean %s%s?",
			 sign == '+' ? "+" :
			 sign	     ? "-" :
				       "",
			 near);
	else if (sign && !*name)
		snprintf(hint, sizeof(hint), "; no blank stands behind a sign");
	else if (*comment_hint(word))
		snprintf(hint, sizeof(hint), "%s", comment_hint(word));
	else if (name[strcspn(name, "|/&")])
		snprintf(hint, sizeof(hint), "; blanks or commas separate them");
	else if (!strcasecmp(name, "all") || !strcasecmp(name, "any") || !strcmp(name, "*"))
		snprintf(hint, sizeof(hint), "; all of them are named one by one");
	snprintf(err, err_size,
		 "found '%.60s', expected ABORTED, DROP, PASS, TX, REDIRECT or none%s", word, hint);
}

static int parse_actions(const char *text, struct policy_value *ret, char *err, size_t err_size)
{
	unsigned int n_words = 0, n_relative = 0;
	char word[64];
	bool none = false;

	while (policy_text__word(&text, " \t,", word, sizeof(word))) {
		char sign = *word == '+' || *word == '-' ? *word : 0;
		const char *name = word + !!sign;
		int action = action_by_name(name);

		n_words++;
		if (action < 0 && !sign && !strcasecmp(name, "none")) {
			none = true;
			continue;
		}
		if (action < 0) {
			wrong_action(word, err, err_size);
			return -EINVAL;
		}
		if (sign == '-') {
			ret->del |= 1U << action;
			ret->add &= ~(1U << action);
		} else if (sign == '+') {
			ret->add |= 1U << action;
			ret->del &= ~(1U << action);
		} else {
			ret->num |= 1U << action;
		}
		n_relative += !!sign;
	}

	if (!n_words) {
		snprintf(err, err_size, "found nothing, expected chain call actions or none");
		return -EINVAL;
	}
	if ((n_relative && n_relative != n_words) || (none && n_words > 1)) {
		snprintf(err, err_size,
			 "found a mix, expected either actions, or only +ACTION and -ACTION, or "
			 "none alone");
		return -EINVAL;
	}
	ret->relative = n_relative;
	return 0;
}

int policy_value__parse(enum policy_attr attr, const char *text, struct policy_value *ret,
			char *err, size_t err_size)
{
	static int (*const parsers[N_ATTRS])(const char *, struct policy_value *, char *,
					     size_t) = {
		[ATTR_PRIORITY] = parse_priority,     [ATTR_ACTIONS] = parse_actions,
		[ATTR_ATTACH] = parse_attach,	      [ATTR_MODE] = parse_mode,
		[ATTR_DISPATCHER] = parse_dispatcher,
	};
	struct policy_value value = { 0 };
	int rc;

	rc = parsers[attr](text, &value, err, err_size);
	if (!rc)
		*ret = value;
	return rc;
}

static void append(char *buf, size_t size, const char *sign, const char *word)
{
	size_t len = strlen(buf);

	snprintf(buf + len, size - len, "%s%s%s", len ? " " : "", sign, word);
}

static void print_actions(const struct policy_value *value, char *buf, size_t size)
{
	*buf = '\0';
	for (unsigned int i = 0; i < POLICY_N_ACTIONS; i++) {
		if (value->relative && value->add & 1U << i)
			append(buf, size, "+", actions[i]);
		else if (value->relative && value->del & 1U << i)
			append(buf, size, "-", actions[i]);
		else if (!value->relative && value->num & 1U << i)
			append(buf, size, "", actions[i]);
	}
	if (!*buf)
		append(buf, size, "", "none");
}

char *policy_value__print(enum policy_attr attr, const struct policy_value *value, char *buf,
			  size_t size)
{
	switch (attr) {
	case ATTR_PRIORITY:
		snprintf(buf, size, "%u", value->num);
		break;
	case ATTR_ACTIONS:
		print_actions(value, buf, size);
		break;
	case ATTR_ATTACH:
		snprintf(buf, size, "%s", attaches[value->num == ATTACH_DENY]);
		break;
	case ATTR_MODE:
		snprintf(buf, size, "%s", modes[value->num % 4]);
		break;
	case ATTR_DISPATCHER:
		snprintf(buf, size, "%s", dispatchers[value->num == DISPATCHER_REQUIRED]);
		break;
	case N_ATTRS:
		break;
	}
	return buf;
}

uint32_t policy_value__apply(const struct policy_value *value, uint32_t base)
{
	return value->relative ? (base | value->add) & ~value->del : value->num;
}

void policy_value__stack(struct policy_value *under, const struct policy_value *over)
{
	under->add = (under->add & ~over->del) | over->add;
	under->del = (under->del & ~over->add) | over->del;
	under->relative = true;
}

uint32_t policy_value__max(enum policy_attr attr)
{
	static const uint32_t max[N_ATTRS] = {
		[ATTR_PRIORITY] = POLICY_MAX_PRIORITY,
		[ATTR_ACTIONS] = (1U << POLICY_N_ACTIONS) - 1,
		[ATTR_ATTACH] = ATTACH_DENY,
		[ATTR_MODE] = MODE_HW,
		[ATTR_DISPATCHER] = DISPATCHER_REQUIRED,
	};

	return max[attr];
}

struct policy_value policy_value__default(enum policy_attr attr)
{
	static const struct policy_value defaults[N_ATTRS] = {
		[ATTR_PRIORITY] = { .num = POLICY_DEFAULT_PRIORITY },
		[ATTR_ACTIONS] = { .num = POLICY_DEFAULT_ACTIONS },
		[ATTR_ATTACH] = { .num = ATTACH_ALLOW },
		[ATTR_MODE] = { .num = MODE_AUTO },
		[ATTR_DISPATCHER] = { .num = DISPATCHER_OPTIONAL },
	};

	return defaults[attr];
}
