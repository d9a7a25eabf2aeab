// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>
#include <string.h>

#include "policyd.h"

struct port *port__find(const struct space *space, int ifindex)
{
	struct port *port;

	HASH_FIND_INT(space->ports, &ifindex, port);
	return port;
}

static struct port *add_port(struct space *space, int ifindex)
{
	struct port *port = calloc(1, sizeof(*port));

	if (!port) {
		log__error("out of memory");
		work__failed(space->daemon);
		return NULL;
	}
	port->space = space;
	port->ifindex = ifindex;
	HASH_ADD_INT(space->ports, ifindex, port);
	return port;
}

void port__update(struct space *space, int ifindex, const char *name, bool attached, uint32_t id,
		  bool listing)
{
	struct port *port = port__find(space, ifindex);
	bool renamed;

	if (!port && attached)
		port = add_port(space, ifindex);
	if (!port)
		return;
	port->generation = links__generation(space);
	renamed = strcmp(port->name, name);
	snprintf(port->name, sizeof(port->name), "%s", name);
	if (!attached) {
		port__remember(port, NULL);
		work__wake(space->daemon);
		return;
	}
	/* a dispatcher never changes: the same id is the same chain, our own perhaps */
	if (listing || renamed || !port->known || port->known->id != id)
		work__mark(port);
}

void port__drop(struct port *port)
{
	struct daemon *daemon = port->space->daemon;

	sweeper__soon(&daemon->sweeper, port->ifindex);
	work__forget(port);
	sd_event_source_disable_unref(port->timer);
	HASH_DEL(port->space->ports, port);
	free(port->known);
	free(port);
	work__wake(daemon);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	work__mark(userdata);
	return 0;
}

void port__later(struct port *port, uint64_t usec)
{
	sd_event_source_disable_unref(port->timer);
	port->timer = NULL;
	if (sd_event_add_time_relative(port->space->daemon->event, &port->timer, CLOCK_MONOTONIC,
				       usec, 1000, on_timer, port) < 0)
		log__error("out of memory");
}

void port__remember(struct port *port, const struct chain *chain)
{
	port->looked = true;
	if (!chain || chain->kind == CHAIN_NONE) {
		free(port->known);
		port->known = NULL;
		port->drift = 0;
		return;
	}
	if (!port->known)
		port->known = malloc(sizeof(*port->known));
	if (port->known)
		*port->known = *chain;
}

struct log_about port__about(const struct port *port)
{
	return (struct log_about){ .netns = port->space->name, .ifname = port->name };
}
