// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reads a file of chains into what chain/spec.h has. A mistake does not keep the others from being
 * told; what is not understood stays empty then, and the file is given up at the end.
 */
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chain-file.h"
#include "chain-read.h"
#include "common/input.h"
#include "policy/files.h"
#include "policy/meant.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

#define MAX_CHAINS    1000
#define MAX_INTERFACE 127 /* alternative names are longer than others */
#define MAX_MAPS      64

enum {
	TOP_VERSION,
	TOP_CHAINS,
	N_TOP
};

enum {
	CHAIN_MODE,
	CHAIN_ADD,
	CHAIN_FOREIGN,
	CHAIN_MAPS,
	CHAIN_PROGRAMS,
	N_CHAIN
};

static void free_program(const struct chain_spec_program *p)
{
	free((char *)p->object);
	free((char *)p->pin);
	free((char *)p->program);
	free((char *)p->section);
	free((char *)p->sha256);
	free((char *)p->pin_path);
}

static void free_entry(struct chain_file_entry *entry)
{
	const char *const *maps = entry->spec.share_maps;

	for (size_t i = 0; i < entry->spec.n; i++)
		free_program(&entry->spec.program[i]);
	for (size_t i = 0; maps && maps[i]; i++)
		free((char *)maps[i]);
	free((void *)maps);
	free((void *)entry->spec.program);
	free(entry->program_line);
	free(entry->interface);
}

void chain_file__free(struct chain_file *file)
{
	for (size_t i = 0; i < file->n; i++)
		free_entry(&file->entry[i]);
	free(file->entry);
	free(file->path);
	*file = (struct chain_file){ 0 };
}

static void read_mode(struct chain_reader *r, size_t i, enum policy_mode *ret)
{
	struct policy_value value;

	if (chain_reader__value(r, i, ATTR_MODE, "auto, native, skb or hw", &value))
		*ret = value.num;
}

const char *const chain_foreign_words[N_FOREIGN] = {
	[FOREIGN_REFUSE] = "refuse",
	[FOREIGN_KEEP] = "keep",
	[FOREIGN_REPLACE] = "replace",
};

static void read_foreign(struct chain_reader *r, size_t i, enum chain_foreign *ret)
{
	static const char expected[] = "refuse, keep or replace";
	const char *text = yaml_reader__text(&r->yaml, i, expected);

	if (!text)
		return;
	for (size_t w = 0; w < N_FOREIGN; w++) {
		if (strcmp(text, chain_foreign_words[w]))
			continue;
		*ret = w;
		return;
	}
	yaml_reader__error(&r->yaml, i, "found '%.60s', expected %s%s", text, expected,
			   policy_meant__hint(text, chain_foreign_words, N_FOREIGN).text);
}

static void add_map(struct chain_reader *r, size_t i, const char ***list, size_t *n)
{
	const char *name = chain_reader__string(r, i, "a map's name", CHAIN_MAX_NAME);
	const char **grown;

	if (!name)
		return;
	for (size_t m = 0; m < *n; m++) {
		if (strcmp((*list)[m], name))
			continue;
		yaml_reader__error(&r->yaml, i,
				   "found '%.60s' a second time in this list, expected it once",
				   name);
		return;
	}
	if (strpbrk(name, " /")) {
		yaml_reader__error(&r->yaml, i,
				   "found '%.60s', expected a map's name without blanks and "
				   "slashes; more than one stand in a list",
				   name);
		return;
	}
	grown = chain_reader__more(r, *list, *n + 1, sizeof(**list));
	if (!grown)
		return;
	*list = grown;
	grown[*n] = chain_reader__copy(r, i, "", name);
	if (grown[*n])
		grown[++*n] = NULL;
}

static void read_maps(struct chain_reader *r, size_t value, struct chain_spec *spec)
{
	const char **list = NULL;
	size_t first, end, n = 0;

	end = yaml_reader__items(&r->yaml, value, "a map's name or a list of them", &first);
	for (size_t i = first; i < end; i = r->yaml.doc.node[i].next) {
		if (n < MAX_MAPS) {
			add_map(r, i, &list, &n);
			continue;
		}
		yaml_reader__error(&r->yaml, i, "found one map more, expected at most %d",
				   MAX_MAPS);
		break;
	}
	spec->share_maps = list;
}

