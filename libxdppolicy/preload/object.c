// SPDX-License-Identifier: LGPL-2.1-or-later
#include <bpf/btf.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "chain/proginfo.h"
#include "object.h"
#include "state.h"
#include "util/generation.h"

/* A process has few objects open at a time: a list will do. */
static _Atomic(struct object *) objects;

/*
 * The process whose thread is at the list, by its generation, or 0. Held for some steps along it
 * and nothing else, so that an object can always be taken out, whoever has the lock of state.h. A
 * child inherits it held, but not the thread that would give it back: there it is free.
 */
static atomic_uint at_list;

static void list_lock(void)
{
	const struct timespec moment = { .tv_nsec = 50000 };
	unsigned int self = generation__get(), holder = 0;
	int cancel;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel); /* nanosleep() is such a place */
	while (!atomic_compare_exchange_strong(&at_list, &holder, self)) {
		if (holder != self)
			continue; /* expects what it has seen */
		nanosleep(&moment, NULL);
		holder = 0;
	}
	pthread_setcancelstate(cancel, NULL);
}

static void list_unlock(void)
{
	at_list = 0;
}

/* The last one that was freed: every open needs one. */
static _Atomic(struct object *) spare;

bool object__any(void)
{
	return objects;
}

static struct object *find(const struct bpf_object *obj)
{
	struct object *o = objects;

	while (o && o->key != obj)
		o = o->next;
	return o;
}

struct object *object__find(const struct bpf_object *obj)
{
	struct object *o;

	list_lock();
	o = find(obj);
	list_unlock();
	return o;
}

struct object *object__get(const struct bpf_object *obj)
{
	struct object *o = object__find(obj);

	if (o)
		return o;
	o = atomic_exchange(&spare, NULL);
	if (!o)
		o = malloc(sizeof(*o));
	if (!o)
		return NULL;
	list_lock();
	*o = (struct object){ .key = obj, .next = objects };
	objects = o;
	list_unlock();
	return o;
}

static void take_out(struct object *o)
{
	struct object *before = objects;

	if (before == o) {
		objects = o->next;
		return;
	}
	while (before->next != o)
		before = before->next;
	before->next = o->next;
}

static void free_object(struct object *o)
{
	btf__free(o->shown);
	free(o->path);
	free(o->absolute);
	free(atomic_exchange(&spare, o));
}

bool object__close(struct bpf_object *obj)
{
	struct object *o;
	bool in_use;

	list_lock();
	o = find(obj);
	in_use = o && o->users;
	if (in_use)
		o->close = obj;
	else if (o)
		take_out(o);
	list_unlock();
	if (o && !in_use)
		free_object(o);
	return !in_use;
}

/* Goes from one entry, NULL for none, to the next; what was closed meanwhile is closed now. */
static struct object *step(struct object *o)
{
	struct object *next;
	bool dead;

	list_lock();
	next = o ? o->next : objects;
	if (next)
		next->users++;
	dead = o && !--o->users && o->close;
	if (dead)
		take_out(o);
	list_unlock();
	if (dead) {
		REAL(bpf_object__close)(o->close);
		free_object(o);
	}
	return next;
}

void object__for_each(void (*fn)(const struct bpf_object *obj, void *ctx), void *ctx)
{
	for (struct object *o = step(NULL); o; o = step(o))
		fn(o->key, ctx);
}

/* The file of some object could not be remembered: any that has none may have come from one. */
static atomic_bool any_lost;

void object__lose_path(char *path)
{
	any_lost = true;
	free(path);
}

char *object__keep_path(const char *path)
{
	char *dir = NULL, *full = NULL;

	/* by a descriptor, whose number may be another file's when the path is asked for */
	if (!strncmp(path, "/proc/", strlen("/proc/")) || !strncmp(path, "/dev/", strlen("/dev/")))
		full = realpath(path, NULL);
	else if (*path == '/')
		full = strdup(path);
	else if ((dir = getcwd(NULL, 0)) && asprintf(&full, "%s/%s", dir, path) < 0)
		full = NULL;
	free(dir);
	if (!full)
		object__lose_path(NULL);
	return full;
}

