// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * bpfman's Kubernetes objects, ClusterBpfApplication and BpfApplication: each link of each XDP
 * program becomes one rule.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "import-chain.h"
#include "util/in-root.h"

#define MAX_PRIORITY	 1000
#define DEFAULT_PRIORITY 1000 /* of a link that states none */

/* A program on an interface that has a rule. */
struct place {
	char *iface;
	const char *program, *object;
	uint32_t priority;
	char where[IMPORT_WHERE_SIZE];
};

struct bpfman {
	struct import *imp;
	struct place place[IMPORT_MAX_PLACES];
	size_t n_places;
};

/* One link of one program, while its rule is made. */
struct link {
	const char *app, *program, *object;
	char where[IMPORT_WHERE_SIZE];
	uint32_t priority;
	char actions[POLICY_VALUE_SIZE];
	size_t first; /* of its places */
};

static const char *found(const json_t *value)
{
	static char buf[IMPORT_FOUND_SIZE];

	return import__found(value, buf, sizeof(buf));
}

static bool is_one_of(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (!strcmp(name, *names))
			return true;
	return false;
}

/* Fields that nothing is made of, though they say something. */
static void list_others(struct bpfman *b, const char *where, const json_t *object,
			const char *const *known)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)object, name, value)
		if (!is_one_of(name, known) && !import__is_unset(value))
			import__missed(b->imp, where, name, "not known");
}

/* A list to go through; anything else is listed, but for what is not there. */
static const json_t *list_of(struct bpfman *b, const char *where, const json_t *object,
			     const char *field)
{
	const json_t *list = json_object_get(object, field);

	if (!list || json_is_null(list) || json_is_array(list))
		return list;
	import__missed(b->imp, where, field, "found %s, expected a list", found(list));
	return NULL;
}

/* The interface of the default route with the lowest metric; or NULL. */
static char *default_interface(const char *root, char *iface, size_t size)
{
	unsigned int destination, flags, metric, mask, best = 0;
	char path[4096], line[512], name[64];
	bool any = false;
	FILE *f;
	int fd;

	snprintf(path, sizeof(path), "%s/proc/net/route", root);
	fd = in_root__open(path, strlen(root), O_RDONLY | O_NONBLOCK | O_NOCTTY);
	f = fd < 0 ? NULL : fdopen(fd, "r");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%63s %x %*x %x %*u %*u %u %x", name, &destination, &flags,
			   &metric, &mask) != 5)
			continue;
		/* RTF_UP */
		if (destination || mask || !(flags & 1) || (any && metric >= best))
			continue;
		any = true;
		best = metric;
		snprintf(iface, size, "%s", name);
	}
	if (f)
		fclose(f);
	return any ? iface : NULL;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* What the places there are make of a new one. Returns false if it is one of them. */
static bool compare_places(struct bpfman *b, const struct link *link, const char *iface)
{
	const struct place *tie = NULL;

	for (size_t i = 0; i < b->n_places; i++) {
		const struct place *place = &b->place[i];

		if (strcmp(place->iface, iface))
			continue;
		if (!strcmp(place->program, link->program) &&
		    same_text(place->object, link->object)) {
			import__missed(b->imp, link->where, "interfaceSelector",
				       "found this program a second time on %.60s, expected it "
				       "once: a rule cannot tell them apart; see %.120s",
				       iface, place->where);
			return false;
		}
		if (place->priority == link->priority && !tie)
			tie = place;
	}
	if (tie)
		import__note(b->imp, link->where, "priority",
			     "%u on %.60s is that of %.120s as well: bpfman runs the one attached "
			     "last after it, libxdp goes by their names",
			     link->priority, iface, tie->where);
	return true;
}

/* Adds an interface to the rule, or the program to its chain, unless it can't be. */
static void add_interface(struct bpfman *b, const struct link *link, const char *field,
			  const char *iface)
{
	const struct import_program program = {
		.object = link->object,
		.function = link->program,
		.has_priority = true,
		.priority = link->priority,
		.actions = link->actions,
	};
	char glob[IMPORT_GLOB_SIZE], err[POLICY_ERROR_SIZE];
	struct place *place;

	if (import__glob(iface, glob, sizeof(glob), err, sizeof(err))) {
		import__missed(b->imp, link->where, field, "%s", err);
		return;
	}
	if (!compare_places(b, link, iface) || !import__place(b->imp))
		return;
	place = &b->place[b->n_places];
	*place = (struct place){
		.iface = strdup(iface),
		.program = link->program,
		.object = link->object,
		.priority = link->priority,
	};
	if (!place->iface) {
		b->imp->no_memory = true;
		return;
	}
	strcpy(place->where, link->where);
	b->n_places++;
	if (b->imp->chain)
		import_chain__add(b->imp, link->where, iface, &program);
	else
		import__set(b->imp, policy_key__cond(COND_INTERFACE), glob);
}

