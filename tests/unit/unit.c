// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

char *make_root(void)
{
	char *root = strdup("/tmp/xdp-policy-unit-XXXXXX");

	ck_assert_ptr_nonnull(mkdtemp(root));
	return root;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void remove_root(char *root)
{
	nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(root);
}

const char *at(const char *root, const char *path)
{
	static char buf[4096];

	snprintf(buf, sizeof(buf), "%s%s", root, path);
	return buf;
}

void put_bytes(const char *root, const char *path, const void *data, size_t size)
{
	char *full = strdup(at(root, path));
	FILE *f;

	for (char *c = full + strlen(root) + 1; (c = strchr(c, '/')); c++) {
		*c = '\0';
		ck_assert(!mkdir(full, 0755) || errno == EEXIST);
		*c = '/';
	}
	f = fopen(full, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(data, 1, size, f), size);
	fclose(f);
	chmod(full, 0644);
	free(full);
}

void put_file(const char *root, const char *path, const char *text)
{
	put_bytes(root, path, text, strlen(text));
}

static void collect(void *ctx, enum policy_level level, const char *file, unsigned int line,
		    const char *text)
{
	struct messages *m = ctx;
	size_t len = strlen(m->text);

	(void)level;
	(void)file;
	m->n++;
	snprintf(m->text + len, sizeof(m->text) - len, "%u: %s\n", line, text);
}

struct policy_log log_to(struct messages *messages)
{
	*messages = (struct messages){ 0 };
	return (struct policy_log){ .fn = collect, .ctx = messages };
}

struct policy *open_policy(const char *root, struct messages *messages)
{
	struct policy_opts opts = { .root = root, .log = log_to(messages) };
	struct policy *policy = NULL;

	ck_assert_int_eq(policy__open(&opts, &policy), 0);
	return policy;
}

int main(void)
{
	Suite *suite = suite_create("xdp-policy");
	SRunner *runner;
	int n_failed;

	umask(022);
	/* a loaded machine is slow; what hangs ends all the same */
	setenv("CK_DEFAULT_TIMEOUT", "600", 0);
	suite_add_tcase(suite, attr_tests());
	suite_add_tcase(suite, encode_tests());
	suite_add_tcase(suite, ini_tests());
	suite_add_tcase(suite, switch_tests());
	suite_add_tcase(suite, files_tests());
	suite_add_tcase(suite, resolve_tests());
	suite_add_tcase(suite, runcfg_tests());
	suite_add_tcase(suite, process_tests());
	suite_add_tcase(suite, file_lock_tests());
	suite_add_tcase(suite, in_root_tests());
	suite_add_tcase(suite, input_tests());
	suite_add_tcase(suite, proc_looks_tests());
	suite_add_tcase(suite, netlink_tests());
	suite_add_tcase(suite, db_tests());
	suite_add_tcase(suite, formats_tests());
	suite_add_tcase(suite, yaml_tests());
	suite_add_tcase(suite, chain_file_tests());
	suite_add_tcase(suite, plugin_tests());
	suite_add_tcase(suite, api_tests());
	suite_add_tcase(suite, api_misuse_tests());
	suite_add_tcase(suite, api_chain_tests());
	suite_add_tcase(suite, memory_tests());
	suite_add_tcase(suite, reload_tests());
	suite_add_tcase(suite, lint_tests());
	suite_add_tcase(suite, chain_tests());
	suite_add_tcase(suite, record_tests());
	suite_add_tcase(suite, policyd_tests());
	suite_add_tcase(suite, object_file_tests());
	suite_add_tcase(suite, open_objects_tests());
	suite_add_tcase(suite, load_key_tests());
	suite_add_tcase(suite, preload_tests());
	suite_add_tcase(suite, undo_tests());
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	n_failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
