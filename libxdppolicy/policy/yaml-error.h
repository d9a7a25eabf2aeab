/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_YAML_ERROR_H
#define XDP_POLICY_YAML_ERROR_H

/* What libyaml finds wrong with a text, told with line and column. */

#include <yaml.h>

#include "text.h"

struct yaml_source {
	const char *file, *text;
	size_t size;
	const struct policy_log *log;
};

/* The place of a byte: libyaml knows no other of bytes that are no characters. */
yaml_mark_t yaml_source__mark(const struct yaml_source *source, size_t offset);

/* One message about a place. Returns -EINVAL. */
__attribute__((format(printf, 3, 4))) int yaml_source__fail(const struct yaml_source *source,
							    const yaml_mark_t *mark,
							    const char *fmt, ...);

/* The parser's own error. Returns -EINVAL after one message, or -ENOMEM without. */
int yaml_source__refused(const struct yaml_source *source, const yaml_parser_t *parser);

#endif
