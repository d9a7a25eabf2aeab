// SPDX-License-Identifier: LGPL-2.1-or-later
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chain/process.h"
#include "chain/proginfo.h"
#include "common/object.h"
#include "common/table.h"
#include "explain-given.h"
#include "tool.h"
#include "util/ifinfo.h"
#include "util/libbpf-words.h"

/* Options for the conditions are made from the table of keys; theirs start here. */
#define OPT_COND  0x100
#define OPT_APP	  0x200
#define N_OPTIONS (N_CONDS + 2)

struct explain {
	struct tool_opts opts;
	struct policy_subject subject;
	char host[256], user[64], ifname[IF_NAMESIZE];
	char *altnames;
	char **args;
	int n_args;
	struct policy *policy;
	json_t *programs;
	json_t *names; /* of programs that were explained before, by their priority */
	/* while one program is explained */
	struct libscols_table *table;
	struct libscols_line *parent[N_ATTRS];
	json_t *answers[N_ATTRS];
};

enum {
	COL_WHAT,
	COL_VALUE,
	COL_WHERE,
	COL_NOTE
};

static void set_app(struct explain *explain, char *text, struct argp_state *state)
{
	char *value = strchr(text, '='), err[160];
	const struct policy_key *key;

	if (value)
		*value++ = '\0';
	key = policy_key__find(text);
	if (!value || !key || key->kind != KEY_ATTR || key->id == ATTR_ATTACH ||
	    key->id == ATTR_DISPATCHER) {
		argp_error(state,
			   "--app: found '%s', expected priority=NUMBER, "
			   "chain-call-actions=ACTION... or attach-mode=MODE",
			   text);
		return;
	}
	if (explain->subject.app.has[key->id])
		argp_error(state, "--app: found '%s' a second time, expected it once", text);
	if (policy_value__parse(key->id, value, &explain->subject.app.value[key->id], err,
				sizeof(err)))
		argp_error(state, "--app %s: %s", text, err);
	if (explain->subject.app.value[key->id].relative)
		argp_error(state, "--app %s: found '%s', expected actions without + and -", text,
			   value);
	explain->subject.app.has[key->id] = true;
	explain->subject.app.unknown = false;
}

/* The first entry of the root's passwd with that name or number. */
static bool find_user(FILE *passwd, const char *user, struct passwd *ret, char *buf, size_t size)
{
	struct passwd *found;
	char uid[16];

	while (!fgetpwent_r(passwd, ret, buf, size, &found)) {
		snprintf(uid, sizeof(uid), "%u", ret->pw_uid);
		if (!strcmp(ret->pw_name, user) || !strcmp(uid, user))
			return true;
	}
	return false;
}

/* No process has such a name, as the policy sees it; its number may be one of elsewhere. */
static void tell_no_user(const char *root, const char *user, int err)
{
	if (!user[strspn(user, "0123456789")])
		return;
	if (err)
		tool_error("--user: found '%s', which cannot be looked for: %s/etc/passwd: cannot "
			   "open: %s",
			   user, root, strerror(err));
	else
		tool_error("--user: found '%s', expected a user of %s/etc/passwd; one of elsewhere "
			   "is known by number alone",
			   user, root);
}

/*
 * A user's other name: the number of a name, the name of a number. From the file alone, as where a
 * program is attached; below another root, that one's.
 */
static void set_user_alias(struct explain *explain)
{
	const char *user = explain->subject.value[COND_USER];
	const char *root = explain->opts.root ? explain->opts.root : "";
	FILE *passwd = user ? process__open_passwd(root) : NULL;
	struct passwd pw;
	char buf[1024];

	if (!passwd) {
		if (user)
			tell_no_user(root, user, errno);
		return;
	}
	if (find_user(passwd, user, &pw, buf, sizeof(buf))) {
		if (strcmp(pw.pw_name, user))
			snprintf(explain->user, sizeof(explain->user), "%s", pw.pw_name);
		else
			snprintf(explain->user, sizeof(explain->user), "%u", pw.pw_uid);
		explain->subject.uid = explain->user;
	} else {
		tell_no_user(root, user, 0);
	}
	fclose(passwd);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct explain *explain = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &explain->opts;
		return 0;
	case ARGP_KEY_ARGS:
		explain->args = state->argv + state->next;
		explain->n_args = state->argc - state->next;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "found no program, expected a name or a BPF object file");
		return EINVAL;
	case OPT_COND + COND_PROGRAM: /* else argp's own --program-name takes it */
		argp_error(state, "found --program, expected '%s' without an option", arg);
		return 0;
	case OPT_APP:
		set_app(explain, arg, state);
		return 0;
	default:
		if (key < OPT_COND || key >= OPT_COND + N_CONDS)
			return ARGP_ERR_UNKNOWN;
		if (explain->subject.value[key - OPT_COND])
			argp_error(state, "found --%s a second time, expected it once",
				   policy_key__cond(key - OPT_COND)->name);
		explain->subject.value[key - OPT_COND] = arg;
		return 0;
	}
}

