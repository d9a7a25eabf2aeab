// SPDX-License-Identifier: LGPL-2.1-or-later
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "component.h"
#include "load.h"
#include "maps.h"
#include "object-file.h"
#include "program.h"

/* The verifier's log is as long as it is; its end is what counts, and that is always there. */
#define LOG_SIZE (1024 * 1024)

/* An object that one or several programs of the spec are in. */
struct component_object {
	struct bpf_object *obj;
	bool borrowed; /* the caller's */
	char *path;    /* absolute */
	void *data;
	size_t size;
	const struct chain_spec_program *first; /* that names it: what it says counts */
	struct map_pins pins;
};

struct loading {
	struct components *components;
	const struct chain *live;
	struct chain_problem *problem;
	unsigned int program; /* that is looked at */
};

__attribute__((format(printf, 3, 4))) static int fail(const struct loading *l, int err,
						      const char *fmt, ...)
{
	va_list args;

	l->problem->err = err;
	l->problem->program = l->program;
	va_start(args, fmt);
	vsnprintf(l->problem->text, sizeof(l->problem->text), fmt, args);
	va_end(args);
	return err;
}

/* --- programs and where they come from --- */

bool bpf_program__takes_frags(const struct bpf_program *program)
{
	const char *section = bpf_program__section_name(program);
	size_t len = strlen("xdp.frags");

	if (bpf_program__flags(program) & BPF_F_XDP_HAS_FRAGS)
		return true;
	return section && !strncmp(section, "xdp.frags", len) &&
	       (!section[len] || section[len] == '/');
}

/* Of a section that libbpf does not know nobody can tell, and libxdp takes it for one. */
static bool may_be_xdp(const struct bpf_program *prog)
{
	enum bpf_prog_type type = bpf_program__type(prog);

	return type == BPF_PROG_TYPE_XDP || type == BPF_PROG_TYPE_EXT ||
	       type == BPF_PROG_TYPE_UNSPEC;
}

static const char *label(const struct chain_spec_program *spec)
{
	return spec->object ? spec->object : spec->open ? bpf_object__name(spec->open) : spec->pin;
}

static bool is_wanted(const struct bpf_program *prog, const struct chain_spec_program *spec)
{
	if (spec->program)
		return !strcmp(bpf_program__name(prog), spec->program);
	if (spec->section)
		return !strcmp(bpf_program__section_name(prog), spec->section);
	return may_be_xdp(prog);
}

static int find_program(const struct loading *l, const struct bpf_object *obj,
			struct bpf_program **ret)
{
	const struct chain_spec_program *spec = &l->components->spec->program[l->program];
	const char *what = spec->program ? spec->program : spec->section;
	struct bpf_program *prog, *found = NULL;

	bpf_object__for_each_program(prog, obj) {
		if (!is_wanted(prog, spec))
			continue;
		if (found)
			return fail(l, -EINVAL,
				    "%s: found several XDP programs in it, '%s' and '%s', expected "
				    "the name of one",
				    label(spec), bpf_program__name(found), bpf_program__name(prog));
		found = prog;
	}
	if (!found && what)
		return fail(l, -ENOENT, "%s: found no %s '%s' in it, expected one", label(spec),
			    spec->program ? "program" : "section", what);
	if (!found || !may_be_xdp(found))
		return fail(l, -EINVAL, "%s: found no XDP program%s%s in it, expected one",
			    label(spec), what ? " by the name " : "", what ? what : "");
	*ret = found;
	return 0;
}

/* Objects are known by their file; or, of the caller's, by themselves. */
static struct component_object *find_object(const struct components *c,
					    const struct chain_spec_program *spec, const char *path)
{
	for (unsigned int i = 0; i < c->n_objects; i++) {
		struct component_object *o = &c->object[i];

		if (o->borrowed ? o->obj == spec->open : path && !strcmp(o->path, path))
			return o;
	}
	return NULL;
}

