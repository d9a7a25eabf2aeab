/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_STATE_H
#define XDP_POLICY_STATE_H

/*
 * What the hooks of one process share: the policy, the facts about the process, one lock, one log.
 */

#include <net/if.h>

#include "chain/netdev.h"
#include "policy/policy.h"

/*
 * Takes the lock and brings the policy up to date. Returns NULL, without the lock, if there is none
 * to follow: switched off by POLICY_KILL_SWITCH, or not loaded. state__leave() gives the lock back.
 */
struct policy *state__enter(void);
void state__leave(void);

/*
 * The same for who is about to attach. *refused is true if the policy cannot be asked in time, or
 * not be read, and the last known one denies anything, or none is known: then the attach must not
 * be let through. A line says so.
 */
struct policy *state__enter_attach(bool *refused);

/*
 * The lock alone, for the registries. It is the shim's: recursive, and held over fork(). No thread
 * is cancelled while it has it. False: it could not be had in a second.
 */
bool state__lock(void);
void state__unlock(void);

/*
 * Calls fn with the lock held: now, or, if it cannot be had in time, before anything else is done
 * with it. For what must be done, though it does not matter when.
 */
void state__do(void (*fn)(const void *arg), const void *arg);

/* Whether any rule asks for a fact; valid until state__leave(). */
bool state__wants(enum policy_cond cond);

/* Fills in those facts on this process and this host that are asked for. Valid as above. */
void state__describe(struct policy_subject *subject);

/*
 * Fills in the interface and, if they are asked for, its alternative names and its driver. Valid as
 * long as place, and until the next call.
 */
struct state_place {
	char ifname[IF_NAMESIZE], driver[NETDEV_DRIVER_SIZE];
};
void state__describe_place(struct policy_subject *subject, int ifindex, struct state_place *place);

/* Fills in all of them. With the lock held. */
void state__describe_all(struct policy_subject *subject);

/* Whether a line would be sent now: what will not be sent need not be put together. */
bool state__may_log(void);

/* Counts a line that was not put together for that reason. */
void state__log_suppressed(void);

/* One line to the system log, facility daemon; lines beyond a rate are counted, not sent. */
__attribute__((format(printf, 2, 3))) void state__log(int priority, const char *fmt, ...);

#endif
