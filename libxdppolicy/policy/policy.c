// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ini.h"
#include "internal.h"
#include "util/in-root.h"
#include "yaml.h"

/* what messages call a switch that is no file */
#define POLICY_SWITCH_TEXT "<switch>"

static void loaded_put(struct policy_loaded *loaded)
{
	if (!loaded || --loaded->refs)
		return;
	policy_rules__clear(&loaded->rules);
	policy_db__close(loaded->db);
	free(loaded->rules.file);
	free(loaded);
}

void policy_state__put(struct policy_state *state)
{
	if (!state || --state->refs)
		return;
	policy_index__free(&state->index);
	for (size_t i = 0; state->loaded && i < state->files.n; i++)
		loaded_put(state->loaded[i]);
	free(state->loaded);
	policy_files__free(&state->files);
	free(state);
}

static struct policy_loaded *find_loaded(const struct policy_state *state, const char *path)
{
	for (size_t i = 0; state && i < state->files.n; i++)
		if (state->loaded[i] && !strcmp(state->files.file[i].path, path))
			return state->loaded[i];
	return NULL;
}

int policy_rules__parse(struct policy_rules *rules, const char *text, size_t size,
			const struct policy_log *log)
{
	const char *suffix = strrchr(rules->file, '.');

	/* JSON is YAML */
	if (!strcmp(rules->file, "-") ?
		    policy_yaml__begin(text, size) < size :
		    suffix && (!strcmp(suffix, ".yaml") || !strcmp(suffix, ".json")))
		return policy_yaml__parse(text, size, rules, log);
	return policy_ini__parse(text, size, rules, log);
}

/* Returns 0, -EINVAL after a message, or -ENOMEM. */
static int parse_rules(struct policy_loaded *loaded, const char *path, const char *text,
		       size_t size, const struct policy_log *log)
{
	loaded->rules.file = strdup(path);
	return loaded->rules.file ? policy_rules__parse(&loaded->rules, text, size, log) : -ENOMEM;
}

/* Of a directory that cannot be reached one message is enough. */
static const struct policy_log *log_of(const struct policy *policy, const struct policy_file *file)
{
	static const struct policy_log silent;

	return file->closed ? &silent : &policy->log;
}

/* What a file has in it. Returns its state; -ENOMEM in *rc alone is a failure. */
static enum policy_file_state read_file(const struct policy *policy, struct policy_file *file,
					struct policy_loaded *loaded, int *rc)
{
	enum policy_file_state state;
	size_t size = 0;
	char *text = NULL;
	int fd = -1;

	*rc = 0;
	if (file->kind == FILE_DB)
		state = policy_file__open(file->path, strlen(policy->root), policy->owner, &fd,
					  &file->stamp, &policy->log);
	else
		state = policy_file__read(file->path, strlen(policy->root), policy->owner, &text,
					  &size, &file->stamp, log_of(policy, file));
	if (state != FILE_GOOD)
		return state;
	if (file->kind == FILE_DB) {
		*rc = policy_db__open(fd, file->path, &loaded->db, &policy->log);
		close(fd);
	} else {
		*rc = parse_rules(loaded, file->path, text, size, &policy->log);
		free(text);
	}
	return *rc ? FILE_REFUSED : FILE_GOOD;
}

static bool is_same(const struct policy_file *file, const struct policy_loaded *before)
{
	struct policy_stamp now;
	struct stat st;

	if (!before || stat(file->path, &st))
		return false;
	policy_stamp__set(&now, &st, 0);
	return policy_stamp__same(&before->stamp, &now);
}

/* The last good version stays in force, if there is one. */
static void keep_loaded(struct policy_state *next, size_t i, struct policy_loaded *before)
{
	next->loaded[i] = before;
	if (before)
		before->refs++;
}

/* Loads one file into next; what went wrong with the file is a message, not a failure. */
static int load_file(const struct policy *policy, struct policy_state *next, size_t i, bool force)
{
	struct policy_file *file = &next->files.file[i];
	struct policy_loaded *before = find_loaded(policy->state, file->path), *loaded;
	int rc;

	if (file->state == FILE_REFUSED) { /* with its directory, which counts as an error */
		keep_loaded(next, i, before);
		return 0;
	}
	if (!force && is_same(file, before)) {
		file->stamp = before->stamp;
		keep_loaded(next, i, before);
		return 0;
	}
	loaded = calloc(1, sizeof(*loaded));
	if (!loaded)
		return -ENOMEM;
	loaded->refs = 1;
	file->state = read_file(policy, file, loaded, &rc);
	loaded->stamp = file->stamp;
	if (file->state == FILE_GOOD) {
		next->loaded[i] = loaded;
		return 0;
	}
	loaded_put(loaded);
	if (rc == -ENOMEM)
		return rc;
	if (file->state == FILE_REFUSED) {
		next->n_errors++;
		keep_loaded(next, i, before);
	}
	return 0;
}

/*
 * Of a switch that cannot be read what it said last holds. If nobody has read one before, it may
 * well say on-error: deny, which must hold then above all.
 */
