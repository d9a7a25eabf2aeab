// SPDX-License-Identifier: LGPL-2.1-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal.h"
#include "lock.h"

#define ENTRY_FORMAT "%" PRIu64 "-%d-%" PRIu32 "-%" PRIu32
#define ENTRY_SIZE   64

int journal__start(int ifindex, struct journal_entry *ret)
{
	struct stat st;

	if (stat("/proc/self/ns/net", &st))
		return -errno;
	*ret = (struct journal_entry){ .netns = st.st_ino, .ifindex = ifindex };
	return 0;
}

static void print_entry(const struct journal_entry *entry, char name[ENTRY_SIZE])
{
	snprintf(name, ENTRY_SIZE, ENTRY_FORMAT, entry->netns, entry->ifindex, entry->old_id,
		 entry->new_id);
}

int journal__add(const struct journal_entry *entry)
{
	int dir = run_dir__open("journal");
	char name[ENTRY_SIZE];
	int fd, err = 0;

	if (dir < 0)
		return dir;
	print_entry(entry, name);
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		err = -errno;
	else
		close(fd);
	close(dir);
	return err;
}

int journal__remove(const struct journal_entry *entry)
{
	int dir = run_dir__open("journal");
	char name[ENTRY_SIZE];
	int err;

	if (dir < 0)
		return dir;
	print_entry(entry, name);
	err = unlinkat(dir, name, 0) ? -errno : 0;
	close(dir);
	return err;
}

int journal__each(void (*fn)(void *ctx, const struct journal_entry *entry), void *ctx)
{
	int fd = run_dir__find("journal");
	struct journal_entry here = { 0 }, entry;
	struct dirent *dent;
	int err, end;
	DIR *dir;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	err = journal__start(0, &here);
	dir = err ? NULL : fdopendir(fd);
	if (!dir) {
		close(fd);
		return err ? err : -ENOMEM;
	}
	while ((dent = readdir(dir))) {
		end = 0;
		if (sscanf(dent->d_name, ENTRY_FORMAT "%n", &entry.netns, &entry.ifindex,
			   &entry.old_id, &entry.new_id, &end) != 4 ||
		    dent->d_name[end] || entry.netns != here.netns)
			continue;
		fn(ctx, &entry);
	}
	closedir(dir);
	return 0;
}
