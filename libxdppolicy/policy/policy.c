// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ini.h"
#include "internal.h"

static void loaded_put(struct policy_loaded *loaded)
{
	if (!loaded || --loaded->refs)
		return;
	policy_rules__clear(&loaded->rules);
	free(loaded->rules.file);
	free(loaded);
}

static void clear(struct xdp_policy *policy)
{
	policy_index__free(&policy->index);
	for (size_t i = 0; policy->loaded && i < policy->files.n; i++)
		loaded_put(policy->loaded[i]);
	free(policy->loaded);
	policy->loaded = NULL;
	policy_files__free(&policy->files);
}

static struct policy_loaded *find_loaded(const struct xdp_policy *policy, const char *path)
{
	for (size_t i = 0; policy->loaded && i < policy->files.n; i++)
		if (policy->loaded[i] && !strcmp(policy->files.file[i].path, path))
			return policy->loaded[i];
	return NULL;
}

int policy_rules__parse(struct policy_rules *rules, const char *text, size_t size,
			const struct policy_log *log)
{
	const char *suffix = strrchr(rules->file, '.');

	if (!suffix || (strcmp(suffix, ".yaml") && strcmp(suffix, ".json")))
		return policy_ini__parse(text, size, rules, log);
	policy_log__msg(log, POLICY_ERROR, rules->file, 0,
			"found a YAML or JSON file, expected a .conf file: this version reads no "
			"other");
	return -EINVAL;
}

/* Returns 0, -EINVAL after a message, or -ENOMEM. */
static int parse_rules(const char *path, const char *text, size_t size,
		       const struct policy_log *log, struct policy_loaded **ret)
{
	struct policy_loaded *loaded;
	int rc;

	loaded = calloc(1, sizeof(*loaded));
	if (!loaded)
		return -ENOMEM;
	loaded->refs = 1;
	loaded->rules.file = strdup(path);
	rc = loaded->rules.file ? policy_rules__parse(&loaded->rules, text, size, log) : -ENOMEM;
	if (rc)
		loaded_put(loaded);
	else
		*ret = loaded;
	return rc;
}

/* Reads one rule file into next; what went wrong with the file is a message, not a failure. */
static int load_rules(const struct xdp_policy *old, struct xdp_policy *next, size_t i)
{
	struct policy_file *file = &next->files.file[i];
	struct policy_loaded *before = find_loaded(old, file->path);
	size_t size = 0;
	char *text = NULL;
	struct stat st;
	int rc;

	if (before && !stat(file->path, &st)) {
		struct policy_stamp now;

		policy_stamp__set(&now, &st, 0);
		if (policy_stamp__same(&before->stamp, &now)) {
			file->stamp = before->stamp;
			next->loaded[i] = before;
			before->refs++;
			return 0;
		}
	}

	file->state =
		policy_file__read(file->path, next->owner, &text, &size, &file->stamp, &next->log);
	if (file->state == FILE_GOOD) {
		rc = parse_rules(file->path, text, size, &next->log, &next->loaded[i]);
		free(text);
		if (rc == -ENOMEM)
			return rc;
		if (!rc)
			next->loaded[i]->stamp = file->stamp;
		else
			file->state = FILE_REFUSED;
	}
	if (file->state == FILE_REFUSED) {
		next->n_errors++;
		if (before) { /* the last good version stays in force */
			next->loaded[i] = before;
			before->refs++;
		}
	}
	return 0;
}

static void load_switch(const struct xdp_policy *old, struct xdp_policy *next,
			struct policy_file *file)
{
	size_t size = 0;
	char *text = NULL;

	file->state =
		policy_file__read(file->path, next->owner, &text, &size, &file->stamp, &next->log);
	if (file->state == FILE_GOOD) {
		next->n_errors +=
			policy_switch__parse(&next->sw, file->path, text, size, &next->log);
		free(text);
	} else if (file->state == FILE_REFUSED) {
		next->n_errors++;
		if (old->files.n)
			next->sw = old->sw;
	}
}

