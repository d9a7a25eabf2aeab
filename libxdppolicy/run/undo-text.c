// SPDX-License-Identifier: LGPL-2.1-or-later
/* The text of what load has replaced. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "undo-text.h"

/* What the kernel allows in names of programs and functions. */
#define NAME_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_."

static const char *const modes[] = { "native", "skb", "hw" };

static const char no_mode[] = "none", no_name[] = "-";

static const char *name_of(const struct proginfo *info)
{
	return *info->name && !info->name[strspn(info->name, NAME_CHARS)] ? info->name : no_name;
}

int undo_text__print(const struct undo *undo, char text[UNDO_TEXT_SIZE])
{
	const struct chain *before = &undo->before;
	int len = snprintf(text, UNDO_TEXT_SIZE, "version 1\nrun %" PRIu64 "\nmode %s\nafter",
			   undo->run, before->n && before->mode ? before->mode : no_mode);

	for (unsigned int i = 0; i < undo->n_after; i++)
		len += snprintf(text + len, UNDO_TEXT_SIZE - len, " %" PRIu32, undo->after[i]);
	len += snprintf(text + len, UNDO_TEXT_SIZE - len, "\n");
	for (unsigned int i = 0; i < before->n; i++) {
		const struct chain_program *p = &before->program[i];

		len += snprintf(text + len, UNDO_TEXT_SIZE - len,
				"program %" PRIu32 " %" PRIu64 " %s %" PRIu32 " %" PRIu32
				" %" PRIu32 " %s\n",
				p->info.id, p->info.load_time, p->info.tag, p->priority, p->actions,
				p->flags, name_of(&p->info));
	}
	return len;
}

static bool parse_mode(const char *mode, struct chain *ret)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(mode, modes[i]))
			ret->mode = modes[i];
	return ret->mode || !strcmp(mode, no_mode);
}

/* Each of these returns where it has come to, or NULL. */
static const char *parse_head(const char *text, struct undo *ret)
{
	char mode[8];
	int end = 0;

	if (sscanf(text, "version 1\nrun %" SCNu64 "\nmode %7[a-z]\nafter%n", &ret->run, mode,
		   &end) != 2 ||
	    !end || !parse_mode(mode, &ret->before))
		return NULL;
	return text + end;
}

static const char *parse_after(const char *text, struct undo *ret)
{
	for (; *text == ' '; ret->n_after++) {
		int end = 0;

		if (ret->n_after == CHAIN_MAX ||
		    sscanf(text, " %" SCNu32 "%n", &ret->after[ret->n_after], &end) != 1)
			return NULL;
		text += end;
	}
	return *text == '\n' ? text + 1 : NULL;
}

static bool is_twice(const struct chain *chain, uint32_t id)
{
	for (unsigned int i = 0; i < chain->n; i++)
		if (chain->program[i].info.id == id)
			return true;
	return false;
}

static bool parse_programs(const char *text, struct chain *ret)
{
	for (; *text; ret->n++) {
		struct chain_program p = { 0 };
		int end = 0;

		if (ret->n == CHAIN_MAX ||
		    sscanf(text,
			   "program %" SCNu32 " %" SCNu64 " %16[0-9a-f] %" SCNu32 " %" SCNu32
			   " %" SCNu32 " %127s\n%n",
			   &p.info.id, &p.info.load_time, p.info.tag, &p.priority, &p.actions,
			   &p.flags, p.info.name, &end) != 7 ||
		    !end || is_twice(ret, p.info.id))
			return false;
		if (!strcmp(p.info.name, no_name))
			*p.info.name = '\0';
		ret->program[ret->n] = p;
		text += end;
	}
	return true;
}

/* sscanf() takes signs, blanks and numbers that are too great: what would be written must be it. */
static bool is_as_written(const char *text, const struct undo *undo)
{
	char *again = malloc(UNDO_TEXT_SIZE);
	bool same;

	if (!again)
		return false;
	undo_text__print(undo, again);
	same = !strcmp(text, again);
	free(again);
	return same;
}

int undo_text__parse(const char *text, size_t size, struct undo *ret)
{
	const char *next;

	*ret = (struct undo){ 0 };
	if (strlen(text) != size)
		return -EINVAL;
	next = parse_head(text, ret);
	if (next)
		next = parse_after(next, ret);
	if (!next || !parse_programs(next, &ret->before) || !is_as_written(text, ret))
		return -EINVAL;
	return !ret->before.mode == !ret->before.n ? 0 : -EINVAL;
}
