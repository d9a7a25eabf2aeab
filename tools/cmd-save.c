// SPDX-License-Identifier: LGPL-2.1-or-later
/* save: the live chains as a file that load reads. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chain-file.h"
#include "chain-table.h"
#include "chain/component.h"
#include "chain/program.h"
#include "chain/record.h"
#include "chain/remarks.h"
#include "common/output.h"
#include "common/program.h"
#include "interfaces.h"
#include "netns.h"
#include "tool.h"
#include "util/encode.h"

enum format {
	FORMAT_UNKNOWN,
	FORMAT_YAML,
	FORMAT_JSON
};

struct save {
	enum format format;
	const char *netns, *output;
	char **args;
	int n_args;
	bool json;
	json_t *interfaces, *left_out, *remarks; /* with --json, else NULL */

	struct record_dirs dirs;
	struct chain_file file;
	bool failed, not_permitted;
};

static const struct argp_option options[] = {
	{ "format", 'f', "FORMAT", 0, "Write yaml or json; else what the output's suffix says", 0 },
	{ "json", 'j', NULL, 0, "Print JSON about it; with the chains, unless there is --output",
	  0 },
	{ "netns", 'N', "NAME", 0, "The chains of a network namespace", 0 },
	{ "output", 'o', "FILE", 0, "Replace FILE instead of writing to standard output", 0 },
	{ 0 },
};

static void set_format(struct save *save, const char *arg, struct argp_state *state)
{
	if (!strcmp(arg, "yaml"))
		save->format = FORMAT_YAML;
	else if (!strcmp(arg, "json"))
		save->format = FORMAT_JSON;
	else
		argp_error(state, "found format '%s', expected yaml or json", arg);
}

static enum format format_of(const char *path)
{
	const char *suffix = path ? strrchr(path, '.') : NULL;

	return suffix && !strcmp(suffix, ".json") ? FORMAT_JSON : FORMAT_YAML;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct save *save = state->input;

	switch (key) {
	case 'f':
		set_format(save, arg, state);
		return 0;
	case 'j':
		save->json = true;
		save->interfaces = json_array();
		save->left_out = json_array();
		save->remarks = json_array();
		return 0;
	case 'N':
		if (!strcmp(arg, "all"))
			argp_error(state, "--netns: found all, expected one: a file is for one");
		save->netns = arg;
		return 0;
	case 'o':
		save->output = arg;
		return 0;
	case ARGP_KEY_ARGS:
		save->args = state->argv + state->next;
		save->n_args = state->argc - state->next;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_END:
		if (save->format == FORMAT_UNKNOWN)
			save->format = format_of(save->output);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void fail(struct save *save, int err, const char *name)
{
	tool_error("%s: %s", name, strerror(-err));
	save->failed = true;
	save->not_permitted = save->not_permitted || err == -EPERM || err == -EACCES;
}

static json_t *about(const char *ifname, const struct proginfo *info, const char *key,
		     const char *text)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "interface", tool_json_string(ifname), "program",
			 info ? chain_table__name(info) : json_null(), "id",
			 info ? json_integer(info->id) : json_null(), key, tool_json_string(text));
}

/* What is not in the file: a program, or without info a whole chain. */
static void leave_out(struct save *save, const char *ifname, const struct proginfo *info,
		      const char *why)
{
	save->failed = true;
	if (save->json)
		json_array_append_new(save->left_out, about(ifname, info, "reason", why));
	else if (info)
		tool_error("%s: program '%s' (id %u): %s; it is left out", ifname,
			   proginfo__label(info), info->id, why);
	else
		tool_error("%s: %s; its chain is left out", ifname, why);
}

/* An interface's name is any text but blanks and slashes; in the file it is a glob. */
static char *as_glob(const char *ifname)
{
	char *glob = malloc(2 * strlen(ifname) + 1), *out = glob;

	for (; glob && *ifname; ifname++) {
		if (strchr("*?[]\\!", *ifname))
			*out++ = '\\';
		*out++ = *ifname;
	}
	if (glob)
		*out = '\0';
	return glob;
}

static bool is_there(const struct chain_spec *spec, const char *object, const char *name)
{
	for (size_t i = 0; i < spec->n; i++)
		if (!strcmp(spec->program[i].object, object) &&
		    !strcmp(spec->program[i].program, name))
			return true;
	return false;
}

/* A chain file is UTF-8, and its texts have no control characters. */
static bool can_be_written(const char *text)
{
	return encode__is_utf8(text) && !policy_text__has_control(text);
}

