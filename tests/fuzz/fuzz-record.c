// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Any bytes as a record of a live program (the first byte says of which directory). What is
 * accepted comes back the same when it is written.
 */
#include <errno.h>

#include "chain/record-text.h"
#include "fuzz.h"

#define LOADED 1234567

static void check_values(const struct policy_known *a, const struct policy_known *b)
{
	CHECK(a->unknown == b->unknown);
	CHECK(!memcmp(a->has, b->has, sizeof(a->has)));
	CHECK(!memcmp(a->value, b->value, sizeof(a->value)));
}

static void check_fact(const char *a, const char *b)
{
	CHECK(!a == !b);
	CHECK(!a || (!strcmp(a, b) && strlen(a) < 4096));
}

static void clear(struct record *record)
{
	for (int cond = 0; cond < N_CONDS; cond++)
		free(record->value[cond]);
	free(record->uid);
	free(record->load_key);
}

static int write_attached(const struct record *record, char *text)
{
	const struct proginfo info = { .load_time = LOADED };
	struct policy_subject subject = {
		.uid = record->uid,
		.app = record->app,
		.btf = record->btf,
	};
	const struct record_attach attach = {
		.info = &info,
		.subject = &subject,
		.in_chain = record->in_chain,
		.load_key = record->load_key,
	};

	for (int cond = 0; cond < N_CONDS; cond++)
		subject.value[cond] = record->value[cond];
	return record_text__attached(&attach, text);
}

static int write_seen(const struct record *record, char *text)
{
	const struct chain_program program = {
		.info.load_time = LOADED,
		.priority = record->first[ATTR_PRIORITY].num,
		.actions = record->first[ATTR_ACTIONS].num,
	};

	return record_text__seen(&program, text);
}

static void check_record(enum record_kind kind, const struct record *record)
{
	char *text = malloc(RECORD_TEXT_SIZE);
	struct record again = { 0 };
	int len;

	CHECK(text);
	CHECK(record->attached == (kind == RECORD_ATTACHED) && record->seen != record->attached);
	len = record->seen ? write_seen(record, text) : write_attached(record, text);
	/* lines are broken in one way alone, which may take a little more room */
	CHECK(len > 0 || len == -E2BIG);
	if (len > 0) {
		CHECK(!record_text__parse(kind, text, len, LOADED, &again));
		for (int cond = 0; cond < N_CONDS; cond++)
			check_fact(record->value[cond], again.value[cond]);
		check_fact(record->uid, again.uid);
		check_fact(record->load_key, again.load_key);
		check_values(&record->app, &again.app);
		check_values(&record->btf, &again.btf);
		CHECK(record->in_chain == again.in_chain);
		CHECK(!memcmp(record->first, again.first, sizeof(again.first)));
		clear(&again);
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct record empty;
	struct record record = { 0 };
	enum record_kind kind;
	char *text;
	int err;

	if (!size)
		return 0;
	kind = *data & 1 ? RECORD_SEEN : RECORD_ATTACHED;
	text = fuzz_text(data + 1, size - 1);
	err = record_text__parse(kind, text, size - 1, LOADED, &record);
	CHECK(!err || err == -EINVAL || err == -ESTALE);
	if (err)
		CHECK(!memcmp(&record, &empty, sizeof(record)));
	else
		check_record(kind, &record);
	clear(&record);
	free(text);
	return 0;
}
