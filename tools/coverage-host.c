// SPDX-License-Identifier: LGPL-2.1-or-later
/* What is enabled on this host, and what follows for one application. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "below.h"
#include "coverage.h"
#include "instance.h"
#include "policy/files.h"
#include "preload-edit.h"
#include "preload/symbols.h"

/* Of all that is asked for, and of all processes, together. */
#define MAX_SEARCH (2ULL << 30)

static bool is_host_wide(const char *root)
{
	struct preload_found found;

	return preload_edit__look(root, NULL, &found) && found.ours;
}

int coverage_host__open(const char *root, struct coverage_host *ret)
{
	*ret = (struct coverage_host){ .root = root, .budget = MAX_SEARCH };
	ret->libraries = libraries__new(root, &ret->budget);
	if (!ret->libraries)
		return -ENOMEM;
	ret->shim = below__exists(root, PRELOAD_PATH);
	ret->host = ret->shim && is_host_wide(root);
	ret->disabled = policy_files__is_disabled(root);
	ret->daemon = instance__runs(root, INSTANCE_DAEMON);
	return 0;
}

void coverage_host__close(struct coverage_host *host)
{
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
	else if (class != COVERAGE_DAEMON && (enabled || host->host))
		coverage->state = STATE_ENABLED;
	else
		coverage->state = host->daemon ? STATE_DAEMON : STATE_OFF;
}
