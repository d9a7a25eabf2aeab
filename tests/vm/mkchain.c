// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * mkchain VERSION IFACE MODE PRIO:ACTIONS:OBJECT...: makes a chain behind a dispatcher of that
 * version (bpf/test-dispatcher.bpf.c, in the current directory), as a libxdp of that version does,
 * but with nothing of libxdp. MODE is native or skb; ACTIONS a mask as in the kernel's enum
 * xdp_action (4 is PASS). The first program of each OBJECT is taken.
 *
 * mkchain -l IFACE OBJECT: attaches the program by a bpf_link, without a dispatcher; prints READY
 * and stays until it is killed.
 *
 * mkchain -n IFACE NAME: attaches a program without BTF, as loaders without libbpf make it; the
 * kernel keeps 15 characters of its name, which may be empty.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PINS	 "/sys/fs/bpf/xdp"
#define SLOTS	 10
#define MAGIC	 236
#define NO_VALUE (1U << 31) /* the chain goes on after a slot without a program */

struct slot {
	unsigned int priority, actions;
	bool frags;
	struct bpf_object *obj;
	struct bpf_program *prog;
	struct bpf_link *link;
};

struct options {
	unsigned int version;
	int ifindex;
	unsigned int mode;
	unsigned int n;
	struct slot slot[SLOTS];
	struct bpf_program *dispatcher;
};

__attribute__((noreturn)) static void fail(const char *what, int err)
{
	fprintf(stderr, "mkchain: %s: %s\n", what, strerror(err < 0 ? -err : err));
	exit(1);
}

/* The configuration, as the version lays it out; see bpf/test-dispatcher.bpf.c. */
static size_t write_config(const struct options *o, unsigned char config[128])
{
	bool all_frags = true;
	unsigned int arrays = 4;
	__u32 value[3][SLOTS] = { 0 };

	memset(config, 0, 128);
	for (unsigned int i = 0; i < o->n; i++) {
		value[0][i] = o->slot[i].actions | NO_VALUE;
		value[1][i] = o->slot[i].priority;
		value[2][i] = o->slot[i].frags ? BPF_F_XDP_HAS_FRAGS : 0;
		all_frags = all_frags && o->slot[i].frags;
	}
	if (o->version == 1) {
		config[0] = o->n;
		memcpy(config + arrays, value, sizeof(value[0]) * 2);
		return 84;
	}
	config[0] = MAGIC;
	config[1] = o->version;
	config[2] = o->n;
	config[3] = all_frags;
	memcpy(config + arrays, value, sizeof(value));
	return o->version == 2 ? 124 : 128;
}

static void load_dispatcher(struct options *o)
{
	unsigned char config[128];
	size_t size = write_config(o, config);
	struct bpf_object *obj;
	struct bpf_map *map;
	char path[64];
	int err;

	snprintf(path, sizeof(path), "test-dispatcher-%u.o", o->version);
	obj = bpf_object__open_file(path, NULL);
	if (!obj)
		fail(path, errno);
	map = bpf_object__find_map_by_name(obj, ".rodata");
	o->dispatcher = bpf_object__find_program_by_name(obj, "xdp_dispatcher");
	err = bpf_map__set_initial_value(map, config, size);
	if (err)
		fail("dispatcher's configuration", err);
	if (o->version > 1 && config[3])
		bpf_program__set_flags(o->dispatcher, BPF_F_XDP_HAS_FRAGS);
	err = bpf_object__load(obj);
	if (err)
		fail(path, err);
}

static void open_program(struct slot *slot, const char *path)
{
	struct bpf_program *prog;

	slot->obj = bpf_object__open_file(path, NULL);
	if (!slot->obj)
		fail(path, errno);
	slot->prog = bpf_object__next_program(slot->obj, NULL);
	slot->frags = strcmp(bpf_program__section_name(slot->prog), "xdp.frags") == 0;
	for (prog = slot->prog; (prog = bpf_object__next_program(slot->obj, prog));)
		bpf_program__set_autoload(prog, false);
}

/* Puts the program into a slot; one that is alone takes the place of the dispatcher itself. */
static void load_program(const struct options *o, unsigned int i)
{
	struct bpf_program *prog = o->slot[i].prog;
	char target[16] = "xdp_dispatcher";
	int err;

	if (o->n > 1)
		snprintf(target, sizeof(target), "prog%u", i);
	bpf_program__set_type(prog, BPF_PROG_TYPE_EXT);
	bpf_program__set_expected_attach_type(prog, 0);
	bpf_program__set_flags(prog, 0);
	err = bpf_program__set_attach_target(prog, bpf_program__fd(o->dispatcher), target);
	if (err)
		fail(target, err);
}

