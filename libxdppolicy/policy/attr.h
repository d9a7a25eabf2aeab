/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_ATTR_H
#define XDP_POLICY_ATTR_H

/*
 * The one table of what a rule can say: the conditions that it may state on a subject and the
 * attributes that it may set. Parsers, `dump`, the suggestions in messages, the manual page and the
 * shell completion are all driven by it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum policy_cond {
	COND_PROGRAM,
	COND_SECTION,
	COND_OBJECT,
	COND_TAG,
	COND_EXECUTABLE,
	COND_USER,
	COND_UNIT,
	COND_HOST,
	COND_INTERFACE,
	COND_DRIVER,
	COND_MODE,
	N_CONDS
};

enum policy_attr {
	ATTR_PRIORITY,
	ATTR_ACTIONS,
	ATTR_ATTACH,
	ATTR_MODE,
	ATTR_DISPATCHER,
	N_ATTRS
};

/* What else a rule can say: a list of programs in their run order, and its numbers. */
enum policy_order {
	ORDER_LIST,
	ORDER_START,
	ORDER_STEP
};

/* What libxdp's run config holds, and setters set. */
#define POLICY_RUN_ATTRS (1U << ATTR_PRIORITY | 1U << ATTR_ACTIONS)

#define for_each_attr(attr) for (enum policy_attr attr = 0; attr < N_ATTRS; attr++)

enum policy_attach {
	ATTACH_ALLOW,
	ATTACH_DENY
};

/* as enum xdp_attach_mode of libxdp */
enum policy_mode {
	MODE_AUTO,
	MODE_NATIVE,
	MODE_SKB,
	MODE_HW
};

enum policy_dispatcher {
	DISPATCHER_OPTIONAL, /* the application may attach past it */
	DISPATCHER_REQUIRED
};

/* libxdp's own defaults: run priority 50, go on after XDP_PASS */
#define POLICY_DEFAULT_PRIORITY 50
#define POLICY_DEFAULT_ACTIONS	(1U << 2)
#define POLICY_MAX_PRIORITY	INT32_MAX
#define POLICY_N_ACTIONS	5
/* actions after which nothing goes on behind the last program: what they stand for gets lost */
#define POLICY_LOST_IF_LAST (~POLICY_DEFAULT_ACTIONS & ((1U << POLICY_N_ACTIONS) - 1))

/* what the list of an order gives if its numbers are not stated: 10, 20, 30, ... */
#define POLICY_ORDER_START 10
#define POLICY_ORDER_STEP  10

/*
 * One attribute's value. num is the priority, the set of actions (bit n is XDP action n), an enum
 * policy_attach, an enum policy_mode or an enum policy_dispatcher. A relative set of actions has no
 * num: add and del apply to another answer.
 */
struct policy_value {
	uint32_t num;
	uint8_t add;
	uint8_t del;
	bool relative;
};

enum policy_key_kind {
	KEY_COND,
	KEY_ATTR,
	KEY_ORDER
};

struct policy_key {
	const char *name;
	const char *arg;  /* what follows the name, for help */
	const char *help; /* one line, for help and manual pages */
	enum policy_key_kind kind;
	int id; /* enum policy_cond, enum policy_attr or enum policy_order */
};

/* Terminated by a row without name. */
extern const struct policy_key policy_keys[];

/* Looks a key up by its exact name; NULL if there is none. Thread safe. */
const struct policy_key *policy_key__find(const char *name);

/* The key of a condition or an attribute; never NULL for a value of the enum. */
const struct policy_key *policy_key__cond(enum policy_cond cond);
const struct policy_key *policy_key__attr(enum policy_attr attr);
const struct policy_key *policy_key__order(enum policy_order order);

/* Whether its value is a list of globs. */
bool policy_key__is_globs(const struct policy_key *key);

/* Writes "found a rule that sets nothing, expected ..." with all that a rule can set. */
void policy_key__nothing_set(char *err, size_t err_size);

/*
 * Writes "found NAME, expected ..." for a name that no row has: with the row that is likely meant,
 * or with all of them. value is what stands behind it, or ""; conds and settings say which rows
 * would do. Returns whether it says what is likely meant.
 */
bool policy_key__unknown(const char *name, const char *value, bool conds, bool settings, char *err,
			 size_t err_size);

/* "PASS" for 2; NULL beyond the last action. */
const char *policy_action__name(unsigned int action);

/* "skb" for 2; NULL for MODE_AUTO, and for what is none. */
const char *policy_mode__name(unsigned int mode);

/* A whole number from min to POLICY_MAX_PRIORITY; what is "a run priority" or the like. */
int policy_number__parse(const char *text, const char *what, uint32_t min, uint32_t *ret, char *err,
			 size_t err_size);

/*
 * Parses text as a value of attr. Returns 0, or -EINVAL with "found X, expected Y" in err and *ret
 * untouched.
 */
int policy_value__parse(enum policy_attr attr, const char *text, struct policy_value *ret,
			char *err, size_t err_size);

/* Writes the value as policy_value__parse() reads it; always terminates buf. Returns buf. */
char *policy_value__print(enum policy_attr attr, const struct policy_value *value, char *buf,
			  size_t size);

/* Room for any printed value. */
#define POLICY_VALUE_SIZE 128

/* The set that base becomes by a relative value; of an absolute value, the value itself. */
uint32_t policy_value__apply(const struct policy_value *value, uint32_t base);

/* Puts a relative value on top of another relative value. */
void policy_value__stack(struct policy_value *under, const struct policy_value *over);

/* The greatest num that a value of the attribute can have. */
uint32_t policy_value__max(enum policy_attr attr);

/* The default of an attribute that nothing has an answer for. */
struct policy_value policy_value__default(enum policy_attr attr);

#endif
