// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>

#include "tool.h"

static void print_version(FILE *out, struct argp_state *state)
{
	(void)state;
	fprintf(out, "xdp-policy %s\n", VERSION);
}

__attribute__((visibility("default"))) void (*argp_program_version_hook)(
	FILE *, struct argp_state *) = print_version;