static void add_primary(struct bpfman *b, const struct link *link, const json_t *value)
{
	char iface[64];

	if (!json_is_true(value)) {
		import__missed(b->imp, link->where, "primaryNodeInterface",
			       "found %s, expected true", found(value));
	} else if (!default_interface(b->imp->root, iface, sizeof(iface))) {
		import__missed(b->imp, link->where, "primaryNodeInterface",
			       "found no default route in /proc/net/route, expected one");
	} else {
		import__note(b->imp, link->where, "primaryNodeInterface",
			     "taken as %s, which has the default route now", iface);
		add_interface(b, link, "primaryNodeInterface", iface);
	}
}

static void add_interfaces(struct bpfman *b, const struct link *link, const json_t *selector)
{
	static const char *const known[] = { "interfaces", "primaryNodeInterface",
					     "interfacesDiscoveryConfig", NULL };
	const json_t *value, *list = list_of(b, link->where, selector, "interfaces");
	size_t i;

	json_array_foreach(list, i, value) {
		if (json_is_string(value))
			add_interface(b, link, "interfaces", json_string_value(value));
		else
			import__missed(b->imp, link->where, "interfaces",
				       "found %s, expected an interface's name", found(value));
	}
	value = json_object_get(selector, "primaryNodeInterface");
	if (value && !json_is_false(value) && !json_is_null(value))
		add_primary(b, link, value);
	value = json_object_get(selector, "interfacesDiscoveryConfig");
	if (value && !import__is_unset(value))
		import__missed(b->imp, link->where, "interfacesDiscoveryConfig",
			       "interfaces that are yet to come are found by bpfman alone");
	list_others(b, link->where, selector, known);
}

/* "ReDirect", "redirect", and, as older versions write it, "dispatcher_return" */
static bool same_word(const char *word, const char *name)
{
	for (; *word || *name; word++, name++) {
		word += *word == '_';
		name += *name == '_';
		if (tolower((unsigned char)*word) != tolower((unsigned char)*name))
			return false;
	}
	return true;
}

/* One word of proceedOn. Returns false for one that is none. */
static bool read_verdict(const char *word, struct policy_value *actions, bool *dispatcher)
{
	if (same_word(word, "DispatcherReturn")) {
		*dispatcher = true;
		return true;
	}
	for (unsigned int i = 0; i < POLICY_N_ACTIONS; i++) {
		if (!same_word(word, policy_action__name(i)))
			continue;
		actions->num |= 1U << i;
		return true;
	}
	return false;
}

static bool read_proceed_on(struct bpfman *b, struct link *link, const json_t *json)
{
	const json_t *word, *list = json_object_get(json, "proceedOn");
	struct policy_value actions = { 0 };
	bool dispatcher = false;
	size_t i;

	if (!list || json_is_null(list) || (json_is_array(list) && !json_array_size(list))) {
		snprintf(link->actions, sizeof(link->actions), "PASS");
		return true;
	}
	if (!json_is_array(list)) {
		import__missed(b->imp, link->where, "proceedOn", "found %s, expected a list",
			       found(list));
		return false;
	}
	json_array_foreach(list, i, word) {
		if (json_is_string(word) &&
		    read_verdict(json_string_value(word), &actions, &dispatcher))
			continue;
		import__missed(b->imp, link->where, "proceedOn",
			       "found %s, expected Aborted, Drop, Pass, TX, ReDirect or "
			       "DispatcherReturn",
			       found(word));
		return false;
	}
	policy_value__print(ATTR_ACTIONS, &actions, link->actions, sizeof(link->actions));
	import__note(b->imp, link->where, "proceedOn",
		     dispatcher ?
			     "DispatcherReturn is not in the rule: libxdp goes on after it always" :
			     "DispatcherReturn is not among them, but libxdp goes on after it "
			     "always");
	return true;
}

static bool read_priority(struct bpfman *b, struct link *link, const json_t *json)
{
	const json_t *value = json_object_get(json, "priority");

	link->priority = DEFAULT_PRIORITY;
	if (!value || json_is_null(value))
		return true;
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    json_integer_value(value) > MAX_PRIORITY) {
		import__missed(b->imp, link->where, "priority",
			       "found %s, expected a number from 0 to %d", found(value),
			       MAX_PRIORITY);
		return false;
	}
	link->priority = json_integer_value(value);
	return true;
}

static void set_glob(struct bpfman *b, enum policy_cond cond, const char *name)
{
	char glob[IMPORT_GLOB_SIZE];

	if (name && !import__glob(name, glob, sizeof(glob), b->imp->err, sizeof(b->imp->err)))
		import__set(b->imp, policy_key__cond(cond), glob);
}

