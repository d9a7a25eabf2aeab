// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A plug-in that opens an object, by libxdp (and says x) or, with OWN, by a function that it has
 * inside (o).
 */
#include <xdp/libxdp.h>

#ifdef OWN
static char own;

struct xdp_program *xdp_program__open_file(const char *file, const char *section,
					   struct bpf_object_open_opts *opts)
{
	(void)file;
	(void)section;
	(void)opts;
	return (struct xdp_program *)&own;
}
#endif

char plugin_opens(const char *file)
{
	struct xdp_program *prog = xdp_program__open_file(file, "xdp", NULL);

#ifdef OWN
	if (prog == (struct xdp_program *)&own)
		return 'o';
#endif
	if (libxdp_get_error(prog))
		return 'e';
	xdp_program__close(prog);
	return 'x';
}
