// SPDX-License-Identifier: LGPL-2.1-or-later
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proginfo.h"

/* The BTF as the kernel has it, to be freed; NULL if it does not give it. */
static void *read_raw(uint32_t btf_id, uint32_t *size)
{
	struct bpf_btf_info info = { 0 };
	uint32_t len = sizeof(info);
	int fd = bpf_btf_get_fd_by_id(btf_id);
	void *raw = NULL;

	if (fd < 0)
		return NULL;
	if (!bpf_obj_get_info_by_fd(fd, &info, &len))
		raw = calloc(1, info.btf_size); /* valgrind does not see the kernel write there */
	*size = info.btf_size;
	info = (struct bpf_btf_info){ .btf = (uintptr_t)raw, .btf_size = *size };
	len = sizeof(info);
	if (raw && (bpf_obj_get_info_by_fd(fd, &info, &len) || info.btf_size != *size)) {
		free(raw);
		raw = NULL;
	}
	close(fd);
	return raw;
}

/*
 * Whether there is nothing in the BTF that is not known: it has a function of that name, if it is
 * one that the kernel has not cut, and no run config. Spares parsing it, of most programs.
 */
static bool is_known(const void *raw, uint32_t size, const char *name)
{
	char word[sizeof(((struct proginfo *)0)->kernel_name) + 2] = "";
	size_t len = strlen(name);

	memcpy(word + 1, name, len);
	return len && len < BPF_OBJ_NAME_LEN - 1 && memmem(raw, size, word, len + 2) &&
	       !memmem(raw, size, RUNCFG_SECTION, strlen(RUNCFG_SECTION));
}

/*
 * libxdp looks for the function that begins as the name that the kernel has cut; it takes none if
 * there are several, or one that is no longer.
 */
static bool has_alike(const struct btf *btf, const char *kernel_name)
{
	size_t len = strlen(kernel_name);
	unsigned int n = 0;

	for (uint32_t id = 1; len == BPF_OBJ_NAME_LEN - 1 && id < btf__type_cnt(btf); id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);

		n += btf_is_func(t) &&
		     !strncmp(btf__name_by_offset(btf, t->name_off), kernel_name, len);
	}
	return n > 1;
}

/* The kernel cuts a program's name at 15 characters; the name of its first function is whole. */
static void parse_btf(const void *raw, uint32_t size, const struct bpf_func_info *func,
		      struct proginfo *ret)
{
	struct btf *btf = btf__new(raw, size);
	const struct btf_type *t;
	const char *name;

	if (libbpf_get_error(btf))
		return;
	t = btf__type_by_id(btf, func->type_id);
	name = t ? btf__name_by_offset(btf, t->name_off) : NULL;
	if (name && *name) {
		snprintf(ret->name, sizeof(ret->name), "%s", name);
		ret->cut = false;
		ret->alike = has_alike(btf, ret->kernel_name);
	}
	runcfg__read(btf, ret->name, &ret->author);
	btf__free(btf);
}

int proginfo__read_short(int fd, struct proginfo *ret)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);

	*ret = (struct proginfo){ 0 };
	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		return -errno;
	ret->id = info.id;
	ret->load_time = info.load_time;
	snprintf(ret->kernel_name, sizeof(ret->kernel_name), "%s", info.name);
	snprintf(ret->name, sizeof(ret->name), "%s", info.name);
	ret->cut = strlen(ret->name) == BPF_OBJ_NAME_LEN - 1;
	for (int i = 0; i < BPF_TAG_SIZE; i++)
		snprintf(ret->tag + 2 * i, 3, "%02x", info.tag[i]);
	return 0;
}

void proginfo__read_btf(int fd, struct proginfo *ret)
{
	struct bpf_func_info func = { 0 };
	struct bpf_prog_info info = {
		.nr_func_info = 1,
		.func_info_rec_size = sizeof(func),
		.func_info = (uintptr_t)&func,
	};
	uint32_t len = sizeof(info), size;
	void *raw;

	if (bpf_obj_get_info_by_fd(fd, &info, &len) || !info.btf_id || !info.nr_func_info)
		return;
	raw = read_raw(info.btf_id, &size);
	if (raw && !is_known(raw, size, ret->kernel_name))
		parse_btf(raw, size, &func, ret);
	free(raw);
}

int proginfo__read(int fd, struct proginfo *ret)
{
	int err = proginfo__read_short(fd, ret);

	if (!err)
		proginfo__read_btf(fd, ret);
	return err;
}

int proginfo__open(const struct proginfo *known)
{
	int fd = bpf_prog_get_fd_by_id(known->id), err;
	struct proginfo info;

	if (fd < 0)
		return fd;
	err = proginfo__read_short(fd, &info);
	if (!err && (info.load_time != known->load_time || strcmp(info.tag, known->tag)))
		err = -ENOENT;
	if (!err)
		return fd;
	close(fd);
	return err;
}

bool proginfo__is_gone(uint32_t id)
{
	int fd = bpf_prog_get_fd_by_id(id);

	if (fd >= 0)
		close(fd);
	return fd == -ENOENT;
}

const char *proginfo__label(const struct proginfo *info)
{
	return *info->name ? info->name : "-";
}

void proginfo__describe(const struct proginfo *info, struct policy_subject *subject)
{
	subject->value[COND_PROGRAM] = *info->name ? info->name : NULL;
	subject->name_cut = info->cut;
	subject->value[COND_TAG] = *info->tag ? info->tag : NULL;
}

/* As libbpf before 1.0 knew them. */
static bool is_for_map(const char *section)
{
	return !strncmp(section, "xdp_devmap", strlen("xdp_devmap")) ||
	       !strncmp(section, "xdp_cpumap", strlen("xdp_cpumap"));
}

bool program__is_attachable(const struct bpf_program *prog)
{
	switch (bpf_program__type(prog)) {
	case BPF_PROG_TYPE_EXT:
		return true;
	case BPF_PROG_TYPE_UNSPEC:
		return !is_for_map(bpf_program__section_name(prog));
	case BPF_PROG_TYPE_XDP:
		return bpf_program__expected_attach_type(prog) != BPF_XDP_DEVMAP &&
		       bpf_program__expected_attach_type(prog) != BPF_XDP_CPUMAP;
	default:
		return false;
	}
}
