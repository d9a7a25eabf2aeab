// SPDX-License-Identifier: LGPL-2.1-or-later
/* load --undo: the chains before the last load as jobs of a run. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/lock.h"
#include "chain/program.h"
#include "chains/undo.h"
#include "run/undo.h"

/* What a job's spec points to. */
struct given_back {
	struct undo undo;
	struct chain_spec_program program[CHAIN_MAX];
};

/* --- what is kept --- */

static void tell(struct load_run *run, const char *file, const char *text)
{
	policy_log__msg(&run->log, POLICY_ERROR, file, 0, "%s", text);
	run->failed = true;
}

static void tell_unreadable(struct load_run *run, const struct undo_key *key, int err)
{
	char path[UNDO_PATH_SIZE], why[200];

	undo__path(key, path);
	if (err == -EINVAL)
		snprintf(why, sizeof(why),
			 "found text that load has not written, expected what it has replaced: "
			 "remove the file, and load what shall run");
	else if (err == -EPERM)
		snprintf(why, sizeof(why),
			 "found a file that others than root can write to, expected one of "
			 "root's: remove it, and load what shall run");
	else
		snprintf(why, sizeof(why), "cannot read: %s", strerror(-err));
	tell(run, path, why);
}

/* Whether what is kept can be looked at at all. */
static bool check_dir(struct load_undo *undo, struct load_run *run)
{
	char why[RUN_DIR_WHY_SIZE];
	int err = undo->refused ? 0 : undo__each(NULL, NULL);

	if (err) {
		tell(run, "xdp-policy", run_dir__strerror(err, "undo", why));
		undo->refused = true;
	}
	return !undo->refused;
}

/* --- the last load --- */

struct search {
	struct load_undo *undo;
	struct load_run *run;
	uint64_t netns;
	struct interfaces *interfaces;
	bool bad;
};

/* Returns false if it is not there, or after a message. */
static bool read_kept(struct search *s, const struct undo_key *key, struct undo *ret)
{
	int err = undo__read(key, ret);

	if (!err)
		return true;
	if (err != -ENOENT) {
		tell_unreadable(s->run, key, err);
		s->bad = true;
	}
	return false;
}

static void note_last(void *ctx, const struct undo_key *key)
{
	struct search *s = ctx;
	struct undo kept;

	if (read_kept(s, key, &kept) && kept.run > s->undo->last)
		s->undo->last = kept.run;
}

static void note_interface(void *ctx, const struct undo_key *key)
{
	struct search *s = ctx;
	char name[IF_NAMESIZE];
	struct undo kept;

	if (key->netns != s->netns || !read_kept(s, key, &kept) || kept.run != s->undo->last)
		return;
	if (!if_indextoname(key->ifindex, name))
		policy_log__msg(&s->run->log, POLICY_INFO, "xdp-policy", 0,
				"the interface with index %d is gone, which the last load has "
				"changed",
				key->ifindex);
	else if (!interfaces__find_there(name, s->interfaces))
		s->bad = true;
}

/* Which one it was is asked once: what is undone in one namespace is newer than all. */
static bool find_last(struct load_undo *undo, struct load_run *run, struct interfaces *ret)
{
	struct search s = { .undo = undo, .run = run, .interfaces = ret };
	struct undo_key here;
	int err = undo__here(0, &here);

	*ret = (struct interfaces){ 0 };
	if (err) {
		tell(run, "/proc/thread-self/ns/net", strerror(-err));
		return false;
	}
	s.netns = here.netns;
	if (!undo->has_last)
		undo__each(note_last, &s);
	undo->has_last = true;
	undo->refused = undo->refused || s.bad;
	if (!s.bad && !undo->refused)
		undo__each(note_interface, &s);
	return !s.bad && !undo->refused;
}

static bool find(struct load_undo *undo, struct load_run *run, struct interfaces *ret)
{
	*ret = (struct interfaces){ 0 };
	if (!check_dir(undo, run))
		return false;
	return undo->n_names ? interfaces__find(undo->names, undo->n_names, undo->found, ret) :
			       find_last(undo, run, ret);
}

/* --- the jobs --- */

static enum policy_mode mode_of(const char *mode)
{
	return !mode ? MODE_AUTO : !strcmp(mode, "skb") ? MODE_SKB : MODE_NATIVE;
}

static void fill_in(struct given_back *kept, struct load_job *job)
{
	const struct chain *before = &kept->undo.before;

	for (unsigned int i = 0; i < before->n; i++)
		kept->program[i] = (struct chain_spec_program){
			.past = &before->program[i],
			.frags = before->program[i].flags & BPF_F_XDP_HAS_FRAGS ? FRAGS_YES :
										  FRAGS_NO,
		};
	job->undo = true;
	job->spec = (struct chain_spec){
		.mode = mode_of(before->mode),
		.foreign = FOREIGN_REPLACE,
		.n = before->n,
		.program = kept->program,
		.instead_of = kept->undo.after,
		.n_instead_of = kept->undo.n_after,
	};
}

static int read_job(struct load_run *run, const struct interface *interface,
		    struct given_back *kept, struct load_job *job)
{
	struct undo_key key;
	int err = undo__here(interface->ifindex, &key);

	job->interface = *interface;
	if (!err)
		err = undo__read(&key, &kept->undo);
	if (!err)
		fill_in(kept, job);
	else if (err == -ENOENT)
		policy_log__msg(&run->log, POLICY_ERROR, "xdp-policy", 0,
				"%s%s%s: found nothing to undo: load has changed nothing here "
				"that unload, watch or others have not changed since",
				run->netns, *run->netns ? "/" : "", interface->name);
	else
		tell_unreadable(run, &key, err);
	return err;
}

static bool make_jobs(struct load_undo *undo, struct load_run *run,
		      const struct interfaces *interfaces, struct load_jobs *ret)
{
	bool ok = true;

	*ret = (struct load_jobs){ .job = calloc(interfaces->n + 1, sizeof(*ret->job)) };
	undo->kept = calloc(interfaces->n + 1, sizeof(*undo->kept));
	if (!ret->job || !undo->kept) {
		tool_error("out of memory");
		return false;
	}
	for (; ret->n < interfaces->n; ret->n++)
		ok = !read_job(run, &interfaces->interface[ret->n], &undo->kept[ret->n],
			       &ret->job[ret->n]) &&
		     ok;
	return ok;
}

void load_undo__do(struct load_undo *undo, struct load_run *run)
{
	struct interfaces interfaces;
	struct load_jobs jobs = { 0 };
	bool ok = find(undo, run, &interfaces);

	undo->any = undo->any || interfaces.n;
	interfaces__sort(&interfaces, false);
	if (ok)
		ok = make_jobs(undo, run, &interfaces, &jobs);
	if (ok && jobs.n)
		load_run__do(run, &jobs);
	else if (!ok)
		load_run__unchanged(run, &jobs);
	run->failed = run->failed || !ok;
	load_jobs__clear(&jobs);
	interfaces__free(&interfaces);
}

void load_undo__clear(struct load_undo *undo)
{
	free(undo->kept);
	undo->kept = NULL;
}

void load_undo__end(struct load_undo *undo, struct load_run *run)
{
	if (!interfaces__all_found(undo->names, undo->n_names, undo->found))
		run->failed = true;
	undo->found = NULL;
	if (undo->n_names || undo->any || run->failed)
		return;
	tell(run, "xdp-policy",
	     undo->last ?
		     "found nothing to undo here: the last load has changed interfaces of "
		     "another network namespace, see --netns" :
		     "found nothing to undo: no load has changed anything that unload, watch or "
		     "others have not changed since");
}