/* Programs with and without priorities have no common order. */
static void check_priorities(struct chain_reader *r, size_t list,
			     const struct chain_file_entry *entry)
{
	const struct chain_spec *spec = &entry->spec;
	size_t with = spec->n, without = spec->n, k = 0;

	for (size_t p = 0; p < spec->n; p++) {
		size_t *first = spec->program[p].app.has[ATTR_PRIORITY] ? &with : &without;

		if (*first == spec->n)
			*first = p;
	}
	if (with == spec->n || without == spec->n)
		return;
	for_each_node(i, list, &r->yaml.doc)
		if (k++ == without)
			yaml_reader__error(&r->yaml, i,
					   "found a program without priority, and one with it in "
					   "line %u; expected it of all programs of a chain or of "
					   "none",
					   entry->program_line[with]);
}

static void read_programs(struct chain_reader *r, size_t list, struct chain_file_entry *entry)
{
	unsigned int n_errors = r->yaml.n_errors;

	if (!yaml_reader__is_a(&r->yaml, list, NODE_SEQUENCE, "a list of programs"))
		return;
	list = policy_doc__follow(&r->yaml.doc, list);
	for_each_node(i, list, &r->yaml.doc) {
		if (entry->spec.n == CHAIN_MAX) {
			yaml_reader__error(&r->yaml, i,
					   "found one program more, expected at most %d in a chain",
					   CHAIN_MAX);
			break;
		}
		chain_reader__program(r, i, entry);
	}
	if (r->yaml.n_errors == n_errors && !r->yaml.no_memory)
		check_priorities(r, list, entry);
}

static void read_chain(struct chain_reader *r, size_t i, struct chain_file_entry *entry)
{
	struct yaml_field f[N_CHAIN] = {
		[CHAIN_MODE] = { .name = "mode" },	   [CHAIN_ADD] = { .name = "add" },
		[CHAIN_FOREIGN] = { .name = "foreign" },   [CHAIN_MAPS] = { .name = "share-maps" },
		[CHAIN_PROGRAMS] = { .name = "programs" },
	};
	struct chain_spec *spec = &entry->spec;
	unsigned int n_errors = r->yaml.n_errors;

	if (!yaml_reader__is_a(&r->yaml, i, NODE_MAPPING,
			       "a chain: a mapping of programs and more"))
		return;
	yaml_reader__fields(&r->yaml, policy_doc__follow(&r->yaml.doc, i), f, N_CHAIN,
			    yaml_reader__unknown);
	if (f[CHAIN_MODE].value)
		read_mode(r, f[CHAIN_MODE].value, &spec->mode);
	if (f[CHAIN_ADD].value)
		chain_reader__bool(r, f[CHAIN_ADD].value, &spec->add);
	if (f[CHAIN_FOREIGN].value)
		read_foreign(r, f[CHAIN_FOREIGN].value, &spec->foreign);
	if (f[CHAIN_MAPS].value)
		read_maps(r, f[CHAIN_MAPS].value, spec);
	if (f[CHAIN_PROGRAMS].value)
		read_programs(r, f[CHAIN_PROGRAMS].value, entry);
	else
		yaml_reader__lacks(&r->yaml, i, n_errors,
				   "found no programs, expected a list of programs; an empty one "
				   "takes off what was loaded");
}

bool chain_file__is_interface(const char *name)
{
	return *name && strlen(name) <= MAX_INTERFACE && *name != '!' && !strpbrk(name, " /");
}

