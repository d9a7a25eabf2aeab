// SPDX-License-Identifier: LGPL-2.1-or-later
#include <inttypes.h>

#include "policyd-metrics.h"
#include "util/encode.h"

static void print_label(FILE *out, const char *name, const char *value)
{
	char next[ENCODE_MAX];

	fprintf(out, "%s=\"", name);
	for (size_t n; (n = encode__next(&value, ENCODE_SHOWN, next));)
		for (size_t i = 0; i < n; i++)
			fprintf(out, next[i] == '\\' || next[i] == '"' ? "\\%c" : "%c", next[i]);
	fputc('"', out);
}

static void print_head(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void print_one(FILE *out, const char *name, const char *type, const char *help,
		      uint64_t value)
{
	print_head(out, name, type, help);
	fprintf(out, "%s %" PRIu64 "\n", name, value);
}

static void print_value(FILE *out, const char *name, const struct metrics_port *port,
			const char *reason, uint64_t value)
{
	fprintf(out, "%s{", name);
	print_label(out, "netns", port->netns);
	fputc(',', out);
	print_label(out, "interface", port->ifname);
	if (reason) {
		fputc(',', out);
		print_label(out, "reason", reason);
	}
	fprintf(out, "} %" PRIu64 "\n", value);
}

static uint64_t corrections(const struct metrics_port *port)
{
	return port->corrections;
}

static uint64_t programs(const struct metrics_port *port)
{
	return port->programs;
}

static uint64_t drift(const struct metrics_port *port)
{
	return port->drift;
}

static uint64_t backoff(const struct metrics_port *port)
{
	return port->backoff;
}

static uint64_t failing(const struct metrics_port *port)
{
	return port->failing;
}

/* What there is of each interface; the manual page has the same list. */
static const struct {
	const char *name, *type, *help;
	uint64_t (*get)(const struct metrics_port *port);
	bool seen; /* told of a chain that was looked at */
} per_port[] = {
	{ "xdp_policy_corrections_total", "counter", "Changes of a chain to follow the policy.",
	  corrections, false },
	{ "xdp_policy_programs", "gauge", "XDP programs that are attached.", programs, true },
	{ "xdp_policy_drift", "gauge", "Attached programs that are not as the policy wants them.",
	  drift, true },
	{ "xdp_policy_backoff", "gauge", "1 while somebody who undoes corrections is given way.",
	  backoff, false },
	{ "xdp_policy_failing", "gauge", "1 while a chain cannot be read or corrected.", failing,
	  false },
};

void metrics__print(const struct metrics *metrics, FILE *out)
{
	for (size_t i = 0; i < sizeof(per_port) / sizeof(per_port[0]); i++) {
		print_head(out, per_port[i].name, per_port[i].type, per_port[i].help);
		for (size_t j = 0; j < metrics->n; j++)
			if (metrics->port[j].known || !per_port[i].seen)
				print_value(out, per_port[i].name, &metrics->port[j], NULL,
					    per_port[i].get(&metrics->port[j]));
	}
	print_head(out, "xdp_policy_unreachable", "gauge",
		   "1 for an interface whose chain cannot be changed.");
	for (size_t i = 0; i < metrics->n; i++)
		if (metrics->port[i].known && metrics->port[i].unreachable[0])
			print_value(out, "xdp_policy_unreachable", &metrics->port[i],
				    metrics->port[i].unreachable, 1);
	print_one(out, "xdp_policy_errors_total", "counter",
		  "Failures to read or to change a chain.", metrics->errors);
	print_one(out, "xdp_policy_config_errors", "gauge",
		  "Files, directories and lines of the policy that are refused.",
		  metrics->config_errors);
	print_one(out, "xdp_policy_disabled", "gauge", "1 while /run/xdp/disabled exists.",
		  metrics->disabled);
	print_one(out, "xdp_policy_pending", "gauge", "Interfaces that are still to be looked at.",
		  metrics->pending);
	if (metrics->last_success)
		print_one(out, "xdp_policy_last_success_timestamp_seconds", "gauge",
			  "When all chains were last found, or made, to be as they can be.",
			  metrics->last_success);
}

static int print(FILE *out, void *ctx)
{
	metrics__print(ctx, out);
	return 0;
}

int metrics__write(const struct metrics *metrics, const char *path, char why[OUTPUT_WHY_SIZE])
{
	/* the temporary name does not end in .prom, or the collector would read it */
	const struct output output = { .print = print, .ctx = (void *)metrics, .figures = true };

	return output__write(path, &output, why);
}
