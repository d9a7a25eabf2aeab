// SPDX-License-Identifier: LGPL-2.1-or-later
/* What files of chains show by themselves and together, and by the objects that they name. */
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "below.h"
#include "chain/object-file.h"
#include "lint-internal.h"
#include "lint-object.h"

/* The programs of an object that one of a chain may be. */
struct candidates {
	const struct chain_spec_program *wanted;
	unsigned int n;
	bool frags;    /* of the last of them */
	char has[240]; /* all of the object that can be attached, as the file would name them */
};

static void list_name(struct candidates *found, const char *name)
{
	size_t len = strlen(found->has), room = sizeof(found->has) - len;

	if (len + strlen(name) + sizeof(", ...") > sizeof(found->has))
		name = "...";
	if (len < 3 || strcmp(found->has + len - 3, "..."))
		snprintf(found->has + len, room, "%s%s", len ? ", " : "", name);
}

static void add_candidate(void *ctx, const char *program, const char *section, bool frags)
{
	struct candidates *found = ctx;
	const struct chain_spec_program *p = found->wanted;

	list_name(found, p->section ? section : program);
	if ((p->program && strcmp(p->program, program)) ||
	    (p->section && strcmp(p->section, section)))
		return;
	found->n++;
	found->frags = frags;
}

/* A relative path has the file's directory in front, and that the root. */
static int open_object(const struct lint *lint, const char *path)
{
	char *root = *lint->root ? realpath(lint->root, NULL) : NULL, real[PATH_MAX];
	size_t len = root ? strlen(root) : 0;
	bool below = len && !strncmp(path, root, len) && path[len] == '/';

	free(root);
	return below__open(lint->root, path + (below ? len : 0), real, sizeof(real));
}

static void check_candidates(struct lint *lint, const struct chain_file *file, unsigned int line,
			     const struct candidates *found)
{
	const struct chain_spec_program *p = found->wanted;
	const char *name = p->program ? p->program : p->section;

	if (!*found->has)
		lint__add(lint, LINT_NO_OBJECT, file->path, line,
			  "found no XDP program in %s, expected one", p->object);
	else if (!found->n)
		lint__add(lint, LINT_NO_OBJECT, file->path, line,
			  "found no %s '%.80s' in %s, expected %s",
			  p->program ? "XDP program" : "section", name, p->object, found->has);
	else if (found->n > 1)
		lint__add(lint, LINT_NO_OBJECT, file->path, line,
			  "found %u XDP programs in %s, expected program or section to say which: "
			  "%s",
			  found->n, p->object, found->has);
}

