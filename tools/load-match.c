// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which interfaces the chains of a file are for. */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "load-run.h"

static bool is_glob(const char *name)
{
	return strpbrk(name, "*?[\\");
}

static bool has_globs(const struct chain_file *file)
{
	for (size_t i = 0; i < file->n; i++)
		if (is_glob(file->entry[i].interface))
			return true;
	return false;
}

bool load_run__find(struct load_run *run, const struct chain_file *file, struct interfaces *ret)
{
	bool ok = true;

	run->about_all = !file || has_globs(file);
	if (run->about_all)
		return interfaces__find(NULL, 0, NULL, ret);
	*ret = (struct interfaces){ 0 };
	for (size_t i = 0; i < file->n; i++)
		ok = interfaces__find_there(file->entry[i].interface, ret) && ok;
	return ok;
}

/* An interface that a file has a chain for already. */
struct load_claim {
	UT_hash_handle hh; /* of run->claims */
	int ifindex;
	char *place; /* "file:line" */
};

static const char *claimed_by(const struct load_run *run, int ifindex)
{
	struct load_claim *claim;

	HASH_FIND_INT(run->claims, &ifindex, claim);
	return claim ? claim->place : NULL;
}

static int claim(struct load_run *run, const struct load_job *job)
{
	struct load_claim *claim = calloc(1, sizeof(*claim));

	if (!claim)
		return -ENOMEM;
	claim->ifindex = job->interface.ifindex;
	if (asprintf(&claim->place, "%s:%u", job->path, job->entry->line) < 0) {
		free(claim);
		return -ENOMEM;
	}
	HASH_ADD_INT(run->claims, ifindex, claim);
	return 0;
}

void load_run__drop_claims(struct load_run *run)
{
	struct load_claim *claim, *next;

	HASH_ITER(hh, run->claims, claim, next) {
		HASH_DEL(run->claims, claim);
		free(claim->place);
		free(claim);
	}
}

/* The entries of a file, so that not each is compared with each interface. */
struct entry {
	UT_hash_handle hh; /* by name, if it is no glob */
	const struct chain_file_entry *entry;
	struct entry *same; /* of the same name, before it */
	bool is_glob, used;
};
struct entries {
	size_t n, n_globs;
	struct entry *entry, *by_name, **glob;
};

static int index_entries(const struct chain_file *file, struct entries *ret)
{
	*ret = (struct entries){ .n = file->n };
	ret->entry = calloc(file->n ? file->n : 1, sizeof(*ret->entry));
	ret->glob = calloc(file->n ? file->n : 1, sizeof(struct entry *));
	if (!ret->entry || !ret->glob)
		return -ENOMEM;
	for (size_t i = 0; i < file->n; i++) {
		struct entry *e = &ret->entry[i], *same = NULL;

		e->entry = &file->entry[i];
		e->is_glob = is_glob(e->entry->interface);
		if (e->is_glob) {
			ret->glob[ret->n_globs++] = e;
			continue;
		}
		HASH_REPLACE(hh, ret->by_name, entry->interface[0], strlen(e->entry->interface), e,
			     same);
		e->same = same;
	}
	return 0;
}

static void free_entries(struct entries *entries)
{
	HASH_CLEAR(hh, entries->by_name);
	free(entries->entry);
	free(entries->glob);
}

/* In the order of the file, which is that of the addresses. */
static void note_match(struct entry *e, struct entry *found[2])
{
	if (e == found[0] || e == found[1])
		return; /* by another name */
	if (!found[0] || e < found[0]) {
		found[1] = found[0];
		found[0] = e;
	} else if (!found[1] || e < found[1]) {
		found[1] = e;
	}
}

static void note_names(const struct entries *entries, const char *name, struct entry *found[2])
{
	struct entry *e;

	HASH_FIND_STR(entries->by_name, name, e);
	for (; e; e = e->same)
		note_match(e, found);
	for (size_t i = 0; i < entries->n_globs; i++)
		if (!fnmatch(entries->glob[i]->entry->interface, name, 0))
			note_match(entries->glob[i], found);
}

/* The first two that match any of its names. */
static void find_entries(const struct entries *entries, const struct interface *interface,
			 struct entry *found[2])
{
	found[0] = found[1] = NULL;
	note_names(entries, interface->name, found);
	for_each_glob(altname, interface->altnames)
		note_names(entries, altname, found);
}

/* Returns 1 if there is a chain for it, 0 if there is none, -EINVAL after a message. */
static int match_one(struct load_run *run, const struct chain_file *file,
		     const struct entries *entries, const struct interface *interface,
		     struct load_job *ret)
{
	const struct chain_file_entry *entry;
	struct entry *found[2];
	const char *other;

	find_entries(entries, interface, found);
	if (!found[0])
		return 0;
	entry = found[0]->entry;
	if (found[1]) {
		policy_log__msg(&run->log, POLICY_ERROR, file->path, found[1]->entry->line,
				"%s: found a second chain for it, '%s', beside '%s' in line %u, "
				"expected one",
				interface->name, found[1]->entry->interface, entry->interface,
				entry->line);
		return -EINVAL;
	}
	other = claimed_by(run, interface->ifindex);
	if (other) {
		policy_log__msg(&run->log, POLICY_ERROR, file->path, entry->line,
				"%s: found a chain for it in %s as well, expected one in one file",
				interface->name, other);
		return -EINVAL;
	}
	found[0]->used = true;
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

/* What the file has a chain for, and is not there. Returns false if that is an error. */
static bool check_missing(const struct load_run *run, const struct chain_file *file,
			  const struct entries *entries)
{
	bool ok = true;

	for (size_t i = 0; i < entries->n; i++) {
		const struct chain_file_entry *entry = entries->entry[i].entry;

		if (entries->entry[i].used)
			continue;
		if (entries->entry[i].is_glob) {
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

static int match_all(struct load_run *run, const struct chain_file *file,
		     const struct entries *entries, const struct interfaces *interfaces,
		     struct load_jobs *ret)
{
	int err = 0;

	for (size_t i = 0; i < interfaces->n; i++) {
		int rc =
			match_one(run, file, entries, &interfaces->interface[i], &ret->job[ret->n]);

		if (rc > 0)
			ret->n++;
		else if (rc < 0)
			err = rc;
	}
	run->bad_config = run->bad_config || err;
	if (!err && !check_missing(run, file, entries))
		err = -ENODEV;
	for (size_t i = 0; i < ret->n && !err; i++)
		err = claim(run, &ret->job[i]);
	return err;
}

int load_run__match(struct load_run *run, const struct chain_file *file,
		    const struct interfaces *interfaces, struct load_jobs *ret)
{
	struct entries entries;
	int err = index_entries(file, &entries);

	*ret = (struct load_jobs){ .path = file->path };
	ret->job = calloc(interfaces->n ? interfaces->n : 1, sizeof(*ret->job));
	if (!err && !ret->job)
		err = -ENOMEM;
	if (!err)
		err = match_all(run, file, &entries, interfaces, ret);
	free_entries(&entries);
	if (!err)
		return 0;
	run->failed = true;
	load_run__unchanged(run, ret);
	return err;
}
