/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_JSON_TEXT_H
#define XDP_POLICY_JSON_TEXT_H

#include <stddef.h>

/*
 * JSON is YAML, but for what libyaml refuses of it. Puts that into a form that says the same and
 * that libyaml takes, in place: the length, all lines and, but within a string, all columns stay.
 * What is no JSON is left as it is from where it is none. There is a NUL behind the text.
 */
void json_text__ease(char *text, size_t size);

#endif
