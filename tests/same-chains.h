/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_SAME_CHAINS_H
#define XDP_POLICY_SAME_CHAINS_H

/* What unit tests and fuzz targets compare two chain files by. */

#include <string.h>

#include "chain-file.h"

static inline bool same_word(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static inline const char *programs_differ(const struct chain_spec_program *a,
					  const struct chain_spec_program *b)
{
	if (!same_word(a->object, b->object) || a->open != b->open || a->fd != b->fd)
		return "object";
	if (!same_word(a->pin, b->pin))
		return "pin";
	if (!same_word(a->program, b->program) || !same_word(a->section, b->section))
		return "program";
	if (!same_word(a->sha256, b->sha256))
		return "sha256";
	if (!same_word(a->pin_path, b->pin_path))
		return "pin-path";
	if (a->frags != b->frags)
		return "frags";
	for_each_attr(attr) {
		const struct policy_value *v = &a->app.value[attr], *w = &b->app.value[attr];

		if (a->app.has[attr] != b->app.has[attr] || v->num != w->num || v->add != w->add ||
		    v->del != w->del || v->relative != w->relative)
			return policy_key__attr(attr)->name;
	}
	return a->app.unknown != b->app.unknown ? "app" : NULL;
}

static inline const char *chains_differ(const struct chain_spec *a, const struct chain_spec *b)
{
	const char *const *m = a->share_maps, *const *n = b->share_maps;
	const char *what;

	if (a->mode != b->mode || a->add != b->add || a->foreign != b->foreign)
		return "settings";
	if (!m != !n)
		return "share-maps";
	for (; m && same_word(*m, *n) && *m; m++)
		n++;
	if (m && *m != *n)
		return "share-maps";
	if (a->n != b->n)
		return "number of programs";
	for (size_t i = 0; i < a->n; i++) {
		what = programs_differ(&a->program[i], &b->program[i]);
		if (what)
			return what;
	}
	return NULL;
}

/* What two files do not have in common but their lines, or NULL. */
static inline const char *chain_files_differ(const struct chain_file *a, const struct chain_file *b)
{
	const char *what;

	if (a->n != b->n)
		return "number of chains";
	for (size_t i = 0; i < a->n; i++) {
		if (!same_word(a->entry[i].interface, b->entry[i].interface))
			return "interface";
		what = chains_differ(&a->entry[i].spec, &b->entry[i].spec);
		if (what)
			return what;
	}
	return NULL;
}

#endif