/* What cannot be written of a program, or NULL. */
static const char *why_not(const struct record *record, const struct chain_spec *spec,
			   const char *name)
{
	const char *object = record->value[COND_OBJECT];

	if (!name)
		return "found no name, or only the 15 characters that the kernel keeps of it";
	if (!object || *object != '/')
		return "found no object file that it is known to be from";
	if (!can_be_written(object))
		return "found a path of its object file that no chain file can hold";
	if (access(object, F_OK))
		return "found its object file no more";
	if (is_there(spec, object, name))
		return "found it a second time in the chain";
	return NULL;
}

/* As built, if that is the same. */
static enum chain_frags frags_of(const struct chain_program *p, const struct record *record)
{
	bool built = section__takes_frags(record->value[COND_SECTION]);

	if (p->flags & BPF_F_XDP_HAS_FRAGS)
		return built ? FRAGS_AS_BUILT : FRAGS_YES;
	return built ? FRAGS_NO : FRAGS_AS_BUILT;
}

/* Returns 0 or -ENOMEM. */
static int add_program(struct chain_file_entry *entry, const struct chain_program *p,
		       const struct record *record, const char *name)
{
	struct chain_spec_program *ret =
		(struct chain_spec_program *)&entry->spec.program[entry->spec.n];

	*ret = (struct chain_spec_program){
		.object = strdup(record->value[COND_OBJECT]),
		.program = strdup(name),
		.frags = frags_of(p, record),
		.app.has = { [ATTR_PRIORITY] = true, [ATTR_ACTIONS] = true },
		.app.value = {
			[ATTR_PRIORITY] = { .num = p->priority },
			[ATTR_ACTIONS] = { .num = p->actions },
		},
	};
	entry->spec.n++;
	return ret->object && ret->program ? 0 : -ENOMEM;
}

static int add_programs(struct save *save, const char *ifname, const struct chain *chain,
			struct chain_file_entry *entry)
{
	int err = 0;

	for (unsigned int i = 0; i < chain->n && !err; i++) {
		const struct proginfo *info = &chain->program[i].info;
		struct policy_subject subject = { .app.unknown = true };
		struct record record;
		const char *why, *name;

		record__read(&save->dirs, info, &record);
		proginfo__describe(info, &subject);
		record__describe(&record, &subject);
		name = subject.name_cut ? NULL : subject.value[COND_PROGRAM];
		why = why_not(&record, &entry->spec, name);
		if (why) {
			leave_out(save, ifname, info, why);
			/* so that to load the rest leaves it where it is */
			entry->spec.add = true;
		} else {
			err = add_program(entry, &chain->program[i], &record, name);
		}
		record__clear(&record);
	}
	return err;
}

static enum policy_mode mode_of(const char *name)
{
	struct policy_value value = { .num = MODE_AUTO };
	char err[POLICY_ERROR_SIZE];

	if (name)
		policy_value__parse(ATTR_MODE, name, &value, err, sizeof(err));
	return value.num;
}

/* Of a chain that nothing can be said of. */
static void drop_last(struct chain_file *file)
{
	struct chain_file_entry *entry = &file->entry[--file->n];

	free(entry->interface);
	free((void *)entry->spec.program);
}

