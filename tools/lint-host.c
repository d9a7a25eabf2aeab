// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the policy's files show by their names, and the executables and objects that rules name. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "below.h"
#include "common/closed.h"
#include "elf-facts.h"
#include "lint-facts.h"
#include "lint-object.h"
#include "policy/meant.h"

static bool has_suffix(const char *name, const char *const *suffixes, size_t n)
{
	const char *suffix = strrchr(name, '.');

	for (size_t i = 0; suffix && i < n; i++)
		if (!strcasecmp(suffix, suffixes[i]))
			return true;
	return false;
}

#define N(array) (sizeof(array) / sizeof((array)[0]))

static const char *const read_suffixes[] = { ".conf", ".yaml", ".json" };

/* What was likely meant to be read; backups and the like were not. */
static bool is_typo(const char *name)
{
	static const char *const suffixes[] = { ".yml", ".cfg", ".txt", ".ini" };

	if (*name == '.' || !strncasecmp(name, "README", 6))
		return false;
	return has_suffix(name, suffixes, N(suffixes)) ||
	       (has_suffix(name, read_suffixes, N(read_suffixes)) &&
		!policy_files__is_dropin(name));
}

/*
 * Whether what is before the first dot is meant to be one of the names that are read. With more
 * behind it, as in priorities-old.conf, it is a copy.
 */
static bool is_near(const char *name, const char *const *names, size_t n)
{
	char stem[32];

	snprintf(stem, sizeof(stem), "%.*s", (int)strcspn(name, "."), name);
	for (size_t i = 0; i < n; i++)
		if (!strncmp(stem, names[i], strlen(names[i])) && stem[strlen(names[i])])
			return false;
	return policy_meant__find(stem, names, n);
}

