// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <limits.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "unit.h"
#include "util/ifinfo.h"
#include "util/layers.h"

static const struct {
	uint32_t len;
	bool ok;
} lengths[] = {
	{ 0, false },	       { 15, false },	      { 16, true },	   { 31, true },
	{ 32, true },	       { 33, false },	      { INT_MAX, false },  { 0x80000000, false },
	{ 0x90000000, false }, { 0xfffffff0, false }, { UINT_MAX, false },
};

START_TEST(test_message_lengths)
{
	struct nlmsghdr nlh[2] = { { .nlmsg_len = lengths[_i].len } };
	struct netlink_part part = { (const char *)nlh, sizeof(nlh) };

	ck_assert_ptr_eq(netlink__next(&part), lengths[_i].ok ? nlh : NULL);
	if (lengths[_i].ok)
		ck_assert_uint_eq(part.len, sizeof(nlh) - NLMSG_ALIGN(lengths[_i].len));
	ck_assert_ptr_null(netlink__next(&part));
	part = (struct netlink_part){ (const char *)nlh, sizeof(nlh[0]) - 1 };
	ck_assert_ptr_null(netlink__next(&part));
}
END_TEST

static const struct {
	uint16_t len;
	bool ok;
} attr_lengths[] = {
	{ 0, false }, { 3, false }, { 4, true }, { 8, true }, { 9, false }, { UINT16_MAX, false },
};

START_TEST(test_attr_lengths)
{
	struct nlattr attr[2] = { { .nla_len = attr_lengths[_i].len } };
	struct netlink_part part = { (const char *)attr, sizeof(attr) };

	ck_assert_ptr_eq(netlink__next_attr(&part), attr_lengths[_i].ok ? attr : NULL);
}
END_TEST

struct error_message {
	struct nlmsghdr nlh;
	struct nlmsgerr error;
	struct nlattr attr;
	char text[20];
};

static struct error_message an_error(int error)
{
	struct error_message m = {
		.nlh = { .nlmsg_len = sizeof(m),
			 .nlmsg_type = NLMSG_ERROR,
			 .nlmsg_flags = NLM_F_CAPPED | NLM_F_ACK_TLVS },
		.error.error = error,
		.attr = { .nla_len = NLA_HDRLEN + sizeof(m.text), .nla_type = NLMSGERR_ATTR_MSG },
		.text = "The kernel says so",
	};
	return m;
}

START_TEST(test_error)
{
	struct error_message m = an_error(-EEXIST);
	char why[NETLINK_WHY_SIZE] = "";

	ck_assert_int_eq(netlink__error(&m.nlh, why), -EEXIST);
	ck_assert_str_eq(why, "The kernel says so");
	ck_assert_int_eq(netlink__error(&m.nlh, NULL), -EEXIST);
	/* a kernel that sends the request back: the sentence is behind it */
	why[0] = '\0';
	m.nlh.nlmsg_flags = NLM_F_ACK_TLVS;
	m.error.msg.nlmsg_len = sizeof(m.error.msg);
	ck_assert_int_eq(netlink__error(&m.nlh, why), -EEXIST);
	ck_assert_str_eq(why, "The kernel says so");
}
END_TEST

START_TEST(test_wrong_errors)
{
	static const int wrong[] = { INT_MIN, INT_MAX, 1, -4096 };
	char why[NETLINK_WHY_SIZE] = "";
	struct error_message m;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		m = an_error(wrong[i]);
		ck_assert_int_eq(netlink__error(&m.nlh, why), -EBADMSG);
		ck_assert_str_eq(why, "");
	}
	m = an_error(-EEXIST);
	m.nlh.nlmsg_len = NLMSG_LENGTH(sizeof(m.error) - 1);
	ck_assert_int_eq(netlink__error(&m.nlh, why), -EBADMSG);
	/* sentences without an end, and requests that are longer than what carries them */
	m = an_error(-EEXIST);
	memset(m.text, 'x', sizeof(m.text));
	ck_assert_int_eq(netlink__error(&m.nlh, why), -EEXIST);
	ck_assert_str_eq(why, "");
	m = an_error(-EEXIST);
	m.nlh.nlmsg_flags = NLM_F_ACK_TLVS;
	for (uint32_t len = UINT_MAX; len; len >>= 1) {
		m.error.msg.nlmsg_len = len;
		ck_assert_int_eq(netlink__error(&m.nlh, why), -EEXIST);
	}
}
END_TEST