/* One of this host has other names, too; a rule may mean any of them. */
static void set_interface_names(struct explain *explain)
{
	const char *given = explain->subject.value[COND_INTERFACE];
	struct ifinfo info;

	if (!given || explain->opts.root)
		return;
	if (ifinfo__find(given, &info)) {
		if (strlen(given) >= IF_NAMESIZE)
			tool_error("--interface: found a name of %zu bytes, which can be an "
				   "alternative one alone, and no interface here has it",
				   strlen(given));
		return;
	}
	memcpy(explain->ifname, info.name, sizeof(explain->ifname));
	explain->subject.value[COND_INTERFACE] = explain->ifname;
	ifinfo__list_altnames(info.ifindex, &explain->altnames);
	explain->subject.altnames = explain->altnames;
}

/* "3rd" */
static const char *nth(unsigned int n, char *buf, size_t size)
{
	static const char *const ends[] = { "th", "st", "nd", "rd" };
	bool teen = n / 10 % 10 == 1;

	snprintf(buf, size, "%u%s", n, ends[teen || n % 10 > 3 ? 0 : n % 10]);
	return buf;
}

static void place_of(const struct policy_place *place, char *buf, size_t size)
{
	char number[16];

	if (place->nth)
		snprintf(buf, size, "%s:%u %s in the order of [%s]", place->file, place->line,
			 nth(place->nth, number, sizeof(number)), place->rule);
	else
		snprintf(buf, size, "%s:%u [%s]", place->file, place->line, place->rule);
}

static void add_place_json(json_t *json, const struct policy_place *place)
{
	json_object_update_new(
		json, json_pack("{s:o, s:i, s:o}", "file", tool_json_string(place->file), "line",
				(int)place->line, "rule", tool_json_string(place->rule)));
	if (place->nth)
		json_object_set_new(json, "nth", json_integer(place->nth));
}

/* "interface and unit", for a bit mask of conditions */
static void names_of(unsigned int conds, char *buf, size_t size)
{
	size_t len = 0;

	*buf = '\0';
	for (int c = 0; c < N_CONDS && len < size; c++)
		if (conds & 1U << c)
			len += snprintf(buf + len, size - len, "%s%s", len ? " and " : "",
					policy_key__cond(c)->name);
}

static void note_of(const struct policy_trace *t, char *buf, size_t size)
{
	char names[128];

	if (t->missing) {
		names_of(t->missing, names, sizeof(names));
		snprintf(buf, size, "not used: %s not known (give --%s)", names,
			 policy_key__cond(ffs(t->missing) - 1)->name);
	} else if (t->note) {
		snprintf(buf, size, "%s%s", t->counts || !t->value ? "" : "not used: ", t->note);
	} else {
		snprintf(buf, size, "%s", t->counts ? "decides" : policy_status__name(t->status));
	}
}

static void add_answer(void *ctx, const struct policy_trace *t)
{
	struct explain *explain = ctx;
	char value[POLICY_VALUE_SIZE] = "-", where[512] = "", note[256];
	struct libscols_line *line;

	if (t->value)
		policy_value__print(t->attr, t->value, value, sizeof(value));
	if (t->place.file)
		place_of(&t->place, where, sizeof(where));
	note_of(t, note, sizeof(note));
	if (explain->programs) {
		json_t *answer =
			json_pack("{s:o, s:s, s:b, s:o}", "source", tool_json_string(t->source),
				  "status", policy_status__name(t->status), "counts", t->counts,
				  "note", tool_json_string(note));

		if (t->value)
			json_object_set_new(answer, "value", tool_json_value(t->attr, t->value));
		if (t->place.file)
			add_place_json(answer, &t->place);
		json_array_append_new(explain->answers[t->attr], answer);
		return;
	}
	line = scols_table_new_line(explain->table, explain->parent[t->attr]);
	table__set(line, COL_WHAT, t->source);
	table__set(line, COL_VALUE, value);
	table__set(line, COL_WHERE, where);
	table__set(line, COL_NOTE, note);
}

/* Says so if another program that was asked for has the same priority. */
static bool print_tie(struct explain *explain, const struct policy_decision *decision, char *buf,
		      size_t size)
{
	const char *name = explain->subject.value[COND_PROGRAM], *other;
	char key[POLICY_VALUE_SIZE];

	policy_value__print(ATTR_PRIORITY, &decision->attr[ATTR_PRIORITY].value, key, sizeof(key));
	other = json_string_value(json_object_get(explain->names, key));
	if (other && !strcmp(other, name))
		other = NULL;
	if (other)
		snprintf(buf, size, "same priority as %s: by name in a chain of both", other);
	json_object_set_new(explain->names, key, tool_json_string(name));
	return other;
}

