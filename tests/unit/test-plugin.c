// SPDX-License-Identifier: LGPL-2.1-or-later
/* Sources that are plug-ins: tests/plugin/, as they lie in the build tree. */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../plugin/probe.h"
#include "policy/internal.h"
#include "unit.h"

#define PLUGINS BUILD_DIR "/tests/plugin"

#define DROP (1U << 1)
#define PASS (1U << 2)
#define TX   (1U << 3)

static char *root;
static void *probe_handle;
static struct plugin_probe *probe;

static void setup(void)
{
	root = make_root();
	probe_handle = dlopen(PLUGINS "/libxdppolicy_probe.so.0", RTLD_NOW | RTLD_LOCAL);
	ck_assert_msg(probe_handle, "%s", dlerror());
	probe = dlsym(probe_handle, "plugin_probe");
	ck_assert_ptr_nonnull(probe);
	*probe = (struct plugin_probe){ 0 };
}

static void teardown(void)
{
	dlclose(probe_handle);
	remove_root(root);
}

/* The last message, with its file's name behind the root. */
struct told {
	unsigned int n;
	enum policy_level level;
	char text[600];
};

static void take_message(void *ctx, enum policy_level level, const char *file, unsigned int line,
			 const char *text)
{
	struct told *told = ctx;
	size_t len = strlen(root);

	told->n++;
	told->level = level;
	snprintf(told->text, sizeof(told->text), "%s:%u: %s",
		 strncmp(file, root, len) ? file : file + len, line, text);
}

static struct policy *open_with(const char *dir, const char *sw, const char *rules,
				struct told *told)
{
	struct policy_opts opts = {
		.root = root,
		.plugin_dir = dir,
		.log = { .fn = take_message, .ctx = told },
	};
	struct policy *policy = NULL;

	*told = (struct told){ 0 };
	put_file(root, "/etc/xdp/xdpswitch.conf", sw);
	put_file(root, "/etc/xdp/priorities.conf", rules);
	ck_assert_int_eq(policy__open(&opts, &policy), 0);
	return policy;
}

static struct policy_result decide(const struct policy *policy, const char *program,
				   enum policy_attr attr)
{
	const struct policy_subject subject = { .value = { [COND_PROGRAM] = program } };
	struct policy_decision decision;

	policy__resolve(policy, &subject, NULL, &decision);
	return decision.attr[attr];
}

/* The example against the switch. The files say 9 of every program. */
static const struct {
	const char *sw, *program;
	uint32_t priority;
	const char *source;
} answers[] = {
	{ "example files", "abc", 3, "example" },
	{ "files example", "abc", 9, "files" },
	{ "example files", "nobody", 9, "files" },
	{ "example files", "away", 9, "files" },
	{ "example files", "busy", 9, "files" },
	{ "example", "busy", 50, "default" },
	{ "example [success=continue] files", "abc", 9, "files" },
	{ "example [success=continue]", "abc", 50, "default" },
	{ "example [notfound=return] files", "nobody", 50, "default" },
	{ "example [notfound=return] files", "away", 9, "files" },
	{ "example [notfound=return] files", "busy", 9, "files" },
	{ "example [tryagain=return] files", "busy", 50, "default" },
	{ "example [tryagain=return] files", "nobody", 9, "files" },
	{ "example [tryagain=return] files", "away", 9, "files" },
	{ "example [unavail=return] files", "away", 50, "default" },
	{ "example [unavail=return] files", "busy", 9, "files" },
	{ "example [!unavail=return] files", "away", 9, "files" },
	{ "example [!unavail=return] files", "nobody", 50, "default" },
	{ "example [!unavail=return] files", "busy", 50, "default" },
	{ "example [!unavail=return] files", "abc", 3, "example" },
};

START_TEST(test_statuses_and_the_switch)
{
	char sw[100];
	struct told told;
	struct policy *policy;
	struct policy_result result;

	snprintf(sw, sizeof(sw), "priority: %s\n", answers[_i].sw);
	policy = open_with(PLUGINS, sw, "*: 9 DROP\n", &told);
	result = decide(policy, answers[_i].program, ATTR_PRIORITY);
	ck_assert_uint_eq(result.value.num, answers[_i].priority);
	ck_assert_str_eq(result.source, answers[_i].source);
	if (!strcmp(result.source, "example"))
		ck_assert(!policy_origin__is_rule(&result.origin));
	ck_assert_uint_eq(decide(policy, answers[_i].program, ATTR_ACTIONS).value.num, DROP);
	ck_assert_uint_eq(told.n, 0);
	policy__close(policy);
}
END_TEST

