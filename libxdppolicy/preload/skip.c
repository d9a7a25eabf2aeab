// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>
#include <unistd.h>

#include "hooks.h"
#include "state.h"

static char other[] = "LIBXDP_SKIP_DISPATCHER=0";
static char *hidden;
static unsigned int depth;

/*
 * The pointer alone is exchanged: the text may be a literal of the application, and unsetenv(3)
 * would move what other threads are reading.
 */
static void replace(const char *entry, char *by)
{
	for (char **e = environ; e && *e; e++)
		if (*e == entry)
			*e = by;
}

void skip__hide(void)
{
	if (depth++)
		return;
	hidden = NULL;
	for (char **e = environ; e && *e && !hidden; e++)
		if (!strcmp(*e, "LIBXDP_SKIP_DISPATCHER=1"))
			hidden = *e;
	if (hidden)
		replace(hidden, other);
}

static void show(const void *unused)
{
	(void)unused;
	if (!--depth && hidden)
		replace(other, hidden);
}

void skip__show_soon(void)
{
	state__do(show, NULL);
}