/* A name as libbpf gives it to objects that it opens itself: maps of data are called after it. */
static void object_name(const char *path, char *name, size_t size)
{
	const char *base = strrchr(path, '/');

	snprintf(name, size, "%s", base ? base + 1 : path);
	name[strcspn(name, ".")] = '\0';
}

static int open_object(const struct loading *l, struct component_object *o)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .pin_root_path = o->first->pin_path);
	char name[BPF_OBJ_NAME_LEN], why[128];
	struct bpf_program *prog;
	int err;

	object_name(o->path, name, sizeof(name));
	opts.object_name = name;
	o->obj = bpf_object__open_mem(o->data, o->size, &opts);
	err = libbpf_get_error(o->obj);
	if (err) {
		o->obj = NULL;
		libbpf_strerror(err, why, sizeof(why));
		return fail(l, err,
			    "%s: found an object that libbpf can't open, expected a BPF "
			    "object: %s",
			    o->path, why);
	}
	bpf_object__for_each_program(prog, o->obj)
		bpf_program__set_autoload(prog, false);
	return 0;
}

static int add_object(const struct loading *l, const struct chain_spec_program *spec, char *path)
{
	struct components *c = l->components;
	struct component_object *o = &c->object[c->n_objects++];
	char why[256];
	int err;

	*o = (struct component_object){ .path = path, .first = spec };
	if (spec->open) {
		struct bpf_program *prog;

		o->obj = spec->open;
		o->borrowed = true;
		bpf_object__for_each_program(prog, o->obj) {
			if (bpf_program__fd(prog) >= 0)
				return fail(l, -EBUSY,
					    "%s: found an object that is loaded already, expected "
					    "one that is only open",
					    bpf_object__name(o->obj));
			if (may_be_xdp(prog))
				bpf_program__set_autoload(prog, false);
		}
		return 0;
	}
	err = object_file__read(path, spec->sha256, &o->data, &o->size, why, sizeof(why));
	return err ? fail(l, err, "%s: %s", path, why) : open_object(l, o);
}

static int choose(const struct loading *l, struct component_object *o)
{
	const struct chain_spec_program *spec = &l->components->spec->program[l->program];
	struct component *c = &l->components->component[l->program];
	struct bpf_program *prog = NULL;
	bool frags;
	int err;

	if (!bpf_object__btf(o->obj))
		return fail(l, -EINVAL, "%s: found no BTF in it, expected some: compile it with -g",
			    label(spec));
	err = find_program(l, o->obj, &prog);
	if (err)
		return err;
	if (bpf_program__autoload(prog))
		return fail(l, -EEXIST, "%s: found program '%s' twice, expected it once",
			    label(spec), bpf_program__name(prog));
	frags = spec->frags == FRAGS_AS_BUILT ? bpf_program__takes_frags(prog) :
						spec->frags == FRAGS_YES;
	c->flags = frags ? BPF_F_XDP_HAS_FRAGS : 0;
	c->program = prog;
	c->of = o - l->components->object;
	return 0;
}

static int open_from_object(const struct loading *l)
{
	const struct chain_spec_program *spec = &l->components->spec->program[l->program];
	char *path = spec->object ? realpath(spec->object, NULL) : NULL;
	struct component_object *o;
	int err = 0;

	if (spec->object && !path)
		return fail(l, -errno, "%s: found no file, expected a BPF object: %s", spec->object,
			    strerror(errno));
	o = find_object(l->components, spec, path);
	if (o)
		free(path);
	else
		err = add_object(l, spec, path);
	return err ? err : choose(l, o ? o : &l->components->object[l->components->n_objects - 1]);
}

