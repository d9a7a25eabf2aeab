/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_FUZZ_CHAINS_H
#define XDP_POLICY_FUZZ_CHAINS_H

/* What is written of a chain file must read back the same. */

#include <stdio.h>
#include <stdlib.h>

#include "../same-chains.h"
#include "chain-file.h"
#include "fuzz.h"

static inline void fuzz_written_chains(const struct chain_file *file, bool json)
{
	const struct policy_log log = { .fn = fuzz_message };
	struct chain_file again;
	char *text = NULL;
	const char *what;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int rc;

	CHECK(out);
	rc = json ? chain_file__write_json(out, file, &log) :
		    chain_file__write_yaml(out, file, &log);
	fclose(out);
	CHECK(!rc);
	rc = chain_file__parse(text, size, "again", "/nowhere", &log, &again);
	what = chain_files_differ(file, &again);
	if (rc || what)
		fprintf(stderr, "not read back, rc %d, %s:\n%s\n", rc, what, text);
	CHECK(!rc && !what);
	chain_file__free(&again);
	free(text);
}

#endif
