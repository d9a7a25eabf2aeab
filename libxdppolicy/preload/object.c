// SPDX-License-Identifier: LGPL-2.1-or-later
#include <bpf/btf.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "object.h"
#include "state.h"

/* A process has few objects open at a time: a list will do. */
static _Atomic(struct object *) objects;

/* The last one that was freed: every open needs one. */
static _Atomic(struct object *) spare;

bool object__any(void)
{
	return objects;
}

struct object *object__find(const struct bpf_object *obj)
{
	for (struct object *o = objects; o; o = o->next)
		if (o->key == obj)
			return o;
	return NULL;
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
	*o = (struct object){ .key = obj, .next = objects };
	objects = o;
	return o;
}

void object__for_each(void (*fn)(const struct bpf_object *obj, void *ctx), void *ctx)
{
	for (struct object *o = objects; o; o = o->next)
		fn(o->key, ctx);
}

char *object__keep_path(const char *path)
{
	char *dir, *full = NULL;

	if (*path == '/')
		return strdup(path);
	dir = getcwd(NULL, 0);
	if (dir && asprintf(&full, "%s/%s", dir, path) < 0)
		full = NULL;
	free(dir);
	return full;
}

void object__set_path(const struct bpf_object *obj, char *path)
{
	struct object *o = object__get(obj);

	if (!o) {
		free(path);
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

struct object *object__of(const struct bpf_program *prog)
{
	for (struct object *o = objects; o; o = o->next)
		if (has_program(o->key, prog))
			return o;
	return NULL;
}

struct object *object__take(const struct bpf_object *obj)
{
	struct object *found = object__find(obj), *before = objects;

	if (!found)
		return NULL;
	if (before == found) {
		objects = found->next;
		return found;
	}
	while (before->next != found)
		before = before->next;
	before->next = found->next;
	return found;
}

void object__free(struct object *object)
{
	if (!object)
		return;
	btf__free(object->shown);
	free(object->path);
	free(object->absolute);
	free(atomic_exchange(&spare, object));
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
	subject->value[COND_PROGRAM] = bpf_program__name(prog);
	subject->value[COND_SECTION] = bpf_program__section_name(prog);
	if (state__wants(COND_OBJECT))
		subject->value[COND_OBJECT] = object__path(obj);
}

void object__describe_author(const struct bpf_object *obj, struct policy_subject *subject)
{
	const struct btf *btf = REAL(bpf_object__btf)(obj);
	struct runcfg author;

	if (btf && !runcfg__read(btf, subject->value[COND_PROGRAM], &author))
		subject->btf = runcfg__known(&author);
}
