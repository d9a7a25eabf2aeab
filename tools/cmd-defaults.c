// SPDX-License-Identifier: LGPL-2.1-or-later
/* Authors' values, for whoever shows them to a user before anything is decided. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "chain-file.h"
#include "chain-dirs.h"
#include "chain/component.h"
#include "chain/runcfg.h"
#include "common/object.h"
#include "policy/files.h"
#include "tool.h"
#include "util/libbpf-words.h"

struct args {
	char **objects;
	int n_objects;
};

static const struct argp_option options[] = {
	{ "json", 'j', NULL, 0, "Print JSON, as always", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *args = state->input;

	(void)arg;
	switch (key) {
	case 'j':
		return 0;
	case ARGP_KEY_ARGS:
		args->objects = state->argv + state->next;
		args->n_objects = state->argc - state->next;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "found no object, expected a BPF object file");
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static json_t *stated(const struct policy_known *author, enum policy_attr attr)
{
	return author->has[attr] ? tool_json_value(attr, &author->value[attr]) : json_null();
}

static json_t *effective(const struct policy_known *author, enum policy_attr attr)
{
	struct policy_value value = policy_value__default(attr);

	return tool_json_value(attr, author->has[attr] ? &author->value[attr] : &value);
}

static json_t *program_json(const struct bpf_object *obj, const struct bpf_program *prog)
{
	const char *name = bpf_program__name(prog);
	const struct btf *btf = bpf_object__btf(obj);
	struct policy_known author = { 0 };
	struct runcfg config;

	if (btf && !runcfg__read(btf, name, &config))
		author = runcfg__known(&config);
	return json_pack(
		"{s:o, s:o, s:o, s:o, s:{s:o, s:o}, s:b}", "program", tool_json_string(name),
		"section", tool_json_string(bpf_program__section_name(prog)), "priority",
		stated(&author, ATTR_PRIORITY), "chain-call-actions", stated(&author, ATTR_ACTIONS),
		"effective", "priority", effective(&author, ATTR_PRIORITY), "chain-call-actions",
		effective(&author, ATTR_ACTIONS), "frags", program__takes_frags(prog));
}

static int add_open_object(json_t *objects, const struct bpf_object *obj, const char *path,
			   const char *absolute)
{
	json_t *programs = json_array();
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, obj)
		if (program__is_attachable(prog))
			json_array_append_new(programs, program_json(obj, prog));
	if (!json_array_size(programs)) {
		json_decref(programs);
		tool_error("%s: found no XDP program in it, expected one that can be attached to "
			   "an interface",
			   path);
		return TOOL_FOUND;
	}
	json_array_append_new(objects, json_pack("{s:o, s:o}", "object", tool_json_string(absolute),
						 "programs", programs));
	return TOOL_OK;
}

static int add_object(json_t *objects, const char *path)
{
	struct bpf_object *obj;
	char *absolute;
	int status;

	status = object__open(path, &obj, &absolute);
	if (status)
		return status;
	status = add_open_object(objects, obj, path, absolute);
	bpf_object__close(obj);
	free(absolute);
	return status;
}

static bool has_object(const json_t *objects, const char *path)
{
	const json_t *object;
	size_t i;

	json_array_foreach(objects, i, object)
		if (!strcmp(json_string_value(json_object_get(object, "object")), path))
			return true;
	return false;
}

/* Each object that the file names, once. */
static int add_objects_of(json_t *objects, const struct chain_file *file)
{
	int status = TOOL_OK, err;

	for (size_t i = 0; i < file->n; i++) {
		const struct chain_spec *spec = &file->entry[i].spec;

		for (size_t p = 0; p < spec->n; p++) {
			const char *path = spec->program[p].object;

			if (!path || has_object(objects, path))
				continue;
			err = add_object(objects, path);
			status = err > status ? err : status;
		}
	}
	return status;
}

/* Whose file it is does not matter: nothing is loaded. */
static int add_chain_file(json_t *objects, const char *path)
{
	struct chain_file file;
	int err = chain_file__read_any(path, &tool_log_stderr, &file), status;

	if (err)
		return err == -EACCES ? TOOL_PERM : err == -ENOENT ? TOOL_FOUND : TOOL_CONFIG;
	status = add_objects_of(objects, &file);
	chain_file__free(&file);
	return status;
}

int cmd_defaults(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "OBJECT|FILE...",
		.doc = "Prints, as JSON, the run priority and the chain call actions that the "
		       "authors of the XDP programs in BPF object files compiled in. A chain FILE, "
		       ".yaml or .json, stands for all objects in it.",
	};
	struct args args = { 0 };
	json_t *json = tool_json_new(), *objects = json_array();
	int status = TOOL_OK, err;

	argp_parse(&argp, argc, argv, 0, NULL, &args);
	libbpf_words__listen();
	for (int i = 0; i < args.n_objects; i++) {
		err = chain_dirs__is_chain(basename(args.objects[i])) ?
			      add_chain_file(objects, args.objects[i]) :
			      add_object(objects, args.objects[i]);
		/* the rest is told all the same; not permitted is the worst */
		if (err > status)
			status = err;
	}
	json_object_set_new(json, "objects", objects);
	return tool_json_print(json) ? TOOL_FOUND : status;
}
