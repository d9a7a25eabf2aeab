// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * l3afd's configuration: a list of objects, one for each host and interface, with its programs. The
 * XDP programs of one interface become one rule with an order. Each goes on to the next by a tail
 * call where it would pass the packet, so that XDP_PASS is what a chain goes on after.
 */
#include <stdlib.h>
#include <string.h>

#include "import-chain.h"

struct program {
	const char *host, *iface, *function, *object; /* the object of a chain */
	json_int_t seq;
	size_t group; /* number of the first program of the same host and interface */
	char where[IMPORT_WHERE_SIZE];
};

struct programs {
	size_t n, size;
	struct program *program;
};

struct field {
	const char *name, *reason; /* NULL: it is read, or says nothing about a chain */
};

static const char package[] = "the package and its version are not the policy's to choose";
static const char command[] = "no command is run by the policy";
static const char values[] = "the policy fills no maps";

static const struct field fields[] = {
	{ "name", NULL },
	{ "seq_id", NULL },
	{ "admin_status", NULL },
	{ "prog_type", NULL },
	{ "entry_function_name", NULL },
	{ "id", "a number of l3afd's own" },
	{ "map_name", "it is for tail calls; a dispatcher needs none" },
	{ "object_file", "where the package is unpacked is not known" },
	{ "artifact", package },
	{ "version", package },
	{ "ebpf_package_repo_url", package },
	{ "cmd_start", command },
	{ "cmd_stop", command },
	{ "cmd_status", command },
	{ "cmd_config", command },
	{ "cmd_update", command },
	{ "start_args", command },
	{ "stop_args", command },
	{ "status_args", command },
	{ "update_args", command },
	{ "config_args", command },
	{ "user_program_daemon", command },
	{ "is_plugin", command },
	{ "cpu", command },
	{ "memory", command },
	{ "rules_file", values },
	{ "rules", values },
	{ "config_file_path", values },
	{ "cfg_version", values },
	{ "map_args", values },
	{ "monitor_maps", values },
};

static const struct field *find_field(const char *name)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (!strcmp(fields[i].name, name))
			return &fields[i];
	return NULL;
}

/* The fields of an imported program that no rule has a place for. */
static void list_fields(struct import *imp, const char *where, const json_t *program)
{
	const struct field *field;
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)program, name, value) {
		field = find_field(name);
		if (!field)
			import__missed(imp, where, name, "not known");
		else if (imp->chain && !strcmp(name, "object_file"))
			continue;
		else if (field->reason && !import__is_unset(value))
			import__missed(imp, where, name, "%s", field->reason);
	}
}

/* A text that is there and not empty; else it is listed. */
static const char *text_of(struct import *imp, const json_t *object, const char *field,
			   const char *where, const char *expected)
{
	const json_t *value = json_object_get(object, field);
	char found[IMPORT_FOUND_SIZE];

	if (json_string_length(value))
		return json_string_value(value);
	import__missed(imp, where, field, "found %s, expected %s",
		       import__found(value, found, sizeof(found)), expected);
	return NULL;
}

/* What a chain loads. */
static bool read_object(struct import *imp, const json_t *json, struct program *program)
{
	char glob[IMPORT_GLOB_SIZE], err[POLICY_ERROR_SIZE];

	program->object = text_of(imp, json, "object_file", program->where, "an object's name");
	if (!program->object)
		return false;
	if (!import__glob(program->object, glob, sizeof(glob), err, sizeof(err)))
		return true;
	import__missed(imp, program->where, "object_file", "%s", err);
	return false;
}

/* Whether a program is one to be run, and where. */
static bool read_program(struct import *imp, const json_t *json, struct program *program)
{
	const json_t *seq = json_object_get(json, "seq_id");
	const json_t *type = json_object_get(json, "prog_type");
	char found[IMPORT_FOUND_SIZE], err[POLICY_ERROR_SIZE], glob[IMPORT_GLOB_SIZE];
	const char *status;

	status = text_of(imp, json, "admin_status", program->where, "enabled");
	if (!status)
		return false;
	if (strcmp(status, "enabled")) {
		import__missed(imp, program->where, "admin_status",
			       !strcmp(status, "disabled") ? "the program is disabled" :
							     "found '%.60s', expected enabled",
			       status);
		return false;
	}
	if (type && !import__is_unset(type) &&
	    (!json_is_string(type) || strcmp(json_string_value(type), "xdp"))) {
		import__missed(imp, program->where, "prog_type", "found %s, expected xdp",
			       import__found(type, found, sizeof(found)));
		return false;
	}
	if (!json_is_integer(seq) || json_integer_value(seq) < 1) {
		import__missed(imp, program->where, "seq_id",
			       "found %s, expected its place in the chain, from 1",
			       import__found(seq, found, sizeof(found)));
		return false;
	}
	program->seq = json_integer_value(seq);
	program->function = text_of(imp, json, "entry_function_name", program->where,
				    "the function's name: the package's name is none");
	if (!program->function)
		return false;
	if (imp->chain && !read_object(imp, json, program))
		return false;
	if (!import__glob(program->function, glob, sizeof(glob), err, sizeof(err)))
		return true;
	import__missed(imp, program->where, "entry_function_name", "%s", err);
	return false;
}

