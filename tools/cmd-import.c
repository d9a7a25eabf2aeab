// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/input.h"
#include "common/output.h"
#include "import-chain.h"
#include "rule-file.h"

enum {
	OPT_FROM = 0x100,
	OPT_CHAIN,
	OPT_OBJECTS,
	OPT_HOST
};

struct source {
	const char *name;
	void (*import)(struct import *imp, const json_t *docs);
};

static const struct source sources[] = {
	{ "l3afd", import__l3afd },
	{ "bpfman", import__bpfman },
	{ 0 },
};

struct args {
	struct tool_opts opts;
	const struct source *from; /* NULL: by content */
	int format;		   /* enum rule_format; -1: by suffix */
	const char *input, *output;
	bool chain;
	const char *objects, *host;
};

static const struct argp_option options[] = {
	{ "from", OPT_FROM, "KIND", 0, "Read data of l3afd or bpfman; else its content tells", 0 },
	{ "chain", OPT_CHAIN, NULL, 0, "Write a chain file, which loads the programs, not rules",
	  0 },
	{ "objects", OPT_OBJECTS, "DIR", 0,
	  "With --chain: where objects without a directory are; else beside the input", 0 },
	{ "host", OPT_HOST, "NAME", 0, "With --chain: of l3afd's hosts this one; else the first",
	  0 },
	{ "format", 'f', "FORMAT", 0,
	  "Write ini, yaml or json; else by the suffix of the output, or ini (yaml with --chain)",
	  0 },
	{ "output", 'o', "FILE", 0, "Replace FILE instead of writing to standard output", 0 },
	{ 0 },
};

static const struct source *find_source(const char *name)
{
	for (const struct source *s = sources; s->name; s++)
		if (!strcmp(s->name, name))
			return s;
	return NULL;
}

static void set_input(struct args *args, const char *arg, struct argp_state *state)
{
	if (args->input)
		argp_error(state, "found a second file '%s', expected one", arg);
	args->input = arg;
}

