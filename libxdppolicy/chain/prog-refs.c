// SPDX-License-Identifier: LGPL-2.1-or-later
/* Reads the reference counts of XDP programs, by a BPF iterator that is put together here. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "prog-refs.h"

/* Where the running kernel has what we look for. */
struct layout {
	int function; /* that the iterator is attached to */
	int type, aux, id, held;
	int held_size; /* BPF_DW or BPF_W */
};

static int find_member(const struct btf *btf, const char *type, const char *member, int *offset,
		       int *size)
{
	int id = btf__find_by_name_kind(btf, type, BTF_KIND_STRUCT);
	const struct btf_type *t = id < 0 ? NULL : btf__type_by_id(btf, id);

	for (int i = 0; t && i < btf_vlen(t); i++) {
		const struct btf_member *m = btf_members(t) + i;

		if (strcmp(btf__name_by_offset(btf, m->name_off), member) != 0)
			continue;
		*offset = btf_member_bit_offset(t, i) / 8;
		*size = btf__resolve_size(btf, m->type);
		return 0;
	}
	return -ENOENT;
}

static int find_layout(struct layout *ret)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int err = libbpf_get_error(btf), size, held_size = 0;

	if (err)
		return err;
	ret->function = btf__find_by_name_kind(btf, "bpf_iter_bpf_prog", BTF_KIND_FUNC);
	err = ret->function < 0 ? -EOPNOTSUPP : 0;
	if (!err)
		err = find_member(btf, "bpf_prog", "type", &ret->type, &size);
	if (!err)
		err = find_member(btf, "bpf_prog", "aux", &ret->aux, &size);
	if (!err)
		err = find_member(btf, "bpf_prog_aux", "id", &ret->id, &size);
	if (!err)
		err = find_member(btf, "bpf_prog_aux", "refcnt", &ret->held, &held_size);
	ret->held_size = held_size == 8 ? BPF_DW : BPF_W;
	if (!err && held_size != 8 && held_size != 4)
		err = -EOPNOTSUPP;
	btf__free(btf);
	return err;
}

#define INSN(c, d, s, o, i)                                                         \
	{                                                                           \
		.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) \
	}
#define LOAD(size, to, from, off)   INSN(BPF_LDX | BPF_MEM | (size), to, from, off, 0)
#define STORE(to, off, from)	    INSN(BPF_STX | BPF_MEM | BPF_DW, to, from, off, 0)
#define COPY(to, from)		    INSN(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0)
#define SET(to, value)		    INSN(BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, value)
#define JUMP(op, reg, value, insns) INSN(BPF_JMP | (op) | BPF_K, reg, 0, insns, value)

/* Called for each program: writes a struct prog_ref of each of type XDP. */
static int load_iterator(const struct layout *at)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_TRACE_ITER,
		    .attach_btf_id = at->function);
	const struct bpf_insn insns[] = {
		COPY(BPF_REG_6, BPF_REG_1),
		LOAD(BPF_DW, BPF_REG_7, BPF_REG_6, 8), /* the program; none at the end */
		JUMP(BPF_JEQ, BPF_REG_7, 0, 13),
		LOAD(BPF_W, BPF_REG_1, BPF_REG_7, at->type),
		JUMP(BPF_JNE, BPF_REG_1, BPF_PROG_TYPE_XDP, 11),
		LOAD(BPF_DW, BPF_REG_8, BPF_REG_7, at->aux),
		LOAD(at->held_size, BPF_REG_1, BPF_REG_8, at->held),
		STORE(BPF_REG_10, -8, BPF_REG_1),
		LOAD(BPF_W, BPF_REG_1, BPF_REG_8, at->id),
		STORE(BPF_REG_10, -16, BPF_REG_1),
		LOAD(BPF_DW, BPF_REG_1, BPF_REG_6, 0), /* who asks */
		LOAD(BPF_DW, BPF_REG_1, BPF_REG_1, 0), /* and where to write to */
		COPY(BPF_REG_2, BPF_REG_10),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, 0, 0, -16),
		SET(BPF_REG_3, sizeof(struct prog_ref)),
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_seq_write),
		SET(BPF_REG_0, 0),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "xdp_policy_refs", "GPL", insns,
			       sizeof(insns) / sizeof(insns[0]), &opts);

	return fd < 0 ? -errno : fd;
}

