// SPDX-License-Identifier: LGPL-2.1-or-later
/* Rtnetlink's messages about interfaces. */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "util/ifinfo.h"

/* Of an alternative name, with its NUL; the kernel's ALTIFNAMSIZ. */
#define ALTNAME_SIZE 128

struct request {
	struct nlmsghdr hdr;
	struct ifinfomsg ifi;
	char attrs[ALTNAME_SIZE + 64];
};

static void start(struct request *r, uint16_t type, uint16_t flags, int ifindex)
{
	memset(r, 0, sizeof(*r));
	r->hdr.nlmsg_len = NLMSG_LENGTH(sizeof(r->ifi));
	r->hdr.nlmsg_type = type;
	r->hdr.nlmsg_flags = NLM_F_REQUEST | flags;
	r->ifi.ifi_family = AF_UNSPEC;
	r->ifi.ifi_index = ifindex;
}

/* All that is ever put into a request is shorter than its room. */
static struct nlattr *put(struct request *r, uint16_t type, const void *data, size_t len)
{
	struct nlattr *attr = (struct nlattr *)((char *)r + r->hdr.nlmsg_len);

	attr->nla_type = type;
	attr->nla_len = (uint16_t)(NLA_HDRLEN + len);
	if (len)
		memcpy((char *)attr + NLA_HDRLEN, data, len);
	r->hdr.nlmsg_len += NLA_ALIGN(attr->nla_len);
	return attr;
}

static void put_u32(struct request *r, uint16_t type, uint32_t value)
{
	put(r, type, &value, sizeof(value));
}

static void parse_xdp(struct netlink_part attrs, struct ifinfo *ret)
{
	const struct nlattr *attr;
	uint8_t mode = XDP_ATTACHED_NONE;

	ret->has_xdp = true;
	while ((attr = netlink__next_attr(&attrs))) {
		switch (netlink__type(attr)) {
		case IFLA_XDP_ATTACHED:
			netlink__u8(attr, &mode);
			break;
		case IFLA_XDP_PROG_ID:
			netlink__u32(attr, &ret->id);
			break;
		case IFLA_XDP_DRV_PROG_ID:
			netlink__u32(attr, &ret->drv_id);
			break;
		case IFLA_XDP_SKB_PROG_ID:
			netlink__u32(attr, &ret->skb_id);
			break;
		case IFLA_XDP_HW_PROG_ID:
			netlink__u32(attr, &ret->hw_id);
			break;
		default:
			break;
		}
	}
	ret->attached = mode != XDP_ATTACHED_NONE;
}

bool ifinfo__parse(const struct nlmsghdr *nlh, struct ifinfo *ret)
{
	const struct ifinfomsg *ifi = NLMSG_DATA(nlh);
	struct ifinfo info = { 0 };
	struct netlink_part attrs;
	const struct nlattr *attr;
	uint32_t master = 0, link = 0;
	bool elsewhere = false;

	if ((nlh->nlmsg_type != RTM_NEWLINK && nlh->nlmsg_type != RTM_DELLINK) ||
	    nlh->nlmsg_len < NLMSG_LENGTH(sizeof(*ifi)) || ifi->ifi_family != AF_UNSPEC ||
	    ifi->ifi_index <= 0)
		return false;
	info.ifindex = ifi->ifi_index;
	attrs = netlink__attrs(nlh, sizeof(*ifi));
	while ((attr = netlink__next_attr(&attrs))) {
		if (netlink__type(attr) == IFLA_IFNAME)
			netlink__string(attr, info.name, sizeof(info.name));
		else if (netlink__type(attr) == IFLA_MASTER)
			netlink__u32(attr, &master);
		else if (netlink__type(attr) == IFLA_LINK)
			netlink__u32(attr, &link);
		else if (netlink__type(attr) == IFLA_LINK_NETNSID)
			elsewhere = true;
		else if (netlink__type(attr) == IFLA_XDP)
			parse_xdp(netlink__nested(attr), &info);
	}
	info.master = (int)master;
	info.link = elsewhere ? 0 : (int)link;
	*ret = info;
	return true;
}

