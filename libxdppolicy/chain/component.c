// SPDX-License-Identifier: LGPL-2.1-or-later
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "component-internal.h"
#include "program.h"
#include "util/libbpf-words.h"

/* What is kept of the verifier's log; if it is longer, the kernel says ENOSPC. */
#define LOG_SIZE (1024 * 1024)

/* --- maps that exist already --- */

static bool is_shared(const struct chain_spec *spec, const char *name)
{
	for (const char *const *shared = spec->share_maps; shared && *shared; shared++)
		if (!strcmp(*shared, name))
			return true;
	return false;
}

static int live_map(const struct chain_program *program, const char *name)
{
	int prog = bpf_prog_get_fd_by_id(program->info.id), fd;

	if (prog < 0)
		return -errno;
	fd = program_maps__find(prog, name);
	close(prog);
	return fd;
}

/* A map for all to share: of an object that is loaded before this one, or of the chain before. */
static int find_shared(const struct loading *l, const char *name)
{
	for (unsigned int i = 0; i < l->components->n_objects; i++) {
		int fd = bpf_object__find_map_fd_by_name(l->components->object[i].obj, name);

		if (fd >= 0)
			return fcntl(fd, F_DUPFD_CLOEXEC, 3);
	}
	for (unsigned int i = 0; i < l->live->n; i++) {
		int fd = l->records[i].in_chain ? live_map(&l->live->program[i], name) : -ENOENT;

		if (fd >= 0)
			return fd;
	}
	return -ENOENT;
}

static int share_map(const struct loading *l, struct bpf_map *map)
{
	int err = 0, fd = find_shared(l, bpf_map__name(map));

	if (fd < 0)
		return 0;
	if (!map__fits(map, fd))
		err = component__fail(
			l, -EINVAL,
			"%s: found map '%s' with another definition than the one that it shall "
			"share, expected the same",
			component__label(&l->components->spec->program[l->program]),
			bpf_map__name(map));
	else
		err = bpf_map__reuse_fd(map, fd);
	close(fd);
	if (err && !*l->problem->text)
		component__fail(l, err, "map '%s' cannot be shared: %s", bpf_map__name(map),
				strerror(-err));
	return err;
}

static int share_maps(const struct loading *l, struct bpf_object *obj)
{
	struct bpf_map *map;
	int err = 0;

	bpf_object__for_each_map(map, obj)
	{
		if (!err && !bpf_map__is_internal(map) &&
		    is_shared(l->components->spec, bpf_map__name(map)))
			err = share_map(l, map);
	}
	return err;
}

/* --- the load --- */

static bool is_of(const struct loading *l, unsigned int i, const struct component_object *o)
{
	const struct component *c = &l->components->component[i];

	return c->program && &l->components->object[c->of] == o;
}

/* The log's memory is not to be touched unless there is one: that costs more than most loads. */
static int prepare_program(struct component *c, int target, char *log)
{
	int err;

	if (!log)
		return -ENOMEM;
	*log = '\0';
	bpf_program__set_type(c->program, BPF_PROG_TYPE_EXT);
	bpf_program__set_expected_attach_type(c->program, 0);
	bpf_program__set_flags(c->program,
			       (bpf_program__flags(c->program) & ~BPF_F_XDP_HAS_FRAGS) | c->flags);
	err = bpf_program__set_attach_target(c->program, target, "prog0");
	if (!err)
		err = bpf_program__set_autoload(c->program, true);
	return err ? err : bpf_program__set_log_buf(c->program, log, LOG_SIZE);
}

/* libbpf fills it with descriptors of the object's other programs, which have none. */
static const struct bpf_map *find_jumps(struct bpf_object *obj)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, obj)
	{
		if (bpf_map__type(map) == BPF_MAP_TYPE_PROG_ARRAY)
			return map;
	}
	return NULL;
}

