// SPDX-License-Identifier: LGPL-2.1-or-later
/* A plug-in that answers what a test tells it to, and tells the test what it was asked. */
#include <stdio.h>
#include <string.h>

#include "probe.h"

struct plugin_probe plugin_probe;

static int my_ctx;

static int open_it(void **ctx)
{
	plugin_probe.n_open++;
	plugin_probe.ctx_is_wrong |= *ctx != NULL;
	*ctx = &my_ctx;
	return plugin_probe.open_rc;
}

static void add(const char *name, const char *value)
{
	size_t len = strlen(plugin_probe.subject);

	if (value)
		snprintf(plugin_probe.subject + len, sizeof(plugin_probe.subject) - len, "%s=%s ",
			 name, value);
}

static void add_known(const char *name, const struct xdp_policy_known *known)
{
	char text[100];

	if (!known)
		return;
	snprintf(text, sizeof(text), "%x,%u,%u", known->has, known->num[0], known->num[1]);
	add(name, text);
}

static int lookup(void *ctx, const struct xdp_policy_subject *s, enum xdp_policy_attr attr,
		  struct xdp_policy_value *value)
{
	static const struct xdp_policy_value zero;

	plugin_probe.n_lookup++;
	plugin_probe.ctx_is_wrong |= ctx != &my_ctx || memcmp(value, &zero, sizeof(zero)) != 0;
	snprintf(plugin_probe.subject, sizeof(plugin_probe.subject), "attr=%d ", attr);
	add("sz", s->sz == sizeof(*s) ? "ok" : "wrong");
	add("program", s->program);
	add("section", s->section);
	add("object", s->object);
	add("tag", s->tag);
	add("executable", s->executable);
	add("user", s->user);
	add("uid", s->uid);
	add("unit", s->unit);
	add("host", s->host);
	add("interface", s->interface);
	add("driver", s->driver);
	add("mode", s->mode);
	add_known("app", s->app);
	add_known("btf", s->btf);
	*value = plugin_probe.value;
	return plugin_probe.status;
}

static void close_it(void *ctx)
{
	plugin_probe.n_close++;
	plugin_probe.ctx_is_wrong |= ctx != &my_ctx;
}

const struct xdp_policy_plugin xdp_policy_plugin = {
	.version = XDP_POLICY_PLUGIN_VERSION,
	.open = open_it,
	.lookup = lookup,
	.close = close_it,
};
