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

#include "component-internal.h"
#include "object-file.h"
#include "program.h"
#include "util/libbpf-words.h"

int component__fail(const struct loading *l, int err, const char *fmt, ...)
{
	va_list args;

	l->problem->err = err;
	l->problem->program = l->program;
	va_start(args, fmt);
	vsnprintf(l->problem->text, sizeof(l->problem->text), fmt, args);
	va_end(args);
	return err;
}

bool section__takes_frags(const char *section)
{
	size_t len = strlen("xdp.frags");

	return section && !strncmp(section, "xdp.frags", len) &&
	       (!section[len] || section[len] == '/');
}

/* libbpf has numbers of its own, all of which say that an object is not what it should be. */
int component__errno(int err)
{
	return err <= -__LIBBPF_ERRNO__START ? -ENOEXEC : err;
}

bool program__takes_frags(const struct bpf_program *program)
{
	return bpf_program__flags(program) & BPF_F_XDP_HAS_FRAGS ||
	       section__takes_frags(bpf_program__section_name(program));
}

const char *component__label(const struct chain_spec_program *spec)
{
	return spec->object ? spec->object : spec->open ? bpf_object__name(spec->open) : spec->pin;
}

static bool is_wanted(const struct bpf_program *prog, const struct chain_spec_program *spec)
{
	if (spec->program)
		return !strcmp(bpf_program__name(prog), spec->program);
	if (spec->section)
		return !strcmp(bpf_program__section_name(prog), spec->section);
	return program__is_attachable(prog);
}

/* "'a', 'b' and 'c'" */
static void list_wanted(const struct bpf_object *obj, const struct chain_spec_program *spec,
			unsigned int n, char *buf, size_t size)
{
	struct bpf_program *prog;
	unsigned int i = 0;
	size_t len = 0;

	bpf_object__for_each_program(prog, obj) {
		if (!is_wanted(prog, spec) || len >= size)
			continue;
		i++;
		len += snprintf(buf + len, size - len, "%s'%s'",
				i == 1 ? "" :
				i < n  ? ", " :
					 " and ",
				bpf_program__name(prog));
	}
}

static int find_program(const struct loading *l, const struct bpf_object *obj,
			struct bpf_program **ret)
{
	const struct chain_spec_program *spec = &l->components->spec->program[l->program];
	const char *what = spec->program ? spec->program : spec->section;
	struct bpf_program *prog, *found = NULL;
	unsigned int n = 0;
	char names[400];

	bpf_object__for_each_program(prog, obj) {
		if (!is_wanted(prog, spec))
			continue;
		found = prog;
		n++;
	}
	if (n > 1) {
		list_wanted(obj, spec, n, names, sizeof(names));
		return component__fail(
			l, -EINVAL,
			"%s: found several XDP programs in it, %s, expected the name of one",
			component__label(spec), names);
	}
	if (!found && what)
		return component__fail(l, -ENOENT, "%s: found no %s '%s' in it, expected one",
				       component__label(spec),
				       spec->program ? "program" : "section", what);
	if (!found || !program__is_attachable(found))
		return component__fail(
			l, -EINVAL,
			"%s: found no program%s%s in it that can be attached to an interface, "
			"expected one of type XDP, and not for a cpumap or a devmap",
			component__label(spec), what ? " by the name " : "", what ? what : "");
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

/* libbpf tells of an object with maps and without BTF no more than ENOENT. */
static bool has_btf(const char *path)
{
	struct btf *btf = btf__parse_elf(path, NULL);
	bool found = !libbpf_get_error(btf);

	if (found)
		btf__free(btf);
	return found;
}

static int no_btf(const struct loading *l, const char *path)
{
	return component__fail(l, -EINVAL,
			       "%s: found no BTF in it, expected some: compile it with -g", path);
}

int component_object__open(const struct loading *l, struct component_object *o)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .pin_root_path = o->first->pin_path);
	char name[BPF_OBJ_NAME_LEN], why[128];
	struct bpf_program *prog;
	int err;

	object_name(o->path, name, sizeof(name));
	opts.object_name = name;
	libbpf_words__clear();
	o->obj = bpf_object__open_mem(o->data, o->size, &opts);
	err = libbpf_get_error(o->obj);
	if (err) {
		o->obj = NULL;
		if (err == -ENOENT && !has_btf(o->path))
			return no_btf(l, o->path);
		libbpf_strerror(err, why, sizeof(why));
		return component__fail(
			l, component__errno(err),
			"%s: found an object that libbpf cannot open, expected a BPF "
			"object: %s%s",
			o->path, why, libbpf_words__get());
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
				return component__fail(
					l, -EBUSY,
					"%s: found an object that is loaded already, expected "
					"one that is only open",
					bpf_object__name(o->obj));
			if (program__is_attachable(prog))
				bpf_program__set_autoload(prog, false);
		}
		return 0;
	}
	err = object_file__read(path, spec->sha256, &o->data, &o->size, why, sizeof(why));
	if (err)
		return component__fail(l, err, "%s: %s", path, why);
	err = component_object__open(l, o);
	if (!err)
		load_key__sum(o->obj, o->data, o->size, o->sum);
	return err;
}