static void add_rule(struct bpfman *b, const struct link *link, const json_t *selector)
{
	char name[2 * POLICY_MAX_NAME], number[16];
	size_t before = b->n_places;

	snprintf(name, sizeof(name), "%s %s", link->app, link->program);
	snprintf(number, sizeof(number), "%u", link->priority);
	import__begin(b->imp, name);
	set_glob(b, COND_PROGRAM, link->program);
	set_glob(b, COND_OBJECT, link->object);
	add_interfaces(b, link, selector);
	import__set(b->imp, policy_key__attr(ATTR_PRIORITY), number);
	import__set(b->imp, policy_key__attr(ATTR_ACTIONS), link->actions);
	if (b->n_places == before)
		import__drop(b->imp);
	else
		import__end(b->imp, link->where, "");
}

static void add_link(struct bpfman *b, struct link *link, const json_t *json)
{
	static const char *const known[] = { "interfaceSelector", "networkNamespaces", "priority",
					     "proceedOn", NULL };
	const json_t *selector = json_object_get(json, "interfaceSelector");
	const json_t *namespaces = json_object_get(json, "networkNamespaces");

	if (!json_is_object(json) || !json_is_object(selector)) {
		import__missed(b->imp, link->where,
			       json_is_object(json) ? "interfaceSelector" : "links",
			       "found %s, expected an object",
			       found(json_is_object(json) ? selector : json));
		return;
	}
	/* even if it is empty: that is all pods */
	if (namespaces && !json_is_null(namespaces)) {
		import__missed(b->imp, link->where, "networkNamespaces",
			       "the interfaces are those of pods, not of the host");
		return;
	}
	list_others(b, link->where, json, known);
	if (!read_priority(b, link, json) || !read_proceed_on(b, link, json))
		return;
	if (!b->imp->chain)
		add_rule(b, link, selector);
	else if (link->object)
		add_interfaces(b, link, selector);
	else
		import__missed(b->imp, link->where, "byteCode",
			       "found no path of an object, expected one to load");
}

/* A name that a rule may have as its condition; else it is listed. */
static const char *name_of(struct bpfman *b, const char *where, const json_t *object,
			   const char *field, const char *expected)
{
	const json_t *value = json_object_get(object, field);
	char glob[IMPORT_GLOB_SIZE], err[POLICY_ERROR_SIZE];

	if (!json_string_length(value))
		import__missed(b->imp, where, field, "found %s, expected %s", found(value),
			       expected);
	else if (import__glob(json_string_value(value), glob, sizeof(glob), err, sizeof(err)))
		import__missed(b->imp, where, field, "%s", err);
	else
		return json_string_value(value);
	return NULL;
}

static void add_links(struct bpfman *b, const struct link *program, const json_t *xdp)
{
	static const char *const known[] = { "links", NULL };
	const json_t *json, *list = json_object_get(xdp, "links");
	size_t i;

	list_others(b, program->where, xdp, known);
	if (!list || import__is_unset(list))
		import__missed(b->imp, program->where, "links",
			       "found nothing: it is not attached");
	else
		list = list_of(b, program->where, xdp, "links");
	json_array_foreach(list, i, json) {
		struct link link = *program;
		char number[32];

		snprintf(number, sizeof(number), "link %zu", i + 1);
		import__where(link.where, sizeof(link.where), number);
		add_link(b, &link, json);
	}
}

static void add_program(struct bpfman *b, const struct link *app, const json_t *json, size_t i)
{
	static const char *const known[] = { "name", "type", "xdp", NULL };
	const char *name = json_string_value(json_object_get(json, "name"));
	const json_t *type = json_object_get(json, "type");
	struct link program = *app;
	char number[32];

	snprintf(number, sizeof(number), "program %zu", i + 1);
	import__where(program.where, sizeof(program.where), name && *name ? name : number);
	if (!json_is_object(json)) {
		import__missed(b->imp, program.where, "programs", "found %s, expected an object",
			       found(json));
		return;
	}
	if (!json_is_string(type) || strcasecmp(json_string_value(type), "XDP")) {
		import__missed(b->imp, program.where, "type", "found %s, expected XDP",
			       found(type));
		return;
	}
	list_others(b, program.where, json, known);
	program.program = name_of(b, program.where, json, "name", "a function's name");
	if (program.program)
		add_links(b, &program, json_object_get(json, "xdp"));
}

