// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * attach_main() opens XDP programs and attaches them, one line of output a step:
 *
 *	open ord_a.o rc=0
 *	ord_a prio=50 actions=XDP_PASS
 *	set prio=11 rc=0
 *	attach ord_a v0 rc=0
 *
 * app-shared is linked with it; plugin.so is it, for app-plugin.
 */
#include <getopt.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xdp/libxdp.h>

#include "tests/apps/attach.h"

#define MAX_PROGRAMS 8

struct app {
	int prio;	      /* -1: the application does not set it */
	unsigned int actions; /* bits; 0: the application does not set them */
	enum xdp_attach_mode mode;
	bool loop;
	bool multi;
	bool detach;
	char *interfaces; /* separated by commas */
	int failures;
};

static const char usage[] =
	"usage: app-shared [--prio N] [--action ACTION]... [--skb|--native] [--loop] [--multi]\n"
	"                  [--detach] IFACE[,IFACE]... OBJECT[:PROGRAM]...|@ID...\n"
	"  @ID               a program that is loaded already, by its number\n"
	"  --prio, --action  what the application sets after it opened the program\n"
	"  --loop            wait for a line on standard input before each object\n"
	"  --multi           attach all programs at once\n"
	"  --detach          detach again at the end\n";

static const char *const action_names[] = { "ABORTED", "DROP", "PASS", "TX", "REDIRECT" };
#define ACTIONS (sizeof(action_names) / sizeof(action_names[0]))

static int step(struct app *app, int rc)
{
	printf(" rc=%d\n", rc);
	fflush(stdout);
	if (rc)
		app->failures++;
	return rc;
}

static void print_values(const struct xdp_program *prog)
{
	char actions[128] = "";

	xdp_program__print_chain_call_actions(prog, actions, sizeof(actions));
	printf("%s prio=%u actions=%s\n", xdp_program__name(prog), xdp_program__run_prio(prog),
	       actions);
}

static void set_values(struct app *app, struct xdp_program *prog)
{
	unsigned int i;
	int rc = 0;

	if (app->prio >= 0) {
		printf("set prio=%d", app->prio);
		step(app, xdp_program__set_run_prio(prog, app->prio));
	}
	if (app->actions) {
		printf("set actions=0x%x", app->actions);
		for (i = 0; i < ACTIONS && !rc; i++)
			rc = xdp_program__set_chain_call_enabled(prog, i, app->actions & 1U << i);
		step(app, rc);
	}
}

static struct xdp_program *open_program(struct app *app, char *object)
{
	DECLARE_LIBXDP_OPTS(xdp_program_opts, opts);
	struct xdp_program *prog;
	char *name;

	name = strchr(object, ':');
	if (*object == '@') {
		prog = xdp_program__from_id(atoi(object + 1));
	} else if (name) {
		*name++ = '\0';
		opts.prog_name = name;
		opts.open_filename = object;
		prog = xdp_program__create(&opts);
	} else {
		prog = xdp_program__open_file(object, NULL, NULL);
	}
	name = strrchr(object, '/');
	printf("open %s", name ? name + 1 : object);
	if (step(app, libxdp_get_error(prog)))
		return NULL;
	print_values(prog);
	set_values(app, prog);
	return prog;
}

static int attach(const struct app *app, struct xdp_program **progs, unsigned int count,
		  int ifindex)
{
	if (count > 1)
		return xdp_program__attach_multi(progs, count, ifindex, app->mode, 0);
	return xdp_program__attach(progs[0], ifindex, app->mode, 0);
}

static int detach(const struct app *app, struct xdp_program **progs, unsigned int count,
		  int ifindex)
{
	if (count > 1)
		return xdp_program__detach_multi(progs, count, ifindex, app->mode, 0);
	return xdp_program__detach(progs[0], ifindex, app->mode, 0);
}

static void on_each_interface(struct app *app, bool attaching, struct xdp_program **progs,
			      unsigned int count)
{
	char *list, *name, *rest;
	int ifindex, rc;

	list = rest = strdup(app->interfaces);
	while ((name = strsep(&rest, ","))) {
		printf("%s %s %s", attaching ? "attach" : "detach",
		       count > 1 ? "all" : xdp_program__name(progs[0]), name);
		ifindex = if_nametoindex(name);
		if (!ifindex)
			rc = -1;
		else if (attaching)
			rc = attach(app, progs, count, ifindex);
		else
			rc = detach(app, progs, count, ifindex);
		step(app, rc);
	}
	free(list);
}

static void run(struct app *app, char **objects, int count)
{
	struct xdp_program *progs[MAX_PROGRAMS];
	unsigned int n = 0;
	char line[16];
	int i;

	for (i = 0; i < count; i++) {
		if (app->loop) {
			puts("ready");
			fflush(stdout);
			if (!fgets(line, sizeof(line), stdin))
				break;
		}
		progs[n] = open_program(app, objects[i]);
		if (!progs[n])
			continue;
		if (!app->multi)
			on_each_interface(app, true, &progs[n], 1);
		n++;
	}
	if (app->multi && n)
		on_each_interface(app, true, progs, n);

	if (app->detach && app->multi && n)
		on_each_interface(app, false, progs, n);
	else if (app->detach)
		for (i = 0; i < (int)n; i++)
			on_each_interface(app, false, &progs[i], 1);
	while (n)
		xdp_program__close(progs[--n]);
}

static unsigned int action_bit(const char *name)
{
	unsigned int i;

	for (i = 0; i < ACTIONS; i++)
		if (!strcmp(name, action_names[i]))
			return 1U << i;
	fprintf(stderr, "unknown action %s\n", name);
	exit(2);
}

int attach_main(int argc, char **argv)
{
	struct app app = { .prio = -1, .mode = XDP_MODE_NATIVE };
	static const struct option options[] = {
		{ "prio", required_argument, NULL, 'p' },
		{ "action", required_argument, NULL, 'a' },
		{ "skb", no_argument, NULL, 's' },
		{ "native", no_argument, NULL, 'n' },
		{ "loop", no_argument, NULL, 'l' },
		{ "multi", no_argument, NULL, 'm' },
		{ "detach", no_argument, NULL, 'd' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "p:a:snlmd", options, NULL)) != -1) {
		switch (c) {
		case 'p':
			app.prio = atoi(optarg);
			break;
		case 'a':
			app.actions |= action_bit(optarg);
			break;
		case 's':
			app.mode = XDP_MODE_SKB;
			break;
		case 'n':
			app.mode = XDP_MODE_NATIVE;
			break;
		case 'l':
			app.loop = true;
			break;
		case 'm':
			app.multi = true;
			break;
		case 'd':
			app.detach = true;
			break;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (argc - optind < 2 || argc - optind - 1 > MAX_PROGRAMS) {
		fputs(usage, stderr);
		return 2;
	}
	app.interfaces = argv[optind];
	run(&app, argv + optind + 1, argc - optind - 1);
	return app.failures ? 1 : 0;
}
