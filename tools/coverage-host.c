// SPDX-License-Identifier: LGPL-2.1-or-later
/* What is enabled on this host, and what follows for one application. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "below.h"
#include "chain/lock.h"
#include "common/closed.h"
#include "common/proc-looks.h"
#include "coverage.h"
#include "instance.h"
#include "policy/db.h"
#include "policy/files.h"
#include "preload-edit.h"
#include "preload-probe.h"
#include "preload/symbols.h"

/* Of all that is asked for, and of all processes, together. */
#define MAX_SEARCH (2ULL << 30)

static bool is_host_wide(const char *root)
{
	struct preload_found found;

	return preload_edit__look(root, NULL, &found) && found.ours;
}

static void note_closed(void *ctx, const char *part, mode_t mode)
{
	bool *closed = ctx;

	(void)part;
	(void)mode;
	*closed = true;
}

static bool is_closed(const char *root, const char *path)
{
	bool closed = false;

	closed__each(root, path, false, note_closed, &closed);
	return closed;
}

const char *coverage_host__needs(unsigned int i)
{
	static const char *const paths[] = {
		PRELOAD_PATH,
		HOOKS_PATH,
		"/etc/xdp",
		"/etc/xdp/priorities.conf",
		"/etc/xdp/priorities.d",
		"/etc/xdp/xdpswitch.conf",
		"/run/xdp",
		"/run/xdp/priorities.d",
		"/usr/lib/xdp",
		"/usr/lib/xdp/priorities.d",
		"/var/lib/xdp-policy",
		POLICY_DB_PATH,
		XDP_POLICY_RUN_DIR,
		XDP_POLICY_RUN_DIR "/attached",
	};

	return i < sizeof(paths) / sizeof(paths[0]) ? paths[i] : NULL;
}

int coverage_host__open(const char *root, struct coverage_host *ret)
{
	*ret = (struct coverage_host){ .root = root, .budget = MAX_SEARCH };
	ret->libraries = libraries__new(root, &ret->budget);
	ret->looks = coverage__new_looks(ret);
	if (!ret->libraries || !ret->looks) {
		coverage_host__close(ret);
		return -ENOMEM;
	}
	ret->shim = below__exists(root, PRELOAD_PATH);
	ret->host = ret->shim && is_host_wide(root);
	ret->closed = is_closed(root, PRELOAD_PATH) || is_closed(root, HOOKS_PATH);
	ret->disabled = policy_files__is_disabled(root);
	ret->daemon = instance__runs(root, INSTANCE_DAEMON);
	return 0;
}

void coverage_host__close(struct coverage_host *host)
{
	proc_looks__free(host->looks);
	libraries__free(host->libraries);
}

void coverage_host__set_state(const struct coverage_host *host, bool enabled,
			      struct coverage *coverage)
{
	enum coverage_class class = coverage__class(coverage);

	/* a unit's LD_PRELOAD is ignored */
	if (coverage->notes & (NOTE_SETUID | NOTE_CAPABILITIES))
		enabled = false;
	coverage->state = STATE_NOTHING;
	if (class > COVERAGE_DAEMON || coverage->reason == REASON_OURS)
		return;
	if (host->disabled)
		coverage->state = STATE_DISABLED;
	else if (class != COVERAGE_DAEMON && (enabled || host->host) && !host->closed)
		coverage->state = STATE_ENABLED;
	else
		coverage->state = host->daemon ? STATE_DAEMON : STATE_OFF;
}
