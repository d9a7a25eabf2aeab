/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_WRITE_DOC_H
#define XDP_POLICY_WRITE_DOC_H

/* What the writers of YAML and JSON files share. */

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <yaml.h>

/* Files are not wider, where words allow it. */
#define WRITE_WIDTH 100

/* Once something failed, the rest is left out, and the end tells. */
struct yaml_writer {
	yaml_emitter_t emitter;
	yaml_event_t event;
	int rc;
};

/* A document that is a mapping. Returns 0 or -ENOMEM; then there is no end to write. */
int yaml_writer__begin(struct yaml_writer *w, FILE *out);
/* Returns 0, or the negative errno of what failed unless ferror() tells it. */
int yaml_writer__end(struct yaml_writer *w, FILE *out);

/* Quoted if YAML, or our reader, would take it for a null. */
void yaml_writer__text(struct yaml_writer *w, const char *text);
/* Quoted if a reader of YAML may take it for anything but a text: a number, a yes. */
void yaml_writer__string(struct yaml_writer *w, const char *text);
void yaml_writer__mapping(struct yaml_writer *w);
void yaml_writer__list(struct yaml_writer *w, yaml_sequence_style_t style);
void yaml_writer__close(struct yaml_writer *w, bool mapping);
/* The words of a printed set of actions, as a list; "none" is an empty one. */
void yaml_writer__actions(struct yaml_writer *w, const char *text);

/* Writes a JSON text so that YAML, as which we read it, takes it as well. Frees it. */
int json_writer__print(FILE *out, char *text);

#endif