static bool is_chosen(const struct components *c, const struct bpf_program *prog)
{
	for (unsigned int i = 0; i < c->spec->n; i++)
		if (c->component[i].program == prog)
			return true;
	return false;
}

static void make_load_key(const struct components *components, const struct component_object *o,
			  struct component *c)
{
	const struct load_key_facts facts = {
		.sum = o->sum,
		.object = o->obj,
		.program = c->program,
		.flags = c->flags,
		.pin_path = o->first->pin_path,
		.share_maps = components->spec->share_maps,
	};

	load_key__make(&facts, c->load_key);
}

static int choose(const struct loading *l, struct component_object *o)
{
	const struct chain_spec_program *spec = &l->components->spec->program[l->program];
	struct component *c = &l->components->component[l->program];
	struct bpf_program *prog = NULL;
	bool frags;
	int err;

	if (!bpf_object__btf(o->obj))
		return no_btf(l, component__label(spec));
	err = find_program(l, o->obj, &prog);
	if (err)
		return err;
	if (is_chosen(l->components, prog))
		return component__fail(l, -EEXIST, "%s: found program '%s' twice, expected it once",
				       component__label(spec), bpf_program__name(prog));
	frags = spec->frags == FRAGS_AS_BUILT ? program__takes_frags(prog) :
						spec->frags == FRAGS_YES;
	c->flags = frags ? BPF_F_XDP_HAS_FRAGS : 0;
	c->program = prog;
	c->of = o - l->components->object;
	make_load_key(l->components, o, c);
	c->n_insns = bpf_program__insn_cnt(prog);
	return 0;
}

static int open_from_object(const struct loading *l)
{
	const struct chain_spec_program *spec = &l->components->spec->program[l->program];
	char *path = spec->object ? realpath(spec->object, NULL) : NULL;
	struct component_object *o;
	int err = 0;

	if (spec->object && !path)
		return component__fail(l, -errno, "%s: found no file, expected a BPF object: %s",
				       spec->object, strerror(errno));
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
		return component__fail(l, -errno,
				       "%s: found no program, expected one of type EXT: %s",
				       spec->pin ? spec->pin : "descriptor", strerror(errno));
	c->fd = fd;
	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		return component__fail(l, -EINVAL,
				       "%s: found no BPF program, expected one of type EXT",
				       spec->pin ? spec->pin : "descriptor");
	if (info.type != BPF_PROG_TYPE_EXT)
		return component__fail(
			l, -EINVAL,
			"%s: found a program of type %s, expected EXT: what is loaded already "
			"can join a chain only if it was loaded for a dispatcher",
			spec->pin ? spec->pin : "descriptor", libbpf_bpf_prog_type_str(info.type));
	err = proginfo__read(fd, &c->info);
	c->flags = spec->frags == FRAGS_YES ? BPF_F_XDP_HAS_FRAGS : 0;
	return err ? component__fail(l, err, "the program cannot be read: %s", strerror(-err)) : 0;
}

static int take_past(const struct loading *l, const struct proginfo *past)
{
	int fd = proginfo__open(past);

	if (fd < 0)
		return component__fail(l, fd,
				       "program '%s' (id %u), which ran here before, is not there "
				       "any more: %s; load it from its file",
				       proginfo__label(past), past->id, strerror(-fd));
	return take_loaded(l, fd);
}

int component__open(const struct loading *l)
{
	const struct chain_spec_program *spec = &l->components->spec->program[l->program];
	int n = !!spec->object + !!spec->open + !!spec->pin + !!spec->fd + !!spec->past;

	if (n != 1)
		return component__fail(
			l, -EINVAL,
			"found %s an object, a pin or a descriptor, expected just one of them",
			n ? "more than one of" : "neither");
	if (spec->past)
		return take_past(l, &spec->past->info);
	if (spec->fd)
		return take_loaded(l, fcntl(spec->fd, F_DUPFD_CLOEXEC, 3));
	if (spec->pin)
		return take_loaded(l, bpf_obj_get(spec->pin));
	return open_from_object(l);
}
