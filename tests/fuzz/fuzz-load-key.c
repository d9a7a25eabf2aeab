// SPDX-License-Identifier: LGPL-2.1-or-later
/* Whether an object depends on more than itself: what stands behind it makes no difference. */
#define VERSION "fuzz"
#include "load/load-key.c"

#include "fuzz.h"

static bool sum_of(const uint8_t *data, size_t size, char key[LOAD_KEY_SIZE])
{
	SHA2_CTX sum;

	SHA512Init(&sum);
	if (!add_elf(&sum, data, size))
		return false;
	SHA512End(&sum, key);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char key[LOAD_KEY_SIZE], again[LOAD_KEY_SIZE];
	bool plain = sum_of(data, size, key);
	unsigned char *more = malloc(size + 1);

	CHECK(more);
	memcpy(more, data, size);
	more[size] = 0;
	CHECK(!plain || (sum_of(more, size + 1, again) && !strcmp(key, again)));
	free(more);
	return 0;
}
