// SPDX-License-Identifier: LGPL-2.1-or-later
#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "pins.h"
#include "util/file-lock.h"

/* By default, and in an application: as long as the shim lets a call wait for the policy. */
#define DEFAULT_MS 30000
#define BRIEFLY_MS 1000

/* as libxdp calls it: the interface's index and the dispatcher's id */
#define DIR_FORMAT "dispatch-%d-%" PRIu32

static const char *mount_point(void)
{
	const char *dir = secure_getenv("LIBXDP_BPFFS");

	return dir ? dir : "/sys/fs/bpf";
}

const char *pins__where(void)
{
	return mount_point();
}

/* Enough for a file below any mount point that libxdp is told of in practice; stacks may be small.
 */
#define PIN_PATH 1024

/* What is longer becomes the empty path, which no file has. */
static void format_path(char path[PIN_PATH], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (vsnprintf(path, PIN_PATH, format, args) >= PIN_PATH)
		*path = '\0';
	va_end(args);
}

static atomic_uint limit_ms = DEFAULT_MS;

/* Whoever has waited in vain does not do so for each interface again. */
static atomic_bool gave_up, gave_up_briefly;

void pins__set_limit(unsigned int ms)
{
	limit_ms = ms;
	gave_up = gave_up_briefly = false;
}

