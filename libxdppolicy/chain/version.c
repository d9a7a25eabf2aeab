// SPDX-License-Identifier: LGPL-2.1-or-later
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "dispatcher.h"
#include "version.h"

/* Of libxdp 1.3 to 1.5, in case that it is not where distributions put it. */
#define LIKELY_VERSION 2

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

unsigned int dispatcher_version__of_host(void)
{
	static const char *const paths[] = {
		LIBXDP_OBJECT_DIR "/xdp-dispatcher.o",
		"/usr/lib64/bpf/xdp-dispatcher.o",
		"/usr/lib/bpf/xdp-dispatcher.o",
		"/usr/local/lib/bpf/xdp-dispatcher.o",
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct btf *btf = btf__parse(paths[i], NULL);
		unsigned int version;

		if (libbpf_get_error(btf))
			continue;
		version = dispatcher_version__in_btf(btf);
		btf__free(btf);
		if (version && version <= DISPATCHER_VERSIONS)
			return version;
	}
	return LIKELY_VERSION;
}
