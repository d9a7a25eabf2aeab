// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any text as /proc/PID/cgroup (the first byte is the size of the answer). */
#include "fuzz.h"
#include "chain/process.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text, *unit;
	size_t unit_size;

	if (!size)
		return 0;
	unit_size = data[0] + 1;
	unit = malloc(unit_size);
	CHECK(unit);
	memset(unit, 'x', unit_size);
	text = fuzz_text(data + 1, size - 1);
	process__unit_of(text, unit, unit_size);
	CHECK(memchr(unit, '\0', unit_size));
	/* one component of a path that is there, with a known suffix */
	CHECK(!*unit || (strstr(text, unit) && strchr(unit, '.') && !strpbrk(unit, "/\n")));
	free(text);
	free(unit);
	return 0;
}
