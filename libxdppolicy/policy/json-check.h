/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_JSON_CHECK_H
#define XDP_POLICY_JSON_CHECK_H

/*
 * Whether a text is JSON. libyaml takes more: comments, single quotes, a comma behind the last
 * value; but a file that calls itself JSON is read by others, who do not.
 */

#include <stdbool.h>
#include <stddef.h>

struct json_fault {
	size_t offset;
	const char *found; /* NULL: what is there */
	const char *expected;
};

/* Whether the name of a file says that it is JSON. */
bool json_check__is_named(const char *file);

/* Returns true for JSON, else false with the first place that is none. */
bool json_check__text(const char *text, size_t size, struct json_fault *ret);

#endif
