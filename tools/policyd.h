/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICYD_H
#define XDP_POLICYD_H

/*
 * xdp-policyd: makes every live chain follow the policy, and keeps it so. One thread, one event
 * loop. Whatever happens marks interfaces; a pass over the marked ones, under the lock of
 * chain/lock.h, is all that changes anything. What is as the policy wants it is left alone, so the
 * order and the number of events do not matter.
 */

#include <stdio.h>
#include <systemd/sd-event.h>
#include <uthash.h>

#include "common/sweeper.h"
#include "correct.h"
#include "dir-watch.h"
#include "policyd-log.h"
#include "policyd-rate.h"

/* Of event sources: events are read before anything is done about them. */
enum {
	PRIORITY_EVENTS = SD_EVENT_PRIORITY_NORMAL - 10,
	PRIORITY_WORK = SD_EVENT_PRIORITY_NORMAL + 10
};

/* An interface that has an XDP program, or had one. */
struct port {
	UT_hash_handle hh; /* of space->ports */
	struct space *space;
	int ifindex;
	char name[IF_NAMESIZE];
	unsigned int generation; /* of the listing that it was last in */

	bool marked; /* in the queue */
	struct port *prev, *next;
	struct chain *known;	/* NULL: nothing is known to be attached */
	sd_event_source *timer; /* to mark it later */

	struct rate rate;
	unsigned int n_failed; /* in a row */
	bool looked;	       /* what is known and the drift are what was seen last */
	uint64_t corrections;
	unsigned int drift;
	uint32_t told_left; /* id of the chain of which it was said that it can't be mended */
	char told_error[CHAIN_WHY_SIZE + 32];
};

/* A network namespace. */
struct space {
	struct daemon *daemon;
	struct space *next;
	char *name; /* "" is the host's own */
	int fd;
	dev_t dev;
	ino_t ino;
	bool seen; /* while namespaces are listed */
	struct port *ports;
	struct links *links;
};

struct daemon {
	struct {
		const char *root, *metrics;
		bool enforce_deny, once, all_netns;
		const char **netns; /* NULL behind the last */
		uint64_t rescan;    /* microseconds */
	} opts;
	sd_event *event;
	struct files *files;
	struct dir_watches watches;
	struct sweeper sweeper;
	const struct policy *policy; /* of files */
	char host[256];
	struct space *spaces, *inside; /* the host's is the first; where we are */
	unsigned int n_listing;	       /* namespaces whose interfaces are being listed */

	/* work */
	struct port *marked;
	unsigned int n_marked;
	int lock;	      /* -1: not held */
	uint64_t lock_wanted; /* since when it cannot be had, or 0 */
	sd_event_source *pass, *retry, *retire, *report;
	bool recover; /* what killed processes have left is to be removed */
	bool ready, failed, told_disabled;
	int metrics_err;
	unsigned int netns_tries;
	uint64_t errors, corrections;
	unsigned int n_failing; /* interfaces whose last attempt failed */
	bool round_failed;	/* something since the last rescan, that the next one tries again */
	uint64_t last_success;	/* seconds since 1970 */
};

uint64_t daemon__now(const struct daemon *daemon);
void daemon__notify(const char *state);

/* policyd-work.c: the queue of interfaces, and what is done about them. */
int work__init(struct daemon *daemon);
void work__mark(struct port *port);
void work__mark_all(struct daemon *daemon);
/* Sees to it that a pass comes, and that figures are written. */
void work__wake(struct daemon *daemon);
/* Counts a failure that only the next rescan can make good. */
void work__failed(struct daemon *daemon);
/* The interface is gone, or its namespace. */
void work__forget(struct port *port);
/* Whether the sweeper may remove anything: not while the policy is switched off. */
bool work__may_sweep(void *ctx);
void work__free(struct daemon *daemon);

/* policyd-port.c: interfaces. */
struct port *port__find(const struct space *space, int ifindex);
/* What an event or a listing says: id 0 is a program of unknown id. */
void port__update(struct space *space, int ifindex, const char *name, bool attached, uint32_t id,
		  bool listing);
void port__drop(struct port *port);
/* Marks it, after so many microseconds. */
void port__later(struct port *port, uint64_t usec);
void port__remember(struct port *port, const struct chain *chain);
struct log_about port__about(const struct port *port);

/* policyd-netlink.c: what rtnetlink says of the interfaces of a namespace. */
int links__open(struct space *space);
void links__close(struct space *space);
unsigned int links__generation(const struct space *space);
/* Asks for a listing of all, which ends with the removal of ports that are not in it. */
void links__list(struct space *space);

/* policyd-netns.c: network namespaces. */
int space__init(struct daemon *daemon);
/* Looks for new ones and forgets those that are gone. */
void space__scan(struct daemon *daemon);
/* Enters one; space NULL goes back to the host's. Returns 0 or a negative errno. */
int space__enter(struct daemon *daemon, struct space *space);
void space__free(struct daemon *daemon);

/* policyd-files.c: the policy and its files. */
int files__open(struct daemon *daemon);
/* Loads what changed, or all, and marks all interfaces if anything did. */
void files__refresh(struct daemon *daemon, bool all);
void files__close(struct daemon *daemon);

/* policyd-report.c: what the daemon tells, beside single messages. */
/* What the sweeper tells. */
void report__sweep(void *ctx, int n, int err);
void report__correction(struct port *port, const struct correction *c);
void report__backoff(struct port *port, const struct correction *c, uint64_t pause);
void report__state(struct daemon *daemon);

#endif
