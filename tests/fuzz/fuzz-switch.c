// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any bytes as xdpswitch.conf: whatever stands there, the switch that comes out can be asked. */
#include "fuzz.h"
#include "policy/switch.h"

static void check_steps(const struct policy_steps *steps, enum policy_attr attr)
{
	CHECK(steps->n && steps->n <= sizeof(steps->step) / sizeof(steps->step[0]));
	for (size_t i = 0; i < steps->n; i++) {
		const struct policy_step *step = &steps->step[i];

		CHECK(step->source <= SOURCE_PLUGIN);
		CHECK(*step->name && memchr(step->name, '\0', sizeof(step->name)));
		for (int s = 0; s < N_STATUSES; s++)
			CHECK(step->action[s] < ACTION_MERGE ||
			      (step->action[s] == ACTION_MERGE && attr == ATTR_ACTIONS));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned int n_errors = 0;
	const struct policy_log log = { .fn = fuzz_message, .ctx = &n_errors };
	char *text = fuzz_text(data, size);
	struct policy_switch sw, again;

	/* what a parser forgets to set shows as a difference */
	memset(&sw, 0x55, sizeof(sw));
	memset(&again, 0xaa, sizeof(again));
	CHECK(policy_switch__parse(&sw, "xdpswitch.conf", text, size, &log) == n_errors);
	CHECK(policy_switch__parse(&again, "xdpswitch.conf", text, size, NULL) == n_errors);
	CHECK(sw.deny_on_error == again.deny_on_error);
	for_each_attr(attr) {
		check_steps(&sw.attr[attr], attr);
		CHECK(sw.attr[attr].n == again.attr[attr].n);
		CHECK(!memcmp(sw.attr[attr].step, again.attr[attr].step,
			      sw.attr[attr].n * sizeof(struct policy_step)));
	}
	free(text);
	return 0;
}
