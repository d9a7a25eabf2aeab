/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_COMMON_OBJECT_H
#define XDP_POLICY_COMMON_OBJECT_H

#include <bpf/libbpf.h>

/*
 * Opens a BPF object file that is only looked at, whoever it belongs to. Returns TOOL_OK with *obj
 * to be closed and its absolute path to be freed, or another exit status after a message.
 */
int object__open(const char *path, struct bpf_object **obj, char **absolute);

#endif