/* The interface's name or glob, or NULL after a message. */
static const char *interface_of(struct chain_reader *r, size_t key, const struct chain_file *file)
{
	const char *name = chain_reader__string(r, key, "an interface's name", MAX_INTERFACE);

	if (!name)
		return NULL;
	if (!chain_file__is_interface(name)) {
		yaml_reader__wrong(
			&r->yaml, key,
			"an interface's name or glob, without blanks and slashes and no ! before it");
		return NULL;
	}
	for (size_t i = 0; i < file->n; i++) {
		if (strcmp(file->entry[i].interface, name))
			continue;
		yaml_reader__twice(&r->yaml, key, name);
		return NULL;
	}
	return name;
}

static void add_chain(struct chain_reader *r, size_t key, size_t value, struct chain_file *file)
{
	const char *interface = interface_of(r, key, file);
	struct chain_file_entry *grown, scratch = { 0 }, *entry = &scratch;

	if (interface) {
		grown = chain_reader__more(r, file->entry, file->n, sizeof(*grown));
		if (!grown)
			return;
		file->entry = grown;
		entry = &grown[file->n];
		*entry = (struct chain_file_entry){
			.interface = chain_reader__copy(r, key, "", interface),
			.line = r->yaml.doc.node[key].line,
		};
		if (!entry->interface)
			return;
		file->n++;
	}
	read_chain(r, value, entry);
	if (!interface) /* it was read for its mistakes alone */
		free_entry(entry);
}

static void read_chains(struct chain_reader *r, size_t map, struct chain_file *file)
{
	if (!yaml_reader__is_a(&r->yaml, map, NODE_MAPPING, "a mapping of interfaces"))
		return;
	map = policy_doc__follow(&r->yaml.doc, map);
	for_each_pair(key, value, map, &r->yaml.doc) {
		if (file->n == MAX_CHAINS) {
			yaml_reader__error(&r->yaml, key,
					   "found one chain more, expected at most %d in a file",
					   MAX_CHAINS);
			return;
		}
		add_chain(r, key, value, file);
	}
}

static void unknown_top(struct yaml_reader *r, size_t key, const char *name,
			const struct yaml_field *fields, size_t n)
{
	if (!strcmp(name, "rules"))
		yaml_reader__error(r, key,
				   "found rules, expected chains: this is a file for priorities.d, "
				   "see priorities.conf(5)");
	else
		yaml_reader__unknown(r, key, name, fields, n);
}

static void read_top(struct chain_reader *r, struct chain_file *file)
{
	struct yaml_field f[N_TOP] = {
		[TOP_VERSION] = { .name = "version" },
		[TOP_CHAINS] = { .name = "chains" },
	};

	if (!yaml_reader__is_a(&r->yaml, 0, NODE_MAPPING, "a mapping of version and chains") ||
	    !yaml_reader__is_our_version(&r->yaml))
		return;
	yaml_reader__fields(&r->yaml, 0, f, N_TOP, unknown_top);
	if (!f[TOP_VERSION].value)
		yaml_reader__lacks(&r->yaml, 0, 0, "found no version, expected version: 1");
	else if (!f[TOP_CHAINS].value)
		yaml_reader__lacks(&r->yaml, 0, 0,
				   "found no chains, expected a mapping of interfaces");
	if (f[TOP_CHAINS].value)
		read_chains(r, f[TOP_CHAINS].value, file);
}

int chain_file__parse(const char *text, size_t size, const char *name, const char *dir,
		      const struct policy_log *log, struct chain_file *ret)
{
	struct chain_reader r = { .yaml = { .file = name, .log = log }, .dir = dir };
	int rc, end;

	*ret = (struct chain_file){ .path = strdup(name) };
	if (!ret->path)
		return -ENOMEM;
	rc = policy_doc__read(&r.yaml.doc, text, size, name, log);
	if (!rc)
		read_top(&r, ret);
	end = yaml_reader__end(&r.yaml);
	rc = rc ? rc : end;
	if (rc)
		chain_file__free(ret);
	return rc;
}

static bool has_key(const struct policy_doc *doc, const char *name)
{
	if (!doc->n || doc->node[0].kind != NODE_MAPPING)
		return false;
	for_each_pair(key, value, 0, doc)
		if (doc->node[key].kind == NODE_SCALAR && !strcmp(doc->node[key].text, name))
			return true;
	return false;
}