static void link_program(struct slot *slot)
{
	int err = bpf_object__load(slot->obj);

	if (err)
		fail(bpf_object__name(slot->obj), err);
	slot->link = bpf_program__attach_freplace(slot->prog, 0, NULL);
	if (!slot->link)
		fail("link", errno);
}

static unsigned int prog_id(int fd)
{
	struct bpf_prog_info info = { 0 };
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		fail("program's id", errno);
	return info.id;
}

static void pin_one(int fd, const char *dir, unsigned int i, const char *what)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/prog%u-%s", dir, i, what);
	if (bpf_obj_pin(fd, path))
		fail(path, errno);
}

static void pin(const struct options *o)
{
	char dir[64];

	snprintf(dir, sizeof(dir), PINS "/dispatch-%d-%u", o->ifindex,
		 prog_id(bpf_program__fd(o->dispatcher)));
	if (mkdir(dir, 0700))
		fail(dir, errno);
	for (unsigned int i = 0; i < o->n; i++) {
		pin_one(bpf_link__fd(o->slot[i].link), dir, i, "link");
		pin_one(bpf_program__fd(o->slot[i].prog), dir, i, "prog");
	}
}

static int lock_pins(void)
{
	int fd;

	if (mkdir(PINS, 0700) && errno != EEXIST)
		fail(PINS, errno);
	fd = open(PINS, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_EX))
		fail(PINS, errno);
	return fd;
}

static void make_chain(struct options *o)
{
	int fd, err;

	load_dispatcher(o);
	for (unsigned int i = 0; i < o->n; i++) {
		load_program(o, i);
		link_program(&o->slot[i]);
	}
	fd = lock_pins();
	pin(o);
	err = bpf_xdp_attach(o->ifindex, bpf_program__fd(o->dispatcher),
			     o->mode | XDP_FLAGS_UPDATE_IF_NOEXIST, NULL);
	if (err)
		fail("attach", err);
	close(fd);
}

static void make_link(int ifindex, const char *path)
{
	struct slot slot = { 0 };

	open_program(&slot, path);
	if (bpf_object__load(slot.obj))
		fail(path, errno);
	slot.link = bpf_program__attach_xdp(slot.prog, ifindex);
	if (!slot.link)
		fail("link", errno);
	puts("READY");
	fflush(stdout);
	for (;;)
		pause();
}

static void parse_program(struct options *o, const char *arg)
{
	struct slot *slot = &o->slot[o->n++];
	int path = 0;

	if (sscanf(arg, "%u:%u:%n", &slot->priority, &slot->actions, &path) != 2 || !path) {
		fprintf(stderr, "mkchain: found %s, expected PRIO:ACTIONS:OBJECT\n", arg);
		exit(2);
	}
	open_program(slot, arg + path);
}

static int parse_ifindex(const char *ifname)
{
	int ifindex = if_nametoindex(ifname);

	if (!ifindex)
		fail(ifname, errno);
	return ifindex;
}

static void make_lone(int ifindex, const char *name)
{
	struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	char cut[BPF_OBJ_NAME_LEN];
	int fd;

	snprintf(cut, sizeof(cut), "%s", name);
	fd = bpf_prog_load(BPF_PROG_TYPE_XDP, *cut ? cut : NULL, "GPL", insns, 2, NULL);
	if (fd < 0)
		fail("the program", errno);
	if (bpf_xdp_attach(ifindex, fd, XDP_FLAGS_DRV_MODE, NULL))
		fail("the interface", errno);
	exit(0);
}

int main(int argc, char **argv)
{
	struct options o = { 0 };

	if (argc == 4 && strcmp(argv[1], "-l") == 0)
		make_link(parse_ifindex(argv[2]), argv[3]);
	if (argc == 4 && strcmp(argv[1], "-n") == 0)
		make_lone(parse_ifindex(argv[2]), argv[3]);
	if (argc < 5 || argc > 4 + SLOTS) {
		fprintf(stderr, "usage: mkchain VERSION IFACE native|skb PRIO:ACTIONS:OBJECT...\n"
				"       mkchain -l IFACE OBJECT\n"
				"       mkchain -n IFACE NAME\n");
		return 2;
	}
	o.version = atoi(argv[1]);
	o.ifindex = parse_ifindex(argv[2]);
	o.mode = strcmp(argv[3], "skb") == 0 ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;
	for (int i = 4; i < argc; i++)
		parse_program(&o, argv[i]);
	make_chain(&o);
	return 0;
}
