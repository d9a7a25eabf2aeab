// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdatomic.h>
#include <stdlib.h>

#include "enforced.h"

/* A process has few programs open at a time: a list will do. */
static _Atomic(struct enforced *) programs;

/*
 * The last one that was dropped. calloc(3) and free(3) for each open and close are the dearest
 * part of an override: calloc() takes nothing from the thread's own cache.
 */
static struct enforced *spare;

bool enforced__any(void)
{
	return programs;
}

struct enforced *enforced__find(const struct xdp_program *prog)
{
	for (struct enforced *p = programs; p; p = p->next)
		if (p->key == prog)
			return p;
	return NULL;
}

struct enforced *enforced__get(const struct xdp_program *prog, const struct bpf_object *obj)
{
	struct enforced *p = enforced__find(prog);

	if (p)
		return p;
	p = spare ? spare : malloc(sizeof(*p));
	spare = NULL;
	if (!p)
		return NULL;
	*p = (struct enforced){ .key = prog, .obj = obj, .next = programs };
	programs = p;
	return p;
}

void enforced__drop(const struct xdp_program *prog)
{
	struct enforced *found = enforced__find(prog), *before = programs;

	if (!found)
		return;
	if (before == found) {
		programs = found->next;
	} else {
		while (before->next != found)
			before = before->next;
		before->next = found->next;
	}
	free(spare);
	spare = found;
}

void enforced__drop_of(const struct bpf_object *obj)
{
	struct enforced *next;

	for (struct enforced *p = programs; p; p = next) {
		next = p->next;
		if (p->obj == obj)
			enforced__drop(p->key);
	}
}
