// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any bytes as a chain file. What is accepted comes back the same from YAML and from JSON. */
#include <errno.h>

#include "fuzz-chains.h"

#define MAX_ERRORS 20

static void check_program(const struct chain_spec_program *p)
{
	CHECK(!p->object != !p->pin && !p->open && !p->fd);
	CHECK(!p->object || *p->object == '/');
	CHECK(!p->pin || *p->pin == '/');
	CHECK(!p->program || !p->section);
	CHECK(!p->sha256 || strlen(p->sha256) == 64);
	CHECK(!p->app.unknown && !p->app.has[ATTR_ATTACH] && !p->app.has[ATTR_MODE]);
}

static void check_entry(const struct chain_file_entry *entry)
{
	const struct chain_spec *spec = &entry->spec;

	CHECK(entry->line && *entry->interface && spec->n <= CHAIN_MAX);
	for (size_t i = 0; i < spec->n; i++) {
		check_program(&spec->program[i]);
		CHECK(entry->program_line[i]);
		CHECK(spec->program[i].app.has[ATTR_PRIORITY] ==
		      spec->program[0].app.has[ATTR_PRIORITY]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned int n_errors = 0;
	const struct policy_log log = { .fn = fuzz_message, .ctx = &n_errors };
	struct chain_file file;
	char *text = fuzz_text(data, size);
	int rc;

	rc = chain_file__parse(text, size, "chains", "/dir", &log, &file);
	CHECK(rc == 0 || rc == -EINVAL);
	CHECK(!rc == !n_errors && n_errors <= MAX_ERRORS);
	CHECK(!rc || (!file.n && !file.path));
	for (size_t i = 0; i < file.n; i++)
		check_entry(&file.entry[i]);
	if (!rc) {
		fuzz_written_chains(&file, false);
		fuzz_written_chains(&file, true);
	}
	chain_file__free(&file);
	free(text);
	return 0;
}
