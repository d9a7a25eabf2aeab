// SPDX-License-Identifier: LGPL-2.1-or-later
/* An application that is linked to libxdp.so and has never heard of a policy. */
#include "tests/apps/attach.h"

int main(int argc, char **argv)
{
	return attach_main(argc, argv);
}
