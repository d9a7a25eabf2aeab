// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What rtnetlink tells of a namespace's interfaces. The namespace may be a container's, whose root
 * can send to our socket as much as he likes: it is dropped, told once in a while, and read behind
 * everything else.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "policyd.h"
#include "util/ifinfo.h"

/* Room for the events of a burst, beyond net.core.rmem_max; what is lost is listed again. */
#define RECEIVE_SIZE (4 * 1024 * 1024)

/* Datagrams at one go. */
#define AT_ONCE 64

/* One listing after the other where events get lost all the time; lines about what goes wrong. */
#define LIST_USEC RATE_SECOND
#define TELL_USEC (60 * RATE_SECOND)

struct links {
	struct netlink *netlink;
	sd_event_source *source, *later;
	unsigned int generation;
	bool pending; /* counted as a namespace whose interfaces are not all known */
	bool listing, interrupted;
	uint64_t listed, told_lost, told_foreign, told_broken; /* when last, or 0 */
};

/* Whether a line is due; some kinds of them others can cause. */
static bool is_due(const struct space *space, uint64_t *told)
{
	uint64_t now = daemon__now(space->daemon);

	if (*told && now - *told < TELL_USEC)
		return false;
	*told = now;
	return true;
}

static void on_link(struct space *space, const struct nlmsghdr *nlh, bool listing)
{
	struct ifinfo info;
	struct port *port;

	if (!ifinfo__parse(nlh, &info))
		return;
	if (nlh->nlmsg_type == RTM_DELLINK) {
		port = port__find(space, info.ifindex);
		if (port)
			port__drop(port);
		return;
	}
	/* those of wireless events say nothing of XDP */
	if (info.name[0] && info.has_xdp)
		port__update(space, info.ifindex, info.name, info.attached, info.id, listing);
}

static void drop_unlisted(struct space *space)
{
	struct port *port, *next;

	HASH_ITER(hh, space->ports, port, next)
		if (port->generation != space->links->generation)
			port__drop(port);
}

static void set_pending(struct space *space, bool pending)
{
	struct links *links = space->links;

	if (pending && !links->pending)
		space->daemon->n_listing++;
	else if (!pending && links->pending)
		space->daemon->n_listing--;
	links->pending = pending;
}

static void list_later(struct space *space)
{
	struct links *links = space->links;
	uint64_t passed = daemon__now(space->daemon) - links->listed;

	set_pending(space, true);
	sd_event_source_set_time_relative(links->later,
					  passed < LIST_USEC ? LIST_USEC - passed : 0);
	sd_event_source_set_enabled(links->later, SD_EVENT_ONESHOT);
}

static void end_listing(struct space *space, int err)
{
	struct daemon *daemon = space->daemon;
	struct links *links = space->links;

	links->listing = false;
	set_pending(space, false);
	if (err) {
		work__failed(daemon);
		daemon->failed = true;
		log__error("the interfaces cannot be listed: %s", strerror(-err));
	} else if (links->interrupted) { /* what was listed is mixed from two states */
		list_later(space);
	} else {
		drop_unlisted(space);
	}
	work__wake(daemon);
}

void links__list(struct space *space)
{
	struct links *links = space->links;
	int err;

	if (links->listing) {
		list_later(space);
		return;
	}
	err = ifinfo__list(links->netlink);
	if (err) {
		set_pending(space, false);
		work__failed(space->daemon);
		log__error("the interfaces cannot be listed: %s", strerror(-err));
		return;
	}
	set_pending(space, true);
	sd_event_source_set_enabled(links->later, SD_EVENT_OFF);
	links->listed = daemon__now(space->daemon);
	links->listing = true;
	links->interrupted = false;
	links->generation++;
}

static int on_later(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	links__list(userdata);
	return 0;
}

static void handle(struct space *space, const struct nlmsghdr *nlh)
{
	struct links *links = space->links;
	bool listing = links->listing && netlink__is_answer(links->netlink, nlh);

	if (listing && nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		links->interrupted = true;
	if (nlh->nlmsg_type != NLMSG_DONE && nlh->nlmsg_type != NLMSG_ERROR)
		on_link(space, nlh, listing);
	else if (listing)
		end_listing(space, netlink__error(nlh, NULL));
}

/* Returns as netlink__receive(). */
static int receive(struct space *space)
{
	struct links *links = space->links;
	const struct nlmsghdr *nlh;
	struct netlink_part part;
	int err = netlink__receive(links->netlink, &part);

	if (err == -ENOBUFS) {
		if (is_due(space, &links->told_lost))
			log__print(LOG_INFO, NULL, "events were lost: looking at all interfaces");
		list_later(space);
	} else if (err == -EBADMSG) {
		space->daemon->errors++;
		if (is_due(space, &links->told_broken))
			log__error("found an event that is not whole, expected the kernel's");
		/* what was in it is not known to be gone; the listing's end may have been, too */
		if (links->listing)
			end_listing(space, err);
	} else if (err == -EPERM && is_due(space, &links->told_foreign)) {
		log__print(
			LOG_WARNING, NULL,
			"network namespace %s: dropped messages about interfaces that the kernel "
			"did not send",
			space->name[0] ? space->name : "of the host");
	}
	if (err)
		return err;
	while ((nlh = netlink__next(&part)))
		handle(space, nlh);
	return 0;
}

/* What does not end, since others send, is read when there is nothing else to do. */
static int on_socket(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	int64_t priority = PRIORITY_EVENTS;
	int err = 0;

	(void)fd;
	(void)revents;
	for (int i = 0; i < AT_ONCE && err != -EAGAIN; i++) {
		err = receive(userdata);
		if (err == -EPERM || err == -ENOBUFS)
			priority = PRIORITY_WORK + 1;
	}
	sd_event_source_set_priority(source, priority);
	return 0;
}

unsigned int links__generation(const struct space *space)
{
	return space->links->generation;
}

static int add_sources(struct space *space)
{
	sd_event *event = space->daemon->event;
	struct links *links = space->links;
	int err = sd_event_add_io(event, &links->source, netlink__fd(links->netlink), EPOLLIN,
				  on_socket, space);

	if (err >= 0)
		err = sd_event_source_set_priority(links->source, PRIORITY_EVENTS);
	if (err >= 0)
		err = sd_event_add_time(event, &links->later, CLOCK_MONOTONIC, 0, 0, on_later,
					space);
	return err < 0 ? err : sd_event_source_set_enabled(links->later, SD_EVENT_OFF);
}

int links__open(struct space *space)
{
	struct daemon *daemon = space->daemon;
	int err = space__enter(daemon, space), size = RECEIVE_SIZE;

	space->links = calloc(1, sizeof(*space->links));
	if (!space->links)
		err = -ENOMEM;
	if (!err)
		err = netlink__open(RTMGRP_LINK, &space->links->netlink);
	space__enter(daemon, NULL);
	if (err)
		return err;
	setsockopt(netlink__fd(space->links->netlink), SOL_SOCKET, SO_RCVBUFFORCE, &size,
		   sizeof(size));
	err = add_sources(space);
	if (err < 0)
		return err;
	links__list(space);
	return 0;
}

void links__close(struct space *space)
{
	struct links *links = space->links;

	if (!links)
		return;
	set_pending(space, false);
	sd_event_source_disable_unref(links->source);
	sd_event_source_disable_unref(links->later);
	netlink__close(links->netlink);
	free(links);
	space->links = NULL;
}
