// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>
#include <string.h>

#include "said.h"

struct said_text {
	struct said_text *next;
	char text[];
};

static bool contains(const struct said_text *list, const char *text)
{
	for (; list; list = list->next)
		if (!strcmp(list->text, text))
			return true;
	return false;
}

static void clear(struct said_text **list)
{
	while (*list) {
		struct said_text *next = (*list)->next;

		free(*list);
		*list = next;
	}
}

bool said__is_new(struct said *said, const char *text)
{
	bool is_new = !contains(said->before, text) && !contains(said->now, text);
	struct said_text *added = malloc(sizeof(*added) + strlen(text) + 1);

	if (added) {
		strcpy(added->text, text);
		added->next = said->now;
		said->now = added;
	}
	return is_new;
}

void said__end_round(struct said *said)
{
	clear(&said->before);
	said->before = said->now;
	said->now = NULL;
}

void said__clear(struct said *said)
{
	clear(&said->before);
	clear(&said->now);
}
