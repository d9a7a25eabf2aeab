// SPDX-License-Identifier: LGPL-2.1-or-later
/* What is enabled on this host, and what follows for one application. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "below.h"
#include "coverage.h"
#include "instance.h"
#include "policy/files.h"
#include "policy/text.h"
#include "preload/symbols.h"

#define MAX_FILE 65536

bool coverage__names_preload(const char *list)
{
	char word[PATH_MAX];

	while (policy_text__word(&list, " \t\n:", word, sizeof(word)))
		if (!strcmp(word, PRELOAD_PATH))
			return true;
	return false;
}

char *coverage_host__read(const struct coverage_host *host, const char *path)
{
	char real[PATH_MAX], *text;
	int fd = below__open(host->root, path, real, sizeof(real));
	ssize_t n;

	if (fd < 0)
		return NULL;
	text = calloc(1, MAX_FILE);
	n = text ? read(fd, text, MAX_FILE - 1) : -1;
	close(fd);
	if (n >= 0)
		return text;
	free(text);
	return NULL;
}

/* /etc/ld.so.preload, without its comments */
static bool is_host_wide(const struct coverage_host *host)
{
	char *text = coverage_host__read(host, "/etc/ld.so.preload");
	bool found = false;

	if (!text)
		return false;
	for (char *c = text; (c = strchr(c, '#'));)
		memset(c, ' ', strcspn(c, "\n"));
	found = coverage__names_preload(text);
	free(text);
	return found;
}

static bool exists(const struct coverage_host *host, const char *path)
{
	char *below;
	bool found;

	if (asprintf(&below, "%s%s", host->root, path) < 0)
		return false;
	found = !access(below, F_OK);
	free(below);
	return found;
}

int coverage_host__open(const char *root, struct coverage_host *ret)
{
	*ret = (struct coverage_host){ .root = root, .libraries = libraries__new(root) };
	if (!ret->libraries)
		return -ENOMEM;
	ret->shim = exists(ret, PRELOAD_PATH);
	ret->host = ret->shim && is_host_wide(ret);
	ret->disabled = exists(ret, POLICY_KILL_SWITCH);
	ret->daemon = instance__runs(root, INSTANCE_DAEMON);
	return 0;
}

void coverage_host__close(struct coverage_host *host)
{
	libraries__free(host->libraries);
}

void coverage_host__set_state(const struct coverage_host *host, bool enabled,
			      struct coverage *coverage)
{
	enum coverage_class class = coverage__class(coverage);

	coverage->state = STATE_NOTHING;
	if (class > COVERAGE_DAEMON || coverage->reason == REASON_OURS)
		return;
	if (host->disabled)
		coverage->state = STATE_DISABLED;
	else if (class != COVERAGE_DAEMON && (enabled || host->host))
		coverage->state = STATE_ENABLED;
	else
		coverage->state = host->daemon ? STATE_DAEMON : STATE_OFF;
}