static struct program *new_program(struct import *imp, struct programs *programs)
{
	struct program *more;
	size_t size;

	if (!import__place(imp))
		return NULL;
	if (programs->n == programs->size) {
		size = programs->size ? programs->size * 2 : 16;
		more = reallocarray(programs->program, size, sizeof(*more));
		if (!more) {
			imp->no_memory = true;
			return NULL;
		}
		programs->program = more;
		programs->size = size;
	}
	return &programs->program[programs->n];
}

static size_t group_of(const struct programs *programs, const struct program *program)
{
	for (size_t i = 0; i < programs->n; i++)
		if (!strcmp(programs->program[i].host, program->host) &&
		    !strcmp(programs->program[i].iface, program->iface))
			return programs->program[i].group;
	return programs->n;
}

/* "HOST/INTERFACE/NAME", or with the number in the list for what has no name. */
static void name_program(char *where, size_t size, const json_t *json, size_t i)
{
	const char *name = json_is_string(json) ? json_string_value(json) :
						  json_string_value(json_object_get(json, "name"));
	char number[32];

	snprintf(number, sizeof(number), "number %zu", i + 1);
	import__where(where, size, name && *name ? name : number);
}

static void add_program(struct import *imp, struct programs *programs, const struct program *at,
			const json_t *json, size_t i)
{
	struct program *program = new_program(imp, programs);
	char found[IMPORT_FOUND_SIZE];

	if (!program)
		return;
	*program = *at;
	name_program(program->where, sizeof(program->where), json, i);
	if (!json_is_object(json)) {
		import__missed(imp, program->where, "xdp_ingress",
			       "found %s, expected a program: names alone are for deleting",
			       import__found(json, found, sizeof(found)));
		return;
	}
	if (!read_program(imp, json, program))
		return;
	program->group = group_of(programs, program);
	programs->n++;
	list_fields(imp, program->where, json);
}

/* Programs of another kind. */
static void list_others(struct import *imp, const struct program *at, const char *kind,
			const json_t *list)
{
	char where[IMPORT_WHERE_SIZE];
	const json_t *json;
	size_t i;

	json_array_foreach(list, i, json) {
		snprintf(where, sizeof(where), "%s", at->where);
		name_program(where, sizeof(where), json, i);
		import__missed(imp, where, kind, "it is no XDP program");
	}
}

static bool is_kind(const char *name)
{
	return !strcmp(name, "xdp_ingress") || !strcmp(name, "tc_ingress") ||
	       !strcmp(name, "tc_egress") || !strcmp(name, "probes");
}

static void add_programs(struct import *imp, struct programs *programs, const struct program *at,
			 const json_t *lists)
{
	const json_t *list, *json;
	char found[IMPORT_FOUND_SIZE];
	const char *name;
	size_t i;

	json_object_foreach((json_t *)lists, name, list) {
		if (!is_kind(name)) {
			import__missed(imp, at->where, name, "not known");
		} else if (!json_is_array(list) && !json_is_null(list)) {
			import__missed(imp, at->where, name, "found %s, expected a list",
				       import__found(list, found, sizeof(found)));
		} else if (strcmp(name, "xdp_ingress")) {
			list_others(imp, at, name, list);
		} else {
			json_array_foreach(list, i, json)
				add_program(imp, programs, at, json, i);
		}
	}
}

static const char *glob_of(struct import *imp, const json_t *json, const char *field,
			   const char *where)
{
	char glob[IMPORT_GLOB_SIZE], err[POLICY_ERROR_SIZE];
	const char *name = text_of(imp, json, field, where, "a name; nothing of it is imported");

	if (!name || !import__glob(name, glob, sizeof(glob), err, sizeof(err)))
		return name;
	import__missed(imp, where, field, "%s; nothing of it is imported", err);
	return NULL;
}

/* One host and interface. */
static void add_element(struct import *imp, struct programs *programs, const json_t *json,
			size_t number)
{
	const json_t *value, *lists = json_object_get(json, "bpf_programs");
	char element[40], found[IMPORT_FOUND_SIZE];
	struct program at = { 0 };
	const char *name;

	snprintf(element, sizeof(element), "element %zu", number);
	if (!json_is_object(json) || !json_is_object(lists)) {
		import__missed(
			imp, element, json_is_object(json) ? "bpf_programs" : "",
			"found %s, expected an object",
			import__found(json_is_object(json) ? lists : json, found, sizeof(found)));
		return;
	}
	at.host = glob_of(imp, json, "host_name", element);
	at.iface = glob_of(imp, json, "iface", element);
	if (!at.host || !at.iface)
		return;
	import__where(at.where, sizeof(at.where), at.host);
	import__where(at.where, sizeof(at.where), at.iface);
	if (imp->chain && !import_chain__is_host(imp, at.where, at.host))
		return;
	json_object_foreach((json_t *)json, name, value)
		if (strcmp(name, "host_name") && strcmp(name, "iface") &&
		    strcmp(name, "bpf_programs"))
			import__missed(imp, at.where, name, "not known");
	add_programs(imp, programs, &at, lists);
}

