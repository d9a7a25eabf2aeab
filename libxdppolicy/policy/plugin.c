// SPDX-License-Identifier: LGPL-2.1-or-later
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "libxdppolicy-plugin.h"
#include "plugin.h"
#include "util/owner.h"
#include "util/root.h"

/* The public numbers are ours: see the enums. */
_Static_assert((int)XDP_POLICY_DISPATCHER == ATTR_DISPATCHER && XDP_POLICY_N_ATTRS == N_ATTRS,
	       "attributes");
_Static_assert((int)XDP_POLICY_TRYAGAIN == STATUS_TRYAGAIN, "statuses");

#define PLUGIN_PATH_SIZE 512

struct policy_plugin {
	char name[32];
	void *handle;
	const struct xdp_policy_plugin *ops;
	void *ctx;
};

static struct policy_plugin *find(const struct policy_plugins *plugins, const char *name)
{
	size_t n = plugins->n;

	for (size_t i = 0; i < n; i++)
		if (!strcmp(plugins->plugin[i]->name, name))
			return plugins->plugin[i];
	return NULL;
}

static void end(struct policy_plugin *plugin)
{
	if (plugin->handle)
		dlclose(plugin->handle);
	free(plugin);
}

/* Whether the code of a file can be let into the process, which may be root's. */
static bool is_trusted(const char *path, const char *name, uid_t owner, char *why, size_t size)
{
	struct stat st;

	if (!root__is_original()) {
		snprintf(why, size,
			 "found source '%s' in another root directory or mount namespace than the "
			 "process was started in, where nothing is opened",
			 name);
		return false;
	}
	if (!stat(path, &st) && S_ISREG(st.st_mode) && owner__is_alone(&st, owner) &&
	    owner__has_path(path, 0, owner, NULL, NULL))
		return true;
	snprintf(why, size,
		 "found source '%s' whose plug-in others than user %u can change or exchange", name,
		 owner);
	return false;
}

/* Returns NULL with the reason in why. */
static struct policy_plugin *begin(const char *path, const char *name, char *why, size_t size)
{
	struct policy_plugin *plugin = calloc(1, sizeof(*plugin));
	int rc;

	if (!plugin) {
		snprintf(why, size, "found no memory for source '%s'", name);
		return NULL;
	}
	snprintf(plugin->name, sizeof(plugin->name), "%s", name);
	plugin->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!plugin->handle) {
		snprintf(why, size, "found source '%s' that cannot be opened: %s", name, dlerror());
		end(plugin);
		return NULL;
	}
	plugin->ops = dlsym(plugin->handle, "xdp_policy_plugin");
	if (!plugin->ops || plugin->ops->version != XDP_POLICY_PLUGIN_VERSION ||
	    !plugin->ops->lookup) {
		snprintf(why, size,
			 "found source '%s' without a plug-in of version %d, expected one", name,
			 XDP_POLICY_PLUGIN_VERSION);
		end(plugin);
		return NULL;
	}
	rc = plugin->ops->open ? plugin->ops->open(&plugin->ctx) : 0;
	if (rc) {
		snprintf(why, size, "found source '%s' whose plug-in does not open: %s", name,
			 strerror(-rc));
		end(plugin);
		return NULL;
	}
	return plugin;
}

static void path_of(const char *dir, const char *name, char path[PLUGIN_PATH_SIZE])
{
	snprintf(path, PLUGIN_PATH_SIZE, "%s/libxdppolicy_%s.so.0", dir, name);
}

static bool is_installed(const char *dir, const char *name)
{
	char path[PLUGIN_PATH_SIZE];
	FILE *f;

	path_of(dir, name, path);
	f = fopen(path, "re");
	if (f)
		fclose(f);
	return f;
}

/* Whether a source is installed; if not a message says so. */
static bool check_one(const char *dir, const struct policy_step *step, const char *file,
		      const struct policy_log *log)
{
	char why[POLICY_ERROR_SIZE];

	if (dir && is_installed(dir, step->name))
		return true;
	policy_switch__unknown_source(step, why, sizeof(why));
	policy_log__msg(log, POLICY_WARNING, file, step->line, "%s", why);
	return false;
}

