// SPDX-License-Identifier: LGPL-2.1-or-later
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "maps.h"

/* More than the kernel lets a program have. */
#define MAX_MAPS 64

struct map_ids {
	uint32_t n, id[MAX_MAPS];
};

static int read_ids(int prog_fd, struct map_ids *ret)
{
	struct bpf_prog_info info = { .nr_map_ids = MAX_MAPS, .map_ids = (uintptr_t)ret->id };
	uint32_t len = sizeof(info);

	if (bpf_obj_get_info_by_fd(prog_fd, &info, &len))
		return -errno;
	if (info.nr_map_ids > MAX_MAPS)
		return -E2BIG;
	ret->n = info.nr_map_ids;
	return 0;
}

static int read_info(int fd, struct bpf_map_info *ret)
{
	uint32_t len = sizeof(*ret);

	*ret = (struct bpf_map_info){ 0 };
	return bpf_obj_get_info_by_fd(fd, ret, &len) ? -errno : 0;
}

/* The kernel keeps 15 characters. */
static bool is_named(const struct bpf_map_info *info, const char *name)
{
	return !strncmp(info->name, name, sizeof(info->name) - 1);
}

int program_maps__find(int prog_fd, const char *name)
{
	struct bpf_map_info info;
	struct map_ids ids;
	int err = read_ids(prog_fd, &ids);

	for (uint32_t i = 0; !err && i < ids.n; i++) {
		int fd = bpf_map_get_fd_by_id(ids.id[i]);

		if (fd < 0)
			return -errno;
		if (!read_info(fd, &info) && is_named(&info, name))
			return fd;
		close(fd);
	}
	return err ? err : -ENOENT;
}

static bool is_same_definition(const struct bpf_map_info *a, const struct bpf_map_info *b)
{
	return a->type == b->type && a->key_size == b->key_size && a->value_size == b->value_size &&
	       a->max_entries == b->max_entries && a->map_flags == b->map_flags &&
	       !strcmp(a->name, b->name);
}

static bool is_constant(const struct bpf_map_info *info)
{
	return info->type == BPF_MAP_TYPE_ARRAY && info->map_flags & BPF_F_RDONLY_PROG &&
	       info->max_entries == 1;
}

static bool is_same_content(int a, int b, uint32_t size)
{
	void *values = calloc(2, size);
	uint32_t key = 0;
	bool same = values && !bpf_map_lookup_elem(a, &key, values) &&
		    !bpf_map_lookup_elem(b, &key, (char *)values + size) &&
		    !memcmp(values, (char *)values + size, size);

	free(values);
	return same;
}

static bool is_same_map(int a, int b)
{
	struct bpf_map_info info[2];

	if (read_info(a, &info[0]) || read_info(b, &info[1]) ||
	    !is_same_definition(&info[0], &info[1]))
		return false;
	return !is_constant(&info[0]) || is_same_content(a, b, info[0].value_size);
}

bool program_maps__same(int a, int b)
{
	struct map_ids ids[2];
	bool same;

	if (read_ids(a, &ids[0]) || read_ids(b, &ids[1]) || ids[0].n != ids[1].n)
		return false;
	same = true;
	for (uint32_t i = 0; same && i < ids[0].n; i++) {
		int fd[2] = { bpf_map_get_fd_by_id(ids[0].id[i]),
			      bpf_map_get_fd_by_id(ids[1].id[i]) };

		same = fd[0] >= 0 && fd[1] >= 0 && is_same_map(fd[0], fd[1]);
		for (int side = 0; side < 2; side++)
			if (fd[side] >= 0)
				close(fd[side]);
	}
	return same;
}

bool map__fits(const struct bpf_map *map, int fd)
{
	struct bpf_map_info info;

	return !read_info(fd, &info) && info.type == bpf_map__type(map) &&
	       info.key_size == bpf_map__key_size(map) &&
	       info.value_size == bpf_map__value_size(map) &&
	       info.max_entries == bpf_map__max_entries(map);
}

static int expect(struct map_pins *pins, const char *path)
{
	char **paths = reallocarray(pins->path, pins->n + 1, sizeof(*paths));

	if (!paths)
		return -ENOMEM;
	pins->path = paths;
	pins->path[pins->n] = strdup(path);
	return pins->path[pins->n++] ? 0 : -ENOMEM;
}

int map_pins__expect(struct bpf_object *obj, struct map_pins *pins)
{
	struct bpf_map *map;
	int err = 0;

	bpf_object__for_each_map(map, obj)
	{
		const char *path = bpf_map__pin_path(map);

		if (!path || !access(path, F_OK))
			continue;
		err = pins ? expect(pins, path) : bpf_map__set_pin_path(map, NULL);
		if (err)
			break;
	}
	return err;
}

void map_pins__forget(struct map_pins *pins)
{
	for (size_t i = 0; i < pins->n; i++)
		free(pins->path[i]);
	free(pins->path);
	*pins = (struct map_pins){ 0 };
}

void map_pins__undo(struct map_pins *pins)
{
	for (size_t i = 0; i < pins->n; i++)
		if (pins->path[i])
			unlink(pins->path[i]);
	map_pins__forget(pins);
}
