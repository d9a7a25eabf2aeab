// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "policyd.h"

/* A listing's messages are made for buffers of this size. */
#define BUFFER_SIZE 32768

/* Room for the events of a burst, beyond net.core.rmem_max; what is lost is listed again. */
#define RECEIVE_SIZE (4 * 1024 * 1024)

struct links {
	struct mnl_socket *socket;
	sd_event_source *source;
	unsigned int generation;
	bool listing, again, interrupted;
};

struct link_message {
	const char *name;
	const struct nlattr *xdp;
};

static int get_attr(const struct nlattr *attr, void *data)
{
	struct link_message *message = data;
	int type = mnl_attr_get_type(attr);

	if (type == IFLA_IFNAME && mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
		message->name = mnl_attr_get_str(attr);
	else if (type == IFLA_XDP && mnl_attr_validate(attr, MNL_TYPE_NESTED) >= 0)
		message->xdp = attr;
	return MNL_CB_OK;
}

static bool get_xdp(const struct nlattr *xdp, uint32_t *id)
{
	const struct nlattr *attr;
	bool attached = false;

	*id = 0;
	mnl_attr_for_each_nested(attr, xdp)
	{
		int type = mnl_attr_get_type(attr);

		if (type == IFLA_XDP_ATTACHED && mnl_attr_validate(attr, MNL_TYPE_U8) >= 0)
			attached = mnl_attr_get_u8(attr) != XDP_ATTACHED_NONE;
		else if (type == IFLA_XDP_PROG_ID && mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
			*id = mnl_attr_get_u32(attr);
	}
	return attached;
}

static void on_link(struct space *space, const struct nlmsghdr *nlh)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct link_message message = { 0 };
	struct port *port;
	uint32_t id;
	bool attached;

	/* a bridge tells of its ports in messages of its own */
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifi) || ifi->ifi_family != AF_UNSPEC)
		return;
	if (nlh->nlmsg_type == RTM_DELLINK) {
		port = port__find(space, ifi->ifi_index);
		if (port)
			port__drop(port);
		return;
	}
	if (nlh->nlmsg_type != RTM_NEWLINK)
		return;
	mnl_attr_parse(nlh, sizeof(*ifi), get_attr, &message);
	/* those of wireless events say nothing of XDP */
	if (!message.name || !message.xdp)
		return;
	attached = get_xdp(message.xdp, &id);
	port__update(space, ifi->ifi_index, message.name, attached, id,
		     nlh->nlmsg_flags & NLM_F_MULTI);
}

static void drop_unlisted(struct space *space)
{
	struct port *port, *next;

	HASH_ITER(hh, space->ports, port, next)
		if (port->generation != space->links->generation)
			port__drop(port);
}

static void end_listing(struct space *space)
{
	struct links *links = space->links;
	bool whole = !links->interrupted;

	if (!links->listing)
		return;
	links->listing = false;
	space->daemon->n_listing--;
	if (whole)
		drop_unlisted(space);
	work__wake(space->daemon);
	if (links->again || !whole)
		links__list(space);
}

void links__list(struct space *space)
{
	struct links *links = space->links;
	char buf[256];
	struct nlmsghdr *nlh;
	struct ifinfomsg *ifi;

	links->again = links->listing;
	if (links->listing)
		return;
	memset(buf, 0, sizeof(buf));
	nlh = mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = RTM_GETLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_family = AF_UNSPEC;
	mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	if (mnl_socket_sendto(links->socket, nlh, nlh->nlmsg_len) < 0) {
		space->daemon->errors++;
		log__error("the interfaces can't be listed: %m");
		return;
	}
	links->listing = true;
	links->interrupted = false;
	links->generation++;
	space->daemon->n_listing++;
}

static void handle(struct space *space, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(nlh);
	struct links *links = space->links;

	/* what was listed is mixed from two states */
	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		links->interrupted = true;
	switch (nlh->nlmsg_type) {
	case NLMSG_DONE:
		end_listing(space);
		return;
	case NLMSG_ERROR:
		space->daemon->errors++;
		log__error("the interfaces can't be listed: %s", strerror(-error->error));
		space->daemon->failed = true;
		space->daemon->n_listing -= links->listing;
		links->listing = false;
		work__wake(space->daemon);
		return;
	default:
		on_link(space, nlh);
	}
}

static bool receive(struct space *space)
{
	static char buf[BUFFER_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
	ssize_t size = mnl_socket_recvfrom(space->links->socket, buf, sizeof(buf));
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)buf;
	int len = (int)size;

	if (size < 0 && errno != ENOBUFS)
		return false;
	if (size < 0) {
		log__print(LOG_INFO, NULL, "events were lost: looking at all interfaces");
		links__list(space);
		return true;
	}
	for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len))
		handle(space, nlh);
	return true;
}

static int on_socket(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source;
	(void)fd;
	(void)revents;
	for (int i = 0; i < 64 && receive(userdata); i++)
		;
	return 0;
}

unsigned int links__generation(const struct space *space)
{
	return space->links->generation;
}

static int open_socket(struct links *links)
{
	int fd, size = RECEIVE_SIZE;

	links->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!links->socket)
		return -errno;
	fd = mnl_socket_get_fd(links->socket);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	return mnl_socket_bind(links->socket, RTMGRP_LINK, MNL_SOCKET_AUTOPID) ? -errno : 0;
}

int links__open(struct space *space)
{
	struct daemon *daemon = space->daemon;
	int err = space__enter(daemon, space);

	space->links = calloc(1, sizeof(*space->links));
	if (!space->links)
		err = -ENOMEM;
	if (!err)
		err = open_socket(space->links);
	space__enter(daemon, NULL);
	if (!err)
		err = sd_event_add_io(daemon->event, &space->links->source,
				      mnl_socket_get_fd(space->links->socket), EPOLLIN, on_socket,
				      space);
	if (err < 0)
		return err;
	sd_event_source_set_priority(space->links->source, PRIORITY_EVENTS);
	links__list(space);
	return 0;
}

void links__close(struct space *space)
{
	if (!space->links)
		return;
	space->daemon->n_listing -= space->links->listing;
	sd_event_source_disable_unref(space->links->source);
	if (space->links->socket)
		mnl_socket_close(space->links->socket);
	free(space->links);
	space->links = NULL;
}