/* What the probe says of chain call actions, together with "*: 9 DROP" in the files. */
static const struct {
	const char *sw;
	struct xdp_policy_value value;
	uint32_t actions;
} sets[] = {
	{ "probe files", { TX, 0, 0, 0 }, TX },
	{ "probe [success=merge] files", { TX, 0, 0, 0 }, TX | DROP },
	{ "files [success=merge] probe", { TX, 0, 0, 0 }, TX | DROP },
	{ "probe files", { 0, TX, 0, 1 }, TX | DROP },
	{ "probe files", { 0, TX, DROP, 1 }, TX },
	{ "probe files", { 7, TX, TX, 1 }, DROP }, /* del goes over add; num is nothing here */
	{ "probe", { 0, TX, 0, 1 }, TX | PASS },
	{ "probe", { 0, TX, PASS, 1 }, TX },
	{ "probe", { TX, DROP, DROP, 0 }, TX }, /* add and del are nothing here */
	{ "probe", { 0, 0, 0, 0 }, 0 },
};

START_TEST(test_actions)
{
	char sw[100];
	struct told told;
	struct policy *policy;

	snprintf(sw, sizeof(sw), "chain-call-actions: %s\n", sets[_i].sw);
	policy = open_with(PLUGINS, sw, "*: 9 DROP\n", &told);
	probe->value = sets[_i].value;
	ck_assert_uint_eq(decide(policy, "p", ATTR_ACTIONS).value.num, sets[_i].actions);
	policy__close(policy);
}
END_TEST

static const struct {
	enum policy_attr attr;
	int status;
	struct xdp_policy_value value;
	enum policy_status counts_as;
} values[] = {
	{ ATTR_PRIORITY, STATUS_SUCCESS, { INT32_MAX, 0, 0, 0 }, STATUS_SUCCESS },
	{ ATTR_PRIORITY, STATUS_SUCCESS, { INT32_MAX + 1U, 0, 0, 0 }, STATUS_UNAVAIL },
	{ ATTR_PRIORITY, STATUS_SUCCESS, { 0, 0, 0, 1 }, STATUS_UNAVAIL },
	{ ATTR_ACTIONS, STATUS_SUCCESS, { 31, 0, 0, 0 }, STATUS_SUCCESS },
	{ ATTR_ACTIONS, STATUS_SUCCESS, { 32, 0, 0, 0 }, STATUS_UNAVAIL },
	{ ATTR_ACTIONS, STATUS_SUCCESS, { 0, 31, 31, 1 }, STATUS_SUCCESS },
	{ ATTR_ACTIONS, STATUS_SUCCESS, { 0, 32, 0, 1 }, STATUS_UNAVAIL },
	{ ATTR_ACTIONS, STATUS_SUCCESS, { 0, 256, 0, 1 }, STATUS_UNAVAIL },
	{ ATTR_ACTIONS, STATUS_SUCCESS, { 0, 0, 32, 1 }, STATUS_UNAVAIL },
	{ ATTR_ATTACH, STATUS_SUCCESS, { 1, 0, 0, 0 }, STATUS_SUCCESS },
	{ ATTR_ATTACH, STATUS_SUCCESS, { 2, 0, 0, 0 }, STATUS_UNAVAIL },
	{ ATTR_ATTACH, STATUS_SUCCESS, { 1, 0, 0, 1 }, STATUS_UNAVAIL },
	{ ATTR_MODE, STATUS_SUCCESS, { 3, 0, 0, 0 }, STATUS_SUCCESS },
	{ ATTR_MODE, STATUS_SUCCESS, { 4, 0, 0, 0 }, STATUS_UNAVAIL },
	{ ATTR_PRIORITY, STATUS_TRYAGAIN, { UINT32_MAX, 0, 0, 1 }, STATUS_TRYAGAIN },
	{ ATTR_PRIORITY, STATUS_TRYAGAIN + 1, { 1, 0, 0, 0 }, STATUS_UNAVAIL },
	{ ATTR_PRIORITY, -1, { 1, 0, 0, 0 }, STATUS_UNAVAIL },
};

struct seen {
	enum policy_attr attr;
	unsigned int n;
	enum policy_status status;
	bool has_value;
};

static void see(void *ctx, const struct policy_trace *trace)
{
	struct seen *seen = ctx;

	if (trace->attr != seen->attr)
		return;
	seen->n++;
	seen->status = trace->status;
	seen->has_value = trace->value;
	ck_assert_str_eq(trace->source, "probe");
}