/* Which program it was that the verifier refused; if none, libbpf has not come so far. */
static int explain_failure(struct loading *l, const struct component_object *o, char *const logs[],
			   int err)
{
	unsigned int n = l->components->spec->n;
	const struct bpf_map *map;

	for (unsigned int i = 0; i < n; i++) {
		if (!is_of(l, i, o) || !logs[i] || !*logs[i])
			continue;
		l->program = i;
		l->problem->log = strdup(logs[i]);
		return component__fail(
			l, err, "%s: found program '%s', which the kernel refuses: %s",
			component__label(&l->components->spec->program[i]),
			bpf_program__name(l->components->component[i].program),
			err == -ENOSPC ? "the verifier's log is longer than the 1 MiB that is kept "
					 "of it" :
					 strerror(-err));
	}
	map = err == -EBADF ? find_jumps(o->obj) : NULL;
	if (map)
		return component__fail(
			l, err,
			"%s: found programs for tail calls in map '%s', which are not "
			"loaded into a chain; expected a map that is empty until an "
			"application fills it",
			o->path ? o->path : bpf_object__name(o->obj), bpf_map__name(map));
	/* libbpf would advise to raise a limit */
	if (err == -EPERM && !libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_EXT, NULL))
		return component__fail(l, err,
				       "%s: found a kernel that refuses extension programs "
				       "(freplace), expected one that loads them into libxdp's "
				       "dispatcher: %s",
				       component__label(&l->components->spec->program[l->program]),
				       strerror(-err));
	return component__fail(l, err, "%s: found an object that cannot be loaded: %s%s",
			       o->path ? o->path : bpf_object__name(o->obj), strerror(-err),
			       libbpf_words__get());
}

static int load_prepared(struct loading *l, struct component_object *o)
{
	int err;

	libbpf_words__clear();
	err = map_pins__expect(o->obj, l->components->dry_run ? NULL : &o->pins);
	if (!err)
		err = component__errno(bpf_object__load(o->obj));
	return err;
}

/* All programs of an object that are wanted, but for those to skip. */
static int load_object(struct loading *l, struct component_object *o, const bool skip[])
{
	char *logs[CHAIN_MAX] = { NULL };
	int err = 0;

	for (unsigned int i = l->components->spec->n; i-- > 0;)
		if (is_of(l, i, o))
			l->program = i;
	for (unsigned int i = 0; i < l->components->spec->n && !err; i++) {
		if (!is_of(l, i, o) || skip[i])
			continue;
		logs[i] = malloc(LOG_SIZE);
		err = prepare_program(&l->components->component[i], l->components->target, logs[i]);
		if (err == -EACCES) /* by the preload, before we come to it */
			component__fail(l, err,
					"found program '%s', which the policy forbids to attach",
					bpf_program__name(l->components->component[i].program));
		else if (err)
			component__fail(l, err, "the load cannot be prepared: %s", strerror(-err));
	}
	if (!err)
		err = share_maps(l, o->obj);
	if (!err) {
		err = load_prepared(l, o);
		if (err)
			explain_failure(l, o, logs, err);
	}
	for (unsigned int i = 0; i < CHAIN_MAX; i++) {
		if (logs[i])
			bpf_program__set_log_buf(l->components->component[i].program, NULL, 0);
		free(logs[i]);
	}
	return err;
}

static int take_programs(struct loading *l, const struct component_object *o, const bool skip[])
{
	for (unsigned int i = 0; i < l->components->spec->n; i++) {
		struct component *c = &l->components->component[i];
		int err;

		if (!is_of(l, i, o) || skip[i])
			continue;
		l->program = i;
		if (c->fd >= 0)
			close(c->fd);
		c->fd = fcntl(bpf_program__fd(c->program), F_DUPFD_CLOEXEC, 3);
		/* the author's values as the kernel has them: libbpf's may be the preload's */
		err = c->fd < 0 ? -errno : proginfo__read(c->fd, &c->info);
		if (err)
			return component__fail(l, err, "the program cannot be read: %s",
					       strerror(-err));
		c->section = bpf_program__section_name(c->program);
		c->object = o->path;
	}
	return 0;
}

/* --- what is unchanged --- */

static bool is_taken(const struct components *c, unsigned int live)
{
	for (unsigned int i = 0; i < c->spec->n; i++)
		if (c->component[i].live == (int)live)
			return true;
	return false;
}

