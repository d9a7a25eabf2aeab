// SPDX-License-Identifier: LGPL-2.1-or-later
/* What is attached, and by whom, as far as the preload's records tell. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "chain/record.h"
#include "coverage.h"
#include "interfaces.h"

/* "ord_a by /usr/sbin/app, ord_b"; "..." where there is no more room. Whether all have records. */
static bool tell_programs(const struct chain *chain, char *buf, size_t size)
{
	struct record_dirs dirs;
	bool all = chain->n > 0;

	*buf = '\0';
	record_dirs__open(&dirs);
	for (unsigned int i = 0; i < chain->n; i++) {
		const struct proginfo *info = &chain->program[i].info;
		size_t len = strlen(buf);
		struct record record;
		const char *by;

		record__read(&dirs, info, &record);
		by = record.value[COND_EXECUTABLE];
		snprintf(buf + len, size - len, "%s%s%s%s", len ? ", " : "", proginfo__label(info),
			 by ? " by " : "", by ? by : "");
		all = all && record.attached;
		record__clear(&record);
	}
	record_dirs__close(&dirs);
	if (strlen(buf) == size - 1)
		strcpy(buf + size - 4, "...");
	return all;
}

static bool look_at(const struct coverage_host *host, const struct chain *chain,
		    struct coverage *coverage)
{
	bool recorded = tell_programs(chain, coverage->detail, sizeof(coverage->detail));

	switch (chain->kind) {
	case CHAIN_DISPATCHER:
		coverage->reason = recorded ? REASON_RECORDS : REASON_NO_RECORD;
		break;
	case CHAIN_LEGACY:
		coverage->reason = REASON_LONE_PROGRAM;
		break;
	case CHAIN_LINK:
		coverage->reason = REASON_LINK;
		break;
	case CHAIN_NONE:
		return false;
	}
	/* what the policy has given them they have */
	if (coverage->reason != REASON_RECORDS)
		coverage_host__set_state(host, false, coverage);
	return true;
}

static bool is_gone(int err)
{
	return err == -ENODEV || err == -ENXIO || err == -ENOENT;
}

int coverage__each_interface(const struct coverage_host *host, const struct interfaces *interfaces,
			     coverage_fn *fn, void *ctx)
{
	struct coverage coverage;
	struct chain chain;
	int failed = 0;

	for (size_t i = 0; i < interfaces->n; i++) {
		int err = chain__read(interfaces->interface[i].ifindex, NULL, &chain);

		coverage = (struct coverage){ .what = WHAT_INTERFACE, .reason = REASON_REFUSED };
		snprintf(coverage.name, sizeof(coverage.name), "%s", interfaces->interface[i].name);
		if (err == -EPERM || err == -EACCES || (!err && look_at(host, &chain, &coverage)))
			fn(ctx, &coverage);
		else if (err && !is_gone(err))
			failed = err;
	}
	return failed;
}
