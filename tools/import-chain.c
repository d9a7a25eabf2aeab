// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import-chain.h"

bool import_chain__is_host(struct import *imp, const char *where, const char *host)
{
	struct import_chain *chain = imp->chain;

	if (!chain->host) {
		import__note(imp, where, "host_name",
			     "a chain file names no host: this one is for %.100s", host);
		chain->host = host;
	}
	if (!strcmp(chain->host, host))
		return true;
	import__missed(imp, where, "host_name",
		       "a chain file is for one host, here %.100s; --host chooses another",
		       chain->host);
	return false;
}

static struct chain_file_entry *find_entry(struct chain_file *file, const char *interface)
{
	for (size_t i = 0; i < file->n; i++)
		if (!strcmp(file->entry[i].interface, interface))
			return &file->entry[i];
	return NULL;
}

static struct chain_file_entry *new_entry(struct import *imp, const char *interface)
{
	struct chain_file *file = &imp->chain->file;
	struct chain_file_entry *list;
	char *name = strdup(interface);

	list = name ? reallocarray(file->entry, file->n + 1, sizeof(*list)) : NULL;
	if (!list) {
		free(name);
		imp->no_memory = true;
		return NULL;
	}
	file->entry = list;
	list[file->n] = (struct chain_file_entry){ .interface = name };
	return &list[file->n++];
}

/* The absolute path of an object, to be freed; NULL if it is listed. */
static char *path_of(struct import *imp, const char *where, const char *object)
{
	const char *dir = *object == '/' ? "" : imp->chain->objects;
	size_t len = strlen(dir);
	char *path;

	if (asprintf(&path, "%s%s%s", dir, len && dir[len - 1] != '/' ? "/" : "", object) < 0) {
		imp->no_memory = true;
		return NULL;
	}
	if (strlen(path) < PATH_MAX)
		return path;
	import__missed(imp, where, "object", "found a path of %zu bytes, expected at most %d",
		       strlen(path), PATH_MAX - 1);
	free(path);
	return NULL;
}

static bool is_there(struct import *imp, const char *where, const struct chain_file_entry *entry,
		     const char *path, const char *function)
{
	for (size_t i = 0; i < entry->spec.n; i++) {
		const struct chain_spec_program *p = &entry->spec.program[i];

		if (strcmp(p->object, path) || strcmp(p->program, function))
			continue;
		import__missed(imp, where, "",
			       "found '%.60s' of %.200s a second time on this interface, expected "
			       "it once",
			       function, path);
		return true;
	}
	return false;
}

/* Takes path. */
static void append(struct import *imp, struct chain_file_entry *entry, char *path,
		   const struct import_program *program)
{
	size_t n = entry->spec.n;
	struct chain_spec_program *list, *p;
	char *function = strdup(program->function), err[POLICY_ERROR_SIZE];
	unsigned int *lines;

	lines = reallocarray(entry->program_line, n + 1, sizeof(*lines));
	if (lines)
		entry->program_line = lines;
	list = reallocarray((void *)entry->spec.program, n + 1, sizeof(*list));
	if (list)
		entry->spec.program = list;
	if (!lines || !list || !function) {
		imp->no_memory = true;
		free(function);
		free(path);
		return;
	}
	lines[n] = 0;
	p = &list[n];
	*p = (struct chain_spec_program){ .object = path, .program = function };
	p->app.has[ATTR_PRIORITY] = program->has_priority;
	if (program->has_priority)
		p->app.value[ATTR_PRIORITY].num = program->priority;
	p->app.has[ATTR_ACTIONS] = !policy_value__parse(
		ATTR_ACTIONS, program->actions, &p->app.value[ATTR_ACTIONS], err, sizeof(err));
	entry->spec.n++;
	imp->chain->n_programs++;
}

void import_chain__add(struct import *imp, const char *where, const char *iface,
		       const struct import_program *program)
{
	struct chain_file_entry *entry;
	char glob[IMPORT_GLOB_SIZE], err[POLICY_ERROR_SIZE], *path;

	if (import__glob(iface, glob, sizeof(glob), err, sizeof(err)) ||
	    !chain_file__is_interface(glob)) {
		import__missed(imp, where, "interface",
			       "found '%.100s', expected an interface's name", iface);
		return;
	}
	path = path_of(imp, where, program->object);
	entry = path ? find_entry(&imp->chain->file, glob) : NULL;
	if (path && !entry)
		entry = new_entry(imp, glob);
	if (!entry || is_there(imp, where, entry, path, program->function)) {
		free(path);
	} else if (entry->spec.n == CHAIN_MAX) {
		import__missed(imp, where, "",
			       "found one program more on this interface, expected at most %d",
			       CHAIN_MAX);
		free(path);
	} else {
		append(imp, entry, path, program);
	}
}
