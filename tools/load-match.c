// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which interfaces the chains of a file are for. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load-run.h"

static bool is_glob(const char *name)
{
	return strpbrk(name, "*?[\\");
}

/* The first of two entries that match. */
static const struct chain_file_entry *before_second(const struct chain_file *file,
						    const struct chain_file_entry *second,
						    const char *ifname)
{
	struct chain_file part = *file;

	part.n = second - file->entry;
	return chain_file__find(&part, ifname, NULL);
}

static const char *claimed_by(const struct load_run *run, int ifindex)
{
	for (size_t i = 0; i < run->n_claims; i++)
		if (run->claim[i].ifindex == ifindex)
			return run->claim[i].place;
	return NULL;
}

static int claim(struct load_run *run, const struct load_job *job)
{
	struct load_claim *more = reallocarray(run->claim, run->n_claims + 1, sizeof(*more));
	char *place;

	if (!more)
		return -ENOMEM;
	run->claim = more;
	if (asprintf(&place, "%s:%u", job->path, job->entry->line) < 0)
		return -ENOMEM;
	more[run->n_claims++] = (struct load_claim){ job->interface.ifindex, place };
	return 0;
}

void load_run__drop_claims(struct load_run *run)
{
	for (size_t i = 0; i < run->n_claims; i++)
		free(run->claim[i].place);
	free(run->claim);
	run->claim = NULL;
	run->n_claims = 0;
}

/* Returns 1 if there is a chain for it, 0 if there is none, -EINVAL after a message. */
static int match_one(struct load_run *run, const struct chain_file *file,
		     const struct interface *interface, struct load_job *ret)
{
	const struct chain_file_entry *second = NULL;
	const struct chain_file_entry *entry = chain_file__find(file, interface->name, &second);
	const char *other;

	if (second) {
		policy_log__msg(&run->log, POLICY_ERROR, file->path, second->line,
				"%s: found a second chain for it, '%s', beside '%s' in line %u, "
				"expected one",
				interface->name, second->interface,
				before_second(file, second, interface->name)->interface,
				before_second(file, second, interface->name)->line);
		return -EINVAL;
	}
	if (!entry)
		return 0;
	other = claimed_by(run, interface->ifindex);
	if (other) {
		policy_log__msg(&run->log, POLICY_ERROR, file->path, entry->line,
				"%s: found a chain for it in %s as well, expected one in one file",
				interface->name, other);
		return -EINVAL;
	}
	*ret = (struct load_job){
		.interface = *interface,
		.path = file->path,
		.entry = entry,
		.spec = entry->spec,
	};
	if (run->add)
		ret->spec.add = true;
	if (run->foreign >= 0)
		ret->spec.foreign = run->foreign;
	return 1;
}

static bool is_used(const struct load_jobs *jobs, const struct chain_file_entry *entry)
{
	for (size_t i = 0; i < jobs->n; i++)
		if (jobs->job[i].entry == entry)
			return true;
	return false;
}

/* What the file has a chain for, and is not there. Returns false if that is an error. */
static bool check_missing(const struct load_run *run, const struct chain_file *file,
			  const struct load_jobs *jobs)
{
	bool ok = true;

	for (size_t i = 0; i < file->n; i++) {
		const struct chain_file_entry *entry = &file->entry[i];

		if (is_used(jobs, entry))
			continue;
		if (is_glob(entry->interface)) {
			policy_log__msg(&run->log, POLICY_INFO, file->path, entry->line,
					"found no interface for '%s'", entry->interface);
			continue;
		}
		policy_log__msg(&run->log, run->may_be_missing ? POLICY_INFO : POLICY_ERROR,
				file->path, entry->line, "found no interface '%s', expected one%s",
				entry->interface, run->may_be_missing ? " to come" : "");
		ok = ok && run->may_be_missing;
	}
	return ok;
}

int load_run__match(struct load_run *run, const struct chain_file *file,
		    const struct interfaces *interfaces, struct load_jobs *ret)
{
	int err = 0;

	*ret = (struct load_jobs){ .path = file->path };
	ret->job = calloc(interfaces->n ? interfaces->n : 1, sizeof(*ret->job));
	if (!ret->job)
		return -ENOMEM;
	for (size_t i = 0; i < interfaces->n; i++) {
		int rc = match_one(run, file, &interfaces->interface[i], &ret->job[ret->n]);

		if (rc > 0)
			ret->n++;
		else if (rc < 0)
			err = rc;
	}
	run->bad_config = run->bad_config || err;
	if (!err && !check_missing(run, file, ret))
		err = -ENODEV;
	for (size_t i = 0; i < ret->n && !err; i++)
		err = claim(run, &ret->job[i]);
	if (!err)
		return 0;
	run->failed = true;
	load_run__unchanged(run, ret);
	return err;
}
