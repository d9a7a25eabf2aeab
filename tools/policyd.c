// SPDX-License-Identifier: LGPL-2.1-or-later
/* xdp-policyd: options, the event loop, and that there is only one. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "chain/lock.h"
#include "common/program.h"
#include "common/scale.h"
#include "instance.h"
#include "policyd.h"
#include "tool.h"
#include "util/libbpf-words.h"

enum {
	KEY_ONCE = 0x100,
	KEY_METRICS,
	KEY_NETNS,
	KEY_RESCAN,
	KEY_ENFORCE_DENY
};

static const struct argp_option daemon_options[] = {
	{ "enforce-deny", KEY_ENFORCE_DENY, NULL, 0,
	  "Take programs off that the policy does not let be attached", 0 },
	{ "metrics", KEY_METRICS, "FILE", 0, "Keep figures in FILE, for node_exporter", 0 },
	{ "netns", KEY_NETNS, "NAME|all", 0,
	  "Serve a network namespace of /run/netns, beside the host's own", 0 },
	{ "once", KEY_ONCE, NULL, 0, "Look at all interfaces once, and exit", 0 },
	{ "rescan", KEY_RESCAN, "SECONDS", 0, "Look at everything so often (60)", 0 },
	{ "root", 'r', "DIR", 0, "Take the policy from below DIR", 0 },
	{ 0 },
};

static void add_netns(struct daemon *daemon, const char *name, struct argp_state *state)
{
	const char **names = daemon->opts.netns;
	size_t n = 0;

	while (names && names[n])
		n++;
	names = realloc(names, (n + 2) * sizeof(*names));
	if (!names)
		argp_failure(state, EXIT_FAILURE, ENOMEM, "--netns");
	names[n] = name;
	names[n + 1] = NULL;
	daemon->opts.netns = names;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct daemon *daemon = state->input;

	switch (key) {
	case KEY_ENFORCE_DENY:
		daemon->opts.enforce_deny = true;
		return 0;
	case KEY_METRICS:
		daemon->opts.metrics = arg;
		return 0;
	case KEY_NETNS:
		if (!strcmp(arg, "all"))
			daemon->opts.all_netns = true;
		else
			add_netns(daemon, arg, state);
		return 0;
	case KEY_ONCE:
		daemon->opts.once = true;
		return 0;
	case KEY_RESCAN:
		daemon->opts.rescan = program__rescan(arg, state) * RATE_SECOND;
		return 0;
	case 'r':
		daemon->opts.root = program__root(arg, state);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "found '%s', expected no argument", arg);
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void print_version(FILE *out, struct argp_state *state)
{
	(void)state;
	fprintf(out, "xdp-policyd %s\n", VERSION);
}

__attribute__((visibility("default"))) void (*argp_program_version_hook)(
	FILE *, struct argp_state *) = print_version;

uint64_t daemon__now(const struct daemon *daemon)
{
	uint64_t now = 0;

	sd_event_now(daemon->event, CLOCK_MONOTONIC, &now);
	return now;
}

void daemon__notify(const char *state)
{
	sd_notify(0, state);
}

static int claim(void)
{
	char pid[INSTANCE_PID_SIZE], why[RUN_DIR_WHY_SIZE];
	int fd = instance__claim(INSTANCE_DAEMON, pid);

	if (fd >= 0)
		return fd;
	if (fd == -EBUSY) {
		log__error("already running, as process %s", pid);
		exit(EXIT_FAILURE);
	}
	log__error("%s", run_dir__strerror(fd, INSTANCE_DAEMON, why));
	exit(getuid() ? TOOL_PERM : EXIT_FAILURE);
}

static void not_watched(const char *dir, int err)
{
	log__print(LOG_WARNING, NULL, "%s: cannot be watched, changes wait for a rescan: %s", dir,
		   strerror(-err));
}

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct daemon *daemon = userdata;
	char state[64];

	(void)source;
	(void)info;
	snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%llu",
		 (unsigned long long)daemon__now(daemon));
	daemon__notify(state);
	dir_watches__renew(&daemon->watches);
	files__refresh(daemon, true);
	daemon__notify("READY=1");
	return 0;
}

static int on_rescan(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct daemon *daemon = userdata;

	(void)usec;
	daemon->round_failed = false;
	dir_watches__renew(&daemon->watches);
	files__refresh(daemon, false);
	daemon->recover = true;
	sweeper__soon(&daemon->sweeper, 0);
	if (daemon->opts.all_netns || daemon->opts.netns)
		space__scan(daemon);
	for (struct space *space = daemon->spaces; space; space = space->next)
		links__list(space);
	work__wake(daemon);
	sd_event_source_set_time_relative(source, daemon->opts.rescan);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int add_signals(struct daemon *daemon)
{
	sigset_t set;
	int err;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	/* without a handler a signal ends the loop, with this status */
	err = sd_event_add_signal(daemon->event, NULL, SIGTERM, NULL, NULL);
	if (err >= 0)
		err = sd_event_add_signal(daemon->event, NULL, SIGINT, NULL, NULL);
	return err < 0 ? err : sd_event_add_signal(daemon->event, NULL, SIGHUP, on_hangup, daemon);
}

