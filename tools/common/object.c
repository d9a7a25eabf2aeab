// SPDX-License-Identifier: LGPL-2.1-or-later
/* Opens the BPF object files that commands look at. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "chain/object-file.h"
#include "common/object.h"
#include "tool.h"
#include "util/libbpf-words.h"

static int open_text(const char *path, const void *data, size_t size, struct bpf_object **ret)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = path);
	char why[128];
	long err;

	libbpf_words__clear();
	*ret = bpf_object__open_mem(data, size, &opts);
	err = libbpf_get_error(*ret);
	if (!err)
		return TOOL_OK;
	*ret = NULL;
	libbpf_strerror(err, why, sizeof(why));
	tool_error("%s: found an object that libbpf cannot open, expected a BPF object: %s%s", path,
		   why, libbpf_words__get());
	return TOOL_FOUND;
}

int object__open(const char *path, struct bpf_object **obj, char **absolute)
{
	int err, status;
	char why[256];
	size_t size;
	void *data;

	err = object_file__read_any(path, &data, &size, why, sizeof(why));
	if (err) {
		tool_error("%s: %s", path, why);
		return tool_status_of(-err);
	}
	*absolute = realpath(path, NULL);
	status = *absolute ? open_text(path, data, size, obj) : tool_cannot(path, "open", errno);
	free(data);
	if (status)
		free(*absolute);
	return status;
}