/* Of what is otherwise easily taken for free. */
static const char price[] =
	"dispatcher = required has a price: an application that would not use the dispatcher may "
	"not be able to take its program out of it, and each start leaves one behind";

static void start_table(struct explain *explain)
{
	static const char *const columns[] = { "ATTRIBUTE", "VALUE", "WHERE", "NOTE" };
	struct libscols_table *table = table__new(columns, 4, true);

	explain->table = table;
	for_each_attr(attr) {
		explain->parent[attr] = scols_table_new_line(table, NULL);
		table__set(explain->parent[attr], COL_WHAT, policy_key__attr(attr)->name);
	}
}

static void print_table(struct explain *explain, const struct policy_decision *decision)
{
	const struct policy_subject *subject = &explain->subject;
	char value[POLICY_VALUE_SIZE], where[512], tie[256];
	struct policy_place place;

	for_each_attr(attr) {
		const struct policy_result *result = &decision->attr[attr];

		policy_value__print(attr, &result->value, value, sizeof(value));
		snprintf(where, sizeof(where), "%s", result->source);
		place = policy_origin__place(&result->origin, attr);
		if (place.file)
			place_of(&place, where, sizeof(where));
		table__set(explain->parent[attr], COL_VALUE, value);
		table__set(explain->parent[attr], COL_WHERE, where);
	}
	tool_print("%s", subject->value[COND_PROGRAM]);
	for (int c = COND_PROGRAM + 1; c < N_CONDS; c++)
		if (subject->value[c] && c != COND_HOST)
			tool_print(", %s %s", policy_key__cond(c)->name, subject->value[c]);
	putchar('\n');
	table__print(explain->table, stdout);
	if (decision->attr[ATTR_DISPATCHER].value.num == DISPATCHER_REQUIRED)
		printf("%s\n", price);
	if (print_tie(explain, decision, tie, sizeof(tie)))
		printf("%s\n", tie);
}

static void add_json(struct explain *explain, const struct policy_decision *decision)
{
	json_t *attributes = json_object(), *subject = json_object();
	char tie[256];

	for (int c = 0; c < N_CONDS; c++)
		if (explain->subject.value[c])
			json_object_set_new(subject, policy_key__cond(c)->name,
					    tool_json_string(explain->subject.value[c]));
	for_each_attr(attr) {
		const struct policy_result *result = &decision->attr[attr];

		json_object_set_new(attributes, policy_key__attr(attr)->name,
				    json_pack("{s:o, s:o, s:o}", "value",
					      tool_json_value(attr, &result->value), "source",
					      tool_json_string(result->source), "answers",
					      explain->answers[attr]));
	}
	if (decision->attr[ATTR_DISPATCHER].value.num == DISPATCHER_REQUIRED)
		json_object_set_new(json_object_get(attributes, "dispatcher"), "note",
				    json_string(price));
	if (print_tie(explain, decision, tie, sizeof(tie)))
		json_object_set_new(json_object_get(attributes, "priority"), "note",
				    tool_json_string(tie));
	json_array_append_new(explain->programs, json_pack("{s:o, s:o}", "subject", subject,
							   "attributes", attributes));
}

static void explain_subject(struct explain *explain)
{
	const struct policy_resolve_opts opts = { .trace = add_answer, .trace_ctx = explain };
	struct policy_decision decision;

	if (explain->programs)
		for_each_attr(attr)
			explain->answers[attr] = json_array();
	else
		start_table(explain);
	policy__resolve(explain->policy, &explain->subject, &opts, &decision);
	if (explain->programs)
		add_json(explain, &decision);
	else
		print_table(explain, &decision);
}

static void explain_program(struct explain *explain, const struct bpf_object *obj,
			    const struct bpf_program *prog)
{
	const struct policy_subject before = explain->subject;
	const struct btf *btf = bpf_object__btf(obj);
	struct runcfg config;

	explain->subject.value[COND_PROGRAM] = bpf_program__name(prog);
	explain->subject.value[COND_SECTION] = bpf_program__section_name(prog);
	explain->subject.btf = (struct policy_known){ .unknown = !btf };
	if (btf && !runcfg__read(btf, bpf_program__name(prog), &config))
		explain->subject.btf = runcfg__known(&config);
	explain_subject(explain);
	explain->subject = before;
}