/* Everything is watched before anything is read. */
static int start(struct daemon *daemon)
{
	int err = sd_event_default(&daemon->event);

	daemon->watches = (struct dir_watches){
		.event = daemon->event,
		.priority = PRIORITY_EVENTS,
		.failed = not_watched,
		.ctx = daemon,
	};
	if (err >= 0)
		err = sd_event_set_watchdog(daemon->event, true);
	if (err >= 0)
		err = add_signals(daemon);
	daemon->sweeper.ctx = daemon;
	if (err >= 0)
		err = sweeper__init(&daemon->sweeper, daemon->event, PRIORITY_WORK + 1);
	if (err >= 0)
		err = work__init(daemon);
	if (err >= 0)
		err = files__open(daemon);
	if (err >= 0)
		err = space__init(daemon);
	if (err >= 0)
		err = sd_event_add_time_relative(daemon->event, NULL, CLOCK_MONOTONIC,
						 daemon->opts.rescan, 0, on_rescan, daemon);
	if (err < 0)
		return err;
	daemon->recover = true;
	sweeper__soon(&daemon->sweeper, 0);
	work__wake(daemon);
	return 0;
}

static void stop(struct daemon *daemon)
{
	daemon__notify("STOPPING=1");
	if (daemon->policy)
		report__state(daemon);
	space__free(daemon);
	dir_watches__free(&daemon->watches);
	files__close(daemon);
	sweeper__free(&daemon->sweeper);
	work__free(daemon);
	sd_event_unref(daemon->event);
	free(daemon->opts.netns);
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.options = daemon_options,
		.parser = parse,
		.doc = "Makes live chains of XDP programs follow the policy, and keeps them so.",
	};
	static struct daemon daemon = {
		.opts.rescan = PROGRAM_RESCAN * RATE_SECOND,
		.lock = -1,
		.sweeper = { .tell = report__sweep, .may = work__may_sweep },
	};
	char *root = NULL;
	int lock, rc, err;

	signal(SIGXFSZ, SIG_IGN); /* it is an error of a write, even of --help */
	argp_err_exit_status = TOOL_USAGE;
	program__check_output();
	program__refuse_empty(program_invocation_short_name, argc, argv);
	argp_parse(&argp, argc, argv, 0, NULL, &daemon);
	log__init();
	if (daemon.opts.root) {
		root = realpath(daemon.opts.root, NULL);
		if (!root) {
			log__error("%s: %m", daemon.opts.root);
			return TOOL_USAGE;
		}
	}
	daemon.opts.root = root && root[1] ? root : "";
	/* it is an error of a write, after which there is something to clean up */
	scale__prepare();
	signal(SIGPIPE, SIG_IGN);
	libbpf_words__listen();
	gethostname(daemon.host, sizeof(daemon.host) - 1);
	lock = claim();
	rc = start(&daemon);
	if (rc >= 0)
		rc = sd_event_loop(daemon.event);
	if (rc < 0)
		log__error("cannot run: %s", strerror(-rc));
	stop(&daemon);
	free(root);
	err = instance__release(lock);
	if (err)
		log__print(LOG_WARNING, NULL, XDP_POLICY_RUN_DIR "/daemon: cannot write: %s",
			   strerror(-err));
	return rc < 0 || (daemon.opts.once && daemon.failed) ? EXIT_FAILURE : rc;
}