/* A program that somebody else has loaded: its descriptor becomes the component's own. */
static int take_loaded(const struct loading *l, int fd)
{
	const struct chain_spec_program *spec = &l->components->spec->program[l->program];
	struct component *c = &l->components->component[l->program];
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);
	int err;

	if (fd < 0)
		return fail(l, -errno, "%s: found no program, expected one of type EXT: %s",
			    spec->pin ? spec->pin : "descriptor", strerror(errno));
	c->fd = fd;
	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		return fail(l, -EINVAL, "%s: found no BPF program, expected one of type EXT",
			    spec->pin ? spec->pin : "descriptor");
	if (info.type != BPF_PROG_TYPE_EXT)
		return fail(l, -EINVAL,
			    "%s: found a program of type %s, expected EXT: what is loaded already "
			    "can join a chain only if it was loaded for a dispatcher",
			    spec->pin ? spec->pin : "descriptor",
			    libbpf_bpf_prog_type_str(info.type));
	err = proginfo__read(fd, &c->info);
	c->flags = spec->frags == FRAGS_YES ? BPF_F_XDP_HAS_FRAGS : 0;
	return err ? fail(l, err, "the program can't be read: %s", strerror(-err)) : 0;
}

static int open_one(const struct loading *l)
{
	const struct chain_spec_program *spec = &l->components->spec->program[l->program];
	int n = !!spec->object + !!spec->open + !!spec->pin + !!spec->fd;

	if (n != 1)
		return fail(l, -EINVAL,
			    "found %s an object, a pin or a descriptor, expected just one of them",
			    n ? "more than one of" : "neither");
	if (spec->fd)
		return take_loaded(l, fcntl(spec->fd, F_DUPFD_CLOEXEC, 3));
	if (spec->pin)
		return take_loaded(l, bpf_obj_get(spec->pin));
	return open_from_object(l);
}

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

