// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policyd.h"
#include "said.h"
#include "util/encode.h"

struct files {
	struct policy *policy;
	struct said said; /* a round is a load */
};

/* All that policy__refresh() looks at stands in one of these. */
static const char *const dirs[] = { "/etc/xdp",		  "/etc/xdp/priorities.d",
				    "/run/xdp",		  "/run/xdp/priorities.d",
				    "/usr/lib/xdp",	  "/usr/lib/xdp/priorities.d",
				    "/var/lib/xdp-policy" };

static int level_of(enum policy_level level)
{
	switch (level) {
	case POLICY_ERROR:
		return LOG_ERR;
	case POLICY_WARNING:
		return LOG_WARNING;
	case POLICY_INFO:
		break;
	}
	return LOG_INFO;
}

static void on_message(void *ctx, enum policy_level level, const char *file, unsigned int line,
		       const char *text)
{
	struct files *files = ctx;
	char rule[512], shown[768], *said;

	if (line)
		snprintf(rule, sizeof(rule), "%s:%u", file, line);
	else
		snprintf(rule, sizeof(rule), "%s", file);
	if (asprintf(&said, "%s: %s", encode__shown(rule, shown, sizeof(shown)), text) < 0)
		return;
	if (said__is_new(&files->said, said)) {
		const struct log_about about = { .rule = rule };

		log__shown(level_of(level), &about, said);
	}
	free(said);
}

static int watch_dirs(struct daemon *daemon, void (*fn)(void *ctx))
{
	int err = 0;

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]) && !err; i++) {
		char *path;

		if (asprintf(&path, "%s%s", daemon->opts.root, dirs[i]) < 0)
			return -ENOMEM;
		err = dir_watch__add(&daemon->watches, path, strlen(daemon->opts.root), fn);
		free(path);
	}
	return err;
}

static void on_change(void *ctx)
{
	files__refresh(ctx, false);
}

int files__open(struct daemon *daemon)
{
	struct files *files = calloc(1, sizeof(*files));
	struct policy_opts opts = {
		.root = daemon->opts.root[0] ? daemon->opts.root : NULL,
		.log = { .fn = on_message, .ctx = files },
	};
	int err;

	if (!files)
		return -ENOMEM;
	daemon->files = files;
	/* first the watch, then the look: so nothing falls between them */
	err = watch_dirs(daemon, on_change);
	if (!err)
		err = policy__open(&opts, &files->policy);
	daemon->policy = files->policy;
	said__end_round(&files->said);
	return err;
}

void files__refresh(struct daemon *daemon, bool all)
{
	struct files *files = daemon->files;
	int rc = all ? policy__reload(files->policy) : policy__refresh(files->policy);

	if (!rc && !all)
		return;
	if (rc < 0) {
		work__failed(daemon);
		log__error("the policy cannot be read, the last one stays: %s", strerror(-rc));
		return;
	}
	said__end_round(&files->said);
	/* whoever undid what the old policy wanted may be content with the new one */
	for (struct space *space = daemon->spaces; space; space = space->next)
		for (struct port *port = space->ports; port; port = port->hh.next)
			rate__reset(&port->rate);
	work__mark_all(daemon);
}

void files__close(struct daemon *daemon)
{
	struct files *files = daemon->files;

	if (!files)
		return;
	policy__close(files->policy);
	said__clear(&files->said);
	free(files);
}
