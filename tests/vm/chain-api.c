// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * chain-api [OPTION...] IFACE [KIND:PATH[,NAME=VALUE...]...]: one call of
 *xdp_policy__attach_chain() for an array of structures. KIND is
 *
 *	file	the path of an object
 *	open	the object opened with libbpf
 *	pin	the path of a pinned program
 *	fd	a descriptor of a pinned program
 *	xdp	a descriptor of a program that is loaded from the object as type XDP
 *
 * and NAME is priority, actions, program, section, sha256, pin-path or frags. Options: -a add,
 * -k keep and -r replace programs of others, -n dry run, -i by index, -m MODE (a number),
 * -t MILLISECONDS, -s MAP to be shared, -l SIZE of the log.
 *
 * Prints what is returned, "RC N ERROR PROGRAM", the programs, "IDS NAME/ID...", and what the log
 * says. With open, also what the caller sees of his object: "MAP NAME ID".
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <libxdppolicy-chain.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX 12

static struct xdp_policy_chain_program programs[MAX];
static struct bpf_object *objects[MAX];
static const char *shared[MAX];
static uint32_t ids[MAX];
static char log_text[64 * 1024];
static int failed;
static struct xdp_policy_chain_opts opts = {
	.sz = sizeof(opts),
	.programs = programs,
	.program_sz = sizeof(programs[0]),
	.share_maps = shared,
	.log = log_text,
	.log_size = sizeof(log_text),
	.failed = &failed,
	.prog_ids = ids,
};

__attribute__((noreturn)) static void fail(const char *what)
{
	fprintf(stderr, "chain-api: %s: %s\n", what, strerror(errno));
	exit(3);
}

static void set_number(struct xdp_policy_chain_program *p, enum xdp_policy_attr attr,
		       const char *value)
{
	p->app.has |= 1U << attr;
	p->app.num[attr] = strtoul(value, NULL, 0);
}

static void set(struct xdp_policy_chain_program *p, char *text)
{
	char *value, *rest;

	for (char *name = strtok_r(text, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
		value = strchr(name, '=');
		if (!value)
			fail(name);
		*value++ = '\0';
		if (!strcmp(name, "priority"))
			set_number(p, XDP_POLICY_PRIORITY, value);
		else if (!strcmp(name, "actions"))
			set_number(p, XDP_POLICY_CHAIN_CALL_ACTIONS, value);
		else if (!strcmp(name, "program"))
			p->program = value;
		else if (!strcmp(name, "section"))
			p->section = value;
		else if (!strcmp(name, "sha256"))
			p->sha256 = value;
		else if (!strcmp(name, "pin-path"))
			p->pin_path = value;
		else if (!strcmp(name, "frags"))
			p->frags = (enum xdp_policy_frags)atoi(value);
		else
			fail(name);
	}
}

static struct bpf_object *open_object(const char *path)
{
	struct bpf_object *obj = bpf_object__open_file(path, NULL);

	if (!obj)
		fail(path);
	return obj;
}

static int load_as_xdp(const char *path)
{
	struct bpf_object *obj = open_object(path);

	if (bpf_object__load(obj))
		fail(path);
	return bpf_program__fd(bpf_object__next_program(obj, NULL));
}

static void parse_program(char *arg)
{
	struct xdp_policy_chain_program *p = &programs[opts.n_programs];
	char *path = strchr(arg, ':'), *rest;

	if (!path || opts.n_programs == MAX)
		fail(arg);
	*path++ = '\0';
	rest = strchr(path, ',');
	if (rest)
		*rest++ = '\0';
	if (!strcmp(arg, "file")) {
		p->object = path;
	} else if (!strcmp(arg, "open")) {
		objects[opts.n_programs] = p->bpf_object = open_object(path);
	} else if (!strcmp(arg, "pin")) {
		p->pin = path;
	} else if (!strcmp(arg, "fd")) {
		p->fd = bpf_obj_get(path);
		if (p->fd < 0)
			fail(path);
	} else if (!strcmp(arg, "xdp")) {
		p->fd = load_as_xdp(path);
	} else {
		fail(arg);
	}
	opts.n_programs++;
	if (rest)
		set(p, rest);
}

static void parse_options(int argc, char **argv)
{
	int option, n = 0;

	while ((option = getopt(argc, argv, "akrnim:t:s:l:")) != -1)
		switch (option) {
		case 'a':
			opts.flags |= XDP_POLICY_F_ADD;
			break;
		case 'k':
			opts.flags |= XDP_POLICY_F_KEEP_FOREIGN;
			break;
		case 'r':
			opts.flags |= XDP_POLICY_F_REPLACE_FOREIGN;
			break;
		case 'n':
			opts.flags |= XDP_POLICY_F_DRY_RUN;
			break;
		case 'i':
			opts.ifindex = 1;
			break;
		case 'm':
			opts.mode = atoi(optarg);
			break;
		case 't':
			opts.timeout_ms = atoi(optarg);
			break;
		case 's':
			shared[n++] = optarg;
			break;
		case 'l':
			opts.log_size = atoi(optarg);
			break;
		default:
			exit(3);
		}
}

/* The name that the kernel has for an id. */
static void print_id(uint32_t id)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);
	int fd = id ? bpf_prog_get_fd_by_id(id) : -1;

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len))
		printf(" %u", id);
	else
		printf(" %s/%u", info.name, id);
	if (fd >= 0)
		close(fd);
}

static void print_maps(const struct bpf_object *obj)
{
	struct bpf_map_info info = { 0 };
	uint32_t len = sizeof(info);
	struct bpf_map *map;

	bpf_object__for_each_map(map,
				 obj) if (!bpf_obj_get_info_by_fd(bpf_map__fd(map), &info, &len))
		printf("MAP %s %u\n", bpf_map__name(map), info.id);
}

int main(int argc, char **argv)
{
	struct xdp_policy *policy = xdp_policy__open(NULL);
	int rc;

	libbpf_set_print(NULL);
	parse_options(argc, argv);
	if (optind == argc || xdp_policy__get_error(policy))
		return 3;
	opts.interface = argv[optind];
	if (opts.ifindex) {
		opts.ifindex = if_nametoindex(opts.interface);
		opts.interface = NULL;
	}
	while (++optind < argc)
		parse_program(argv[optind]);
	rc = xdp_policy__attach_chain(policy, &opts);
	printf("RC %d %s %d\nIDS", rc, rc < 0 ? strerror(-rc) : "-", failed);
	for (size_t i = 0; i < opts.n_programs; i++)
		print_id(ids[i]);
	printf("\n");
	if (opts.log_size && *log_text)
		puts(log_text);
	for (size_t i = 0; i < opts.n_programs; i++) {
		if (!objects[i])
			continue;
		print_maps(objects[i]);
		bpf_object__close(objects[i]);
	}
	xdp_policy__close(policy);
	return rc < 0;
}
