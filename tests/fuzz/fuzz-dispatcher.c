// SPDX-License-Identifier: LGPL-2.1-or-later
/* A dispatcher's configuration: what is understood is written again as the same. */
#include <errno.h>

#include "chain/dispatcher.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char written[DISPATCHER_CONFIG_SIZE];
	struct dispatcher_config config, again;
	size_t n;
	int rc;

	if (!size)
		return 0;
	rc = dispatcher_config__decode(data + 1, size - 1, data[0] & 1, &config);
	CHECK(!rc || rc == -EPROTO || rc == -EPROTONOSUPPORT);
	if (rc)
		return 0;
	CHECK(config.version >= 1 && config.version <= DISPATCHER_VERSIONS);
	CHECK(config.n <= CHAIN_MAX);
	n = dispatcher_config__encode(&config, written);
	CHECK(n == size - 1);
	CHECK(!dispatcher_config__decode(written, n, data[0] & 1, &again));
	CHECK(again.n == config.n && again.version == config.version);
	for (unsigned int i = 0; i < config.n; i++)
		CHECK(!memcmp(&again.slot[i], &config.slot[i], sizeof(config.slot[i])));
	return 0;
}
