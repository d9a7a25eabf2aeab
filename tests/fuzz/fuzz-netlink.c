// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any bytes as a datagram of rtnetlink: nothing is read that was not received. */
#include "fuzz.h"
#include "util/ifinfo.h"

static void check_text(const char *text, size_t size)
{
	CHECK(memchr(text, '\0', size));
}

static void check_message(const struct nlmsghdr *nlh)
{
	char why[NETLINK_WHY_SIZE] = "";
	struct ifinfo info;
	int err;

	if (ifinfo__parse(nlh, &info)) {
		CHECK(info.ifindex > 0);
		CHECK(info.has_xdp || !info.attached);
		check_text(info.name, sizeof(info.name));
	}
	err = netlink__error(nlh, why);
	CHECK(err <= 0 && err >= -4095);
	check_text(why, sizeof(why));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* of this size exactly, and aligned as the socket's buffer is */
	char *buf = malloc(size ? size : 1);
	struct netlink_part part = { buf, size };
	const struct nlmsghdr *nlh;
	size_t left = size;

	memcpy(buf, data, size);
	while ((nlh = netlink__next(&part))) {
		CHECK(part.len < left);
		left = part.len;
		check_message(nlh);
	}
	free(buf);
	return 0;
}