/* The object's path; NULL if it is none, which is listed. */
static const char *read_bytecode(struct bpfman *b, const char *where, const json_t *bytecode)
{
	static const char *const known[] = { "path", "image", NULL };
	const json_t *path = json_object_get(bytecode, "path");

	if (bytecode && !json_is_object(bytecode))
		import__missed(b->imp, where, "byteCode", "found %s, expected an object",
			       found(bytecode));
	if (json_object_get(bytecode, "image"))
		import__missed(b->imp, where, "byteCode.image",
			       "where the object is on this host is not known");
	list_others(b, where, bytecode, known);
	if (!path)
		return NULL;
	if (json_string_length(path) && *json_string_value(path) == '/')
		return name_of(b, where, bytecode, "path", "a path");
	import__missed(b->imp, where, "byteCode.path", "found %s, expected an absolute path",
		       found(path));
	return NULL;
}

static void list_spec(struct bpfman *b, const char *where, const json_t *spec)
{
	static const char *const known[] = { "byteCode",	 "programs",   "nodeSelector",
					     "mapOwnerSelector", "globalData", NULL };
	const struct {
		const char *name, *reason;
	} fields[] = {
		{ "nodeSelector", "the rules hold on each host that they are copied to" },
		{ "mapOwnerSelector", "the policy shares no maps" },
		{ "globalData", "the policy fills no variables" },
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const json_t *value = json_object_get(spec, fields[i].name);

		if (value && !import__is_unset(value))
			import__missed(b->imp, where, fields[i].name, "%s", fields[i].reason);
	}
	list_others(b, where, spec, known);
}

static void add_application(struct bpfman *b, const char *where, const char *name,
			    const json_t *object)
{
	static const char *const known[] = { "apiVersion", "kind",   "metadata",
					     "spec",	   "status", NULL };
	const json_t *json, *list, *spec = json_object_get(object, "spec");
	struct link app = { .app = name };
	size_t i;

	list_others(b, where, object, known);
	if (!json_is_object(spec)) {
		import__missed(b->imp, where, "spec", "found %s, expected an object", found(spec));
		return;
	}
	snprintf(app.where, sizeof(app.where), "%s", where);
	list_spec(b, where, spec);
	app.object = read_bytecode(b, where, json_object_get(spec, "byteCode"));
	list = list_of(b, where, spec, "programs");
	json_array_foreach(list, i, json)
		add_program(b, &app, json, i);
}

static void add_object(struct bpfman *b, const json_t *object, size_t number)
{
	const json_t *metadata = json_object_get(object, "metadata");
	const char *name = json_string_value(json_object_get(metadata, "name"));
	const char *namespace = json_string_value(json_object_get(metadata, "namespace"));
	const json_t *version = json_object_get(object, "apiVersion");
	const json_t *kind = json_object_get(object, "kind");
	char where[IMPORT_WHERE_SIZE] = "", unnamed[32];

	snprintf(unnamed, sizeof(unnamed), "object %zu", number);
	if (namespace && *namespace)
		import__where(where, sizeof(where), namespace);
	import__where(where, sizeof(where), name && *name ? name : unnamed);
	if (!json_is_object(object))
		import__missed(b->imp, where, "", "found %s, expected an object", found(object));
	else if (!json_is_string(version) ||
		 strncmp(json_string_value(version), "bpfman.io/", strlen("bpfman.io/")))
		import__missed(b->imp, where, "apiVersion", "found %s, expected bpfman.io/v1alpha1",
			       found(version));
	else if (!json_is_string(kind) ||
		 (strcmp(json_string_value(kind), "ClusterBpfApplication") &&
		  strcmp(json_string_value(kind), "BpfApplication")))
		import__missed(b->imp, where, "kind",
			       "found %s, expected ClusterBpfApplication or BpfApplication",
			       found(kind));
	else
		add_application(b, where, name && *name ? name : unnamed, object);
}

/* The objects of a list, be it Kubernetes' "kind: List" or a bare one. */
static const json_t *items_of(const json_t *doc)
{
	const char *kind = json_string_value(json_object_get(doc, "kind"));
	const json_t *items = json_object_get(doc, "items");
	size_t len = kind ? strlen(kind) : 0;

	if (json_is_array(doc))
		return doc;
	return len >= 4 && !strcmp(kind + len - 4, "List") && json_is_array(items) ? items : NULL;
}

void import__bpfman(struct import *imp, const json_t *docs)
{
	struct bpfman *b = calloc(1, sizeof(*b));
	const json_t *doc, *object, *items;
	size_t i, j, n = 0;

	if (!b) {
		imp->no_memory = true;
		return;
	}
	b->imp = imp;
	json_array_foreach(docs, i, doc) {
		items = items_of(doc);
		json_array_foreach(items, j, object)
			add_object(b, object, ++n);
		/* a document may be empty: behind the last ---, for example */
		if (!items && !json_is_null(doc))
			add_object(b, doc, ++n);
	}
	while (b->n_places)
		free(b->place[--b->n_places].iface);
	free(b);
}
