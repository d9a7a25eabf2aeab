// SPDX-License-Identifier: LGPL-2.1-or-later
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "dispatcher.h"
#include "version.h"

unsigned int dispatcher_version__in_btf(const struct btf *btf)
{
	const struct btf_type *t;
	int id;

	id = btf__find_by_name_kind(btf, "dispatcher_version", BTF_KIND_VAR);
	t = id > 0 ? btf__type_by_id(btf, id) : NULL;
	t = t ? btf__type_by_id(btf, t->type) : NULL;
	t = t && btf_is_ptr(t) ? btf__type_by_id(btf, t->type) : NULL;
	return t && btf_is_array(t) ? btf_array(t)->nelems : 0;
}

/* Of a dispatcher's object; 0 if there is none, or if its version is not understood. */
static unsigned int version_of(const char *path)
{
	struct btf *btf = btf__parse(path, NULL);
	unsigned int version;

	if (libbpf_get_error(btf))
		return 0;
	version = dispatcher_version__in_btf(btf);
	btf__free(btf);
	return version <= DISPATCHER_VERSIONS ? version : 0;
}

unsigned int dispatcher_version__of_host(void)
{
	static const char *const paths[] = {
		LIBXDP_OBJECT_DIR "/xdp-dispatcher.o",
		"/usr/lib64/bpf/xdp-dispatcher.o",
		"/usr/lib/bpf/xdp-dispatcher.o",
		"/usr/local/lib/bpf/xdp-dispatcher.o",
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		unsigned int version = version_of(paths[i]);

		if (version)
			return version;
	}
	return LIBXDP_DISPATCHER; /* what was there when this was built */
}
