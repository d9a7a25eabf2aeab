// SPDX-License-Identifier: LGPL-2.1-or-later
/* What an administrator's umask of 027 or 077 has closed to the users of services. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "below.h"
#include "common/closed.h"

const char *closed__verb(mode_t mode)
{
	return S_ISDIR(mode) ? "search" : "read";
}

void closed__each(const char *root, const char *path, bool listed, closed_fn fn, void *ctx)
{
	char *real = below__resolve(root, path, true), *end, was;
	struct stat st;

	if (!real && errno == EACCES) /* we cannot look behind it either: as far as we see */
		real = below__resolve(root, path, false);
	if (!real)
		return;
	for (end = real + strlen(root); *end; *end = was) {
		mode_t needed = S_IROTH;

		end += strcspn(end + 1, "/") + 1;
		was = *end;
		*end = '\0';
		if (stat(real, &st))
			break;
		if (S_ISDIR(st.st_mode))
			needed = S_IXOTH | (listed && !was ? S_IROTH : 0);
		if ((st.st_mode & needed) != needed)
			fn(ctx, real, st.st_mode);
	}
	free(real);
}

/* Most files have their directories in common. */
struct once {
	closed_fn fn;
	void *ctx;
	size_t n;
	char **told;
};

static void tell_once(void *ctx, const char *part, mode_t mode)
{
	struct once *once = ctx;
	char **told;

	for (size_t i = 0; i < once->n; i++)
		if (!strcmp(once->told[i], part))
			return;
	once->fn(once->ctx, part, mode);
	told = reallocarray(once->told, once->n + 1, sizeof(*told));
	if (!told)
		return;
	once->told = told;
	told[once->n] = strdup(part);
	once->n += !!told[once->n];
}

void closed__policy(const char *root, const struct policy_files *files, closed_fn fn, void *ctx)
{
	struct once once = { .fn = fn, .ctx = ctx };

	for (size_t i = 0; i < files->n; i++) {
		const char *path = files->file[i].path + strlen(root), *name = strrchr(path, '/');

		closed__each(root, path, name && !strcmp(name, "/priorities.d"), tell_once, &once);
	}
	while (once.n)
		free(once.told[--once.n]);
	free(once.told);
}
