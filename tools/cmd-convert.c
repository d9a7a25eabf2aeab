// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>
#include <string.h>

#include "common/output.h"
#include "rule-file.h"

enum {
	OPT_FROM = 0x100,
	OPT_TO
};

struct convert {
	int from, to; /* enum rule_format; -1: by suffix */
	const char *input, *output;
};

static const struct argp_option options[] = {
	{ "from", OPT_FROM, "FORMAT", 0, "Format of FILE: ini, yaml, json or cdb; else its suffix",
	  0 },
	{ "to", OPT_TO, "FORMAT", 0, "Format to write; else the suffix of the output", 0 },
	{ "output", 'o', "FILE", 0, "Replace FILE instead of writing to standard output", 0 },
	{ 0 },
};

static int format_of(const char *arg, struct argp_state *state)
{
	int format = rule_format__by_name(arg);

	if (format < 0)
		argp_error(state, "found format '%s', expected ini, yaml, json or cdb", arg);
	return format;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct convert *convert = state->input;

	switch (key) {
	case OPT_FROM:
		convert->from = format_of(arg, state);
		return 0;
	case OPT_TO:
		convert->to = format_of(arg, state);
		return 0;
	case 'o':
		convert->output = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (convert->input)
			argp_error(state, "found a second file '%s', expected one", arg);
		convert->input = arg;
		return 0;
	case ARGP_KEY_END:
		if (!convert->input)
			argp_error(state, "found no file, expected one, or - for standard input");
		if (convert->to < 0 && output__is_stdout(convert->output))
			argp_error(state, "found neither --to nor --output, expected one of them");
		else if (convert->to < 0)
			convert->to = rule_format__of_output(convert->output, state);
		if (convert->to == FORMAT_CDB && !convert->output)
			argp_error(state, "found no --output, expected one for a database");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int cmd_convert(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "FILE|-",
		.doc = "Reads a rule file and writes the same rules in another format. Comments are "
		       "all that is lost. A file that is wrong is not converted.",
	};
	struct convert convert = { .from = -1, .to = -1 };
	struct policy_rules rules = { 0 };
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &convert);
	if (convert.from < 0)
		convert.from = rule_format__of(convert.input);
	status = rule_file__read(convert.input, convert.from, &rules);
	if (!status)
		status = rule_file__write(convert.output, convert.to, &rules);
	policy_rules__clear(&rules);
	return status;
}
