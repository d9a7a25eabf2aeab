/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_IFINFO_H
#define XDP_POLICY_IFINFO_H

/* What rtnetlink tells of an interface and its XDP program, and how it is given one. */

#include <net/if.h>

#include "util/netlink.h"

struct ifinfo {
	int ifindex;
	char name[IF_NAMESIZE]; /* empty in messages that do not tell it */
	int master;		/* the bridge, bond or team that it is a port of; 0 is none */
	int link;     /* what a VLAN is on, the other end of a pair; 0 is none in this namespace */
	bool has_xdp; /* wireless events and bridge's own say nothing of XDP */
	bool attached;
	uint32_t id; /* of the only program; 0 if there are several, or an old kernel */
	uint32_t drv_id, skb_id, hw_id;
};

/*
 * Reads an RTM_NEWLINK, or of an RTM_DELLINK, into *ret. False if it is none, or is of another
 * address family: a bridge tells of its ports in messages of its own.
 */
bool ifinfo__parse(const struct nlmsghdr *nlh, struct ifinfo *ret);

/*
 * Asks for one interface, in the network namespace that the caller is in: its cost does not depend
 * on how many there are. Returns 0, -ENODEV, or another negative errno.
 */
int ifinfo__query(int ifindex, struct ifinfo *ret);

/* The same, by any of its names. */
int ifinfo__find(const char *name, struct ifinfo *ret);

/* Calls fn with each alternative name. Returns as ifinfo__query(). */
int ifinfo__altnames(int ifindex, void (*fn)(void *ctx, const char *name), void *ctx);

/*
 * All of them in *ret, one string after the other and an empty one behind the last; to be freed.
 * NULL if there are none. Returns as ifinfo__query().
 */
int ifinfo__list_altnames(int ifindex, char **ret);

/*
 * Calls fn with every interface of the network namespace that the caller is in, and with its
 * alternative names as above. The cost of one listing. Returns 0 or a negative errno.
 */
int ifinfo__each(void (*fn)(void *ctx, const struct ifinfo *info, const char *altnames), void *ctx);

/* Sends the request for a listing of all. */
int ifinfo__list(struct netlink *nl);

/*
 * Attaches the XDP program fd, -1 takes it off. flags are XDP_FLAGS_; with XDP_FLAGS_REPLACE only
 * in place of old_fd. Returns 0, or a negative errno with the kernel's own sentence in why, if it
 * has one.
 */
int ifinfo__set_xdp(int ifindex, int fd, uint32_t flags, int old_fd, char why[NETLINK_WHY_SIZE]);

#endif
