// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "below.h"
#include "chain-dirs.h"

#define DIR_NAME "chains.d"

const char *const chain_dirs[N_CHAIN_DIRS] = {
	"/etc/xdp/" DIR_NAME,
	"/run/xdp/" DIR_NAME,
	"/usr/lib/xdp/" DIR_NAME,
};

bool chain_dirs__is_chain(const char *name)
{
	const char *suffix = strrchr(name, '.');

	return *name != '.' && suffix && (!strcmp(suffix, ".yaml") || !strcmp(suffix, ".json"));
}

/* As of the policy: whose another root is, the files below it are. */
static uid_t owner_below(const char *root)
{
	struct stat st;

	return root && !stat(root, &st) ? st.st_uid : 0;
}

int chain_dirs__find(const char *root, const struct policy_log *log, struct policy_files *ret)
{
	return policy_files__find_dropins(root ? root : "", owner_below(root), DIR_NAME,
					  chain_dirs__is_chain, ret, log);
}

/* Where paths of objects start. */
static char *dir_of(const char *root, const char *path)
{
	char *real = below__resolve(root ? root : "", path + (root ? strlen(root) : 0), true);
	char *dir = real ? chain_file__dir(real) : NULL;

	free(real);
	return dir;
}

static enum policy_file_state parse(const char *root, const char *path, const char *text,
				    size_t size, const struct policy_log *log,
				    struct chain_file *ret)
{
	char *dir = dir_of(root, path);
	int err = dir ? chain_file__parse(text, size, path, dir, log, ret) : -errno;

	free(dir);
	if (err && err != -EINVAL)
		policy_log__msg(log, POLICY_ERROR, path, 0, "cannot read: %s", strerror(-err));
	return err ? FILE_REFUSED : FILE_GOOD;
}

enum policy_file_state chain_dirs__read(const char *root, struct policy_file *file,
					const struct policy_log *log, struct chain_file *ret)
{
	char *text = NULL;
	size_t size;

	file->state = policy_file__read(file->path, root ? strlen(root) : 0, owner_below(root),
					&text, &size, &file->stamp, log);
	if (file->state == FILE_GOOD)
		file->state = parse(root, file->path, text, size, log, ret);
	free(text);
	return file->state;
}
