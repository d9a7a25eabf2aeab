/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_MEANT_H
#define XDP_POLICY_MEANT_H

/*
 * "did you mean X?" for every word that has a place among known ones: keys and values of rules,
 * chain files and the switch, and commands.
 */

#include <stdbool.h>
#include <stddef.h>

/*
 * The candidate that is likely meant by word: it, otherwise written; what another tool calls so;
 * the one that begins so; or one that is a typing error or two away. NULL if there is none.
 */
const char *policy_meant__find(const char *word, const char *const *candidates, size_t n);

/* Whether the word is certainly the name of an interface, whatever stands in its place. */
bool policy_meant__is_interface(const char *word);

struct policy_hint {
	char text[64];
};

/* "; did you mean X?", or "" */
struct policy_hint policy_meant__hint(const char *word, const char *const *candidates, size_t n);

#endif
