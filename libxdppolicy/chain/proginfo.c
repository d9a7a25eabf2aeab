// SPDX-License-Identifier: LGPL-2.1-or-later
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "proginfo.h"

/* The kernel cuts a program's name at 15 characters; the name of its first function is whole. */
static void parse_btf(const struct bpf_prog_info *info, const struct bpf_func_info *func,
		      struct proginfo *ret)
{
	const struct btf_type *t;
	const char *name;
	struct btf *btf;

	btf = btf__load_from_kernel_by_id(info->btf_id);
	if (libbpf_get_error(btf))
		return;
	t = btf__type_by_id(btf, func->type_id);
	name = t ? btf__name_by_offset(btf, t->name_off) : NULL;
	if (name && *name)
		snprintf(ret->name, sizeof(ret->name), "%s", name);
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
	uint32_t len = sizeof(info);

	if (!bpf_obj_get_info_by_fd(fd, &info, &len) && info.btf_id && info.nr_func_info)
		parse_btf(&info, &func, ret);
}

int proginfo__read(int fd, struct proginfo *ret)
{
	int err = proginfo__read_short(fd, ret);

	if (!err)
		proginfo__read_btf(fd, ret);
	return err;
}
