// SPDX-License-Identifier: LGPL-2.1-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "record-dir.h"
#include "run/run-file.h"
#include "util/sample.h"

/* "4294967295.new-2147483647" */
#define NAME_SIZE 40

/* Nobody takes so long to write a file: its writer was killed. */
#define MAX_WRITE_SECONDS 10

static void name_of(uint32_t id, char name[NAME_SIZE])
{
	snprintf(name, NAME_SIZE, "%" PRIu32, id);
}

int record_dir__read(int dir, uint32_t id, char *buf, size_t size)
{
	char name[NAME_SIZE];

	name_of(id, name);
	return run_file__read(dir, name, buf, size);
}

int record_dir__put(int dir, uint32_t id, const char *text, size_t len, bool replace)
{
	char name[NAME_SIZE];

	name_of(id, name);
	return run_file__put(dir, name, text, len, replace);
}

void record_dir__remove(int dir, uint32_t id)
{
	char name[NAME_SIZE];

	name_of(id, name);
	unlinkat(dir, name, 0);
}

/* Whether a file is ours by its name, and of which program. */
static bool parse_name(const char *name, uint32_t *id)
{
	unsigned long long num;
	char *end;

	if (*name < '0' || *name > '9')
		return false;
	errno = 0;
	num = strtoull(name, &end, 10);
	*id = num;
	return !errno && num <= UINT32_MAX &&
	       (!*end || !strncmp(end, RUN_FILE_NEW, strlen(RUN_FILE_NEW)));
}

/* Of a program that lives: the rest of a write that was never ended. */
static bool is_abandoned(int dir, const char *name)
{
	struct stat st;

	return strstr(name, RUN_FILE_NEW) && !fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) &&
	       time(NULL) - st.st_mtime > MAX_WRITE_SECONDS;
}

struct file {
	uint32_t id;
	char name[NAME_SIZE];
};

static void choose(DIR *d, struct sample *files)
{
	struct dirent *entry;
	struct file *file;
	uint32_t id;

	while ((entry = readdir(d))) {
		if (!parse_name(entry->d_name, &id) || strlen(entry->d_name) >= NAME_SIZE)
			continue;
		file = sample__next(files);
		if (!file)
			continue;
		file->id = id;
		strcpy(file->name, entry->d_name);
	}
}

void record_dir__sweep(int dir, bool (*gone)(uint32_t id), size_t max)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct sample files = { .max = max, .size = sizeof(struct file) };
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d) {
		if (fd >= 0)
			close(fd);
		return;
	}
	choose(d, &files);
	closedir(d);
	for (size_t i = 0; i < files.n; i++) {
		const struct file *file = (const struct file *)files.kept + i;

		if (gone(file->id) || is_abandoned(dir, file->name))
			unlinkat(dir, file->name, 0);
	}
	free(files.kept);
}
