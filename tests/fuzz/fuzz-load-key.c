// SPDX-License-Identifier: LGPL-2.1-or-later
/* Whether an object depends on more than itself: what stands behind it makes no difference. */
#define VERSION "fuzz"
#include "load/load-key.c"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool plain = is_plain_elf(data, size);
	unsigned char *more = malloc(size + 1);

	CHECK(more);
	memcpy(more, data, size);
	more[size] = 0;
	CHECK(!plain || is_plain_elf(more, size + 1));
	free(more);
	return 0;
}