static void keep_switch(const struct policy *policy, struct policy_state *next)
{
	next->sw_known = policy->state && policy->state->sw_known;
	if (next->sw_known)
		next->sw = policy->state->sw;
	else
		next->sw.deny_on_error = true;
}

/* One that its directory takes down is refused already, and counted there. */
static void load_switch(const struct policy *policy, struct policy_state *next,
			struct policy_file *file)
{
	size_t size = 0;
	char *text = NULL;

	if (file->state != FILE_REFUSED) {
		file->state = policy_file__read(file->path, strlen(policy->root), policy->owner,
						&text, &size, &file->stamp, log_of(policy, file));
		next->n_errors += file->state == FILE_REFUSED;
	}
	if (file->state == FILE_GOOD) {
		next->n_errors +=
			policy_switch__parse(&next->sw, file->path, text, size, &policy->log);
		next->sw_known = true;
		free(text);
	} else if (file->state == FILE_REFUSED) {
		keep_switch(policy, next);
	}
}

static void add_rule(struct policy_state *next, const struct policy_rule *rule)
{
	next->conds |= rule->head.conds;
	for_each_attr(attr)
		next->attrs |= rule->head.has[attr] << attr;
}

static int build_index(const struct policy *policy, struct policy_state *next)
{
	const struct policy_rules **sets;
	size_t n = 0;
	int rc;

	sets = calloc(next->files.n + 1, sizeof(*sets));
	if (!sets)
		return -ENOMEM;
	sets[n++] = &policy->memory;
	for (size_t i = 0; i < next->files.n; i++)
		if (next->loaded[i] && next->loaded[i]->db)
			next->db = next->loaded[i]->db;
		else if (next->loaded[i])
			sets[n++] = &next->loaded[i]->rules;
	rc = policy_index__build(&next->index, sets, n);
	free(sets);
	for (size_t i = 0; i < next->index.n; i++)
		add_rule(next, next->index.rule[i]);
	if (next->db)
		next->conds |= policy_db__conds(next->db);
	return rc;
}

static int load_files(const struct policy *policy, struct policy_state *next, bool force)
{
	int rc;

	rc = policy_files__find(policy->root, policy->owner,
				policy->state ? &policy->state->files : NULL, &next->files,
				&policy->log);
	if (rc)
		return rc;
	next->n_errors = next->files.n_dirs_refused;
	next->loaded = calloc(next->files.n, sizeof(struct policy_loaded *));
	if (!next->loaded)
		return -ENOMEM;
	for (size_t i = 0; i < next->files.n && !rc; i++) {
		struct policy_file *file = &next->files.file[i];

		if (file->kind == FILE_SWITCH && !policy->switch_text)
			load_switch(policy, next, file);
		else if ((file->kind == FILE_RULES && !policy->no_files) ||
			 (file->kind == FILE_DB && !policy->no_db))
			rc = load_file(policy, next, i, force);
	}
	return rc;
}

static const char *switch_path(const struct policy *policy, const struct policy_state *state)
{
	if (policy->switch_text)
		return POLICY_SWITCH_TEXT;
	for (size_t i = 0; i < state->files.n; i++)
		if (state->files.file[i].kind == FILE_SWITCH)
			return state->files.file[i].path;
	return POLICY_SWITCH_TEXT;
}

#define ALL_CONDS ((1U << N_CONDS) - 1)

static bool asks_plugin_for(const struct policy_switch *sw, enum policy_attr attr)
{
	for (size_t i = 0; i < sw->attr[attr].n; i++)
		if (sw->attr[attr].step[i].source == SOURCE_PLUGIN)
			return true;
	return false;
}

static bool asks_plugin(const struct policy_switch *sw)
{
	for_each_attr(attr)
		if (asks_plugin_for(sw, attr))
			return true;
	return false;
}

/* Builds the next state beside the old one, which stays unless all succeeds. */
static int load(struct policy *policy, bool force)
{
	struct policy_state *next = calloc(1, sizeof(*next));
	int rc;

	if (!next)
		return -ENOMEM;
	next->refs = 1;
	policy_switch__default(&next->sw);
	if (policy->switch_text) {
		policy_switch__parse(&next->sw, POLICY_SWITCH_TEXT, policy->switch_text,
				     strlen(policy->switch_text), NULL);
		next->sw_known = true;
	}
	rc = load_files(policy, next, force);
	if (!rc)
		rc = build_index(policy, next);
	if (asks_plugin(&next->sw))
		next->conds = ALL_CONDS; /* who knows what it looks at */
	if (rc) {
		policy_state__put(next);
		return rc;
	}
	policy_plugins__open(&policy->plugins, &next->sw, switch_path(policy, next), &policy->log);
	policy_state__put(policy->state);
	policy->state = next;
	return 0;
}

