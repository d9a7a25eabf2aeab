// SPDX-License-Identifier: LGPL-2.1-or-later
#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>

#include "chain/proginfo.h"
#include "lint-object.h"

/* libbpf sets the flag of such a section only when it loads the program. */
static bool has_frags(const struct bpf_program *prog)
{
	static const char section[] = "xdp.frags";

	return bpf_program__flags(prog) & BPF_F_XDP_HAS_FRAGS ||
	       !strncmp(bpf_program__section_name(prog), section, strlen(section));
}

void lint_object__each(int fd,
		       void (*fn)(void *ctx, const char *program, const char *section, bool frags),
		       void *ctx)
{
	libbpf_print_fn_t before = libbpf_set_print(NULL);
	struct bpf_program *prog;
	struct bpf_object *obj;
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	obj = bpf_object__open_file(path, NULL);
	libbpf_set_print(before);
	if (libbpf_get_error(obj))
		return;
	bpf_object__for_each_program(prog, obj)
		if (program__is_attachable(prog))
			fn(ctx, bpf_program__name(prog), bpf_program__section_name(prog),
			   has_frags(prog));
	bpf_object__close(obj);
}