static int explain_object(struct explain *explain, const char *path)
{
	const char *before = explain->subject.value[COND_OBJECT];
	struct bpf_program *prog;
	struct bpf_object *obj;
	unsigned int n = 0;
	char *absolute;
	int status;

	status = object__open(path, &obj, &absolute);
	if (status)
		return status;
	if (!before)
		explain->subject.value[COND_OBJECT] = absolute;
	bpf_object__for_each_program(prog, obj) {
		if (!program__is_attachable(prog))
			continue;
		if (n++ && !explain->programs)
			putchar('\n');
		explain_program(explain, obj, prog);
	}
	explain->subject.value[COND_OBJECT] = before;
	bpf_object__close(obj);
	free(absolute);
	if (n)
		return TOOL_OK;
	tool_error("%s: found no XDP program in it, expected one that can be attached to an "
		   "interface",
		   path);
	return TOOL_FOUND;
}

static bool is_object(const char *arg)
{
	const char *suffix = strrchr(arg, '.');

	return strchr(arg, '/') || (suffix && !strcmp(suffix, ".o"));
}

static int explain_arg(struct explain *explain, const char *arg)
{
	if (is_object(arg))
		return explain_object(explain, arg);
	explain->subject.value[COND_PROGRAM] = arg;
	explain_subject(explain);
	return TOOL_OK;
}

/* One option for each condition, made from the table; the program is the argument itself. */
static void make_options(struct argp_option *options)
{
	struct argp_option *o = options;

	for (const struct policy_key *k = policy_keys; k->name; k++) {
		int flags = k->id == COND_PROGRAM ? OPTION_HIDDEN : 0;

		if (k->kind == KEY_COND)
			*o++ = (struct argp_option){ k->name, OPT_COND + k->id, "VALUE",
						     flags,   k->help,		0 };
	}
	*o = (struct argp_option){
		"app", OPT_APP, "ATTRIBUTE=VALUE", 0, "as if the application had set this itself", 0
	};
}

/*
 * Nonsense gets no answer: the defaults would look like one. An interface that is there is none,
 * whatever it is called.
 */
static bool is_possible(const struct explain *explain)
{
	char why[GIVEN_WHY_SIZE];

	for (int c = 0; c < N_CONDS; c++) {
		const char *value = explain->subject.value[c];

		if (!value || c == COND_HOST || (c == COND_INTERFACE && value == explain->ifname) ||
		    given__is_possible(c, value, why))
			continue;
		tool_error("--%s: %s", policy_key__cond(c)->name, why);
		return false;
	}
	for (int i = 0; i < explain->n_args; i++) {
		if (is_object(explain->args[i]) ||
		    given__is_possible(COND_PROGRAM, explain->args[i], why))
			continue;
		tool_error("%s", why);
		return false;
	}
	return true;
}

static void tell_disabled(const struct explain *explain, json_t *json)
{
	tool_tell_disabled(&explain->opts, policy__is_disabled(explain->policy), json, stdout);
}

int cmd_explain(int argc, char **argv)
{
	static const struct argp_child children[] = { { &tool_argp, 0, NULL, 0 }, { 0 } };
	static struct argp_option options[N_OPTIONS];
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "PROGRAM|OBJECT...",
		.doc = "Says what is decided for a program, each source's answer, who won and why. "
		       "An argument that ends in .o or has a slash is a BPF object: each of its "
		       "XDP programs is explained, with its author's values.",
		.children = children,
	};
	struct explain explain = { .subject = { .app.unknown = true, .btf.unknown = true } };
	int status = TOOL_OK;

	make_options(options);
	argp_parse(&argp, argc, argv, 0, NULL, &explain);
	if (!explain.subject.value[COND_HOST] &&
	    !gethostname(explain.host, sizeof(explain.host) - 1))
		explain.subject.value[COND_HOST] = explain.host;
	set_interface_names(&explain);
	if (!is_possible(&explain))
		return TOOL_USAGE;
	set_user_alias(&explain);
	libbpf_words__listen();
	explain.policy = tool_open_policy(&explain.opts, &status);
	if (!explain.policy)
		return status;
	explain.names = json_object();
	if (explain.opts.json)
		explain.programs = json_array();
	else
		tell_disabled(&explain, NULL);
	for (int i = 0; i < explain.n_args && !status; i++) {
		if (i && !explain.programs)
			putchar('\n');
		status = explain_arg(&explain, explain.args[i]);
	}
	if (explain.programs) {
		json_t *json = tool_json_new();

		tell_disabled(&explain, json);
		json_object_set_new(json, "programs", explain.programs);
		if (tool_json_print(json))
			status = TOOL_FOUND;
	}
	if (!status)
		status = tool_policy_status(explain.policy);
	json_decref(explain.names);
	policy__close(explain.policy);
	free(explain.altnames);
	return status;
}