static void finish_args(struct args *args, struct argp_state *state)
{
	if (!args->input)
		argp_error(state, "found no file, expected one, or - for standard input");
	if (!args->chain && (args->objects || args->host))
		argp_error(state, "found --%s, expected --chain with it",
			   args->objects ? "objects" : "host");
	if (args->chain && args->format < 0)
		args->format = args->output && rule_format__of(args->output) == FORMAT_JSON ?
				       FORMAT_JSON :
				       FORMAT_YAML;
	if (args->chain && args->format == FORMAT_INI)
		argp_error(state, "found format 'ini', expected yaml or json with --chain");
	if (args->format < 0)
		args->format = args->output ? (int)rule_format__of_output(args->output, state) :
					      FORMAT_INI;
	if (args->format == FORMAT_CDB)
		argp_error(state, "found format 'cdb', expected ini, yaml or json; see compile");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *args = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &args->opts;
		return 0;
	case OPT_FROM:
		args->from = find_source(arg);
		if (!args->from)
			argp_error(state, "--from: found '%s', expected l3afd or bpfman", arg);
		return 0;
	case OPT_CHAIN:
		args->chain = true;
		return 0;
	case OPT_OBJECTS:
		args->objects = arg;
		return 0;
	case OPT_HOST:
		args->host = arg;
		return 0;
	case 'f':
		args->format = rule_format__by_name(arg);
		if (args->format < 0)
			argp_error(state, "found format '%s', expected ini, yaml or json", arg);
		return 0;
	case 'o':
		args->output = output__is_stdout(arg) ? NULL : arg;
		return 0;
	case ARGP_KEY_ARG:
		set_input(args, arg, state);
		return 0;
	case ARGP_KEY_END:
		finish_args(args, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Whose data it is, by what its first object says; NULL if nobody's. */
static const struct source *detect(const json_t *docs)
{
	const json_t *doc = NULL;
	size_t i;

	json_array_foreach(docs, i, doc)
		if (!json_is_null(doc))
			break;
	if (json_is_array(doc))
		doc = json_array_get(doc, 0);
	if (json_object_get(doc, "apiVersion"))
		return find_source("bpfman");
	if (json_object_get(doc, "bpf_programs") || json_object_get(doc, "iface"))
		return find_source("l3afd");
	return NULL;
}

static int no_memory(void)
{
	tool_error("out of memory");
	return TOOL_FOUND;
}

static int parse_input(const struct args *args, json_t **docs)
{
	char why[INPUT_WHY_SIZE], *text;
	size_t size;
	int err;

	err = input__read(args->input, IMPORT_MAX_SIZE, &text, &size, why);
	if (err) {
		tool_error("%s: %s", args->input, why);
		return err == -EACCES || err == -EPERM ? TOOL_PERM :
		       err == -EFBIG		       ? TOOL_CONFIG :
							 TOOL_USAGE;
	}
	err = import__read(args->input, text, size, &tool_log_stderr, docs);
	free(text);
	return err == -ENOMEM ? no_memory() : err ? TOOL_CONFIG : TOOL_OK;
}

/* One line each: "FILE: not imported: WHERE: FIELD: REASON". */
static void tell(const char *file, const char *what, const json_t *items)
{
	const char *where, *field, *reason;
	json_t *item;
	size_t i;

	json_array_foreach(items, i, item) {
		where = json_string_value(json_object_get(item, "where"));
		field = json_string_value(json_object_get(item, "field"));
		reason = json_string_value(json_object_get(item, "reason"));
		policy_log__msg(&tool_log_stderr, POLICY_INFO, file, 0, "%s: %s: %s%s%s", what,
				where, field, *field ? ": " : "", reason);
	}
}

/* What the import is called, and how many there are. */
static size_t n_imported(const struct import *imp)
{
	return imp->chain ? imp->chain->n_programs : imp->rules.n;
}

static const char *key_of(const struct import *imp)
{
	return imp->chain ? "chains" : "rules";
}

static int print_rules(FILE *out, const struct policy_rules *rules)
{
	const struct policy_rule **list = reallocarray(NULL, rules->n + 1, sizeof(*list));
	int err;

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < rules->n; i++)
		list[i] = &rules->rule[i];
	err = write_rules__json(out, list, rules->n, &tool_log_stderr);
	free(list);
	return err;
}

/* What was made, as it stands in a JSON file of its kind; NULL without memory. */
static json_t *made_json(const struct import *imp)
{
	json_t *file = NULL, *json = NULL;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int err;

	if (!out)
		return NULL;
	err = imp->chain ? chain_file__write_json(out, &imp->chain->file, &tool_log_stderr) :
			   print_rules(out, &imp->rules);
	if (!fclose(out) && !err)
		file = json_loads(text, 0, NULL);
	json = json_incref(json_object_get(file, key_of(imp)));
	json_decref(file);
	free(text);
	return json;
}

static int print_json(const struct import *imp, const struct source *from)
{
	json_t *json = tool_json_new(), *made = made_json(imp);

	if (!made) {
		json_decref(json);
		return no_memory();
	}
	json_object_set_new(json, "from", json_string(from->name));
	json_object_set_new(json, key_of(imp), made);
	json_object_set(json, "not-imported", imp->missed);
	json_object_set(json, "not_imported", imp->missed); /* its name before 0.2.0 */
	json_object_set(json, "notes", imp->notes);
	return tool_json_print(json);
}

static void print_report(const struct import *imp, const char *file)
{
	size_t n = json_array_size(imp->missed), n_made = n_imported(imp);

	tell(file, "note", imp->notes);
	tell(file, "not imported", imp->missed);
	if (n)
		policy_log__msg(&tool_log_stderr, POLICY_INFO, file, 0,
				"%zu %s%s, %zu not imported", n_made,
				imp->chain ? "program" : "rule", n_made == 1 ? "" : "s", n);
}

struct to_write {
	const struct chain_file *file;
	int format;
};

static int print_chains(FILE *out, void *ctx)
{
	const struct to_write *w = ctx;

	return w->format == FORMAT_JSON ? chain_file__write_json(out, w->file, &tool_log_stderr) :
					  chain_file__write_yaml(out, w->file, &tool_log_stderr);
}

static int write_chains(const struct args *args, const struct chain_file *file)
{
	struct to_write w = { .file = file, .format = args->format };
	const struct output output = { .print = print_chains, .ctx = &w };
	char why[OUTPUT_WHY_SIZE];

	return tool_written(args->output, output__write(args->output, &output, why), why);
}

/* No file without rules is written: in its place it would mask others. Nor one without chains. */
static int write_made(const struct args *args, const struct import *imp)
{
	if (!n_imported(imp))
		tool_error("%s: found nothing to import; no %s is written", args->input,
			   imp->chain ? "chain" : "rule");
	else if (args->opts.json && !args->output)
		return TOOL_OK;
	else if (imp->chain)
		return write_chains(args, &imp->chain->file);
	else
		return rule_file__write(args->output, args->format, &imp->rules);
	return TOOL_OK;
}

static int import(const struct args *args, const json_t *docs, struct import *imp)
{
	const struct source *from = args->from ? args->from : detect(docs);
	int status;

	if (!from) {
		tool_error("%s: found neither 'bpf_programs' nor 'apiVersion', expected l3afd's or "
			   "bpfman's data; --from says whose it is",
			   args->input);
		return TOOL_CONFIG;
	}
	from->import(imp, docs);
	if (imp->no_memory)
		return no_memory();
	if (imp->too_many) {
		tool_error("%s: found more than %d programs on interfaces, expected at most that",
			   args->input, IMPORT_MAX_PLACES);
		return TOOL_CONFIG;
	}
	status = write_made(args, imp);
	if (status)
		return status;
	if (!args->opts.json)
		print_report(imp, args->input);
	else if (print_json(imp, from))
		return TOOL_FOUND;
	return n_imported(imp) && !json_array_size(imp->missed) ? TOOL_OK : TOOL_FOUND;
}

/* The absolute directory of the objects, to be freed; NULL without memory. */
static char *objects_of(const struct args *args)
{
	const char *slash = strcmp(args->input, "-") ? strrchr(args->input, '/') : NULL;
	char *dir, *cwd, *path = NULL;

	dir = args->objects ? strdup(args->objects) :
			      strndup(args->input, slash ? (size_t)(slash + 1 - args->input) : 0);
	/* what is absolute may be of another host */
	if (!dir || *dir == '/')
		return dir;
	cwd = realpath(*dir ? dir : ".", NULL);
	if (cwd) {
		free(dir);
		return cwd;
	}
	cwd = realpath(".", NULL);
	if (!cwd || asprintf(&path, "%s/%s", cwd, dir) < 0)
		path = NULL;
	free(cwd);
	free(dir);
	return path;
}

int cmd_import(int argc, char **argv)
{
	static const struct argp_child children[] = { { &tool_argp, 0, NULL, 0 }, { 0 } };
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "FILE|-",
		.doc = "Reads what an orchestrator was told (l3afd's JSON, bpfman's Kubernetes "
		       "objects) and writes a rule file that says the same, or a chain file. What "
		       "neither can say is listed on standard error.",
		.children = children,
	};
	struct args args = { .format = -1 };
	struct import_chain chain = { 0 };
	char *objects = NULL;
	struct import imp = { .missed = json_array(), .notes = json_array() };
	json_t *docs = NULL;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &args);
	imp.root = args.opts.root ? args.opts.root : "";
	if (args.chain) {
		chain.objects = objects = objects_of(&args);
		chain.host = args.host;
		imp.chain = &chain;
	}
	status = imp.missed && imp.notes && !objects == !args.chain ? parse_input(&args, &docs) :
								      no_memory();
	if (!status)
		status = import(&args, docs, &imp);
	policy_rules__clear(&imp.rules);
	chain_file__free(&chain.file);
	free(objects);
	json_decref(imp.missed);
	json_decref(imp.notes);
	json_decref(docs);
	return status;
}
