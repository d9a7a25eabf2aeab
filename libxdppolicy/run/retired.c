// SPDX-License-Identifier: LGPL-2.1-or-later
/* What replaced dispatchers leave, until nobody can be reading it. */
#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "chain/lock.h"
#include "chain/pins.h"
#include "chain/sweep.h"
#include "retired.h"

/* Interface, id of the dispatcher, milliseconds since the boot. */
#define ENTRY_FORMAT "%d-%" PRIu32 "-%" PRIu64
#define ENTRY_SIZE   64

#define FIRST_WAIT_MS 2
#define LAST_WAIT_MS  50

static const char retired_dir[] = "retired";

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec * 1000ULL + t.tv_nsec / 1000000;
}

int retired__add(int ifindex, uint32_t id)
{
	int dir = run_dir__open(retired_dir), fd, err;
	char name[ENTRY_SIZE];

	if (dir < 0)
		return dir;
	snprintf(name, sizeof(name), ENTRY_FORMAT, ifindex, id, now_ms());
	fd = run_dir__file(dir, name, O_WRONLY);
	err = fd < 0 ? fd : pins__remove_links(ifindex, id);
	if (fd >= 0)
		close(fd);
	if (err && fd >= 0)
		unlinkat(dir, name, 0);
	close(dir);
	return err;
}

static bool is_readable(uint32_t id)
{
	int fd = bpf_prog_get_fd_by_id(id);

	if (fd >= 0)
		close(fd);
	return fd >= 0 || errno != ENOENT;
}

/* Returns whether it is not to be waited for. */
static bool collect(int dir, const char *name)
{
	uint64_t since, now = now_ms();
	int ifindex, lock, end = 0;
	uint32_t id;

	if (sscanf(name, ENTRY_FORMAT "%n", &ifindex, &id, &since, &end) != 3 || name[end])
		return true;
	if (is_readable(id) && now - since < RETIRED_MAX_MS)
		return false;
	lock = pins__lock_briefly();
	/* without libxdp's directory there are no pins */
	if (lock == -ENOENT ||
	    (lock >= 0 && chain__runs_nowhere(ifindex, id) && !pins__remove(ifindex, id)))
		unlinkat(dir, name, 0);
	if (lock >= 0)
		pins__unlock(lock);
	return true;
}

/* How many are left. What cannot be removed is for the next process, and not to be waited for. */
static unsigned int collect_all(void)
{
	int fd = run_dir__find(retired_dir);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	unsigned int n = 0;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' && !collect(dirfd(dir), entry->d_name))
			n++;
	closedir(dir);
	return n;
}

unsigned int retired__collect(unsigned int timeout_ms)
{
	uint64_t end = now_ms() + timeout_ms;
	unsigned int n = collect_all();

	for (unsigned int ms = FIRST_WAIT_MS; n && now_ms() < end; n = collect_all()) {
		usleep(ms * 1000);
		ms = ms * 2 < LAST_WAIT_MS ? ms * 2 : LAST_WAIT_MS;
	}
	return n;
}
