// SPDX-License-Identifier: LGPL-2.1-or-later
/* A value of any attribute (the first byte says which): parsed, printed, parsed again is the same.
 */
#include <errno.h>

#include "fuzz.h"
#include "policy/attr.h"

static bool same(const struct policy_value *a, const struct policy_value *b)
{
	return a->num == b->num && a->add == b->add && a->del == b->del &&
	       a->relative == b->relative;
}

static void check(enum policy_attr attr, const struct policy_value *value)
{
	char text[POLICY_VALUE_SIZE], text_again[POLICY_VALUE_SIZE], err[160];
	uint32_t all = (1U << POLICY_N_ACTIONS) - 1;
	struct policy_value again;

	CHECK(policy_value__print(attr, value, text, sizeof(text)) == text);
	CHECK(strlen(text) < sizeof(text) - 1);
	CHECK(!policy_value__parse(attr, text, &again, err, sizeof(err)));
	CHECK(same(value, &again));
	CHECK(!strcmp(policy_value__print(attr, &again, text_again, sizeof(text_again)), text));

	if (attr == ATTR_PRIORITY)
		CHECK(value->num <= POLICY_MAX_PRIORITY);
	if (attr != ATTR_ACTIONS)
		return;
	CHECK(!(value->add & value->del) && !((value->add | value->del | value->num) & ~all));
	CHECK(value->relative ? !value->num : !(value->add | value->del));
	/* a change on top of a change is both, one after the other */
	for (uint32_t base = 0; value->relative && base <= all; base++) {
		struct policy_value under = { .add = base, .del = ~base & all, .relative = true };
		uint32_t after = policy_value__apply(value, policy_value__apply(&under, 2));

		policy_value__stack(&under, value);
		CHECK(policy_value__apply(&under, 2) == after);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy_value value, untouched;
	enum policy_attr attr;
	char *text, err[160];
	int rc;

	if (!size)
		return 0;
	attr = data[0] % N_ATTRS;
	text = fuzz_text(data + 1, size - 1);
	memset(&value, 0, sizeof(value));
	value.num = 77;
	untouched = value;
	memset(err, 0x55, sizeof(err));
	rc = policy_value__parse(attr, text, &value, err, sizeof(err));
	CHECK(!rc || rc == -EINVAL);
	if (rc)
		CHECK(memchr(err, '\0', sizeof(err)) && *err &&
		      !memcmp(&value, &untouched, sizeof(value)));
	else
		check(attr, &value);
	free(text);
	return 0;
}