static int open_dir(char path[PIN_PATH])
{
	struct statfs fs;
	int fd;

	if (statfs(mount_point(), &fs) || fs.f_type != BPF_FS_MAGIC)
		return -ENODEV;
	format_path(path, "%s/xdp", mount_point());
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int lock_within(unsigned int ms, atomic_bool *in_vain)
{
	char path[PIN_PATH];
	int fd = open_dir(path), err;

	if (fd < 0)
		return fd;
	err = file_lock__take(fd, path, *in_vain ? 0 : ms);
	*in_vain = err == -ETIMEDOUT;
	if (!err)
		return fd;
	close(fd);
	return err;
}

int pins__lock(void)
{
	return lock_within(limit_ms, &gave_up);
}

int pins__lock_briefly(void)
{
	unsigned int ms = limit_ms;

	return lock_within(ms < BRIEFLY_MS ? ms : BRIEFLY_MS, &gave_up_briefly);
}

const char *pins__strerror(int err, char buf[CHAIN_WHY_SIZE])
{
	char holder[FILE_LOCK_HOLDER_SIZE], path[PIN_PATH];
	int fd = err == -ETIMEDOUT ? open_dir(path) : -1;

	if (fd < 0)
		return strerror(-err);
	file_lock__holder(fd, holder);
	close(fd);
	snprintf(buf, CHAIN_WHY_SIZE, "%s holds libxdp's lock, %.100s", holder, path);
	return buf;
}

int pins__start(void)
{
	char path[PIN_PATH];
	int fd = pins__lock();

	if (fd != -ENOENT)
		return fd;
	format_path(path, "%s/xdp", mount_point());
	if (mkdir(path, S_IRWXU) && errno != EEXIST)
		return -errno;
	return pins__lock();
}

void pins__unlock(int fd)
{
	close(fd);
}

int pins__each(void (*fn)(void *ctx, int ifindex, uint32_t id), void *ctx)
{
	char path[PIN_PATH], name[NAME_MAX + 1];
	struct dirent *entry;
	int ifindex, err;
	uint32_t id;
	DIR *dir;

	format_path(path, "%s/xdp", mount_point());
	dir = opendir(path);
	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	for (errno = 0; (entry = readdir(dir)); errno = 0) {
		if (sscanf(entry->d_name, "dispatch-%d-%" SCNu32, &ifindex, &id) != 2)
			continue;
		/* and nothing else: neither signs nor zeros in front, nor anything behind */
		snprintf(name, sizeof(name), DIR_FORMAT, ifindex, id);
		if (ifindex > 0 && !strcmp(name, entry->d_name))
			fn(ctx, ifindex, id);
	}
	err = -errno;
	closedir(dir);
	return err;
}

static void dir_path(char path[PIN_PATH], int ifindex, uint32_t id)
{
	format_path(path, "%s/xdp/" DIR_FORMAT, mount_point(), ifindex, id);
}

static void pin_path(char path[PIN_PATH], int ifindex, uint32_t id, unsigned int slot,
		     const char *kind)
{
	format_path(path, "%s/xdp/" DIR_FORMAT "/prog%u-%s", mount_point(), ifindex, id, slot,
		    kind);
}

static int open_all(int ifindex, uint32_t id, unsigned int n, int fds[])
{
	char path[PIN_PATH];

	for (unsigned int i = 0; i < n; i++) {
		/* a missing link pin means that nothing but luck keeps the program in its slot */
		pin_path(path, ifindex, id, i, "link");
		if (access(path, F_OK))
			return -EBADF;
		pin_path(path, ifindex, id, i, "prog");
		fds[i] = bpf_obj_get(path);
		if (fds[i] < 0)
			return errno == ENOENT ? -EBADF : -errno;
	}
	return 0;
}

int pins__open(int ifindex, uint32_t id, unsigned int n, int fds[])
{
	char path[PIN_PATH];
	int err;

	for (unsigned int i = 0; i < n; i++)
		fds[i] = -1;
	dir_path(path, ifindex, id);
	if (access(path, F_OK))
		return -errno;
	err = open_all(ifindex, id, n, fds);
	for (unsigned int i = 0; err && i < n; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = -1;
	}
	return err;
}

bool pins__are_whole(int ifindex, uint32_t id, unsigned int n)
{
	static const char *const kinds[] = { "link", "prog" };
	char path[PIN_PATH];

	for (unsigned int i = 0; i < n; i++) {
		for (unsigned int kind = 0; kind < 2; kind++) {
			pin_path(path, ifindex, id, i, kinds[kind]);
			if (access(path, F_OK))
				return false;
		}
	}
	return true;
}

/* Returns 0 if it is no link to that dispatcher. */
static uint32_t read_link(const char *path, uint32_t dispatcher)
{
	struct bpf_link_info info = { 0 };
	uint32_t len = sizeof(info);
	int fd = bpf_obj_get(path), err;

	if (fd < 0)
		return 0;
	err = bpf_obj_get_info_by_fd(fd, &info, &len);
	close(fd);
	return !err && info.type == BPF_LINK_TYPE_TRACING &&
			       info.tracing.target_obj_id == dispatcher ?
		       info.id :
		       0;
}

static bool is_among(uint32_t id, const uint32_t ids[], unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		if (ids[i] == id)
			return true;
	return false;
}

unsigned int pins__links(int ifindex, uint32_t id, uint32_t links[CHAIN_MAX])
{
	char path[PIN_PATH];
	unsigned int n = 0;

	for (unsigned int i = 0; i < CHAIN_MAX; i++) {
		uint32_t link;

		pin_path(path, ifindex, id, i, "link");
		link = access(path, F_OK) ? 0 : read_link(path, id);
		if (link && !is_among(link, links, n))
			links[n++] = link;
	}
	return n;
}

static int pin(int fd, const char *path)
{
	return bpf_obj_pin(fd, path) && errno != EEXIST ? -errno : 0;
}

static int pin_all(int ifindex, uint32_t id, unsigned int n, const int prog_fds[],
		   const int link_fds[])
{
	char path[PIN_PATH];
	int err = 0;

	dir_path(path, ifindex, id);
	if (mkdir(path, S_IRWXU) && errno != EEXIST)
		return -errno;
	for (unsigned int i = 0; i < n && !err; i++) {
		pin_path(path, ifindex, id, i, "link");
		err = pin(link_fds[i], path);
		if (err)
			break;
		pin_path(path, ifindex, id, i, "prog");
		err = pin(prog_fds[i], path);
	}
	return err;
}

int pins__make(int ifindex, uint32_t id, unsigned int n, const int prog_fds[], const int link_fds[])
{
	int err = pin_all(ifindex, id, n, prog_fds, link_fds);

	if (err)
		pins__remove(ifindex, id);
	return err;
}

static int remove_kind(int ifindex, uint32_t id, const char *kind)
{
	char path[PIN_PATH];
	int err = 0;

	for (unsigned int i = 0; i < CHAIN_MAX; i++) {
		pin_path(path, ifindex, id, i, kind);
		if (unlink(path) && errno != ENOENT)
			err = -errno;
	}
	return err;
}

int pins__remove_links(int ifindex, uint32_t id)
{
	return remove_kind(ifindex, id, "link");
}

int pins__remove(int ifindex, uint32_t id)
{
	int link_err = remove_kind(ifindex, id, "link");
	int err = remove_kind(ifindex, id, "prog");
	char path[PIN_PATH];

	dir_path(path, ifindex, id);
	if (rmdir(path) && errno != ENOENT && !err)
		err = -errno;
	return link_err ? link_err : err;
}
