// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * All rules in force, in the long form only: in the order of the files a short one could not stand
 * behind a long one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

#define MAX_NAME 49 /* as inih reads it */
#define WIDTH	 100

/* One list in as many lines as it takes; inih reads no long ones. */
static void print_globs(const char *key, const struct policy_globs *globs)
{
	/* without padding where that would make a line longer than inih reads */
	int column =
		strlen(globs->glob[0].text) > WIDTH ? printf("%s=", key) : printf("%-18s =", key);
	for (unsigned int i = 0; i < globs->n; i++) {
		const struct policy_glob *glob = &globs->glob[i];

		if (i && column + 2 + (int)strlen(glob->text) > WIDTH)
			column = printf("\n%20s", "") - 1;
		column += printf(" %s%s", glob->exclude ? "!" : "", glob->text);
	}
	putchar('\n');
}

static void print_rule(const struct policy_rule *rule)
{
	char text[POLICY_VALUE_SIZE];
	size_t name_len;

	/* a short rule's name is its program: too long for a name perhaps, or with brackets */
	name_len = strcspn(rule->name, "]");
	printf("\n# %s:%u\n[%.*s]\n", rule->file, rule->line,
	       (int)(name_len < MAX_NAME ? name_len : MAX_NAME), rule->name);
	for (int c = 0; c < N_CONDS; c++)
		if (rule->cond[c])
			print_globs(policy_key__cond(c)->name, rule->cond[c]);
	for_each_attr(attr)
		if (rule->head.has[attr])
			printf("%-18s = %s\n", policy_key__attr(attr)->name,
			       policy_value__print(attr, &rule->head.value[attr], text,
						   sizeof(text)));
}

static json_t *globs_json(const struct policy_globs *globs)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < globs->n; i++) {
		char *text;

		if (asprintf(&text, "%s%s", globs->glob[i].exclude ? "!" : "",
			     globs->glob[i].text) < 0)
			continue;
		json_array_append_new(list, tool_json_string(text));
		free(text);
	}
	return list;
}

static json_t *rule_json(const struct policy_rule *rule)
{
	json_t *match = json_object(), *set = json_object();

	for (int c = 0; c < N_CONDS; c++)
		if (rule->cond[c])
			json_object_set_new(match, policy_key__cond(c)->name,
					    globs_json(rule->cond[c]));
	for_each_attr(attr)
		if (rule->head.has[attr])
			json_object_set_new(set, policy_key__attr(attr)->name,
					    tool_json_value(attr, &rule->head.value[attr]));
	return json_pack("{s:o, s:o, s:o, s:o, s:i}", "name", tool_json_string(rule->name), "match",
			 match, "set", set, "file", tool_json_string(rule->file), "line",
			 (int)rule->line);
}

int cmd_dump(int argc, char **argv)
{
	static const struct argp_child children[] = { { &tool_argp, 0, NULL, 0 }, { 0 } };
	static const struct argp argp = {
		.doc = "Prints all rules that are in force, as one file that could replace them. "
		       "The later rule overrides the earlier.",
		.children = children,
	};
	struct tool_opts opts = { 0 };
	struct xdp_policy *policy;
	json_t *json, *rules;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &opts);
	policy = tool_open_policy(&opts, &status);
	if (!policy)
		return status;
	status = tool_policy_status(policy);
	if (opts.json) {
		json = tool_json_new();
		rules = json_array();
		for (size_t i = 0; i < xdp_policy__n_rules(policy); i++)
			json_array_append_new(rules, rule_json(xdp_policy__rule(policy, i)));
		json_object_set_new(json, "rules", rules);
		if (tool_json_print(json))
			status = TOOL_FOUND;
	} else {
		printf("# %zu rules\n", xdp_policy__n_rules(policy));
		for (size_t i = 0; i < xdp_policy__n_rules(policy); i++)
			print_rule(xdp_policy__rule(policy, i));
	}
	xdp_policy__close(policy);
	return status;
}