/* A map for all to share: of an object that is loaded before this one, or of the live chain. */
static int find_shared(const struct loading *l, const char *name)
{
	for (unsigned int i = 0; i < l->components->n_objects; i++) {
		int fd = bpf_object__find_map_fd_by_name(l->components->object[i].obj, name);

		if (fd >= 0)
			return fcntl(fd, F_DUPFD_CLOEXEC, 3);
	}
	for (unsigned int i = 0; i < l->live->n; i++) {
		int fd = live_map(&l->live->program[i], name);

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
		err = fail(l, -EINVAL,
			   "%s: found map '%s' with another definition than the one that it shall "
			   "share, expected the same",
			   label(&l->components->spec->program[l->program]), bpf_map__name(map));
	else
		err = bpf_map__reuse_fd(map, fd);
	close(fd);
	if (err && !*l->problem->text)
		fail(l, err, "map '%s' can't be shared: %s", bpf_map__name(map), strerror(-err));
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

/* The reason stands at the end, where nobody would look for it. */
static char *last_line_first(const char *log)
{
	size_t len = strlen(log);
	char *ret = malloc(len + 2), *out = ret;

	while (ret && len) {
		const char *end = log + len, *begin = end;

		if (end[-1] == '\n')
			end--;
		for (begin = end; begin > log && begin[-1] != '\n'; begin--)
			;
		memcpy(out, begin, end - begin);
		out += end - begin;
		*out++ = '\n';
		len = begin - log;
	}
	if (ret)
		*out = '\0';
	return ret;
}

static bool is_of(const struct loading *l, unsigned int i, const struct component_object *o)
{
	const struct component *c = &l->components->component[i];

	return c->program && &l->components->object[c->of] == o;
}

static int prepare_program(struct component *c, int target, char *log)
{
	int err;

	bpf_program__set_type(c->program, BPF_PROG_TYPE_EXT);
	bpf_program__set_expected_attach_type(c->program, 0);
	bpf_program__set_flags(c->program,
			       (bpf_program__flags(c->program) & ~BPF_F_XDP_HAS_FRAGS) | c->flags);
	err = bpf_program__set_attach_target(c->program, target, "prog0");
	if (!err)
		err = bpf_program__set_autoload(c->program, true);
	return err ? err : bpf_program__set_log_buf(c->program, log, LOG_SIZE);
}

/* Which program it was that the verifier refused; if none, libbpf has not come so far. */
static int explain_failure(struct loading *l, const struct component_object *o, char *const logs[],
			   int err)
{
	unsigned int n = l->components->spec->n;

	for (unsigned int i = 0; i < n; i++) {
		if (!is_of(l, i, o) || !logs[i] || !*logs[i])
			continue;
		l->program = i;
		l->problem->log = last_line_first(logs[i]);
		return fail(l, err, "%s: found program '%s', which the kernel refuses: %s",
			    label(&l->components->spec->program[i]),
			    bpf_program__name(l->components->component[i].program), strerror(-err));
	}
	return fail(l, err, "%s: found an object that can't be loaded: %s",
		    o->path ? o->path : bpf_object__name(o->obj), strerror(-err));
}

static int load_prepared(struct loading *l, struct component_object *o)
{
	int err = map_pins__expect(o->obj, l->components->dry_run ? NULL : &o->pins);

	if (!err)
		err = bpf_object__load(o->obj);
	return err;
}

/* first: the program that stands for the object in messages */
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
		logs[i] = calloc(1, LOG_SIZE);
		err = logs[i] ? prepare_program(&l->components->component[i], l->components->target,
						logs[i]) :
				-ENOMEM;
		if (err)
			fail(l, err, "the load can't be prepared: %s", strerror(-err));
	}
	if (!err)
		err = share_maps(l, o->obj);
	if (!err) {
		err = load_prepared(l, o);
		if (err)
			explain_failure(l, o, logs, err);
	}
	for (unsigned int i = 0; i < CHAIN_MAX; i++)
		free(logs[i]);
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
		err = c->fd < 0 ? -errno : proginfo__read_short(c->fd, &c->info);
		if (err)
			return fail(l, err, "the program can't be read: %s", strerror(-err));
		snprintf(c->info.name, sizeof(c->info.name), "%s", bpf_program__name(c->program));
		c->section = bpf_program__section_name(c->program);
		c->object = o->path;
		runcfg__read(bpf_object__btf(o->obj), c->info.name, &c->info.author);
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
	if (c->component[i].program && c->object[c->component[i].of].borrowed)
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
	err = open_object(l, o);
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

/* --- all of it --- */

static int load_target(struct loading *l)
{
	struct dispatcher_config config = { .version = DISPATCHER_VERSIONS, .n = 2 };
	struct dispatcher_program target;
	int err = dispatcher_program__load(&config, 0, &target);

	l->components->target = target.fd;
	return err ? fail(l, err, "the kernel refuses a dispatcher: %s", strerror(-err)) : 0;
}

static int load_all(struct loading *l)
{
	static const bool none[CHAIN_MAX];
	struct components *c = l->components;
	int err = 0;

	for (l->program = 0; l->program < c->spec->n && !err; l->program++) {
		err = open_one(l);
		if (err)
			return err;
	}
	err = c->n_objects ? load_target(l) : 0;
	for (unsigned int i = 0; i < c->n_objects && !err; i++) {
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

int components__load(const struct chain_spec *spec, const struct chain *live, bool dry_run,
		     struct components *ret, struct chain_problem *problem)
{
	struct loading l = { .components = ret, .live = live, .problem = problem };

	components__init(ret);
	ret->spec = spec;
	ret->dry_run = dry_run;
	ret->object = calloc(CHAIN_MAX, sizeof(*ret->object));
	if (!ret->object)
		return fail(&l, -ENOMEM, "out of memory");
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

void components__close(struct components *components)
{
	for (unsigned int i = 0; i < components->n_objects; i++) {
		struct component_object *o = &components->object[i];

		map_pins__undo(&o->pins);
		if (!o->borrowed)
			bpf_object__close(o->obj);
		free(o->data);
		free(o->path);
	}
	free(components->object);
	for (unsigned int i = 0; i < CHAIN_MAX; i++)
		if (components->component[i].fd >= 0)
			close(components->component[i].fd);
	if (components->target >= 0)
		close(components->target);
	components__init(components);
}