START_TEST(test_values)
{
	const struct policy_subject subject = { .value = { "p" } };
	struct seen seen = { .attr = values[_i].attr };
	const struct policy_resolve_opts opts = { .trace = see, .trace_ctx = &seen };
	struct policy_decision decision;
	struct policy *policy;
	struct told told;

	policy = open_with(PLUGINS,
			   "priority: probe\nchain-call-actions: probe\nattach: probe\n"
			   "attach-mode: probe\ndispatcher: probe\n",
			   "", &told);
	probe->status = values[_i].status;
	probe->value = values[_i].value;
	policy__resolve(policy, &subject, &opts, &decision);
	ck_assert_uint_eq(seen.n, 1);
	ck_assert_int_eq(seen.status, values[_i].counts_as);
	ck_assert_int_eq(seen.has_value, seen.status == STATUS_SUCCESS);
	ck_assert_int_eq(decision.attr[seen.attr].found, seen.status == STATUS_SUCCESS);
	ck_assert_uint_eq(probe->n_lookup, N_ATTRS);
	policy__close(policy);
}
END_TEST

START_TEST(test_sees_the_subject)
{
	struct policy_subject subject = {
		.value = { "p", "xdp", "/p.o", "0123456789abcdef", "/bin/x", "www", "x.service",
			   "h.example", "eth0", "veth", "native" },
		.uid = "33",
		.app = { .has = { true }, .value = { { .num = 7 } } },
		.btf = { .unknown = true },
	};
	struct policy_decision decision;
	struct policy *policy;
	struct told told;

	policy = open_with(PLUGINS, "attach: probe\n", "", &told);
	policy__resolve(policy, &subject, NULL, &decision);
	ck_assert_str_eq(probe->subject,
			 "attr=2 sz=ok program=p section=xdp object=/p.o tag=0123456789abcdef "
			 "executable=/bin/x user=www uid=33 unit=x.service host=h.example "
			 "interface=eth0 driver=veth mode=native app=1,7,0 ");
	subject = (struct policy_subject){
		.app = { .unknown = true },
		.btf = { .has = { true, true }, .value = { { .num = 5 }, { .num = TX } } },
	};
	policy__resolve(policy, &subject, NULL, &decision);
	ck_assert_str_eq(probe->subject, "attr=2 sz=ok btf=3,5,8 ");
	ck_assert_uint_eq(probe->n_lookup, 2); /* of attach alone */
	policy__close(policy);
}
END_TEST

START_TEST(test_is_opened_and_closed_once)
{
	struct told told;
	struct policy *policy;

	policy = open_with(PLUGINS, "priority: probe\nchain-call-actions: probe\n", "", &told);
	ck_assert_uint_eq(probe->n_open, 1);
	for (int i = 0; i < 3; i++) {
		put_file(root, "/etc/xdp/xdpswitch.conf",
			 i == 1 ? "priority: app\n" : "priority: probe app\n");
		ck_assert_int_eq(policy__refresh(policy), 1);
		ck_assert_str_eq(decide(policy, "p", ATTR_PRIORITY).source,
				 i == 1 ? "default" : "probe");
		ck_assert_int_eq(policy__reload(policy), 0);
	}
	ck_assert_uint_eq(probe->n_open, 1);
	ck_assert_uint_eq(probe->n_close, 0);
	policy__close(policy);
	ck_assert_uint_eq(probe->n_close, 1);
	ck_assert(!probe->ctx_is_wrong);
	ck_assert_uint_eq(told.n, 0);
}
END_TEST

/* The switch may name it when the policy is long open. */
START_TEST(test_comes_later)
{
	struct told told;
	struct policy *policy = open_with(PLUGINS, "priority: app\n", "", &told);

	ck_assert_uint_eq(probe->n_open, 0);
	put_file(root, "/etc/xdp/xdpswitch.conf", "priority: app example\n");
	policy__refresh(policy);
	ck_assert_uint_eq(decide(policy, "abcd", ATTR_PRIORITY).value.num, 4);
	policy__close(policy);
	ck_assert_uint_eq(told.n, 0);
}
END_TEST

/* "priority: SOURCE files" has to give what the files say, and a warning. */
static void expect_unavailable(const char *dir, const char *source, const char *warning)
{
	char sw[100];
	struct told told;
	struct policy *policy;

	snprintf(sw, sizeof(sw), "# one line above\npriority: %s [!unavail=return] files\n",
		 source);
	policy = open_with(dir, sw, "*: 9\n", &told);
	ck_assert_uint_eq(decide(policy, "p", ATTR_PRIORITY).value.num, 9);
	ck_assert_uint_eq(told.n, 1);
	ck_assert_int_eq(told.level, POLICY_WARNING);
	ck_assert_msg(!strncmp(told.text, warning, strlen(warning)), "expected '%s', got '%s'",
		      warning, told.text);
	ck_assert_ptr_nonnull(strstr(told.text, "; it counts as unavailable"));
	ck_assert_uint_eq(policy__n_errors(policy), 0);
	policy__close(policy);
}