static int ask(struct netlink *nl, struct request *r, const struct nlmsghdr **ret)
{
	const struct nlmsghdr *answer = NULL;
	int err;

	put_u32(r, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	err = netlink__request(nl, &r->hdr, NULL, &answer);
	if (!err && (!answer || answer->nlmsg_type != RTM_NEWLINK))
		err = -EBADMSG;
	if (!err)
		*ret = answer;
	return err;
}

static int query(struct request *r, struct ifinfo *ret)
{
	const struct nlmsghdr *answer;
	struct netlink *nl;
	int err = netlink__open(0, &nl);

	if (err)
		return err;
	err = ask(nl, r, &answer);
	if (!err && !ifinfo__parse(answer, ret))
		err = -EBADMSG;
	netlink__close(nl);
	return err;
}

int ifinfo__query(int ifindex, struct ifinfo *ret)
{
	struct request r;

	if (ifindex <= 0)
		return -ENODEV;
	start(&r, RTM_GETLINK, 0, ifindex);
	return query(&r, ret);
}

int ifinfo__find(const char *name, struct ifinfo *ret)
{
	size_t len = strlen(name);
	struct request r;

	if (!len || len >= ALTNAME_SIZE)
		return -ENODEV;
	start(&r, RTM_GETLINK, 0, 0);
	put(&r, len < IF_NAMESIZE ? IFLA_IFNAME : IFLA_ALT_IFNAME, name, len + 1);
	return query(&r, ret);
}

static void tell_altnames(struct netlink_part list, void (*fn)(void *ctx, const char *name),
			  void *ctx)
{
	char name[ALTNAME_SIZE];
	const struct nlattr *attr;

	while ((attr = netlink__next_attr(&list)))
		if (netlink__type(attr) == IFLA_ALT_IFNAME &&
		    netlink__string(attr, name, sizeof(name)))
			fn(ctx, name);
}

static void tell_all_altnames(const struct nlmsghdr *nlh, void (*fn)(void *ctx, const char *name),
			      void *ctx)
{
	struct netlink_part attrs = netlink__attrs(nlh, sizeof(struct ifinfomsg));
	const struct nlattr *attr;

	while ((attr = netlink__next_attr(&attrs)))
		if (netlink__type(attr) == IFLA_PROP_LIST)
			tell_altnames(netlink__nested(attr), fn, ctx);
}

int ifinfo__altnames(int ifindex, void (*fn)(void *ctx, const char *name), void *ctx)
{
	const struct nlmsghdr *answer;
	struct netlink *nl;
	struct request r;
	int err = netlink__open(0, &nl);

	if (err)
		return err;
	start(&r, RTM_GETLINK, 0, ifindex);
	err = ask(nl, &r, &answer);
	if (!err)
		tell_all_altnames(answer, fn, ctx);
	netlink__close(nl);
	return err;
}

struct names {
	char *text;
	size_t size;
	int err;
};

static void add_name(void *ctx, const char *name)
{
	struct names *names = ctx;
	size_t len = strlen(name) + 1;
	char *more = names->err ? NULL : realloc(names->text, names->size + len + 1);

	if (!more) {
		names->err = -ENOMEM;
		return;
	}
	memcpy(more + names->size, name, len);
	names->text = more;
	names->size += len;
	more[names->size] = '\0';
}

/* Returns err, or what went wrong with the names, which are given up then. */
static int take_names(struct names *names, int err, char **ret)
{
	if (!err)
		err = names->err;
	if (err)
		free(names->text);
	*ret = err ? NULL : names->text;
	return err;
}

int ifinfo__list_altnames(int ifindex, char **ret)
{
	struct names names = { 0 };

	return take_names(&names, ifinfo__altnames(ifindex, add_name, &names), ret);
}

struct each {
	void (*fn)(void *ctx, const struct ifinfo *info, const char *altnames);
	void *ctx;
	int err;
};

static void tell_one(void *ctx, const struct nlmsghdr *nlh)
{
	struct names names = { 0 };
	struct each *each = ctx;
	struct ifinfo info;
	char *text;

	if (each->err || !ifinfo__parse(nlh, &info))
		return;
	tell_all_altnames(nlh, add_name, &names);
	each->err = take_names(&names, 0, &text);
	if (!each->err)
		each->fn(each->ctx, &info, text);
	free(text);
}

int ifinfo__each(void (*fn)(void *ctx, const struct ifinfo *info, const char *altnames), void *ctx)
{
	struct each each = { .fn = fn, .ctx = ctx };
	struct netlink *nl;
	int err = netlink__open(0, &nl);

	if (err)
		return err;
	err = netlink__dump(nl, ifinfo__list, tell_one, &each);
	netlink__close(nl);
	return err ? err : each.err;
}

int ifinfo__list(struct netlink *nl)
{
	struct request r;

	start(&r, RTM_GETLINK, NLM_F_DUMP, 0);
	put_u32(&r, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return netlink__send(nl, &r.hdr);
}

int ifinfo__set_xdp(int ifindex, int fd, uint32_t flags, int old_fd, char why[NETLINK_WHY_SIZE])
{
	const struct nlmsghdr *answer;
	struct nlattr *nest;
	struct netlink *nl;
	struct request r;
	int err = netlink__open(0, &nl);

	*why = '\0';
	if (err)
		return err;
	start(&r, RTM_SETLINK, NLM_F_ACK, ifindex);
	nest = put(&r, NLA_F_NESTED | IFLA_XDP, NULL, 0);
	put_u32(&r, IFLA_XDP_FD, (uint32_t)fd);
	if (flags)
		put_u32(&r, IFLA_XDP_FLAGS, flags);
	if (flags & XDP_FLAGS_REPLACE)
		put_u32(&r, IFLA_XDP_EXPECTED_FD, (uint32_t)old_fd);
	nest->nla_len = (uint16_t)((char *)&r + r.hdr.nlmsg_len - (char *)nest);
	err = netlink__request(nl, &r.hdr, why, &answer);
	netlink__close(nl);
	return err;
}