struct link_message {
	struct nlmsghdr nlh;
	struct ifinfomsg ifi;
	struct nlattr name;
	char text[8];
	struct nlattr xdp, mode;
	uint8_t attached, pad[3];
	struct nlattr skb;
	uint32_t id;
};

static struct link_message a_link(void)
{
	struct link_message m = {
		.nlh = { .nlmsg_len = sizeof(m), .nlmsg_type = RTM_NEWLINK },
		.ifi.ifi_index = 7,
		.name = { NLA_HDRLEN + 5, IFLA_IFNAME },
		.text = "eth7",
		.xdp = { NLA_HDRLEN + 16, IFLA_XDP | NLA_F_NESTED },
		.mode = { NLA_HDRLEN + 1, IFLA_XDP_ATTACHED },
		.attached = XDP_ATTACHED_SKB,
		.skb = { NLA_HDRLEN + 4, IFLA_XDP_SKB_PROG_ID },
		.id = 42,
	};
	return m;
}

START_TEST(test_link)
{
	struct link_message m = a_link();
	struct ifinfo info;

	ck_assert(ifinfo__parse(&m.nlh, &info));
	ck_assert_int_eq(info.ifindex, 7);
	ck_assert_str_eq(info.name, "eth7");
	ck_assert(info.has_xdp && info.attached);
	ck_assert_uint_eq(info.skb_id, 42);
	ck_assert_uint_eq(info.drv_id, 0);
	m.ifi.ifi_family = AF_BRIDGE;
	ck_assert(!ifinfo__parse(&m.nlh, &info));
	m = a_link();
	m.ifi.ifi_index = -7;
	ck_assert(!ifinfo__parse(&m.nlh, &info));
	m = a_link();
	m.nlh.nlmsg_type = RTM_NEWADDR;
	ck_assert(!ifinfo__parse(&m.nlh, &info));
	ck_assert_int_eq(info.ifindex, 7);
}
END_TEST

/* Every length of message and attribute; a sanitizer sees what is read too far. */
START_TEST(test_cut_links)
{
	struct ifinfo info;

	for (uint32_t len = NLMSG_HDRLEN; len <= sizeof(struct link_message); len++) {
		struct link_message *m = malloc(len), whole = a_link();

		whole.nlh.nlmsg_len = len;
		memcpy(m, &whole, len);
		ck_assert_int_eq(ifinfo__parse(&m->nlh, &info),
				 len >= NLMSG_LENGTH(sizeof(m->ifi)));
		free(m);
	}
	for (uint32_t len = 0; len <= UINT16_MAX; len++) {
		struct link_message m = a_link();

		m.name.nla_len = (uint16_t)len;
		ck_assert(ifinfo__parse(&m.nlh, &info));
		m = a_link();
		m.mode.nla_len = (uint16_t)len;
		ck_assert(ifinfo__parse(&m.nlh, &info));
		ck_assert(len == NLA_HDRLEN + 1 || !info.attached);
	}
}
END_TEST

/* Each network namespace has this one. */
START_TEST(test_query)
{
	struct ifinfo info;

	ck_assert_int_eq(ifinfo__query(1, &info), 0);
	ck_assert_str_eq(info.name, "lo");
	ck_assert(info.has_xdp);
	ck_assert_int_eq(ifinfo__find("lo", &info), 0);
	ck_assert_int_eq(info.ifindex, 1);
	ck_assert_int_eq(ifinfo__query(INT_MAX, &info), -ENODEV);
	ck_assert_int_eq(ifinfo__query(0, &info), -ENODEV);
	ck_assert_int_eq(ifinfo__query(-1, &info), -ENODEV);
	ck_assert_int_eq(ifinfo__find("", &info), -ENODEV);
	ck_assert_int_eq(ifinfo__find("no such interface, and none of this length", &info),
			 -ENODEV);
}
END_TEST