static void open_one(struct policy_plugins *plugins, const struct policy_step *step,
		     const char *file, const struct policy_log *log)
{
	char why[POLICY_ERROR_SIZE], path[PLUGIN_PATH_SIZE];
	enum policy_level level = POLICY_ERROR;
	struct policy_plugin *plugin = NULL;

	if (find(plugins, step->name))
		return;
	if (plugins->n == sizeof(plugins->plugin) / sizeof(plugins->plugin[0])) {
		policy_log__msg(log, POLICY_WARNING, file, step->line,
				"found source '%s' beyond 16 plug-ins, expected fewer", step->name);
		return;
	}
	if (!check_one(plugins->dir, step, file, log))
		return;
	path_of(plugins->dir, step->name, path);
	if (is_trusted(path, step->name, plugins->owner, why, sizeof(why))) {
		level = POLICY_WARNING;
		plugin = begin(path, step->name, why, sizeof(why));
	}
	if (!plugin) {
		policy_log__msg(log, level, file, step->line, "%s; it counts as unavailable", why);
		return;
	}
	plugins->plugin[plugins->n] = plugin;
	plugins->n++; /* now others see it */
}

void policy_plugins__check(const char *dir, const struct policy_switch *sw, const char *file,
			   const struct policy_log *log)
{
	for_each_attr(attr)
		for (size_t i = 0; i < sw->attr[attr].n; i++)
			if (sw->attr[attr].step[i].source == SOURCE_PLUGIN)
				check_one(dir, &sw->attr[attr].step[i], file, log);
}

void policy_plugins__open(struct policy_plugins *plugins, const struct policy_switch *sw,
			  const char *file, const struct policy_log *log)
{
	for_each_attr(attr)
		for (size_t i = 0; i < sw->attr[attr].n; i++)
			if (sw->attr[attr].step[i].source == SOURCE_PLUGIN)
				open_one(plugins, &sw->attr[attr].step[i], file, log);
}

void policy_plugins__close(struct policy_plugins *plugins)
{
	for (size_t i = 0; i < plugins->n; i++) {
		struct policy_plugin *plugin = plugins->plugin[i];

		if (plugin->ops->close)
			plugin->ops->close(plugin->ctx);
		end(plugin);
	}
	free(plugins->dir);
	plugins->dir = NULL;
	plugins->n = 0;
}

static struct xdp_policy_known known_of(const struct policy_known *known)
{
	struct xdp_policy_known ret = { 0 };

	for_each_attr(attr) {
		if (!known->has[attr])
			continue;
		ret.has |= 1U << attr;
		ret.num[attr] = known->value[attr].num;
	}
	return ret;
}

bool policy_value__from_public(enum policy_attr attr, const struct xdp_policy_value *from,
			       struct policy_value *to)
{
	uint32_t max = policy_value__max(attr);

	if (from->num > max || from->add > max || from->del > max)
		return false;
	if (from->relative && attr != ATTR_ACTIONS)
		return false;
	*to = (struct policy_value){ .num = from->num };
	if (from->relative)
		*to = (struct policy_value){ .add = from->add & ~from->del,
					     .del = from->del,
					     .relative = true };
	return true;
}

enum policy_status policy_plugins__ask(const struct policy_plugins *plugins, const char *name,
				       const struct policy_subject *subject, enum policy_attr attr,
				       struct policy_value *value)
{
	const struct policy_plugin *plugin = find(plugins, name);
	const struct xdp_policy_known app = known_of(&subject->app), btf = known_of(&subject->btf);
	const struct xdp_policy_subject given = {
		.sz = sizeof(given),
		.program = subject->name_cut ? NULL : subject->value[COND_PROGRAM],
		.section = subject->value[COND_SECTION],
		.object = subject->value[COND_OBJECT],
		.tag = subject->value[COND_TAG],
		.executable = subject->value[COND_EXECUTABLE],
		.user = subject->value[COND_USER],
		.uid = subject->uid,
		.unit = subject->value[COND_UNIT],
		.host = subject->value[COND_HOST],
		.interface = subject->value[COND_INTERFACE],
		.driver = subject->value[COND_DRIVER],
		.mode = subject->value[COND_MODE],
		.app = subject->app.unknown ? NULL : &app,
		.btf = subject->btf.unknown ? NULL : &btf,
	};
	struct xdp_policy_value answer = { 0 };
	int status;

	if (!plugin)
		return STATUS_UNAVAIL;
	status = plugin->ops->lookup(plugin->ctx, &given, (enum xdp_policy_attr)attr, &answer);
	if (status < 0 || status >= N_STATUSES)
		return STATUS_UNAVAIL;
	if (status == STATUS_SUCCESS && !policy_value__from_public(attr, &answer, value))
		return STATUS_UNAVAIL;
	return status;
}