static int add_chain(struct save *save, const char *ifname, const struct chain *chain)
{
	struct chain_file_entry *entry;
	int err;

	entry = reallocarray(save->file.entry, save->file.n + 1, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	save->file.entry = entry;
	entry = &entry[save->file.n++];
	*entry = (struct chain_file_entry){
		.interface = as_glob(ifname),
		.spec.mode = mode_of(chain->mode),
		.spec.program = calloc(CHAIN_MAX, sizeof(struct chain_spec_program)),
	};
	if (!entry->interface || !entry->spec.program)
		return -ENOMEM;
	err = add_programs(save, ifname, chain, entry);
	if (!err && !entry->spec.n)
		drop_last(&save->file);
	else if (!err && save->json)
		json_array_append_new(save->interfaces, tool_json_string(ifname));
	return err;
}

/* Who loads the file has the same. */
static void tell_remark(const struct save *save, const char *ifname, const struct proginfo *info,
			const char *text)
{
	if (save->json)
		json_array_append_new(save->remarks, about(ifname, info, "remark", text));
	else
		tool_error("%s: program '%s' (id %u): %s", ifname, proginfo__label(info), info->id,
			   text);
}

static void tell_remarks(const struct save *save, const char *ifname, const struct chain *chain)
{
	char text[CHAIN_REMARK_SIZE];

	for (unsigned int i = 0; i < chain->n; i++)
		for (enum chain_remark remark = 0; remark < N_REMARKS; remark++)
			if (chain__remark(chain, i, remark, text))
				tell_remark(save, ifname, &chain->program[i].info, text);
}

static void save_interface(struct save *save, const struct interface *interface)
{
	char why[2 * CHAIN_WHY_SIZE];
	struct chain chain;
	int err = chain__read(interface->ifindex, NULL, &chain);

	if (!err && chain.kind == CHAIN_DISPATCHER && !can_be_written(interface->name)) {
		leave_out(save, interface->name, NULL,
			  "found a name that no chain file can hold, expected UTF-8 without "
			  "control characters");
	} else if (!err && chain.kind == CHAIN_DISPATCHER) {
		err = add_chain(save, interface->name, &chain);
		tell_remarks(save, interface->name, &chain);
	} else if (!err && chain.kind != CHAIN_NONE) {
		snprintf(why, sizeof(why), "found no chain, but one program: %s",
			 *chain.fixed ? chain.fixed : "expected a dispatcher");
		leave_out(save, interface->name, NULL, why);
	} else if (!err && save->n_args) {
		tool_error("%s: found no program, expected a chain", interface->name);
		save->failed = true;
	}
	if (err)
		fail(save, err, interface->name);
}

static void save_netns(void *ctx, const char *name)
{
	struct save *save = ctx;
	struct interfaces interfaces;

	(void)name;
	if (!interfaces__find(save->args, save->n_args, NULL, &interfaces))
		save->failed = true;
	for (size_t i = 0; i < interfaces.n; i++)
		save_interface(save, &interfaces.interface[i]);
	interfaces__free(&interfaces);
}

static int print(FILE *out, void *ctx)
{
	const struct save *save = ctx;

	return save->format == FORMAT_JSON ?
		       chain_file__write_json(out, &save->file, &tool_log_stderr) :
		       chain_file__write_yaml(out, &save->file, &tool_log_stderr);
}

/* The chains as load would read them; NULL if they cannot be written. */
static json_t *chains_json(const struct save *save)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	json_t *file = NULL, *chains;

	if (out && !chain_file__write_json(out, &save->file, &tool_log_stderr))
		fflush(out);
	if (out && !fclose(out))
		file = json_loads(text, 0, NULL);
	chains = json_incref(json_object_get(file, "chains"));
	json_decref(file);
	free(text);
	return chains;
}

static int print_report(const struct save *save, bool written)
{
	json_t *json = tool_json_new(), *chains;
	bool to_file = !output__is_stdout(save->output);

	json_object_set_new(json, "file",
			    to_file && written ? tool_json_string(save->output) : json_null());
	json_object_set_new(json, "interfaces", save->interfaces);
	json_object_set_new(json, "left-out", save->left_out);
	json_object_set_new(json, "remarks", save->remarks);
	chains = to_file ? NULL : chains_json(save);
	if (chains)
		json_object_set_new(json, "chains", chains);
	return tool_json_print(json);
}

static int write_file(struct save *save)
{
	const struct output output = { .print = print, .ctx = save };
	char why[OUTPUT_WHY_SIZE];

	if (save->json && output__is_stdout(save->output))
		return TOOL_OK; /* it is a part of the report */
	return tool_written(save->output, output__write(save->output, &output, why), why);
}

static int finish(struct save *save)
{
	int status = TOOL_OK, reported = TOOL_OK;

	/* an empty file would mask another, or take all off */
	if (!save->file.n && !save->failed) {
		tool_error("found no chain on any interface, expected one; nothing is written");
		save->failed = true;
	} else if (save->file.n) {
		status = write_file(save);
	}
	if (save->json)
		reported = print_report(save, save->file.n && !status);
	if (save->not_permitted || status == TOOL_PERM)
		return TOOL_PERM;
	return status || reported || save->failed ? TOOL_FOUND : TOOL_OK;
}

int cmd_save(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "[INTERFACE...]",
		.doc = "Writes the live chains of interfaces, or of all, as a file that load reads: "
		       "to load it changes nothing.",
	};
	struct save save = { 0 };
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &save);
	save.file.path = strdup(save.output ? save.output : "-");
	record_dirs__open(&save.dirs);
	if (netns__each(save.netns, save_netns, tool_no_netns, &save))
		save.failed = true;
	record_dirs__close(&save.dirs);
	status = finish(&save);
	chain_file__free(&save.file);
	return status;
}
