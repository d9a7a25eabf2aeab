// SPDX-License-Identifier: LGPL-2.1-or-later
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chain/remarks.h"
#include "policyd-metrics.h"
#include "policyd.h"

static void tell_move(void *ctx, const struct correct_move *move)
{
	struct log_about about = port__about(ctx);
	char rule[512] = "";

	if (move->file)
		snprintf(rule, sizeof(rule), "%s:%u", move->file, move->line);
	about.id = LOG_ID_CORRECTION;
	about.program = move->program;
	about.rule = rule;
	log__print(LOG_NOTICE, &about, "%s: %s", move->program, move->text);
}

static void tell_remarks(const struct port *port, const struct chain *chain)
{
	struct log_about about = port__about(port);
	char text[CHAIN_REMARK_SIZE];

	for (unsigned int i = 0; i < chain->n; i++) {
		about.program = proginfo__label(&chain->program[i].info);
		for (enum chain_remark remark = 0; remark < N_REMARKS; remark++)
			if (chain__remark(chain, i, remark, text))
				log__print(LOG_NOTICE, &about, "%s: %s", about.program, text);
	}
}

void report__correction(struct port *port, const struct correction *c)
{
	correct__tell(c, tell_move, port);
	tell_remarks(port, &c->after);
}

void report__sweep(void *ctx, int n, int err)
{
	(void)ctx;
	if (n)
		log__print(LOG_NOTICE, NULL, "removed %d dispatchers that ran nowhere", n);
	else
		log__print(LOG_WARNING, NULL, "what runs nowhere cannot be told, and stays: %s",
			   strerror(-err));
}

static void join_move(void *ctx, const struct correct_move *move)
{
	FILE *out = ctx;

	fprintf(out, "%s%s: %s", ftell(out) ? ", " : "", move->program, move->text);
}

/* Only who attached a program can be known, and that of those under the preload. */
static const char *find_culprit(const struct correction *c)
{
	for (unsigned int i = 0; i < c->wish.n; i++) {
		const struct wish_program *p = &c->wish.program[i];

		if ((p->drift[ATTR_PRIORITY] || p->drift[ATTR_ACTIONS]) &&
		    p->record.value[COND_EXECUTABLE])
			return p->record.value[COND_EXECUTABLE];
	}
	return NULL;
}

void report__backoff(struct port *port, const struct correction *c, uint64_t pause)
{
	struct log_about about = port__about(port);
	const char *culprit = find_culprit(c);
	time_t until = time(NULL) + (time_t)(pause / RATE_SECOND);
	char clock[16] = "", *text = NULL;
	struct tm tm;
	size_t size;
	FILE *out;

	out = open_memstream(&text, &size);
	if (out) {
		correct__tell(c, join_move, out);
		fclose(out);
	}
	if (localtime_r(&until, &tm))
		strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	about.id = LOG_ID_BACKOFF;
	log__print(LOG_WARNING, &about,
		   "corrections are undone again and again %s%s; left alone for %u s, until %s; "
		   "still wanted: %s",
		   culprit ? "for what was attached by " : "by a process that is not known",
		   culprit ? culprit : "", (unsigned int)(pause / RATE_SECOND), clock,
		   text ? text : "");
	free(text);
}

static void fill_port(const struct port *port, uint64_t now, struct metrics_port *ret)
{
	*ret = (struct metrics_port){
		.netns = port->space->name,
		.ifname = port->name,
		.corrections = port->corrections,
		.programs = port->known ? port->known->n : 0,
		.drift = port->drift,
		.backoff = now < port->rate.until,
		.failing = port->n_failed,
		/* one that is marked has changed, perhaps */
		.known = port->looked && !port->marked,
		.unreachable = port->known ? port->known->fixed : "",
	};
}

static int compare_ports(const void *a, const void *b)
{
	const struct metrics_port *x = a, *y = b;
	int rc = strcmp(x->netns, y->netns);

	return rc ? rc : strcmp(x->ifname, y->ifname);
}

static void fill_ports(struct daemon *daemon, struct metrics *metrics)
{
	uint64_t now = daemon__now(daemon);
	size_t n = 0;

	for (const struct space *space = daemon->spaces; space; space = space->next)
		n += HASH_COUNT(space->ports);
	metrics->port = calloc(n ? n : 1, sizeof(*metrics->port));
	if (!metrics->port)
		return;
	for (const struct space *space = daemon->spaces; space; space = space->next)
		for (const struct port *port = space->ports; port; port = port->hh.next)
			fill_port(port, now, &metrics->port[metrics->n++]);
	qsort(metrics->port, metrics->n, sizeof(*metrics->port), compare_ports);
}

static void write_file(struct daemon *daemon, const struct metrics *metrics)
{
	char why[OUTPUT_WHY_SIZE];
	int err;

	if (!daemon->opts.metrics)
		return;
	err = metrics__write(metrics, daemon->opts.metrics, why);
	if (err && err != daemon->metrics_err)
		log__error("%s: %s", daemon->opts.metrics, why);
	daemon->metrics_err = err;
	if (err)
		daemon->failed = true;
}

void report__state(struct daemon *daemon)
{
	struct metrics metrics = {
		.errors = daemon->errors,
		.config_errors = policy__n_errors(daemon->policy),
		.disabled = policy__is_disabled(daemon->policy),
		.pending = daemon->n_marked,
		.last_success = daemon->last_success,
	};
	unsigned int attached = 0, fixed = 0, backoff = 0;
	char status[240], left[48] = "";

	fill_ports(daemon, &metrics);
	for (size_t i = 0; i < metrics.n; i++) {
		attached += metrics.port[i].programs > 0;
		fixed += metrics.port[i].unreachable[0] != '\0';
		backoff += metrics.port[i].backoff;
	}
	write_file(daemon, &metrics);
	free(metrics.port);
	if (daemon->n_marked)
		snprintf(left, sizeof(left), " Still to be looked at: %u.", daemon->n_marked);
	snprintf(status, sizeof(status),
		 "STATUS=%sInterfaces with programs: %u, not reachable: %u, given way: %u. "
		 "Corrections: %" PRIu64 ".%s",
		 metrics.disabled ? "Switched off by " POLICY_KILL_SWITCH ". " : "", attached,
		 fixed, backoff, daemon->corrections, left);
	daemon__notify(status);
}
