// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Any bytes as an orchestrator's data, taken for l3afd's and for bpfman's: whatever becomes a rule
 * or a chain is one that every format can hold, and nothing that is listed lacks a reason.
 */
#include "fuzz-chains.h"
#include "fuzz-rules.h"
#include "import-chain.h"

static void check_list(const json_t *list)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item) {
		CHECK(json_string_length(json_object_get(item, "where")));
		CHECK(json_is_string(json_object_get(item, "field")));
		CHECK(json_string_length(json_object_get(item, "reason")));
	}
}

static void check_import(const json_t *docs, void (*import)(struct import *imp, const json_t *docs))
{
	struct import imp = {
		.root = "/nonexistent",
		.rules = { .file = file_name },
		.missed = json_array(),
		.notes = json_array(),
	};

	import(&imp, docs);
	CHECK(!imp.no_memory && imp.n_places <= IMPORT_MAX_PLACES);
	for (size_t i = 0; i < imp.rules.n; i++) {
		imp.rules.rule[i].line = 1; /* there is none */
		check_rule(&imp.rules.rule[i]);
	}
	check_written(&imp.rules, true);
	check_list(imp.missed);
	check_list(imp.notes);
	policy_rules__clear(&imp.rules);
	json_decref(imp.missed);
	json_decref(imp.notes);
}

static void check_chains(const json_t *docs, void (*import)(struct import *imp, const json_t *docs))
{
	struct import_chain chain = { .objects = "/dir" };
	struct import imp = {
		.root = "/nonexistent",
		.chain = &chain,
		.missed = json_array(),
		.notes = json_array(),
	};

	import(&imp, docs);
	CHECK(!imp.no_memory && !imp.rules.n);
	fuzz_written_chains(&chain.file, false);
	fuzz_written_chains(&chain.file, true);
	check_list(imp.missed);
	check_list(imp.notes);
	chain_file__free(&chain.file);
	json_decref(imp.missed);
	json_decref(imp.notes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned int n_errors = 0;
	const struct policy_log log = { .fn = fuzz_message, .ctx = &n_errors };
	char *text = fuzz_text(data, size);
	json_t *docs = NULL;
	int rc;

	rc = import__read("-", text, size, &log, &docs);
	CHECK(rc == 0 || rc == -EINVAL);
	CHECK(n_errors == (rc ? 1 : 0) && !docs == !!rc);
	if (!rc) {
		check_import(docs, import__l3afd);
		check_import(docs, import__bpfman);
		check_chains(docs, import__l3afd);
		check_chains(docs, import__bpfman);
	}
	json_decref(docs);
	free(text);
	return 0;
}