bool chain_file__is_one(const char *path, const char *text, size_t size)
{
	static const struct policy_log silent;
	const char *suffix = strrchr(path, '.');
	struct policy_doc doc = { 0 };
	bool is_one = false;

	if (strcmp(path, "-") && (!suffix || (strcmp(suffix, ".yaml") && strcmp(suffix, ".json"))))
		return false;
	if (strstr(path, "/chains.d/") || !strncmp(path, "chains.d/", strlen("chains.d/")))
		return true;
	if (!policy_doc__read(&doc, text, size, path, &silent))
		is_one = has_key(&doc, "chains") && !has_key(&doc, "rules");
	policy_doc__free(&doc);
	return is_one;
}

static int not_read(const char *path, const struct policy_log *log, int err)
{
	policy_log__msg(log, POLICY_ERROR, path, 0, "cannot read: %s", strerror(err));
	return -err;
}

static int read_stream(const char *path, const struct policy_log *log, char **ret, size_t *size)
{
	char why[INPUT_WHY_SIZE];
	int err = input__read(path, POLICY_MAX_FILE_SIZE, ret, size, why);

	if (err)
		policy_log__msg(log, POLICY_ERROR, path, 0, "%s", why);
	return err;
}

/* Root's files, or one's own: what one could have typed as well. */
static uid_t owner_of(const char *path)
{
	struct stat st;

	return !stat(path, &st) && st.st_uid == geteuid() ? st.st_uid : 0;
}

static int read_disk(const char *path, uid_t owner, const struct policy_log *log, char **ret,
		     size_t *size)
{
	struct policy_stamp stamp;

	switch (policy_file__read(path, 0, owner, ret, size, &stamp, log)) {
	case FILE_GOOD:
		return 0;
	case FILE_ABSENT:
		policy_log__msg(log, POLICY_ERROR, path, 0,
				"cannot open: No such file or directory");
		return -ENOENT;
	case FILE_MASKED:
		policy_log__msg(log, POLICY_ERROR, path, 0,
				"found an empty file, expected version and chains");
		return -ENODATA;
	case FILE_REFUSED:
		break;
	}
	return -EPERM;
}

char *chain_file__dir(const char *path)
{
	char *real, *slash;

	if (!strcmp(path, "-"))
		return realpath(".", NULL);
	real = realpath(path, NULL);
	slash = real ? strrchr(real, '/') : NULL;
	if (slash)
		slash[slash == real] = '\0';
	return real;
}

static int read_owned(const char *path, uid_t owner, const struct policy_log *log,
		      struct chain_file *ret)
{
	char *text = NULL, *dir;
	size_t size;
	int rc;

	*ret = (struct chain_file){ 0 };
	rc = strcmp(path, "-") ? read_disk(path, owner, log, &text, &size) :
				 read_stream(path, log, &text, &size);
	if (rc)
		return rc;
	dir = chain_file__dir(path);
	rc = dir ? chain_file__parse(text, size, path, dir, log, ret) : not_read(path, log, errno);
	free(dir);
	free(text);
	return rc;
}

int chain_file__read(const char *path, const struct policy_log *log, struct chain_file *ret)
{
	return read_owned(path, owner_of(path), log, ret);
}

int chain_file__read_any(const char *path, const struct policy_log *log, struct chain_file *ret)
{
	return read_owned(path, (uid_t)-1, log, ret);
}

const struct chain_file_entry *chain_file__find(const struct chain_file *file, const char *ifname,
						const struct chain_file_entry **second)
{
	const struct chain_file_entry *found = NULL, *other = NULL;

	for (size_t i = 0; i < file->n && !other; i++) {
		if (fnmatch(file->entry[i].interface, ifname, 0))
			continue;
		if (found)
			other = &file->entry[i];
		else
			found = &file->entry[i];
	}
	if (second)
		*second = other;
	return other ? NULL : found;
}
