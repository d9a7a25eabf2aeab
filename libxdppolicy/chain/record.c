// SPDX-License-Identifier: LGPL-2.1-or-later
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lock.h"
#include "record-at.h"
#include "record-dir.h"

static const char attached_dir[] = "attached", seen_dir[] = "seen";

/* What a chain, and so a record of it, has of a program. */

int record_at__read(int dir, enum record_kind kind, const struct proginfo *info, struct record *ret)
{
	char *text = malloc(RECORD_TEXT_SIZE);
	int len;

	if (!text)
		return -ENOMEM;
	len = record_dir__read(dir, info->id, text, RECORD_TEXT_SIZE);
	if (len >= 0)
		len = record_text__parse(kind, text, len, info->load_time, ret);
	free(text);
	return len;
}

void record_dirs__open(struct record_dirs *dirs)
{
	*dirs = (struct record_dirs){
		.attached = run_dir__find(attached_dir),
		.seen = run_dir__find(seen_dir),
	};
}

void record_dirs__close(const struct record_dirs *dirs)
{
	if (dirs->attached >= 0)
		close(dirs->attached);
	if (dirs->seen >= 0)
		close(dirs->seen);
}

void record__read(const struct record_dirs *dirs, const struct proginfo *info, struct record *ret)
{
	*ret = (struct record){ .app.unknown = true, .btf.unknown = true };
	if (dirs->attached >= 0)
		record_at__read(dirs->attached, RECORD_ATTACHED, info, ret);
	if (dirs->seen >= 0)
		record_at__read(dirs->seen, RECORD_SEEN, info, ret);
}

void record__clear(struct record *record)
{
	for (int cond = 0; cond < N_CONDS; cond++)
		free(record->value[cond]);
	free(record->uid);
	free(record->load_key);
	*record = (struct record){ .app.unknown = true, .btf.unknown = true };
}

/* Whether there is a good record of just this program; any other may be replaced. */
static bool exists(int dir, enum record_kind kind, const struct proginfo *info)
{
	struct record record = { 0 };
	bool found = !record_at__read(dir, kind, info, &record);

	record__clear(&record);
	return found;
}

/* Two may put one at the same time: the first one's stays. */
static int put(int dir, enum record_kind kind, const struct proginfo *info, const char *text,
	       int len)
{
	int err;

	if (len < 0)
		return len;
	if (exists(dir, kind, info))
		return -EEXIST;
	err = record_dir__put(dir, info->id, text, len, false);
	if (err != -EEXIST || exists(dir, kind, info))
		return err;
	return record_dir__put(dir, info->id, text, len, true);
}

static bool is_there(int dir, uint32_t id, const char *text, int len)
{
	char *now = malloc(RECORD_TEXT_SIZE);
	bool same = now && record_dir__read(dir, id, now, RECORD_TEXT_SIZE) == len &&
		    !memcmp(now, text, len);

	free(now);
	return same;
}

int record_at__write(int dir, const struct record_attach *attach)
{
	char *text = malloc(RECORD_TEXT_SIZE);
	int len = text ? record_text__attached(attach, text) : -ENOMEM;

	if (len >= 0 && attach->in_chain && is_there(dir, attach->info->id, text, len))
		len = 0;
	else if (len >= 0 && attach->in_chain)
		len = record_dir__put(dir, attach->info->id, text, len, true);
	else if (len >= 0)
		len = put(dir, RECORD_ATTACHED, attach->info, text, len);
	free(text);
	return len;
}

int record_at__open(void)
{
	return run_dir__open(attached_dir);
}

int record__write(const struct record_attach *attach)
{
	int err, dir = record_at__open();

	if (dir < 0)
		return dir;
	err = record_at__write(dir, attach);
	close(dir);
	return err;
}

int record_at__keep_first(int dir, const struct chain_program *program)
{
	char *text = malloc(RECORD_TEXT_SIZE);
	int err = -ENOMEM;

	if (text)
		err = put(dir, RECORD_SEEN, &program->info, text, record_text__seen(program, text));
	free(text);
	return err;
}

void record__see_first(struct record *record, const struct chain_program *program)
{
	if (record->seen)
		return;
	record->seen = true;
	record->first[ATTR_PRIORITY] = (struct policy_value){ .num = program->priority };
	record->first[ATTR_ACTIONS] = (struct policy_value){ .num = program->actions };
}

int record__keep_first(const struct chain_program *program)
{
	int err, dir = run_dir__open(seen_dir);

	if (dir < 0)
		return dir;
	err = record_at__keep_first(dir, program);
	close(dir);
	return err == -EEXIST ? 0 : err;
}

void record__remove(uint32_t id)
{
	int dir = run_dir__find(attached_dir);

	if (dir < 0)
		return;
	record_dir__remove(dir, id);
	close(dir);
}

void record__sweep(size_t max)
{
	static const char *const names[] = { attached_dir, seen_dir };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int dir = run_dir__find(names[i]);

		if (dir < 0)
			continue;
		record_dir__sweep(dir, proginfo__is_gone, max);
		close(dir);
	}
}

/* The rest of a name that the kernel has cut. */
static void add_name(const struct record *record, struct policy_subject *subject)
{
	const char *whole = record->value[COND_PROGRAM], *begin = subject->value[COND_PROGRAM];

	if (!subject->name_cut || !whole || !begin || strncmp(whole, begin, strlen(begin)))
		return;
	subject->value[COND_PROGRAM] = whole;
	subject->name_cut = false;
}

static void add_facts(const struct record *record, struct policy_subject *subject)
{
	add_name(record, subject);
	/* a name and a number of the same user, or neither */
	if (!subject->value[COND_USER] && !subject->uid) {
		subject->value[COND_USER] = record->value[COND_USER];
		subject->uid = record->uid;
	}
	for (int cond = 0; cond < N_CONDS; cond++)
		if (!subject->value[cond] && cond != COND_USER)
			subject->value[cond] = record->value[cond];
}

static void add_author(const struct record *record, struct policy_subject *subject)
{
	if (record->btf.unknown)
		return;
	subject->btf.unknown = false;
	for_each_attr(attr) {
		if (subject->btf.has[attr] || !record->btf.has[attr])
			continue;
		subject->btf.has[attr] = true;
		subject->btf.value[attr] = record->btf.value[attr];
	}
}

void record__describe(const struct record *record, struct policy_subject *subject)
{
	add_facts(record, subject);
	add_author(record, subject);
	if (!subject->app.unknown)
		return;
	if (record->attached && !record->app.unknown)
		subject->app = record->app;
	else if (record->seen)
		subject->app = runcfg__wishes(record->first, NULL, &subject->btf);
}