#define SWITCH "/etc/xdp/xdpswitch.conf:2: "

START_TEST(test_missing)
{
	expect_unavailable(PLUGINS, "exmaple",
			   SWITCH "found source 'exmaple', expected files, cdb, app, btf or a "
				  "plug-in that is installed");
	expect_unavailable(PLUGINS, "file",
			   SWITCH "found source 'file', expected files, cdb, app, btf or a "
				  "plug-in that is installed; did you mean files?");
}
END_TEST

START_TEST(test_of_another_version)
{
	expect_unavailable(PLUGINS, "version",
			   SWITCH "found source 'version' without a plug-in of version 1, "
				  "expected one");
}
END_TEST

START_TEST(test_does_not_open)
{
	probe->open_rc = -EIO;
	expect_unavailable(PLUGINS, "probe",
			   SWITCH "found source 'probe' whose plug-in does not open: "
				  "Input/output error");
	ck_assert_uint_eq(probe->n_open, 1);
	ck_assert_uint_eq(probe->n_close, 0);
	ck_assert_uint_eq(probe->n_lookup, 0);
}
END_TEST

START_TEST(test_no_shared_object)
{
	char *dir = strdup(at(root, "/plugins"));

	put_file(root, "/plugins/libxdppolicy_text.so.0", "#!/bin/sh\n");
	expect_unavailable(dir, "text", SWITCH "found source 'text' that cannot be opened: ");
	free(dir);
}
END_TEST

/* Its code is this host's, and another root is another host. */
START_TEST(test_none_for_another_root)
{
	expect_unavailable(NULL, "probe",
			   SWITCH "found source 'probe', expected files, cdb, app, btf or a "
				  "plug-in that is installed");
	ck_assert_uint_eq(probe->n_open, 0);
}
END_TEST

START_TEST(test_directory)
{
	static const struct {
		const char *root, *given, *dir;
	} dirs[] = {
		{ NULL, NULL, PLUGIN_DIR }, { "/", NULL, PLUGIN_DIR }, { "/dev", NULL, "none" },
		{ NULL, "/x", "/x" },	    { "/dev", "/x", "/x" },
	};

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		struct policy_opts opts = { .root = dirs[i].root, .plugin_dir = dirs[i].given };
		struct policy *policy;

		ck_assert_int_eq(policy__open(&opts, &policy), 0);
		ck_assert_str_eq(policy->plugins.dir ? policy->plugins.dir : "none", dirs[i].dir);
		policy__close(policy);
	}
}
END_TEST

START_TEST(test_at_most_16)
{
	char sw[1000] = "priority:", path[64], *dir;
	struct policy *policy;
	struct told told;

	put_file(root, "/plugins/x", "");
	dir = strdup(at(root, "/plugins"));
	for (int i = 1; i <= 17; i++) {
		snprintf(path, sizeof(path), "/plugins/libxdppolicy_p%d.so.0", i);
		ck_assert(!symlink(PLUGINS "/libxdppolicy_example.so.0", at(root, path)));
		snprintf(sw + strlen(sw), sizeof(sw) - strlen(sw), " p%d%s", i,
			 i == 16 ? "\nattach:" : "");
	}
	strcat(sw, "\n");
	policy = open_with(dir, sw, "", &told);
	ck_assert_str_eq(decide(policy, "abc", ATTR_PRIORITY).source, "p1");
	ck_assert_uint_eq(told.n, 1);
	ck_assert_str_eq(told.text, "/etc/xdp/xdpswitch.conf:2: found source 'p17' beyond 16 "
				    "plug-ins, expected fewer");
	policy__close(policy);
	free(dir);
}
END_TEST

TCase *plugin_tests(void)
{
	TCase *tc = tcase_create("plugin");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, test_statuses_and_the_switch, 0,
			    sizeof(answers) / sizeof(answers[0]));
	tcase_add_loop_test(tc, test_actions, 0, sizeof(sets) / sizeof(sets[0]));
	tcase_add_loop_test(tc, test_values, 0, sizeof(values) / sizeof(values[0]));
	tcase_add_test(tc, test_sees_the_subject);
	tcase_add_test(tc, test_is_opened_and_closed_once);
	tcase_add_test(tc, test_comes_later);
	tcase_add_test(tc, test_missing);
	tcase_add_test(tc, test_of_another_version);
	tcase_add_test(tc, test_does_not_open);
	tcase_add_test(tc, test_no_shared_object);
	tcase_add_test(tc, test_none_for_another_root);
	tcase_add_test(tc, test_directory);
	tcase_add_test(tc, test_at_most_16);
	return tc;
}
