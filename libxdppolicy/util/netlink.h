/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_NETLINK_H
#define XDP_POLICY_NETLINK_H

/*
 * An rtnetlink socket. Others can send to it, too: root of a container's user namespace in that
 * container's network namespace. So what the kernel did not send is dropped here, and every length
 * is compared with what was received before anybody else sees it.
 */

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for the kernel's own sentence about an error. */
#define NETLINK_WHY_SIZE 128

struct netlink;

/* What is left to read of a datagram, of a message's attributes, or of nested ones. */
struct netlink_part {
	const char *data;
	size_t len;
};

/* A socket that does not block and hears these RTMGRP_ groups. Returns 0 or a negative errno. */
int netlink__open(uint32_t groups, struct netlink **ret);
void netlink__close(struct netlink *nl);
int netlink__fd(const struct netlink *nl);

/*
 * Receives one datagram; *ret lives until the next call. Returns 0; -EAGAIN if there is none,
 * -ENOBUFS if some were lost, -EPERM for one that the kernel did not send and -EBADMSG for one
 * that is not whole, which are dropped; another negative errno.
 */
int netlink__receive(struct netlink *nl, struct netlink_part *ret);

/* Steps through what was received; NULL at its end. */
const struct nlmsghdr *netlink__next(struct netlink_part *part);

/* Sends a request, under a number of its own. Returns 0 or a negative errno. */
int netlink__send(struct netlink *nl, struct nlmsghdr *nlh);

/* Whether it answers the last request: an event has the number of whoever caused it. */
bool netlink__is_answer(const struct netlink *nl, const struct nlmsghdr *nlh);

/*
 * Sends a request and waits for its answer, some seconds at most. Returns 0 with the answer in
 * *ret, NULL for a mere acknowledgement; or a negative errno, with the kernel's own sentence in
 * why, which is empty if there is none. why may be NULL.
 */
int netlink__request(struct netlink *nl, struct nlmsghdr *nlh, char why[NETLINK_WHY_SIZE],
		     const struct nlmsghdr **ret);

/*
 * Asks for a listing, and again while changes come between, and tells of what is in it; nothing of
 * one that failed. Each datagram is waited for, some seconds at most. On a host where something
 * changes all the time it may be mixed from two states. Returns 0 or a negative errno.
 */
int netlink__dump(struct netlink *nl, int (*ask)(struct netlink *nl),
		  void (*fn)(void *ctx, const struct nlmsghdr *nlh), void *ctx);

/* What an NLMSG_ERROR says, or an NLMSG_DONE, as netlink__request() returns it. */
int netlink__error(const struct nlmsghdr *nlh, char why[NETLINK_WHY_SIZE]);

/* The attributes behind a message's own header of that size; none if it is shorter. */
struct netlink_part netlink__attrs(const struct nlmsghdr *nlh, size_t header);

/* Steps through them; NULL at the end, or at one that is longer than what is left. */
const struct nlattr *netlink__next_attr(struct netlink_part *part);
unsigned int netlink__type(const struct nlattr *attr);
struct netlink_part netlink__nested(const struct nlattr *attr);

/* Each is false, and *ret untouched, if the attribute is not of that kind and size. */
bool netlink__u8(const struct nlattr *attr, uint8_t *ret);
bool netlink__u32(const struct nlattr *attr, uint32_t *ret);
bool netlink__string(const struct nlattr *attr, char *ret, size_t size);

#endif