/* By interface as they came, in it by their place in the chain; equal ones stay as they came. */
static int by_place(const void *a, const void *b)
{
	const struct program *pa = *(const struct program *const *)a;
	const struct program *pb = *(const struct program *const *)b;

	if (pa->group != pb->group)
		return pa->group < pb->group ? -1 : 1;
	if (pa->seq != pb->seq)
		return pa->seq < pb->seq ? -1 : 1;
	return pa < pb ? -1 : 1;
}

static void set_glob(struct import *imp, const struct policy_key *key, const char *name)
{
	char glob[IMPORT_GLOB_SIZE], err[POLICY_ERROR_SIZE];

	if (!import__glob(name, glob, sizeof(glob), err, sizeof(err)))
		import__set(imp, key, glob);
}

/* Two in one place. */
static void check_place(struct import *imp, struct program *const *first, struct program *const *p)
{
	if (p > first && p[-1]->seq == (*p)->seq)
		import__missed(
			imp, (*p)->where, "seq_id",
			"found %lld a second time, expected it once: ambiguous, the order of "
			"the list was taken",
			(long long)(*p)->seq);
}

/* Whether the order has a place for this one; the first of its function has it. */
static bool is_new(struct import *imp, struct program *const *first, struct program *const *p)
{
	check_place(imp, first, p);
	for (struct program *const *other = first; other < p; other++) {
		if (strcmp((*other)->function, (*p)->function))
			continue;
		import__missed(imp, (*p)->where, "entry_function_name",
			       "found '%.60s' a second time on this interface, expected it once: a "
			       "rule cannot tell them apart",
			       (*p)->function);
		return false;
	}
	return true;
}

static void add_rule(struct import *imp, struct program *const *first, struct program *const *end)
{
	char name[2 * POLICY_MAX_NAME], where[IMPORT_WHERE_SIZE] = "";

	import__where(where, sizeof(where), (*first)->host);
	import__where(where, sizeof(where), (*first)->iface);
	snprintf(name, sizeof(name), "%s %s", (*first)->host, (*first)->iface);
	import__begin(imp, name);
	set_glob(imp, policy_key__cond(COND_HOST), (*first)->host);
	set_glob(imp, policy_key__cond(COND_INTERFACE), (*first)->iface);
	for (struct program *const *p = first; p < end; p++)
		if (is_new(imp, first, p))
			set_glob(imp, policy_key__order(ORDER_LIST), (*p)->function);
	import__set(imp, policy_key__attr(ATTR_ACTIONS), "PASS");
	import__end(imp, where, "xdp_ingress");
}

/* In the order of the list, which needs no priorities. */
static void add_chain(struct import *imp, struct program *const *first, struct program *const *end)
{
	for (struct program *const *p = first; p < end; p++) {
		const struct import_program program = {
			.object = (*p)->object,
			.function = (*p)->function,
			.actions = "PASS",
		};

		check_place(imp, first, p);
		import_chain__add(imp, (*p)->where, (*p)->iface, &program);
	}
}

static void add_rules(struct import *imp, struct programs *programs)
{
	struct program **sorted = reallocarray(NULL, programs->n, sizeof(*sorted));
	size_t first = 0;

	if (!sorted) {
		imp->no_memory = true;
		return;
	}
	for (size_t i = 0; i < programs->n; i++)
		sorted[i] = &programs->program[i];
	qsort(sorted, programs->n, sizeof(*sorted), by_place);
	for (size_t i = 1; i <= programs->n && !imp->no_memory; i++) {
		if (i < programs->n && sorted[i]->group == sorted[first]->group)
			continue;
		(imp->chain ? add_chain : add_rule)(imp, sorted + first, sorted + i);
		first = i;
	}
	free(sorted);
}

void import__l3afd(struct import *imp, const json_t *docs)
{
	struct programs programs = { 0 };
	const json_t *doc, *json;
	size_t i, j, n = 0;

	json_array_foreach(docs, i, doc) {
		if (!json_is_array(doc))
			add_element(imp, &programs, doc, ++n);
		json_array_foreach(doc, j, json)
			add_element(imp, &programs, json, ++n);
	}
	if (programs.n)
		add_rules(imp, &programs);
	free(programs.program);
}