static bool is_unchanged(const struct component *c, const struct chain_program *live)
{
	int fd;
	bool same;

	if (!c->program)
		return c->info.id == live->info.id;
	if (strcmp(c->info.name, live->info.name) || strcmp(c->info.tag, live->info.tag) ||
	    c->flags != (live->flags & BPF_F_XDP_HAS_FRAGS))
		return false;
	fd = bpf_prog_get_fd_by_id(live->info.id);
	same = fd >= 0 && program_maps__same(c->fd, fd);
	if (fd >= 0)
		close(fd);
	return same;
}

/* The caller of an open object has its maps in hand: its programs are never those of another. */
static void match(struct components *c, unsigned int i, const struct chain *live)
{
	if (c->component[i].live >= 0 ||
	    (c->component[i].program && c->object[c->component[i].of].borrowed))
		return;
	for (unsigned int j = 0; j < live->n; j++) {
		if (is_taken(c, j) || !is_unchanged(&c->component[i], &live->program[j]))
			continue;
		c->component[i].live = j;
		if (!c->component[i].program) /* of one that is loaded nothing else tells */
			c->component[i].flags = live->program[j].flags & BPF_F_XDP_HAS_FRAGS;
		return;
	}
}

/* Maps of programs that are kept are those of their object's other programs, too. */
static void use_live_maps(const struct loading *l, const struct component_object *o)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, o->obj)
	{
		if (bpf_map__map_flags(map) & BPF_F_RDONLY_PROG)
			continue;
		for (unsigned int i = 0; i < l->components->spec->n; i++) {
			const struct component *c = &l->components->component[i];
			int fd;

			if (!is_of(l, i, o) || c->live < 0)
				continue;
			fd = live_map(&l->live->program[c->live], bpf_map__name(map));
			if (fd < 0)
				continue;
			if (map__fits(map, fd))
				bpf_map__reuse_fd(map, fd);
			close(fd);
		}
	}
}

/* Of an object some programs are kept and some are new, and both shall have the same maps. */
static int load_rest(struct loading *l, struct component_object *o)
{
	bool skip[CHAIN_MAX] = { false };
	unsigned int n = 0, n_kept = 0;
	int err;

	for (unsigned int i = 0; i < l->components->spec->n; i++) {
		if (!is_of(l, i, o))
			continue;
		skip[i] = l->components->component[i].live >= 0;
		n_kept += skip[i];
		n++;
	}
	if (!n_kept || n_kept == n || o->borrowed)
		return 0;
	bpf_object__close(o->obj);
	err = component_object__open(l, o);
	for (unsigned int i = 0; !err && i < l->components->spec->n; i++) {
		struct component *c = &l->components->component[i];

		if (!is_of(l, i, o))
			continue;
		c->program = bpf_object__find_program_by_name(o->obj, c->info.name);
		c->section = bpf_program__section_name(c->program);
	}
	if (err)
		return err;
	use_live_maps(l, o);
	err = load_object(l, o, skip);
	return err ? err : take_programs(l, o, skip);
}

/* --- what need not be loaded --- */

/* The live program that was loaded from just that, and in just that way; -1 if there is none. */
static int find_recorded(const struct loading *l, const char *key)
{
	for (unsigned int i = 0; *key && i < l->live->n; i++)
		if (!is_taken(l->components, i) && l->records[i].in_chain &&
		    !strcmp(l->records[i].load_key, key))
			return i;
	return -1;
}

/* The live program takes the place of what would be loaded. */
static bool take_recorded(const struct loading *l, const struct component_object *o,
			  struct component *c)
{
	c->live = find_recorded(l, c->load_key);
	if (c->live < 0)
		return false;
	c->info = l->live->program[c->live].info;
	c->fd = bpf_prog_get_fd_by_id(c->info.id);
	c->section = bpf_program__section_name(c->program);
	c->object = o->path;
	return c->fd >= 0;
}

static void give_back(struct component *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->live = -1;
}

/* Whether the records know all of an object's programs: some without the others say too little. */
static bool is_recorded(const struct loading *l, const struct component_object *o)
{
	bool all = true;

	for (unsigned int i = 0; i < l->components->spec->n; i++)
		if (is_of(l, i, o))
			all = all && take_recorded(l, o, &l->components->component[i]);
	for (unsigned int i = 0; i < l->components->spec->n && !all; i++)
		if (is_of(l, i, o))
			give_back(&l->components->component[i]);
	return all;
}

/* --- all of it --- */

