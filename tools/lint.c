// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lint-internal.h"
#include "util/encode.h"

/* doc/check-table compares this with doc/messages and the scenarios. */
static const struct lint_kind {
	const char *code;
	const char *name;
	enum policy_level level;
} kinds[] = {
	[LINT_SHARED_PRIORITY] = { "XP001", "shared-priority", POLICY_WARNING },
	[LINT_TOO_MANY] = { "XP002", "too-many-programs", POLICY_WARNING },
	[LINT_NEVER_WINS] = { "XP003", "never-wins", POLICY_WARNING },
	[LINT_NEVER_MATCHES] = { "XP004", "never-matches", POLICY_WARNING },
	[LINT_LAST_GOES_ON] = { "XP005", "last-goes-on", POLICY_WARNING },
	[LINT_ALONE] = { "XP006", "alone", POLICY_WARNING },
	[LINT_MIXED_FRAGS] = { "XP007", "mixed-frags", POLICY_WARNING },
	[LINT_LINKED_IN] = { "XP008", "linked-in", POLICY_WARNING },
	[LINT_SUFFIX_TWIN] = { "XP009", "suffix-twin", POLICY_WARNING },
	[LINT_NOT_READ] = { "XP010", "not-read", POLICY_WARNING },
	/* done on purpose: only worth knowing */
	[LINT_MASKED] = { "XP011", "masked", POLICY_INFO },
	[LINT_DENIES_ALL] = { "XP012", "denies-all", POLICY_WARNING },
	[LINT_NOT_ASKED] = { "XP013", "not-asked", POLICY_WARNING },
	[LINT_ORDER_REPEATS] = { "XP014", "order-repeats", POLICY_WARNING },
	[LINT_LINK] = { "XP015", "link", POLICY_WARNING },
	[LINT_NO_PRELOAD] = { "XP016", "no-preload", POLICY_WARNING },
	[LINT_CLOSED] = { "XP017", "closed", POLICY_WARNING },
	[LINT_MANNER] = { "XP018", "other-manner", POLICY_WARNING },
	/* right as it stands: other versions alone read it otherwise */
	[LINT_CHANGED] = { "XP019", "changed", POLICY_INFO },
	[LINT_NO_OBJECT] = { "XP020", "no-object", POLICY_WARNING },
	[LINT_TWO_CHAINS] = { "XP021", "two-chains", POLICY_WARNING },
};

void lint__add(struct lint *lint, enum lint_code code, const char *file, unsigned int line,
	       const char *fmt, ...)
{
	struct lint_finding *finding;
	va_list args;
	char *text;
	int len;

	if (lint->n_findings == lint->size) {
		size_t size = lint->size ? 2 * lint->size : 16;

		finding = reallocarray(lint->finding, size, sizeof(*finding));
		if (!finding) {
			lint->no_memory = true;
			return;
		}
		lint->finding = finding;
		lint->size = size;
	}
	finding = &lint->finding[lint->n_findings];
	*finding = (struct lint_finding){ .code = code, .line = line };
	va_start(args, fmt);
	len = vasprintf(&text, fmt, args);
	va_end(args);
	finding->text = len < 0 ? NULL : encode__shown_copy(text);
	finding->file = finding->text ? strdup(file) : NULL;
	if (len >= 0)
		free(text);
	if (!finding->file) {
		free(finding->text);
		lint->no_memory = true;
		return;
	}
	lint->n_findings++;
}

static int by_place(const void *a, const void *b)
{
	const struct lint_finding *x = a, *y = b;
	int order = strcmp(x->file, y->file);

	if (!order)
		order = (x->line > y->line) - (x->line < y->line);
	if (!order)
		order = (int)x->code - (int)y->code;
	return order ? order : strcmp(x->text, y->text);
}

static int run(struct lint *lint, const struct policy_files *files)
{
	int rc;

	lint->never = calloc(lint->n + 1, sizeof(*lint->never));
	if (!lint->never)
		return -ENOMEM;
	lint__each_rule(lint);
	rc = lint__chains(lint);
	if (!rc && files)
		rc = lint__host(lint, files);
	return rc;
}

/* In the order of files and lines, whatever the order of the checks. */
static int report(struct lint *lint, int rc, const struct lint_log *log)
{
	if (lint->n_findings)
		qsort(lint->finding, lint->n_findings, sizeof(*lint->finding), by_place);
	for (size_t i = 0; i < lint->n_findings; i++) {
		struct lint_finding *f = &lint->finding[i];

		/* the same word twice in a line */
		if (i + 1 == lint->n_findings || by_place(f, f + 1))
			log->fn(log->ctx, kinds[f->code].level, f->file, f->line,
				kinds[f->code].code, f->text);
		free(f->file);
		free(f->text);
	}
	free(lint->finding);
	free(lint->never);
	free(lint->rule);
	return lint->no_memory ? -ENOMEM : rc;
}

int lint__rules(const struct policy_rules *rules, const struct lint_log *log)
{
	struct lint lint = { .n = rules->n, .root = "" };

	lint.rule = calloc(rules->n + 1, sizeof(*lint.rule));
	if (!lint.rule)
		return -ENOMEM;
	for (size_t i = 0; i < rules->n; i++)
		lint.rule[i] = &rules->rule[i];
	for_each_attr(attr)
		lint.asked[attr] = true;
	return report(&lint, run(&lint, NULL), log);
}

int lint__policy(const struct policy *policy, const char *root, const struct lint_log *log)
{
	/* a database, or a file that is refused, may name more programs */
	struct lint lint = {
		.n = policy__n_rules(policy),
		.root = root ? root : "",
		.placed = true,
		.whole = !policy__db(policy) && !policy__n_errors(policy),
	};

	lint.rule = calloc(lint.n + 1, sizeof(*lint.rule));
	if (!lint.rule)
		return -ENOMEM;
	for (size_t i = 0; i < lint.n; i++)
		lint.rule[i] = policy__rule(policy, i);
	lint__switch(&lint, policy__switch(policy), policy__files(policy));
	return report(&lint, run(&lint, policy__files(policy)), log);
}

int lint__chain_files(const struct chain_file *files, size_t n, const char *root,
		      const struct policy_files *dirs, const struct lint_log *log)
{
	struct lint lint = { .root = root ? root : "" };

	if (dirs)
		lint__chain_names(&lint, dirs);
	lint__each_chain(&lint, files, n);
	return report(&lint, 0, log);
}