/* In one of the directories themselves: only two names are read there. */
static bool is_typo_above(const char *name)
{
	static const char *const read[] = { "priorities", "xdpswitch", "xdp-switch", "switch" };
	size_t len = strcspn(name, ".");
	bool is_ours = (len == strlen("priorities") && !strncmp(name, "priorities", len)) ||
		       (len == strlen("xdpswitch") && !strncmp(name, "xdpswitch", len));

	if (is_ours)
		return is_typo(name) || !strchr(name, '.') ||
		       (policy_files__is_dropin(name) && strcmp(strrchr(name, '.'), ".conf"));
	if (is_near(name, read, N(read)))
		return is_typo(name) || policy_files__is_dropin(name) || !strchr(name, '.');
	/* the name of a drop-in */
	return strspn(name, "0123456789") >= 2 && name[strspn(name, "0123456789")] == '-' &&
	       policy_files__is_dropin(name);
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_dropin_dir(const struct policy_file *dir)
{
	return !strcmp(base_of(dir->path), "priorities.d");
}

static bool is_chain_dir(const struct policy_file *dir)
{
	return !strcmp(base_of(dir->path), "chains.d");
}

static bool is_run_dir(const struct policy_file *dir)
{
	static const char run[] = "/run/xdp";
	size_t len = strlen(dir->path);

	return len >= strlen(run) && !strcmp(dir->path + len - strlen(run), run);
}

/* Of a name without a suffix; backups end in ~, and a README is left alone. */
static bool is_bare(const char *name)
{
	size_t len = strlen(name);

	return *name != '.' && !strchr(name, '.') && len && name[len - 1] != '~' &&
	       strncasecmp(name, "README", 6);
}

static bool is_dir(int dir, const char *name)
{
	struct stat st;

	return !fstatat(dir, name, &st, 0) && S_ISDIR(st.st_mode);
}

/* What is wrong about a name in a directory of drop-ins, or NULL. */
static const char *judge_dropin(int dir, const char *name)
{
	/* one that is named as a file is refused as one */
	if (*name != '.' && is_dir(dir, name) && !policy_files__is_dropin(name))
		return "found a directory, which is not read, expected files";
	if (is_typo(name) || is_bare(name))
		return "found a file that is not read, expected a name that ends in .conf, .yaml "
		       "or .json";
	return NULL;
}

static const char *judge_chain_file(int dir, const char *name)
{
	if (*name != '.' && is_dir(dir, name))
		return "found a directory, which is not read, expected files";
	if (is_typo(name) || is_bare(name) || has_suffix(name, read_suffixes, 1))
		return "found a file that is not read, expected a name that ends in .yaml or "
		       ".json";
	return NULL;
}

/* In one of the directories themselves */
static const char *judge_above(int dir, const char *name, bool in_run)
{
	static const char *const disabled[] = { "disabled" };
	const char *suffix = strrchr(name, '.');
	bool is_switch = !strcmp(name, "disabled");

	if (*name == '.')
		return NULL;
	if (is_dir(dir, name))
		return suffix && !strcmp(suffix, ".d") && strcmp(name, "priorities.d") &&
				       strcmp(name, "chains.d") ?
			       "found a directory that is not read, expected priorities.d or "
			       "chains.d" :
			       NULL;
	if (is_switch ? !in_run : is_near(name, disabled, N(disabled)))
		return "found a file that switches nothing off, expected /run/xdp/disabled";
	if (suffix && !strcmp(suffix, ".cdb"))
		return "found a database that is not read, expected "
		       "/var/lib/xdp-policy/policy.cdb";
	return is_typo_above(name) ? "found a file that is not read here, expected "
				     "priorities.conf, xdpswitch.conf, or a file in priorities.d" :
				     NULL;
}

static const char *judge_name(const struct policy_file *dir, int fd, const char *name)
{
	if (is_dropin_dir(dir))
		return judge_dropin(fd, name);
	if (is_chain_dir(dir))
		return judge_chain_file(fd, name);
	return judge_above(fd, name, is_run_dir(dir));
}

/* A directory that was looked into for files of the policy. */
static bool is_used_dir(const struct policy_file *file)
{
	return file->kind == FILE_WATCHED && file->state == FILE_GOOD && !file->stamp.err &&
	       S_ISDIR(file->stamp.mode);
}

static void check_names(struct lint *lint, const struct policy_file *dir)
{
	DIR *d = opendir(dir->path);
	struct dirent *entry;
	char *path;

	while (d && (entry = readdir(d))) {
		const char *why = judge_name(dir, dirfd(d), entry->d_name);

		if (!why || asprintf(&path, "%s/%s", dir->path, entry->d_name) < 0)
			continue;
		lint__add(lint, LINT_NOT_READ, path, 0, "%s", why);
		free(path);
	}
	if (d)
		closedir(d);
}

/* What the mask is there for: files of its name in the directories behind its own. */
static void check_mask(struct lint *lint, const struct policy_files *files,
		       const struct policy_file *mask)
{
	bool dropin = strstr(mask->path, "/priorities.d/");
	struct stat st;
	char *path;

	for (size_t i = 0; i < files->n; i++) {
		const struct policy_file *dir = &files->file[i];

		if (!is_used_dir(dir) || is_dropin_dir(dir) != dropin ||
		    asprintf(&path, "%s/%s", dir->path, base_of(mask->path)) < 0)
			continue;
		/* it would not be a mask if a directory before its own had the file */
		if (strcmp(path, mask->path) && !lstat(path, &st))
			lint__add(lint, LINT_MASKED, path, 0,
				  "found a file that %s masks, expected one that counts",
				  mask->path);
		free(path);
	}
}

/* A drop-in without its suffix. */
struct stem {
	const char *path, *name;
	size_t len;
};

static int by_stem(const void *a, const void *b)
{
	const struct stem *x = a, *y = b;
	int order = strncmp(x->name, y->name, x->len < y->len ? x->len : y->len);

	if (!order)
		order = (x->len > y->len) - (x->len < y->len);
	return order ? order : strcmp(x->name, y->name);
}

static void check_twins(struct lint *lint, const struct policy_files *files)
{
	struct stem *stem = calloc(files->n + 1, sizeof(*stem));
	size_t n = 0;

	for (size_t i = 0; stem && i < files->n; i++) {
		const char *path = files->file[i].path, *name = base_of(path);

		if (files->file[i].kind == FILE_RULES && files->file[i].state == FILE_GOOD &&
		    strstr(path, "/priorities.d/"))
			stem[n++] = (struct stem){ path, name, strrchr(name, '.') - name };
	}
	if (n)
		qsort(stem, n, sizeof(*stem), by_stem);
	for (size_t i = 1; i < n; i++)
		if (stem[i].len == stem[i - 1].len &&
		    !strncmp(stem[i].name, stem[i - 1].name, stem[i].len))
			lint__add(lint, LINT_SUFFIX_TWIN, stem[i].path, 0,
				  "found a file that differs from %s in its suffix alone, expected "
				  "one of them: both are read",
				  stem[i - 1].path);
	free(stem);
}

static void add_closed(void *ctx, const char *part, mode_t mode)
{
	lint__add(ctx, LINT_CLOSED, part, 0,
		  "found mode %04o, expected that all users can %s it: what is here, a deny too, "
		  "does not count for services that run as another user",
		  mode & 07777, closed__verb(mode));
}

static void check_files(struct lint *lint, const struct policy_files *files)
{
	check_twins(lint, files);
	closed__policy(lint->root, files, add_closed, lint);
	for (size_t i = 0; i < files->n; i++) {
		if (is_used_dir(&files->file[i]))
			check_names(lint, &files->file[i]);
		else if (files->file[i].state == FILE_MASKED)
			check_mask(lint, files, &files->file[i]);
	}
}

/* --- files that rules name --- */

/* A path in a rule. */
struct use {
	const char *path;
	uint32_t rule;
	enum policy_cond cond;
	bool excluded;
};

struct uses {
	size_t n;
	struct use *use;
};

/* What is known of a rule's executables. */
struct reach {
	uint32_t n_static; /* out of any preload's reach */
	uint32_t n_linked; /* with libxdp inside */
};

/* A program in an object that a rule names. */
struct part {
	uint32_t rule;
	char *program;
	const char *path;
	bool frags;
};

struct parts {
	size_t n;
	struct part *part;
};

/* More are not compared with one another. */
#define MAX_PARTS 1024

struct host {
	struct lint *lint;
	struct uses uses;
	struct reach *reach; /* by rule */
	struct parts parts;
};

static int by_path(const void *a, const void *b)
{
	const struct use *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	return order ? order : (x->rule > y->rule) - (x->rule < y->rule);
}

/* Only counts if use is NULL. */
static size_t list_uses(const struct lint *lint, enum policy_cond cond, struct use *use)
{
	size_t n = 0;

	for (uint32_t i = 0; i < lint->n; i++) {
		if (lint->never[i])
			continue;
		for_each_glob(glob, lint->rule[i]->cond[cond]) {
			bool excluded = *glob == '!';

			if (glob[excluded] != '/' || !lint__is_word(glob + excluded))
				continue;
			if (use)
				use[n] = (struct use){ glob + excluded, i, cond, excluded };
			n++;
		}
	}
	return n;
}

static int find_uses(struct host *host)
{
	size_t n = list_uses(host->lint, COND_OBJECT, NULL) +
		   list_uses(host->lint, COND_EXECUTABLE, NULL);

	host->reach = calloc(host->lint->n + 1, sizeof(*host->reach));
	host->uses.use = calloc(n + 1, sizeof(*host->uses.use));
	if (!host->reach || !host->uses.use)
		return -ENOMEM;
	host->uses.n = list_uses(host->lint, COND_OBJECT, host->uses.use);
	host->uses.n += list_uses(host->lint, COND_EXECUTABLE, host->uses.use + host->uses.n);
	qsort(host->uses.use, n, sizeof(*host->uses.use), by_path);
	return 0;
}

static void check_link(struct host *host, const struct use *use, const char *real)
{
	const struct policy_rule *rule = host->lint->rule[use->rule];

	if (strcmp(use->path, real))
		lint__add(host->lint, LINT_LINK, rule->file, rule->line,
			  "found %s '%s', which leads over a link to '%s', expected that path: "
			  "paths are compared with links resolved",
			  policy_key__cond(use->cond)->name, use->path, real);
}

static bool is_denied(const struct policy_rule *rule)
{
	return rule->head.has[ATTR_ATTACH] && rule->head.value[ATTR_ATTACH].num == ATTACH_DENY;
}

static bool is_named(const struct policy_rule *rule, enum policy_cond cond, const char *value)
{
	return !rule->cond[cond] || lint__word_matches(cond, rule->cond[cond], value);
}

/* The uses of one path. */
struct group {
	struct host *host;
	const struct use *use;
	size_t n;
};

static void add_part(struct host *host, const struct use *use, const char *program, bool frags)
{
	struct parts *parts = &host->parts;
	struct part *part;

	if (parts->n == MAX_PARTS)
		return;
	if (!parts->part)
		parts->part = calloc(MAX_PARTS, sizeof(*parts->part));
	part = parts->part ? &parts->part[parts->n] : NULL;
	if (part)
		*part = (struct part){ use->rule, strdup(program), use->path, frags };
	if (part && part->program)
		parts->n++;
	else
		host->lint->no_memory = true;
}

/* For each rule that names the object, and does so for this program. */
static void add_program(void *ctx, const char *program, const char *section, bool frags)
{
	const struct group *group = ctx;

	for (size_t i = 0; i < group->n; i++) {
		const struct use *use = &group->use[i];
		const struct policy_rule *rule = group->host->lint->rule[use->rule];

		if (use->cond == COND_OBJECT && !use->excluded && !is_denied(rule) &&
		    is_named(rule, COND_PROGRAM, program) && is_named(rule, COND_SECTION, section))
			add_part(group->host, use, program, frags);
	}
}

static bool has_cond(const struct group *group, enum policy_cond cond)
{
	for (size_t i = 0; i < group->n; i++)
		if (group->use[i].cond == cond)
			return true;
	return false;
}

static void add_reach(struct group *group, int fd)
{
	struct elf_facts elf;
	bool is_static, is_linked;

	elf_facts__read(fd, NULL, &elf);
	is_static = elf_facts__is_static(&elf);
	is_linked = !is_static && elf_facts__has_libxdp_inside(&elf);
	elf_facts__clear(&elf);
	for (size_t i = 0; i < group->n; i++) {
		if (group->use[i].cond != COND_EXECUTABLE || group->use[i].excluded)
			continue;
		group->host->reach[group->use[i].rule].n_static += is_static;
		group->host->reach[group->use[i].rule].n_linked += is_linked;
	}
}

static void look_at(struct group *group)
{
	char real[PATH_MAX];
	int fd;

	fd = below__open(group->host->lint->root, group->use->path, real, sizeof(real));
	if (fd < 0)
		return;
	for (size_t i = 0; i < group->n; i++)
		check_link(group->host, &group->use[i], real);
	if (has_cond(group, COND_EXECUTABLE))
		add_reach(group, fd);
	if (has_cond(group, COND_OBJECT))
		lint_object__each(fd, add_program, group);
	close(fd);
}

static void look_at_all(struct host *host)
{
	const struct uses *uses = &host->uses;
	size_t next;

	for (size_t i = 0; i < uses->n; i = next) {
		struct group group = { .host = host, .use = &uses->use[i] };

		for (next = i + 1; next < uses->n; next++)
			if (strcmp(uses->use[next].path, uses->use[i].path))
				break;
		group.n = next - i;
		look_at(&group);
	}
}

/* What is changed in a shared libxdp alone. */
static bool wants_shared(const struct policy_head *head)
{
	return head->has[ATTR_MODE] || (head->has[ATTR_DISPATCHER] &&
					head->value[ATTR_DISPATCHER].num == DISPATCHER_REQUIRED);
}

static void check_reach(struct host *host, uint32_t i)
{
	const struct policy_rule *rule = host->lint->rule[i];
	const char *list = rule->cond[COND_EXECUTABLE];
	const struct reach *reach = &host->reach[i];
	size_t n = policy_list__count(list);

	if (!n || reach->n_static + reach->n_linked < n)
		return;
	if (reach->n_static == n)
		lint__add(host->lint, LINT_NO_PRELOAD, rule->file, rule->line,
			  "found executable '%s', which is static, expected one with shared "
			  "libraries: no preload reaches it, and the rule has no effect",
			  list);
	else if (wants_shared(&rule->head))
		lint__add(host->lint, LINT_LINKED_IN, rule->file, rule->line,
			  "found %s for '%s', which has libxdp linked in, expected an executable "
			  "with a shared libxdp",
			  policy_key__attr(rule->head.has[ATTR_MODE] ? ATTR_MODE : ATTR_DISPATCHER)
				  ->name,
			  list);
}

/* The dispatcher has frags only if all of its programs do. */
static void check_frags(struct host *host, const struct part *part)
{
	const struct policy_rule *rule = host->lint->rule[part->rule], *other_rule;

	for (size_t i = 0; i < host->parts.n && !part->frags; i++) {
		const struct part *other = &host->parts.part[i];
		struct scope place;
		struct words words;

		/* of one rule or one name they are likely there to choose from */
		if (!other->frags || other->rule == part->rule ||
		    !strcmp(other->program, part->program))
			continue;
		other_rule = host->lint->rule[other->rule];
		scope__of(rule, LINT_PLACE, &place);
		if (!place__meet(&place, other_rule, &words))
			continue;
		lint__add(host->lint, LINT_MIXED_FRAGS, rule->file, rule->line,
			  "found '%s' of %s without frags beside '%s' with frags (%s:%u), expected "
			  "all with or all without: on a large MTU such a chain is refused",
			  part->program, part->path, other->program, other_rule->file,
			  other_rule->line);
		return;
	}
}

void lint__chain_names(struct lint *lint, const struct policy_files *files)
{
	for (size_t i = 0; i < files->n; i++)
		if (is_used_dir(&files->file[i]) && is_chain_dir(&files->file[i]))
			check_names(lint, &files->file[i]);
}

int lint__host(struct lint *lint, const struct policy_files *files)
{
	struct host host = { .lint = lint };
	int rc;

	check_files(lint, files);
	rc = find_uses(&host);
	if (!rc) {
		look_at_all(&host);
		for (uint32_t i = 0; i < lint->n; i++)
			check_reach(&host, i);
		for (size_t i = 0; i < host.parts.n; i++)
			check_frags(&host, &host.parts.part[i]);
	}
	for (size_t i = 0; i < host.parts.n; i++)
		free(host.parts.part[i].program);
	free(host.parts.part);
	free(host.uses.use);
	free(host.reach);
	return rc;
}