static int load_target(struct loading *l)
{
	struct dispatcher_config config = { .version = DISPATCHER_VERSIONS, .n = 2 };
	struct dispatcher_program target;
	int err = dispatcher_program__load(&config, 0, &target);

	l->components->target = target.fd;
	return err ? component__fail(l, err, "the kernel refuses a dispatcher: %s",
				     strerror(-err)) :
		     0;
}

static int load_all(struct loading *l)
{
	static const bool none[CHAIN_MAX];
	struct components *c = l->components;
	int err = 0;

	for (l->program = 0; l->program < c->spec->n && !err; l->program++) {
		err = component__open(l);
		if (err)
			return err;
	}
	for (unsigned int i = 0; i < c->n_objects && !err; i++) {
		if (is_recorded(l, &c->object[i]))
			continue;
		err = c->target < 0 ? load_target(l) : 0;
		if (!err)
			err = load_object(l, &c->object[i], none);
		if (!err)
			err = take_programs(l, &c->object[i], none);
	}
	if (err)
		return err;
	for (unsigned int i = 0; i < c->spec->n; i++)
		match(c, i, l->live);
	for (unsigned int i = 0; i < c->n_objects && !err; i++)
		err = load_rest(l, &c->object[i]);
	return err;
}

void components__init(struct components *components)
{
	*components = (struct components){ .target = -1 };
	for (unsigned int i = 0; i < CHAIN_MAX; i++)
		components->component[i] = (struct component){ .fd = -1, .live = -1 };
}

int components__load(const struct chain_spec *spec, const struct chain *live,
		     const struct component_record records[], bool dry_run, struct components *ret,
		     struct chain_problem *problem)
{
	struct loading l = {
		.components = ret,
		.live = live,
		.records = records,
		.problem = problem,
	};

	components__init(ret);
	ret->spec = spec;
	ret->dry_run = dry_run;
	ret->object = calloc(CHAIN_MAX, sizeof(*ret->object));
	if (!ret->object)
		return component__fail(&l, -ENOMEM, "out of memory");
	return load_all(&l);
}

static uint32_t live_id(const struct component *c, const struct chain *live)
{
	return c->live < 0 ? 0 : live->program[c->live].info.id;
}

bool components__match(struct components *c, const struct chain *before, const struct chain *live)
{
	uint32_t ids[CHAIN_MAX];
	bool same = true;

	if (c->shut || !c->spec)
		return false;
	for (unsigned int i = 0; i < c->spec->n; i++) {
		ids[i] = live_id(&c->component[i], before);
		c->component[i].live = -1;
	}
	for (unsigned int i = 0; i < c->spec->n; i++) {
		match(c, i, live);
		same = same && live_id(&c->component[i], live) == ids[i];
	}
	return same;
}

void components__keep_pins(struct components *components)
{
	for (unsigned int i = 0; i < components->n_objects; i++)
		map_pins__forget(&components->object[i].pins);
}

static void close_all(struct components *components)
{
	for (unsigned int i = 0; i < components->n_objects; i++) {
		struct component_object *o = &components->object[i];

		if (!o->borrowed)
			bpf_object__close(o->obj);
		free(o->data);
		o->obj = NULL;
		o->data = NULL;
	}
	for (unsigned int i = 0; i < CHAIN_MAX; i++) {
		struct component *c = &components->component[i];

		if (c->fd >= 0)
			close(c->fd);
		c->fd = -1;
		c->program = NULL;
	}
	if (components->target >= 0)
		close(components->target);
	components->target = -1;
}

int components__shut(struct components *components)
{
	int err = 0;

	/* that is in the object */
	for (unsigned int i = 0; i < CHAIN_MAX; i++) {
		struct component *c = &components->component[i];

		if (!c->section)
			continue;
		components->section[i] = strdup(c->section);
		c->section = components->section[i];
		err = c->section ? err : -ENOMEM;
	}
	close_all(components);
	components->shut = true;
	return err;
}

void components__close(struct components *components)
{
	close_all(components);
	for (unsigned int i = 0; i < components->n_objects; i++) {
		map_pins__undo(&components->object[i].pins);
		free(components->object[i].path);
	}
	free(components->object);
	for (unsigned int i = 0; i < CHAIN_MAX; i++)
		free(components->section[i]);
	components__init(components);
}
