// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"
#include "util/encode.h"

static const char *state_name(enum policy_file_state state)
{
	switch (state) {
	case FILE_GOOD:
		return "good";
	case FILE_MASKED:
		return "masked";
	case FILE_REFUSED:
		return "refused";
	case FILE_ABSENT:
		break;
	}
	return "absent";
}

/* Reads the file again: the policy keeps rules, not texts. */
static char *read_again(const struct policy_file *file, size_t root_len, size_t *size)
{
	static const struct policy_log silent;
	struct policy_stamp stamp;
	char *text = NULL;

	if (file->kind == FILE_DB)
		return NULL;
	if (policy_file__read(file->path, root_len, (uid_t)-1, &text, size, &stamp, &silent) !=
	    FILE_GOOD)
		return NULL;
	return text;
}

static void print_file(const struct policy_file *file, const char *text, size_t size)
{
	if (file->state == FILE_GOOD)
		tool_print("# %s\n", file->path);
	else
		tool_print("# %s (%s)\n", file->path, state_name(file->state));
	if (file->state == FILE_GOOD && file->kind == FILE_DB)
		puts("# a database: xdp-policy dump --source cdb shows its rules\n");
	if (file->state != FILE_GOOD || !text)
		return;
	fwrite(text, 1, size, stdout);
	if (text[size - 1] != '\n')
		putchar('\n');
	putchar('\n');
}

/* As it is, wherever JSON can hold it. */
static json_t *text_json(const char *text)
{
	return encode__is_utf8(text) ? json_string(text) : tool_json_string(text);
}

int cmd_cat(int argc, char **argv)
{
	static const struct argp_child children[] = { { &tool_argp, 0, NULL, 0 }, { 0 } };
	static const struct argp argp = {
		.doc = "Prints the files of the policy in the order in which they count, each "
		       "below a line with its path.",
		.children = children,
	};
	struct tool_opts opts = { 0 };
	const struct policy_files *files;
	struct policy *policy;
	json_t *list = NULL, *json = NULL;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &opts);
	policy = tool_open_policy(&opts, &status);
	if (!policy)
		return status;
	if (opts.json) {
		json = tool_json_new();
		list = json_array();
		json_object_set_new(json, "files", list);
	}
	files = policy__files(policy);
	for (size_t i = 0; i < files->n; i++) {
		const struct policy_file *file = &files->file[i];
		size_t size = 0;
		char *text;

		if (file->kind == FILE_WATCHED)
			continue;
		text = read_again(file, files->root_len, &size);
		if (json)
			json_array_append_new(list, json_pack("{s:o, s:s, s:o*}", "file",
							      tool_json_string(file->path), "state",
							      state_name(file->state), "text",
							      text ? text_json(text) : NULL));
		else
			print_file(file, text, size);
		free(text);
	}
	if (json && tool_json_print(json))
		status = TOOL_FOUND;
	else
		status = tool_policy_status(policy);
	policy__close(policy);
	return status;
}
