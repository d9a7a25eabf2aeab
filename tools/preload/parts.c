// SPDX-License-Identifier: LGPL-2.1-or-later
/* Why the shim or the hooks cannot be used, as the loader and the shim would find out. */
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "below.h"
#include "preload/parts.h"
#include "preload/symbols.h"
#include "util/owner.h"

/* What the loader compares: the word size, the order of bytes, and the machine. */
struct machine {
	unsigned char word, order;
	uint16_t machine;
};

static bool read_machine(int fd, struct machine *ret)
{
	Elf64_Ehdr header; /* these fields are where those of the other word size are */

	if (pread(fd, &header, sizeof(header), 0) != sizeof(header) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG))
		return false;
	ret->word = header.e_ident[EI_CLASS];
	ret->order = header.e_ident[EI_DATA];
	ret->machine = header.e_machine;
	return true;
}

static const char *compare_machine(int fd)
{
	int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct machine own, its;
	bool known = self >= 0 && read_machine(self, &own);

	if (self >= 0)
		close(self);
	if (!read_machine(fd, &its))
		return "is not a library";
	if (known && (own.word != its.word || own.order != its.order || own.machine != its.machine))
		return "is for another machine or word size than this command";
	return NULL;
}

static const char *look_at_file(const char *root, const char *path, char *why)
{
	char real[PATH_MAX];
	int fd = below__open(root, path, real, sizeof(real));
	const char *wrong;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return "is not there";
	if (fd < 0) {
		snprintf(why, PRELOAD_PART_WHY_SIZE, "cannot be opened: %s", strerror(errno));
		return why;
	}
	wrong = *root ? NULL : compare_machine(fd);
	close(fd);
	return wrong;
}

const char *preload_parts__shim(const char *root, char why[PRELOAD_PART_WHY_SIZE])
{
	return look_at_file(root, PRELOAD_PATH, why);
}

/* Whether the hooks can be opened and are of our version, as the shim will ask. */
const char *preload_parts__hooks(const char *root, char why[PRELOAD_PART_WHY_SIZE])
{
	static const struct preload_shim nothing;
	const char *wrong = look_at_file(root, HOOKS_PATH, why);
	preload_hooks_fn *get;
	struct stat st;
	void *handle;

	if (wrong || *root)
		return wrong;
	if (stat(HOOKS_PATH, &st) || !owner__is_alone(&st, 0) ||
	    !owner__has_path(HOOKS_PATH, 0, 0, NULL, NULL))
		return "can be changed by others than root, by itself or by a directory of its "
		       "path";
	handle = dlopen(HOOKS_PATH, RTLD_NOW | RTLD_LOCAL);
	if (!handle) {
		snprintf(why, PRELOAD_PART_WHY_SIZE, "cannot be loaded: %s", dlerror());
		return why;
	}
	get = dlsym(handle, PRELOAD_HOOKS_SYMBOL);
	return get && get(VERSION, &nothing) ? NULL : "is of another version than this command";
}
