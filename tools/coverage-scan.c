// SPDX-License-Identifier: LGPL-2.1-or-later
/* What is installed and could attach XDP. */
#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "below.h"
#include "coverage.h"
#include "progress.h"

#define MAX_DEPTH 4 /* /usr/lib/MACHINE/dpdk/pmds-23.0/ is that deep */
#define MAX_PATHS 200000

struct scan {
	const struct coverage_host *host;
	size_t root_len, n;
	char **path;
	bool cut;
};

/* Programs, and what they may open. */
static bool is_wanted(const FTSENT *entry)
{
	return entry->fts_info == FTS_F && S_ISREG(entry->fts_statp->st_mode) &&
	       (entry->fts_statp->st_mode & S_IXUSR || strstr(entry->fts_name, ".so"));
}

static void collect(struct scan *scan)
{
	static const char *const names[] = {
		"/bin",
		"/sbin",
		"/lib",
		"/lib64",
		"/usr/bin",
		"/usr/sbin",
		"/usr/lib",
		"/usr/lib64",
		"/usr/libexec",
		"/usr/local/bin",
		"/usr/local/sbin",
		"/usr/local/lib",
		"/usr/local/libexec",
		"/opt",
	};
	char *dirs[sizeof(names) / sizeof(names[0]) + 1] = { 0 };
	size_t n = 0;
	FTSENT *entry;
	FTS *fts;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (asprintf(&dirs[n], "%s%s", scan->host->root, names[i]) >= 0)
			n++;
		else
			dirs[n] = NULL;
	/* links such as /bin lead to what is looked at anyway */
	fts = fts_open(dirs, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	while (fts && (entry = fts_read(fts))) {
		if (entry->fts_info == FTS_D && entry->fts_level >= MAX_DEPTH)
			fts_set(fts, entry, FTS_SKIP);
		if (!is_wanted(entry))
			continue;
		scan->cut = scan->n == MAX_PATHS;
		if (scan->cut)
			break;
		scan->path[scan->n] = strdup(entry->fts_path + scan->root_len);
		scan->n += scan->path[scan->n] != NULL;
	}
	if (fts)
		fts_close(fts);
	for (size_t i = 0; i < n; i++)
		free(dirs[i]);
}

/* A library is told of if it attaches by itself, and not because of another one. */
static bool is_told(const struct coverage *coverage)
{
	static const char *const carriers[] = { "/libxdp.so.", "/libbpf.so.", "/libxdppolicy" };

	if (coverage__class(coverage) >= COVERAGE_NO_XDP)
		return false;
	for (size_t i = 0; i < sizeof(carriers) / sizeof(carriers[0]); i++)
		if (coverage->what == WHAT_LIBRARY && strstr(coverage->name, carriers[i]))
			return false;
	return coverage->what != WHAT_LIBRARY || !*coverage->detail;
}

/* A script is as its interpreter, which is looked at itself. */
static bool look_at(const struct scan *scan, const char *path, struct coverage *coverage)
{
	int fd = below__open(scan->host->root, path, coverage->name, sizeof(coverage->name));

	if (fd < 0)
		return false;
	coverage__look_at_file(scan->host->libraries, fd, coverage);
	close(fd);
	coverage_host__set_state(scan->host, false, coverage);
	return true;
}

int coverage__each_installed(const struct coverage_host *host, coverage_fn *fn, void *ctx,
			     struct coverage_scan *ret)
{
	struct scan scan = { .host = host, .root_len = strlen(host->root) };
	struct progress progress;

	scan.path = calloc(MAX_PATHS, sizeof(*scan.path));
	if (!scan.path)
		return -ENOMEM;
	collect(&scan);
	*ret = (struct coverage_scan){ .cut = scan.cut };
	progress__begin(&progress, "looking at programs");
	for (size_t i = 0; i < scan.n; i++) {
		struct coverage coverage = { .what = WHAT_EXECUTABLE };

		if (look_at(&scan, scan.path[i], &coverage)) {
			ret->untold += coverage__class(&coverage) == COVERAGE_UNKNOWN;
			if (is_told(&coverage))
				fn(ctx, &coverage);
		}
		free(scan.path[i]);
		progress__show(&progress, i, scan.n);
	}
	progress__end(&progress);
	free(scan.path);
	return 0;
}
