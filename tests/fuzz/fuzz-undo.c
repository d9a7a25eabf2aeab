// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any bytes as what load has replaced. What is accepted is just what would be written. */
#include <errno.h>

#include "fuzz.h"
#include "run/undo-text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *again = malloc(UNDO_TEXT_SIZE);
	struct undo undo;
	int rc = undo_text__parse(text, size, &undo);

	CHECK(again && (!rc || rc == -EINVAL));
	if (!rc) {
		CHECK(undo.n_after <= CHAIN_MAX && undo.before.n <= CHAIN_MAX);
		CHECK((size_t)undo_text__print(&undo, again) == size && size < UNDO_TEXT_SIZE);
		CHECK(!memcmp(text, again, size));
		for (unsigned int i = 0; i < undo.before.n; i++)
			for (const char *c = undo.before.program[i].info.name; *c; c++)
				CHECK(*c > ' ' && *c < 127);
	}
	free(again);
	free(text);
	return 0;
}
