// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "policy/text.h"
#include "write-doc.h"

/* Writes event, if initializing it went well. */
static void emit(struct yaml_writer *w, int initialized)
{
	if (!initialized)
		w->rc = -ENOMEM;
	else if (w->rc)
		yaml_event_delete(&w->event);
	else if (!yaml_emitter_emit(&w->emitter, &w->event))
		w->rc = w->emitter.error == YAML_MEMORY_ERROR ? -ENOMEM : -EIO;
}

static void scalar(struct yaml_writer *w, const char *text, bool plain)
{
	emit(w, yaml_scalar_event_initialize(&w->event, NULL, NULL, (const yaml_char_t *)text,
					     strlen(text), plain, true, YAML_ANY_SCALAR_STYLE));
}

static bool is_null(const char *text)
{
	return !strcmp(text, "~") || !strcasecmp(text, "null");
}

void yaml_writer__text(struct yaml_writer *w, const char *text)
{
	scalar(w, text, !is_null(text));
}

void yaml_writer__string(struct yaml_writer *w, const char *text)
{
	static const char *const words[] = { "true", "false", "yes", "no", "on", "off", "y", "n" };
	bool plain = !is_null(text) && !strchr("0123456789+-.=<", *text);

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		plain = plain && strcasecmp(text, words[i]) != 0;
	scalar(w, text, plain);
}

void yaml_writer__mapping(struct yaml_writer *w)
{
	emit(w, yaml_mapping_start_event_initialize(&w->event, NULL, NULL, true,
						    YAML_BLOCK_MAPPING_STYLE));
}

void yaml_writer__list(struct yaml_writer *w, yaml_sequence_style_t style)
{
	emit(w, yaml_sequence_start_event_initialize(&w->event, NULL, NULL, true, style));
}

void yaml_writer__close(struct yaml_writer *w, bool mapping)
{
	emit(w, mapping ? yaml_mapping_end_event_initialize(&w->event) :
			  yaml_sequence_end_event_initialize(&w->event));
}

void yaml_writer__actions(struct yaml_writer *w, const char *text)
{
	char word[32];

	while (policy_text__word(&text, " ", word, sizeof(word)))
		if (strcmp(word, "none"))
			yaml_writer__text(w, word);
}

int yaml_writer__begin(struct yaml_writer *w, FILE *out)
{
	w->rc = 0;
	if (!yaml_emitter_initialize(&w->emitter))
		return -ENOMEM;
	yaml_emitter_set_output_file(&w->emitter, out);
	yaml_emitter_set_unicode(&w->emitter, true);
	yaml_emitter_set_width(&w->emitter, WRITE_WIDTH);
	emit(w, yaml_stream_start_event_initialize(&w->event, YAML_UTF8_ENCODING));
	emit(w, yaml_document_start_event_initialize(&w->event, NULL, NULL, NULL, true));
	yaml_writer__mapping(w);
	return 0;
}

int yaml_writer__end(struct yaml_writer *w, FILE *out)
{
	yaml_writer__close(w, true);
	emit(w, yaml_document_end_event_initialize(&w->event, true));
	emit(w, yaml_stream_end_event_initialize(&w->event));
	yaml_emitter_delete(&w->emitter);
	return ferror(out) ? 0 : w->rc;
}

/*
 * Characters that JSON takes as they are and YAML, as which we read it, does not: control
 * characters, other line breaks, and U+FEFF, U+FFFE and U+FFFF. They are in strings only, so they
 * can be escaped in the text as a whole. Returns how many bytes it has, or 0 for any other one.
 */
static size_t json_special(const unsigned char *text, unsigned int *ret)
{
	if (text[0] == 0x7f) {
		*ret = text[0];
		return 1;
	}
	if (text[0] == 0xc2 && text[1] < 0xa0) {
		*ret = text[1];
		return 2;
	}
	if (text[0] < 0xe0 || text[0] > 0xef)
		return 0;
	*ret = (text[0] & 0xf) << 12 | (text[1] & 0x3f) << 6 | (text[2] & 0x3f);
	return *ret == 0x2028 || *ret == 0x2029 || *ret == 0xfeff || *ret >= 0xfffe ? 3 : 0;
}

int json_writer__print(FILE *out, char *text)
{
	unsigned int special;
	size_t len;

	if (!text)
		return -ENOMEM;
	for (const char *c = text; *c; c += len ? len : 1) {
		len = json_special((const unsigned char *)c, &special);
		if (len)
			fprintf(out, "\\u%04x", special);
		else
			putc(*c, out);
	}
	putc('\n', out);
	free(text);
	return 0;
}
