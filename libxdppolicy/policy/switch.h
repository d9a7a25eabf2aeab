/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_SWITCH_H
#define XDP_POLICY_SWITCH_H

/*
 * xdpswitch.conf: which sources are asked for an attribute, in which order, and what their answers
 * lead to; the grammar is nsswitch.conf's.
 */

#include <stdbool.h>
#include <stddef.h>

#include "attr.h"
#include "text.h"

enum policy_source {
	SOURCE_FILES,
	SOURCE_CDB,
	SOURCE_APP,
	SOURCE_BTF,
	SOURCE_PLUGIN /* a name that is none of ours */
};

/* Whether the source can have an answer for the attribute at all. */
bool policy_source__may_answer(enum policy_source source, enum policy_attr attr);

enum policy_status {
	STATUS_SUCCESS,
	STATUS_NOTFOUND,
	STATUS_UNAVAIL,
	STATUS_TRYAGAIN,
	N_STATUSES
};

enum policy_action {
	ACTION_RETURN,
	ACTION_CONTINUE,
	ACTION_MERGE
};

struct policy_step {
	enum policy_source source;
	char name[32];
	unsigned int line;
	enum policy_action action[N_STATUSES];
};

struct policy_switch {
	struct policy_steps {
		/*
		 * It makes a difference if the author stated libxdp's default value or nothing: a
		 * source is asked after btf, or answers are merged.
		 */
		bool minds_default;
		size_t n;
		struct policy_step step[16];
	} attr[N_ATTRS];
	bool deny_on_error; /* on-error: deny */
};

/* The built-in switch, for a host without the file. */
void policy_switch__default(struct policy_switch *sw);

/*
 * Parses the text of a switch file over the built-in one. A line that is wrong gives a message and
 * puts its attribute back to the default, as far as it begins with one, and counts as "deny" if it
 * was to be one for on-error; unknown attributes are ignored with a message. Returns how many lines
 * were wrong.
 */
unsigned int policy_switch__parse(struct policy_switch *sw, const char *file, const char *text,
				  size_t size, const struct policy_log *log);

/* Whether what stands behind "priority:" is meant for the switch. */
bool policy_switch__has_source(const char *value);

/* "found source 'x', expected one that is there", with the built-in name that is likely meant. */
void policy_switch__unknown_source(const struct policy_step *step, char *err, size_t err_size);

const char *policy_status__name(enum policy_status status);

#endif
