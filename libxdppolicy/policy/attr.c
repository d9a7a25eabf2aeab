// SPDX-License-Identifier: LGPL-2.1-or-later
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "attr.h"
#include "text.h"

const struct policy_key policy_keys[] = {
	{ "program", "GLOB...", "the program's function name", true, COND_PROGRAM },
	{ "section", "GLOB...", "the ELF section that holds the program", true, COND_SECTION },
	{ "object", "GLOB...", "absolute path of the BPF object file", true, COND_OBJECT },
	{ "tag", "GLOB...", "the kernel's tag of a loaded program, 16 hex digits", true, COND_TAG },
	{ "executable", "GLOB...", "absolute path of the program that opens or attaches", true,
	  COND_EXECUTABLE },
	{ "user", "GLOB...", "name or number of the effective user of that process", true,
	  COND_USER },
	{ "unit", "GLOB...", "systemd unit of that process", true, COND_UNIT },
	{ "host", "GLOB...", "name of this host, in full or up to the first dot", true, COND_HOST },
	{ "interface", "GLOB...", "name of the interface; known when a program is attached", true,
	  COND_INTERFACE },
	{ "priority", "NUMBER", "run priority; the lower runs first", false, ATTR_PRIORITY },
	{ "chain-call-actions", "ACTION...",
	  "the verdicts after which the next program runs; +ACTION and -ACTION change "
	  "the next answer",
	  false, ATTR_ACTIONS },
	{ "attach", "allow|deny", "whether the program may be attached at all", false,
	  ATTR_ATTACH },
	{ NULL, NULL, NULL, false, 0 },
};

static const char *const actions[POLICY_N_ACTIONS] = { "ABORTED", "DROP", "PASS", "TX",
						       "REDIRECT" };

const struct policy_key *policy_key__find(const char *name)
{
	for (const struct policy_key *k = policy_keys; k->name; k++)
		if (!strcmp(k->name, name))
			return k;
	return NULL;
}

static const struct policy_key *key_by_id(bool is_cond, int id)
{
	for (const struct policy_key *k = policy_keys; k->name; k++)
		if (k->is_cond == is_cond && k->id == id)
			return k;
	return NULL;
}

const struct policy_key *policy_key__cond(enum policy_cond cond)
{
	return key_by_id(true, cond);
}

const struct policy_key *policy_key__attr(enum policy_attr attr)
{
	return key_by_id(false, attr);
}

const char *policy_action__name(unsigned int action)
{
	return action < POLICY_N_ACTIONS ? actions[action] : NULL;
}

static int parse_priority(const char *text, struct policy_value *ret, char *err, size_t err_size)
{
	unsigned long num;
	char *end;

	errno = 0;
	num = isdigit((unsigned char)*text) ? strtoul(text, &end, 10) : 0;
	if (!isdigit((unsigned char)*text) || *end || errno || num > POLICY_MAX_PRIORITY) {
		snprintf(err, err_size, "found '%.60s', expected a run priority from 0 to %d", text,
			 POLICY_MAX_PRIORITY);
		return -EINVAL;
	}
	ret->num = num;
	return 0;
}

static int parse_attach(const char *text, struct policy_value *ret, char *err, size_t err_size)
{
	if (!strcasecmp(text, "allow")) {
		ret->num = ATTACH_ALLOW;
	} else if (!strcasecmp(text, "deny")) {
		ret->num = ATTACH_DENY;
	} else {
		snprintf(err, err_size, "found '%.60s', expected allow or deny", text);
		return -EINVAL;
	}
	return 0;
}

/* PASS, pass and XDP_PASS are the same. */
static int action_by_name(const char *word)
{
	if (!strncasecmp(word, "XDP_", 4))
		word += 4;
	for (int i = 0; i < POLICY_N_ACTIONS; i++)
		if (!strcasecmp(word, actions[i]))
			return i;
	return -ENOENT;
}

static int parse_actions(const char *text, struct policy_value *ret, char *err, size_t err_size)
{
	unsigned int n_words = 0, n_relative = 0;
	const char *near;
	char word[64];
	bool none = false;

	while (policy_text__word(&text, " \t,", word, sizeof(word))) {
		char sign = *word == '+' || *word == '-' ? *word : 0;
		const char *name = word + !!sign;
		int action = action_by_name(name);

		n_words++;
		if (!sign && !strcasecmp(name, "none")) {
			none = true;
			continue;
		}
		if (action < 0) {
			near = policy_text__nearest(name, actions, POLICY_N_ACTIONS);
			snprintf(err, err_size,
				 "found '%.60s', expected ABORTED, DROP, PASS, TX, REDIRECT or "
				 "none%s%s%s",
				 word, near ? "; did you mean " : "", near ? near : "",
				 near ? "?" : "");
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
		[ATTR_PRIORITY] = parse_priority,
		[ATTR_ACTIONS] = parse_actions,
		[ATTR_ATTACH] = parse_attach,
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
		snprintf(buf, size, "%s", value->num == ATTACH_DENY ? "deny" : "allow");
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

struct policy_value policy_value__default(enum policy_attr attr)
{
	static const struct policy_value defaults[N_ATTRS] = {
		[ATTR_PRIORITY] = { .num = POLICY_DEFAULT_PRIORITY },
		[ATTR_ACTIONS] = { .num = POLICY_DEFAULT_ACTIONS },
		[ATTR_ATTACH] = { .num = ATTACH_ALLOW },
	};

	return defaults[attr];
}