/* Whether it is known if the program has frags, which is in *frags then. */
static bool look_at_program(struct lint *lint, const struct chain_file *file, unsigned int line,
			    const struct chain_spec_program *p, bool *frags)
{
	struct candidates found = { .wanted = p };
	int fd = p->object ? open_object(lint, p->object) : -1;
	char why[200];

	if (p->object && fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		lint__add(lint, LINT_NO_OBJECT, file->path, line,
			  "found no object file %s, expected one", p->object);
	if (fd >= 0 && object_file__check(fd, p->sha256, why, sizeof(why)))
		lint__add(lint, LINT_NO_OBJECT, file->path, line, "%s: %s", p->object, why);
	else if (fd >= 0) {
		lint_object__each(fd, add_candidate, &found);
		check_candidates(lint, file, line, &found);
	}
	if (fd >= 0)
		close(fd);
	*frags = p->frags == FRAGS_AS_BUILT ? found.frags : p->frags == FRAGS_YES;
	return p->frags != FRAGS_AS_BUILT || found.n == 1;
}

static void check_objects(struct lint *lint, const struct chain_file *file,
			  const struct chain_file_entry *entry)
{
	unsigned int with = 0, without = 0; /* lines */
	bool frags;

	for (size_t i = 0; i < entry->spec.n; i++) {
		unsigned int line = entry->program_line[i];

		if (!look_at_program(lint, file, line, &entry->spec.program[i], &frags))
			continue;
		if (frags && !with)
			with = line;
		else if (!frags && !without)
			without = line;
	}
	if (with && without)
		lint__add(lint, LINT_MIXED_FRAGS, file->path, without,
			  "found a program without frags in a chain with one that has them (line "
			  "%u), expected all with or all without: on a large MTU such a chain is "
			  "refused",
			  with);
}

static bool has_priority(const struct chain_spec_program *p)
{
	return p->app.has[ATTR_PRIORITY];
}

static void check_ties(struct lint *lint, const struct chain_file *file,
		       const struct chain_file_entry *entry)
{
	const struct chain_spec_program *p = entry->spec.program;

	for (size_t i = 1; i < entry->spec.n; i++)
		for (size_t k = 0; k < i; k++) {
			if (!has_priority(&p[i]) || !has_priority(&p[k]) ||
			    p[i].app.value[ATTR_PRIORITY].num != p[k].app.value[ATTR_PRIORITY].num)
				continue;
			lint__add(lint, LINT_SHARED_PRIORITY, file->path, entry->program_line[i],
				  "found priority %u, which a program of this chain has already "
				  "(line %u), expected another one: programs of one priority run "
				  "in the order of their names",
				  p[i].app.value[ATTR_PRIORITY].num, entry->program_line[k]);
			break;
		}
}

/* The number of the program that is certainly the last; spec->n if none is. */
static size_t last_of(const struct chain_spec *spec)
{
	size_t last = spec->n - 1;
	bool tie = false;

	for (size_t i = 0; i < spec->n && has_priority(&spec->program[last]); i++) {
		uint32_t num = spec->program[i].app.value[ATTR_PRIORITY].num;
		uint32_t highest = spec->program[last].app.value[ATTR_PRIORITY].num;

		tie = num > highest ? false : tie || (num == highest && i != last);
		last = num > highest ? i : last;
	}
	return tie ? spec->n : last;
}

/* Of a chain to which nobody else's programs come. */
static void check_actions(struct lint *lint, const struct chain_file *file,
			  const struct chain_file_entry *entry)
{
	const struct chain_spec *spec = &entry->spec;
	size_t last =
		spec->n && !spec->add && spec->foreign != FOREIGN_KEEP ? last_of(spec) : spec->n;
	const struct policy_value *value =
		last < spec->n ? &spec->program[last].app.value[ATTR_ACTIONS] : NULL;

	if (!value || !spec->program[last].app.has[ATTR_ACTIONS] || value->relative)
		return;
	if (spec->n == 1 && value->num != POLICY_DEFAULT_ACTIONS)
		lint__add(
			lint, LINT_ALONE, file->path, entry->program_line[last],
			"found chain call actions for the only program of a chain, expected none: "
			"they have no effect on a program that is alone");
	else if (spec->n > 1 && value->num & ~(1U << XDP_PASS))
		lint__add(lint, LINT_LAST_GOES_ON, file->path, entry->program_line[last],
			  "found more than PASS among the actions of the last program of a chain, "
			  "expected PASS at most: behind the last program all of them become a "
			  "PASS");
}

static bool is_glob(const char *name)
{
	return strpbrk(name, "*?[\\");
}

/* Whether there is an interface that both are certainly for. */
static bool is_for_both(const char *a, const char *b)
{
	return !strcmp(a, b) || (!is_glob(a) && !fnmatch(b, a, 0)) ||
	       (!is_glob(b) && !fnmatch(a, b, 0));
}

static void check_second(struct lint *lint, const struct chain_file *file,
			 const struct chain_file_entry *entry, const struct chain_file *before,
			 size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct chain_file_entry *other = &before->entry[i];

		if (is_for_both(entry->interface, other->interface))
			lint__add(lint, LINT_TWO_CHAINS, file->path, entry->line,
				  "found a chain for '%s', and one for '%s' (%s:%u), expected one "
				  "chain for an interface",
				  entry->interface, other->interface, before->path, other->line);
	}
}

void lint__each_chain(struct lint *lint, const struct chain_file *files, size_t n)
{
	for (size_t f = 0; f < n; f++)
		for (size_t i = 0; i < files[f].n; i++) {
			const struct chain_file_entry *entry = &files[f].entry[i];

			lint__manner_of_chain(lint, files[f].path, entry->line, entry->interface);
			check_objects(lint, &files[f], entry);
			check_ties(lint, &files[f], entry);
			check_actions(lint, &files[f], entry);
			for (size_t k = 0; k <= f; k++)
				check_second(lint, &files[f], entry, &files[k],
					     k == f ? i : files[k].n);
		}
}