static int load_probe(uint32_t *id)
{
	static const struct bpf_insn insns[] = {
		SET(BPF_REG_0, XDP_PASS),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);
	int fd, err;

	fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "xdp_policy_one", "GPL", insns,
			   sizeof(insns) / sizeof(insns[0]), NULL);
	if (fd < 0)
		return -errno;
	if (!bpf_obj_get_info_by_fd(fd, &info, &len)) {
		*id = info.id;
		return fd;
	}
	err = -errno;
	close(fd);
	return err;
}

static int start(struct prog_refs *refs)
{
	struct layout layout;
	int err = find_layout(&layout), prog;

	if (err)
		return err;
	prog = load_iterator(&layout);
	if (prog < 0)
		return prog;
	refs->iterator = bpf_link_create(prog, 0, BPF_TRACE_ITER, NULL);
	err = refs->iterator < 0 ? -errno : 0;
	close(prog);
	if (!err) {
		refs->probe = load_probe(&refs->probe_id);
		err = refs->probe < 0 ? refs->probe : 0;
		if (!err)
			return 0;
		close(refs->iterator);
	}
	refs->iterator = 0;
	return err;
}

static int grow(struct prog_refs *refs)
{
	size_t size = refs->size ? 2 * refs->size : 256;
	struct prog_ref *ref = reallocarray(refs->ref, size, sizeof(*ref));

	if (!ref)
		return -ENOMEM;
	refs->ref = ref;
	refs->size = size;
	return 0;
}

/* The kernel gives whole records, each time as many as it has room for. */
static int read_all(int fd, struct prog_refs *refs)
{
	char *at;
	size_t len = 0;
	ssize_t n;

	for (;;) {
		if (len + sizeof(*refs->ref) > refs->size * sizeof(*refs->ref) && grow(refs))
			return -ENOMEM;
		at = (char *)refs->ref;
		n = read(fd, at + len, refs->size * sizeof(*refs->ref) - len);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		len += n;
	}
	refs->n = len / sizeof(*refs->ref);
	return len % sizeof(*refs->ref) ? -EIO : 0;
}

static struct prog_ref *find(const struct prog_refs *refs, uint32_t id)
{
	size_t low = 0, high = refs->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (refs->ref[middle].id == id)
			return &refs->ref[middle];
		if (refs->ref[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* While it is looked at the kernel holds a program, too: how often, one that we know tells. */
static int calibrate(struct prog_refs *refs)
{
	const struct prog_ref *probe = find(refs, refs->probe_id);
	uint64_t more;

	if (!probe || !probe->held || probe->held > 2)
		return -EPROTO;
	more = probe->held - 1;
	for (size_t i = 0; i < refs->n; i++) {
		if (i && refs->ref[i - 1].id >= refs->ref[i].id)
			return -EPROTO;
		refs->ref[i].held -= more;
	}
	return 0;
}

int prog_refs__read(struct prog_refs *refs)
{
	int err = refs->iterator ? 0 : start(refs), fd;

	refs->n = 0;
	if (err)
		return err;
	fd = bpf_iter_create(refs->iterator);
	if (fd < 0)
		return -errno;
	err = read_all(fd, refs);
	close(fd);
	if (!err)
		err = calibrate(refs);
	if (err)
		refs->n = 0;
	return err;
}

uint64_t prog_refs__held(const struct prog_refs *refs, uint32_t id)
{
	const struct prog_ref *ref = find(refs, id);

	return ref ? ref->held : 0;
}

void prog_refs__close(struct prog_refs *refs)
{
	if (refs->iterator) {
		close(refs->iterator);
		close(refs->probe);
	}
	free(refs->ref);
	*refs = (struct prog_refs){ 0 };
}