void object__set_path(const struct bpf_object *obj, char *path)
{
	struct object *o = object__get(obj);

	if (!o) {
		object__lose_path(path);
		return;
	}
	free(o->path);
	o->path = path;
}

static bool has_program(const struct bpf_object *obj, const struct bpf_program *prog)
{
	struct bpf_program *p;

	bpf_object__for_each_program(p, obj)
		if (p == prog)
			return true;
	return false;
}

/* The list stays as it is: others may close theirs while it is looked for. */
struct object *object__of(const struct bpf_program *prog)
{
	struct object *o;

	list_lock();
	o = objects;
	while (o && !has_program(o->key, prog))
		o = o->next;
	list_unlock();
	return o;
}

bool object__is_dispatcher(const struct bpf_object *obj)
{
	const char *name = bpf_object__name(obj);

	/* libbpf keeps 15 characters of the file's name */
	return name && !strncmp(name, "xdp-dispatcher", strlen("xdp-dispatcher"));
}

int object__told(const struct bpf_object *obj, const char *program, struct runcfg *ret)
{
	const struct object *object = object__find(obj);
	const struct btf *btf =
		object && object->shown ? object->shown : REAL(bpf_object__btf)(obj);

	return btf ? runcfg__read(btf, program, ret) : -ENOENT;
}

const char *object__path(const struct bpf_object *obj)
{
	struct object *object = object__find(obj);

	if (object && object->path && !object->absolute)
		object->absolute = realpath(object->path, NULL);
	return object ? object->absolute : NULL;
}

void object__describe(const struct bpf_object *obj, const struct bpf_program *prog,
		      struct policy_subject *subject)
{
	const struct object *object;

	subject->value[COND_PROGRAM] = bpf_program__name(prog);
	subject->name_cut = false;
	subject->value[COND_SECTION] = bpf_program__section_name(prog);
	if (!state__wants(COND_OBJECT))
		return;
	subject->value[COND_OBJECT] = object__path(obj);
	object = object__find(obj);
	/* it came from a file, which is not there any more, or which was lost; else from memory */
	if (!subject->value[COND_OBJECT] && ((object && object->path) || any_lost))
		subject->withheld |= 1U << COND_OBJECT;
}

struct search {
	uint32_t id;
	struct policy_subject *subject;
	bool found;
};

static void keep(struct policy_subject *subject, enum policy_cond cond, char **copy)
{
	const char *value = subject->value[cond];

	free(*copy);
	*copy = value ? strdup(value) : NULL;
	if (value && !*copy)
		subject->withheld |= 1U << cond;
	subject->value[cond] = *copy;
}

/* The texts are copies: the object may be closed as soon as nobody looks at it. */
static void describe_if_in(const struct bpf_object *obj, void *ctx)
{
	static char *program, *section, *path; /* with the lock held, as all of this */
	const struct bpf_program *prog = NULL;
	struct search *search = ctx;
	struct policy_subject *subject = search->subject;
	struct proginfo info;

	while (!search->found &&
	       (prog = bpf_object__next_program(obj, (struct bpf_program *)prog))) {
		if (bpf_program__fd(prog) < 0 ||
		    proginfo__read_short(bpf_program__fd(prog), &info) || info.id != search->id)
			continue;
		search->found = true;
		object__describe(obj, prog, subject);
		keep(subject, COND_PROGRAM, &program);
		keep(subject, COND_SECTION, &section);
		keep(subject, COND_OBJECT, &path);
	}
}

void object__describe_loaded(uint32_t id, struct policy_subject *subject)
{
	struct search search = { .id = id, .subject = subject };

	object__for_each(describe_if_in, &search);
	if (!search.found)
		subject->withheld |= 1U << COND_SECTION | 1U << COND_OBJECT;
}

void object__describe_author(const struct bpf_object *obj, struct policy_subject *subject)
{
	const struct btf *btf = REAL(bpf_object__btf)(obj);
	struct runcfg author;

	if (btf && !runcfg__read(btf, subject->value[COND_PROGRAM], &author))
		subject->btf = runcfg__known(&author);
}
