// SPDX-License-Identifier: LGPL-2.1-or-later
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "program.h"

/* Instructions before the slots' calls, of each call, behind them, and of each slot. */
enum {
	HEAD = 3,
	CALL = 6,
	TAIL = 2,
	SLOT = 4,
	MAX_CODE = HEAD + TAIL + CHAIN_MAX * (CALL + SLOT)
};

struct code {
	struct bpf_insn insn[MAX_CODE];
	size_t n;
	struct bpf_func_info func[1 + CHAIN_MAX];
	size_t n_funcs;
};

static void emit(struct code *c, struct bpf_insn insn)
{
	c->insn[c->n++] = insn;
}

static void start_function(struct code *c, int type_id)
{
	c->func[c->n_funcs++] = (struct bpf_func_info){ .insn_off = c->n, .type_id = type_id };
}

#define INSN(c, d, s, o, i) \
	((struct bpf_insn){ .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) })

/* Calls a slot, and returns its verdict unless that is among its actions. */
static void emit_call(struct code *c, unsigned int slot, unsigned int n, uint32_t actions)
{
	int target = HEAD + n * CALL + TAIL + slot * SLOT;

	emit(c, INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_1, BPF_REG_6, 0, 0));
	emit(c, INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, target - (int)c->n - 1));
	emit(c, INSN(BPF_ALU | BPF_MOV | BPF_K, BPF_REG_1, 0, 0, 1));
	emit(c, INSN(BPF_ALU | BPF_LSH | BPF_X, BPF_REG_1, BPF_REG_0, 0, 0));
	emit(c, INSN(BPF_JMP32 | BPF_JSET | BPF_K, BPF_REG_1, 0, 1, actions));
	emit(c, INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
}

/*
 * Goes on, until a program takes its place. The call of a helper that does nothing makes it a
 * function that may change packets: newer kernels let no other be replaced by programs that do.
 */
static void emit_slot(struct code *c)
{
	emit(c, INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_2, 0, 0, 0));
	emit(c, INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_xdp_adjust_tail));
	emit(c, INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, DISPATCHER_EMPTY));
	emit(c, INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
}

static void emit_all(struct code *c, const struct dispatcher_config *config, int map_fd,
		     int main_id, const int slot_ids[])
{
	start_function(c, main_id);
	emit(c, INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_6, BPF_REG_1, 0, 0));
	/* the map has no other use here than to be found by those who look for it */
	emit(c, INSN(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, map_fd));
	emit(c, INSN(0, 0, 0, 0, 0));
	for (unsigned int i = 0; i < config->n; i++)
		emit_call(c, i, config->n, config->slot[i].actions | 1U << DISPATCHER_EMPTY);
	emit(c, INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, XDP_PASS));
	emit(c, INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
	for (unsigned int i = 0; i < config->n; i++) {
		start_function(c, slot_ids[i]);
		emit_slot(c);
	}
}

/* libxdp 1.2 has the version in the BTF alone, as the length of an array. */
static int add_version(struct btf *btf, int int_id, unsigned int version)
{
	int array = btf__add_array(btf, int_id, int_id, version);
	int ptr = btf__add_ptr(btf, array);
	int var = btf__add_var(btf, "dispatcher_version", BTF_VAR_GLOBAL_ALLOCATED, ptr);

	if (var < 0 || btf__add_datasec(btf, "xdp_metadata", sizeof(void *)) < 0)
		return -ENOMEM;
	return btf__add_datasec_var_info(btf, var, 0, sizeof(void *));
}

/* Each function has int (struct xdp_md *), which is what a program must have to replace it. */
static int make_btf(struct btf *btf, const struct dispatcher_config *config, int *main_id,
		    int slot_ids[])
{
	int int_id = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	int ctx = btf__add_ptr(btf, btf__add_struct(btf, "xdp_md", sizeof(struct xdp_md)));
	int proto = btf__add_func_proto(btf, int_id);
	char name[16];

	if (int_id < 0 || ctx < 0 || proto < 0 || btf__add_func_param(btf, "ctx", ctx))
		return -ENOMEM;
	*main_id = btf__add_func(btf, "xdp_dispatcher", BTF_FUNC_GLOBAL, proto);
	if (*main_id < 0)
		return *main_id;
	for (unsigned int i = 0; i < config->n; i++) {
		snprintf(name, sizeof(name), "prog%u", i);
		slot_ids[i] = btf__add_func(btf, name, BTF_FUNC_GLOBAL, proto);
		if (slot_ids[i] < 0)
			return slot_ids[i];
	}
	return add_version(btf, int_id, config->version);
}

/* Returns a descriptor or a negative errno. */
static int load_btf(const struct dispatcher_config *config, int *main_id, int slot_ids[])
{
	struct btf *btf = btf__new_empty();
	const void *data;
	uint32_t size;
	int err;

	if (libbpf_get_error(btf))
		return -ENOMEM;
	err = make_btf(btf, config, main_id, slot_ids);
	data = err ? NULL : btf__raw_data(btf, &size);
	if (data)
		err = bpf_btf_load(data, size, NULL);
	btf__free(btf);
	return data || err ? err : -ENOMEM;
}

/* The configuration, frozen: libxdp refuses what a program could write to. */
static int make_map(const struct dispatcher_config *config)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_RDONLY_PROG);
	unsigned char data[DISPATCHER_CONFIG_SIZE];
	size_t size = dispatcher_config__encode(config, data);
	uint32_t key = 0;
	int fd, err;

	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "xdp_disp.rodata", sizeof(key), size, 1, &opts);
	if (fd < 0)
		return -errno;
	if (!bpf_map_update_elem(fd, &key, data, BPF_ANY) && !bpf_map_freeze(fd))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static int load(const struct dispatcher_config *config, const struct code *code, int btf_fd,
		int ifindex)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_XDP,
		    .prog_btf_fd = btf_fd, .func_info = code->func, .func_info_cnt = code->n_funcs,
		    .func_info_rec_size = sizeof(code->func[0]));
	int fd;

	if (config->frags)
		opts.prog_flags |= BPF_F_XDP_HAS_FRAGS;
	if (config->devbound) {
		opts.prog_flags |= BPF_F_XDP_DEV_BOUND_ONLY;
		opts.prog_ifindex = ifindex;
	}
	fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "xdp_dispatcher", "GPL", code->insn, code->n, &opts);
	return fd < 0 ? -errno : fd;
}

static int read_id(int fd, uint32_t *ret)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		return -errno;
	*ret = info.id;
	return 0;
}

int dispatcher_program__load(const struct dispatcher_config *config, int ifindex,
			     struct dispatcher_program *ret)
{
	struct code code = { .n = 0 };
	int btf_fd, map_fd, main_id;

	ret->fd = -1;
	btf_fd = load_btf(config, &main_id, ret->function);
	if (btf_fd < 0)
		return btf_fd;
	map_fd = make_map(config);
	if (map_fd >= 0) {
		emit_all(&code, config, map_fd, main_id, ret->function);
		ret->fd = load(config, &code, btf_fd, ifindex);
		close(map_fd);
	}
	close(btf_fd);
	if (map_fd < 0)
		return map_fd;
	/* of a chain of one libxdp replaces the dispatcher itself */
	if (config->n == 1)
		ret->function[0] = main_id;
	return ret->fd < 0 ? ret->fd : read_id(ret->fd, &ret->id);
}