/* The root's owner is the owner of all; "" is the host, which is root's. */
static int set_root(struct policy *policy, const char *root)
{
	struct stat st;

	policy->root = strdup(root ? root : "");
	if (!policy->root)
		return -ENOMEM;
	if (!*policy->root)
		return 0;
	if (in_root__stat(root, strlen(root), &st))
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	policy->owner = st.st_uid;
	for (size_t len = strlen(policy->root); len && policy->root[len - 1] == '/'; len--)
		policy->root[len - 1] = '\0';
	return 0;
}

static int set_switch_text(struct policy *policy, const char *text)
{
	struct policy_switch *sw;
	int rc = 0;

	if (!text)
		return 0;
	policy->switch_text = strdup(text);
	sw = malloc(sizeof(*sw));
	if (!policy->switch_text || !sw)
		rc = -ENOMEM;
	else if (policy_switch__parse(sw, POLICY_SWITCH_TEXT, text, strlen(text), &policy->log))
		rc = -EINVAL;
	free(sw);
	return rc;
}

/* The code of a plug-in is this host's: for another root there is none. */
static int set_plugin_dir(struct policy *policy, const char *dir)
{
	policy->plugins.owner = policy->owner;
	if (!dir && *policy->root)
		return 0;
	policy->plugins.dir = strdup(dir ? dir : PLUGIN_DIR);
	return policy->plugins.dir ? 0 : -ENOMEM;
}

int policy__open(const struct policy_opts *opts, struct policy **ret)
{
	struct policy *policy;
	int rc;

	policy = calloc(1, sizeof(*policy));
	if (!policy)
		return -ENOMEM;
	policy->log = opts->log;
	policy->no_files = opts->no_files;
	policy->no_db = opts->no_db || opts->no_files;
	if (opts->memory) {
		policy->memory = *opts->memory;
		*opts->memory = (struct policy_rules){ 0 };
	}
	rc = set_root(policy, opts->root);
	if (!rc)
		rc = set_switch_text(policy, opts->switch_text);
	if (!rc)
		rc = set_plugin_dir(policy, opts->plugin_dir);
	if (!rc)
		rc = load(policy, false);
	if (rc)
		policy__close(policy);
	else
		*ret = policy;
	return rc;
}

void policy__close(struct policy *policy)
{
	if (!policy)
		return;
	policy_state__put(policy->state);
	policy_plugins__close(&policy->plugins);
	policy_rules__clear(&policy->memory);
	free(policy->memory.file);
	free(policy->switch_text);
	free(policy->root);
	free(policy);
}

int policy__refresh(struct policy *policy)
{
	int rc;

	if (!policy_files__changed(&policy->state->files))
		return 0;
	rc = load(policy, false);
	return rc ? rc : 1;
}

int policy__reload(struct policy *policy)
{
	return load(policy, true);
}

bool policy__is_starved(const struct policy *policy)
{
	const struct policy_files *files = &policy->state->files;

	for (size_t i = 0; i < files->n; i++)
		if (files->file[i].stamp.starved)
			return true;
	return false;
}

unsigned int policy__n_errors(const struct policy *policy)
{
	return policy->state->n_errors;
}

bool policy__is_disabled(const struct policy *policy)
{
	return policy->state->files.disabled;
}

unsigned int policy__conds(const struct policy *policy)
{
	return policy->state->conds;
}

bool policy__may_decide(const struct policy *policy, enum policy_attr attr)
{
	const struct policy_state *state = policy->state;

	return asks_plugin_for(&state->sw, attr) || state->db || state->attrs & 1U << attr;
}

static bool has_denial(const struct policy_state *state)
{
	for (size_t i = 0; i < state->index.n; i++) {
		const struct policy_head *head = &state->index.rule[i]->head;

		if (head->has[ATTR_ATTACH] && head->value[ATTR_ATTACH].num == ATTACH_DENY)
			return true;
	}
	return false;
}

/* What a database or a plug-in would say is not known before it is asked. */
bool policy__may_deny(const struct policy *policy)
{
	const struct policy_state *state = policy->state;

	if (policy__denies_all(policy) || state->db || asks_plugin_for(&state->sw, ATTR_ATTACH))
		return true;
	return state->attrs & 1U << ATTR_ATTACH && has_denial(state);
}

bool policy__denies_all(const struct policy *policy)
{
	return policy->state->sw.deny_on_error && policy->state->n_errors;
}

const char *policy__why_denies_all(const struct policy *policy)
{
	return policy->state->sw_known ?
		       "on-error: deny, and part of the policy is refused; xdp-policy check says which" :
		       "xdpswitch.conf cannot be read, and may say on-error: deny";
}

size_t policy__n_rules(const struct policy *policy)
{
	return policy->state->index.n;
}

const struct policy_rule *policy__rule(const struct policy *policy, size_t i)
{
	return i < policy->state->index.n ? policy->state->index.rule[i] : NULL;
}

const struct policy_files *policy__files(const struct policy *policy)
{
	return &policy->state->files;
}

const struct policy_switch *policy__switch(const struct policy *policy)
{
	return &policy->state->sw;
}

const struct policy_db *policy__db(const struct policy *policy)
{
	return policy->state->db;
}