static int build_index(struct xdp_policy *next)
{
	const struct policy_rules **sets;
	size_t n = 0;
	int rc;

	sets = calloc(next->files.n ? next->files.n : 1, sizeof(*sets));
	if (!sets)
		return -ENOMEM;
	for (size_t i = 0; i < next->files.n; i++)
		if (next->loaded[i])
			sets[n++] = &next->loaded[i]->rules;
	rc = policy_index__build(&next->index, sets, n);
	for (size_t i = 0; i < next->index.n; i++)
		next->conds |= next->index.rule[i]->head.conds;
	free(sets);
	return rc;
}

/* Builds the next state beside the old one, which is untouched unless all succeeds. */
static int load(struct xdp_policy *policy)
{
	struct xdp_policy next = {
		.root = policy->root,
		.owner = policy->owner,
		.log = policy->log,
	};
	int rc;

	policy_switch__default(&next.sw);
	rc = policy_files__find(next.root, next.owner, &next.files, &next.log);
	if (rc)
		return rc;
	next.n_errors = next.files.n_dirs_refused;
	next.loaded = calloc(next.files.n ? next.files.n : 1, sizeof(struct policy_loaded *));
	if (!next.loaded)
		rc = -ENOMEM;
	for (size_t i = 0; i < next.files.n && !rc; i++) {
		if (next.files.file[i].kind == FILE_RULES)
			rc = load_rules(policy, &next, i);
		else if (next.files.file[i].kind == FILE_SWITCH)
			load_switch(policy, &next, &next.files.file[i]);
	}
	if (!rc)
		rc = build_index(&next);
	if (rc) {
		clear(&next);
		return rc;
	}
	clear(policy);
	*policy = next;
	return 0;
}

int xdp_policy__open(const struct xdp_policy_opts *opts, struct xdp_policy **ret)
{
	struct xdp_policy *policy;
	size_t len;
	int rc = 0;

	policy = calloc(1, sizeof(*policy));
	if (!policy)
		return -ENOMEM;
	policy->log = opts->log;
	policy->root = strdup(opts->root ? opts->root : "");
	if (!policy->root)
		rc = -ENOMEM;
	if (!rc && *policy->root) {
		struct stat st;

		for (len = strlen(policy->root); len && policy->root[len - 1] == '/'; len--)
			policy->root[len - 1] = '\0';
		if (stat(opts->root, &st))
			rc = -errno;
		else if (!S_ISDIR(st.st_mode))
			rc = -ENOTDIR;
		else
			policy->owner = st.st_uid;
	}
	if (!rc)
		rc = load(policy);
	if (rc) {
		free(policy->root);
		free(policy);
		return rc;
	}
	*ret = policy;
	return 0;
}

void xdp_policy__close(struct xdp_policy *policy)
{
	if (!policy)
		return;
	clear(policy);
	free(policy->root);
	free(policy);
}

int xdp_policy__refresh(struct xdp_policy *policy)
{
	int rc;

	if (!policy_files__changed(&policy->files))
		return 0;
	rc = load(policy);
	return rc ? rc : 1;
}

unsigned int xdp_policy__n_errors(const struct xdp_policy *policy)
{
	return policy->n_errors;
}

bool xdp_policy__is_disabled(const struct xdp_policy *policy)
{
	return policy->files.disabled;
}

unsigned int xdp_policy__conds(const struct xdp_policy *policy)
{
	return policy->conds;
}

bool xdp_policy__denies_all(const struct xdp_policy *policy)
{
	return policy->sw.deny_on_error && policy->n_errors;
}

size_t xdp_policy__n_rules(const struct xdp_policy *policy)
{
	return policy->index.n;
}

const struct policy_rule *xdp_policy__rule(const struct xdp_policy *policy, size_t i)
{
	return i < policy->index.n ? policy->index.rule[i] : NULL;
}

const struct policy_files *xdp_policy__files(const struct xdp_policy *policy)
{
	return &policy->files;
}

const struct policy_switch *xdp_policy__switch(const struct xdp_policy *policy)
{
	return &policy->sw;
}