/* What the whole program has received, and how much of it still counts as interrupted. */
static unsigned int n_received, n_interrupted;

ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	ssize_t len = syscall(SYS_recvmsg, fd, msg, flags);
	struct netlink_part part = { msg->msg_iov->iov_base, len < 0 ? 0 : (size_t)len };
	const struct nlmsghdr *nlh;

	if (len < 0)
		return len;
	n_received++;
	if (!n_interrupted)
		return len;
	n_interrupted--;
	while ((nlh = netlink__next(&part)))
		((struct nlmsghdr *)(uintptr_t)nlh)->nlmsg_flags |= NLM_F_DUMP_INTR;
	return len;
}

static void count_loopback(void *ctx, const struct ifinfo *info, const char *altnames)
{
	unsigned int *n = ctx;

	(void)altnames;
	*n += info->ifindex == 1;
}

/* As in a process that is stopped again and again: whatever is there has not come too late. */
START_TEST(test_stopped)
{
	struct ifinfo info;

	clock_step = 3600;
	ck_assert_int_eq(ifinfo__query(1, &info), 0);
	ck_assert_int_eq(ifinfo__each(count_loopback, &(unsigned int){ 0 }), 0);
	clock_step = 0;
	ck_assert_str_eq(info.name, "lo");
}
END_TEST

/* Of so many datagrams in which something changed. */
START_TEST(test_interrupted)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < 4; i++) {
		n = n_received = 0;
		n_interrupted = i;
		ck_assert_int_eq(ifinfo__each(count_loopback, &n), 0);
		ck_assert_uint_eq(n, 1);
		/* at least one more, in which nothing did */
		ck_assert_uint_eq(n_interrupted, 0);
		ck_assert_uint_gt(n_received, i);
	}
	/* and where that never ends the listing does */
	n = 0;
	n_interrupted = UINT_MAX;
	ck_assert_int_eq(ifinfo__each(count_loopback, &n), 0);
	n_interrupted = 0;
	ck_assert_uint_eq(n, 1);
}
END_TEST

/* Of four that are named: a VLAN on a bond, its port, and the ends of a pair. */
START_TEST(test_layers)
{
	static const struct ifinfo info[] = {
		{ .ifindex = 2, .name = "vlan", .link = 7, .attached = true },
		{ .ifindex = 3, .name = "port", .master = 7 },
		{ .ifindex = 4, .name = "one", .link = 5, .attached = true },
		{ .ifindex = 5, .name = "two", .link = 4 },
		{ .ifindex = 7, .name = "bond", .link = 9 }, /* on one that is not named */
	};
	struct layers layers = { 0 };

	layers__place(&layers);
	ck_assert_uint_eq(layers__depth(&layers, 2), 0);
	for (size_t i = 5; i-- > 0;) /* in whatever order */
		ck_assert(layers__add(&layers, &info[i]));
	layers__place(&layers);
	ck_assert_uint_eq(layers__depth(&layers, 3), 0);
	ck_assert_uint_eq(layers__depth(&layers, 7), 1);
	ck_assert_uint_eq(layers__depth(&layers, 2), 2);
	ck_assert_uint_eq(layers__depth(&layers, 4), 0);
	ck_assert_uint_eq(layers__depth(&layers, 5), 0);
	ck_assert_uint_eq(layers__depth(&layers, 9), 0);
	ck_assert_str_eq(layers__program_above(&layers, 3), "vlan");
	ck_assert_ptr_null(layers__program_above(&layers, 5));
	layers__free(&layers);
}
END_TEST

TCase *netlink_tests(void)
{
	TCase *tests = tcase_create("netlink");

	tcase_add_loop_test(tests, test_message_lengths, 0, sizeof(lengths) / sizeof(lengths[0]));
	tcase_add_loop_test(tests, test_attr_lengths, 0,
			    sizeof(attr_lengths) / sizeof(attr_lengths[0]));
	tcase_add_test(tests, test_error);
	tcase_add_test(tests, test_wrong_errors);
	tcase_add_test(tests, test_link);
	tcase_add_test(tests, test_cut_links);
	tcase_add_test(tests, test_query);
	tcase_add_test(tests, test_stopped);
	tcase_add_test(tests, test_interrupted);
	tcase_add_test(tests, test_layers);
	return tests;
}
