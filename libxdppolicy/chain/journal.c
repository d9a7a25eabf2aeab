// SPDX-License-Identifier: LGPL-2.1-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal.h"
#include "lock.h"
#include "util/limit.h"

#define ENTRY_FORMAT "%" PRIu64 "-%d-%" PRIu32 "-%" PRIu32
#define ENTRY_SIZE   64
#define LINE_FORMAT  "%" PRIu32 " %" PRIu64 " %" PRIu32 " %" PRIu32 "\n"
#define LINE_SIZE    64

int journal__start(int ifindex, struct journal_entry *ret)
{
	struct stat st;

	if (stat("/proc/thread-self/ns/net", &st))
		return -errno;
	*ret = (struct journal_entry){ .netns = st.st_ino, .ifindex = ifindex };
	return 0;
}

static void print_entry(const struct journal_entry *entry, char name[ENTRY_SIZE])
{
	snprintf(name, ENTRY_SIZE, ENTRY_FORMAT, entry->netns, entry->ifindex, entry->old_id,
		 entry->new_id);
}

static size_t print_programs(const struct chain *chain, char *text, size_t size)
{
	size_t len = 0;

	for (unsigned int i = 0; i < chain->n; i++) {
		const struct chain_program *p = &chain->program[i];

		len += snprintf(text + len, size - len, LINE_FORMAT, p->info.id, p->info.load_time,
				p->priority, p->actions);
	}
	return len;
}

int journal__add(const struct journal_entry *entry, const struct chain *chain)
{
	char name[ENTRY_SIZE], text[CHAIN_MAX * LINE_SIZE];
	size_t len = print_programs(chain, text, sizeof(text));
	int dir = run_dir__open("journal");
	int fd, err = 0;

	if (dir < 0)
		return dir;
	print_entry(entry, name);
	fd = limit__may_write(len) ? run_dir__file(dir, name, O_WRONLY | O_TRUNC) : -EFBIG;
	if (fd < 0) {
		err = fd;
	} else {
		if (write(fd, text, len) != (ssize_t)len)
			err = errno ? -errno : -EIO;
		close(fd);
	}
	if (err)
		unlinkat(dir, name, 0);
	close(dir);
	return err;
}

static bool parse_programs(const char *text, struct chain *ret)
{
	for (ret->n = 0; *text; ret->n++) {
		struct chain_program *p = &ret->program[ret->n];
		int end = 0;

		if (ret->n == CHAIN_MAX ||
		    sscanf(text, LINE_FORMAT "%n", &p->info.id, &p->info.load_time, &p->priority,
			   &p->actions, &end) != 4 ||
		    !end)
			return false;
		text += end;
	}
	return true;
}

void journal__read(const struct journal_entry *entry, struct chain *ret)
{
	char name[ENTRY_SIZE], text[CHAIN_MAX * LINE_SIZE + 1];
	int fd, dir = run_dir__find("journal");
	ssize_t len = -1;

	*ret = (struct chain){ .ifindex = entry->ifindex };
	if (dir < 0)
		return;
	print_entry(entry, name);
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0) {
		len = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	close(dir);
	text[len < 0 ? 0 : len] = '\0';
	if (!parse_programs(text, ret))
		ret->n = 0;
}

int journal__remove(const struct journal_entry *entry)
{
	int dir = run_dir__find("journal");
	char name[ENTRY_SIZE];
	int err;

	if (dir < 0)
		return dir;
	print_entry(entry, name);
	err = unlinkat(dir, name, 0) ? -errno : 0;
	close(dir);
	return err;
}

static bool parse_entry(const char *name, struct journal_entry *ret)
{
	int end = 0;

	return sscanf(name, ENTRY_FORMAT "%n", &ret->netns, &ret->ifindex, &ret->old_id,
		      &ret->new_id, &end) == 4 &&
	       !name[end];
}

int journal__each(void (*fn)(void *ctx, const struct journal_entry *entry), void *ctx)
{
	int fd = run_dir__find("journal"), err;
	struct journal_entry here = { 0 }, entry;
	struct dirent *dent;
	DIR *dir;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	err = journal__start(0, &here);
	dir = err ? NULL : fdopendir(fd);
	if (!dir) {
		close(fd);
		return err ? err : -ENOMEM;
	}
	while ((dent = readdir(dir)))
		if (parse_entry(dent->d_name, &entry) && entry.netns == here.netns)
			fn(ctx, &entry);
	closedir(dir);
	return 0;
}

/*
 * A swap that is under way has both in its hands. What can be recovered is left to that: it needs
 * the values in the entry.
 */
static bool is_over(const struct journal_entry *entry, const struct journal_entry *here)
{
	char name[IF_NAMESIZE];

	if (entry->netns == here->netns && if_indextoname(entry->ifindex, name))
		return false;
	return (!entry->old_id || proginfo__is_gone(entry->old_id)) &&
	       (!entry->new_id || proginfo__is_gone(entry->new_id));
}

void journal__sweep(void)
{
	int fd = run_dir__find("journal");
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct journal_entry here = { 0 }, entry;
	bool known = !journal__start(0, &here);
	struct dirent *dent;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while (known && (dent = readdir(dir)))
		if (parse_entry(dent->d_name, &entry) && is_over(&entry, &here))
			unlinkat(dirfd(dir), dent->d_name, 0);
	closedir(dir);
}
