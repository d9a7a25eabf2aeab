// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>

#include "chain-table.h"
#include "chain/remarks.h"
#include "chain/swap.h"
#include "common/table.h"
#include "wish.h"

enum {
	COL_BEFORE,
	COL_AFTER,
	COL_WHY
};

static const char *kind_name(const struct chain *chain)
{
	return chain->kind == CHAIN_DISPATCHER ? "dispatcher" : "program";
}

void chain_change__print(const struct chain_change *change)
{
	const struct chain *before = change->before, *after = change->after;
	/* of a chain that is new, what it has become */
	const struct chain *shown = before->kind == CHAIN_NONE ? after : before;

	tool_print("%s%s%s", change->netns, *change->netns ? "/" : "", change->ifname);
	if (shown->kind != CHAIN_NONE && (shown->mode || shown->id)) {
		printf(" (%s", shown->mode ? shown->mode : "any mode");
		if (shown->id)
			printf(", %s %u", kind_name(shown), shown->id);
		if (shown == before && before->id != after->id)
			printf(" -> %u", after->id);
		putchar(')');
	}
	tool_print(": %s%s%s\n", change->outcome, *change->why ? ": " : "", change->why);
}

static void print_program(const struct chain *chain, unsigned int i, char *buf, size_t size)
{
	struct policy_value priority, actions;
	char text[2][POLICY_VALUE_SIZE] = { "-", "-" };

	*buf = '\0';
	if (i >= chain->n)
		return;
	priority = (struct policy_value){ .num = chain->program[i].priority };
	actions = (struct policy_value){ .num = chain->program[i].actions };
	if (chain->kind == CHAIN_DISPATCHER) {
		policy_value__print(ATTR_PRIORITY, &priority, text[0], sizeof(text[0]));
		policy_value__print(ATTR_ACTIONS, &actions, text[1], sizeof(text[1]));
	}
	snprintf(buf, size, "%5s %s %s", text[0], proginfo__label(&chain->program[i].info),
		 text[1]);
}

void chain_change__print_table(const struct chain_change *change)
{
	static const char *const columns[] = { "  BEFORE", "AFTER", "POLICY" };
	struct libscols_table *table = table__new(columns, 3, false);
	unsigned int n =
		change->before->n > change->after->n ? change->before->n : change->after->n;
	char cell[POLICY_VALUE_SIZE * 3], why[WISH_REASON_SIZE];

	for (unsigned int i = 0; i < n; i++) {
		struct libscols_line *line = scols_table_new_line(table, NULL);

		print_program(change->before, i, cell, sizeof(cell));
		table__set(line, COL_BEFORE, cell);
		print_program(change->after, i, cell, sizeof(cell));
		table__set(line, COL_AFTER, cell);
		*why = '\0';
		change->reason(change->ctx, i, why, sizeof(why));
		chain__append_remarks(change->after, i, why, sizeof(why));
		table__set(line, COL_WHY, why);
	}
	table__print(table, stdout);
}

void chain_change__print_times(const char *ifname, const struct chain_times *times)
{
	tool_print("%s ms:", ifname);
	for (enum chain_phase phase = 0; phase < N_PHASES; phase++)
		printf(" %s %.1f", chain_phase_names[phase], times->ns[phase] / 1e6);
	putchar('\n');
}

json_t *chain_table__name(const struct proginfo *info)
{
	return *info->name ? tool_json_string(info->name) : json_null();
}

/* A lone program has neither priority nor actions. */
static json_t *value_json(const struct chain *chain, enum policy_attr attr, uint32_t num)
{
	const struct policy_value value = { .num = num };

	return chain->kind == CHAIN_DISPATCHER ? tool_json_value(attr, &value) : json_null();
}

void chain_table__add_remarks(json_t *program, const struct chain *chain, unsigned int nth)
{
	json_t *remarks = json_array();
	char text[CHAIN_REMARK_SIZE];

	for (enum chain_remark i = 0; i < N_REMARKS; i++)
		if (chain__remark(chain, nth, i, text))
			json_array_append_new(remarks, tool_json_string(text));
	json_object_set_new(program, "remarks", remarks);
}

static json_t *chain_json(const struct chain *chain)
{
	json_t *json = json_array();

	for (unsigned int i = 0; i < chain->n; i++) {
		const struct chain_program *p = &chain->program[i];
		json_t *program = json_pack(
			"{s:o, s:I, s:s, s:o, s:o}", "program", chain_table__name(&p->info), "id",
			(json_int_t)p->info.id, "tag", p->info.tag, "priority",
			value_json(chain, ATTR_PRIORITY, p->priority), "chain-call-actions",
			value_json(chain, ATTR_ACTIONS, p->actions));

		chain_table__add_remarks(program, chain, i);
		json_array_append_new(json, program);
	}
	return json;
}

json_t *chain_change__json(const struct chain_change *change, const struct chain_times *times)
{
	json_t *json = json_pack("{s:o, s:s, s:I, s:I, s:o, s:o}", "interface",
				 tool_json_string(change->ifname), "outcome", change->outcome,
				 "dispatcher", (json_int_t)change->after->id, "dispatcher-before",
				 (json_int_t)change->before->id, "before",
				 chain_json(change->before), "after", chain_json(change->after));
	json_t *phases = json_object();

	if (*change->netns)
		json_object_set_new(json, "netns", tool_json_string(change->netns));
	if (*change->why)
		json_object_set_new(json, "why", tool_json_string(change->why));
	for (enum chain_phase phase = 0; phase < N_PHASES; phase++)
		json_object_set_new(phases, chain_phase_names[phase],
				    tool_json_milliseconds(times->ns[phase]));
	json_object_set_new(json, "milliseconds", phases);
	return json;
}
