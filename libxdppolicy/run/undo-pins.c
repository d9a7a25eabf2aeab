// SPDX-License-Identifier: LGPL-2.1-or-later
/* Pins of programs that run nowhere, and may come back. */
#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chain/pins.h"
#include "undo-pins.h"

/* An empty path, which no file has, if it is too long. */
static void format_path(char path[UNDO_PIN_PATH], const char *name, const char *pin)
{
	if (snprintf(path, UNDO_PIN_PATH, "%s/xdp-policy-undo%s%s%s%s", pins__where(),
		     *name ? "/" : "", name, *pin ? "/" : "", pin) >= UNDO_PIN_PATH)
		*path = '\0';
}

static int make_dir(char where[UNDO_PIN_PATH], const char *name)
{
	format_path(where, name, "");
	return mkdir(where, S_IRWXU) && errno != EEXIST ? -errno : 0;
}

static bool is_in(const struct chain *chain, uint32_t id)
{
	for (unsigned int i = 0; i < chain->n; i++)
		if (chain->program[i].info.id == id)
			return true;
	return false;
}

static int pin(const char *path, const struct proginfo *info)
{
	int fd = proginfo__open(info), err;

	if (fd < 0)
		return fd;
	err = bpf_obj_pin(fd, path) && errno != EEXIST ? -errno : 0;
	close(fd);
	return err;
}

int undo_pins__add(const char *name, const struct chain *before, const struct chain *after,
		   char where[UNDO_PIN_PATH])
{
	char id[16];
	int err = 0;

	for (unsigned int i = 0; i < before->n && !err; i++) {
		const struct proginfo *info = &before->program[i].info;

		if (is_in(after, info->id))
			continue;
		err = make_dir(where, "");
		if (!err)
			err = make_dir(where, name);
		if (err)
			break;
		snprintf(id, sizeof(id), "%" PRIu32, info->id);
		format_path(where, name, id);
		err = pin(where, info);
	}
	return err;
}

void undo_pins__trim(const char *name, const struct chain *kept, const struct chain *after)
{
	char path[UNDO_PIN_PATH];
	struct dirent *entry;
	DIR *dir;

	format_path(path, name, "");
	dir = opendir(path);
	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		uint32_t id = strtoul(entry->d_name, NULL, 10);

		if (*entry->d_name != '.' && !(kept && is_in(kept, id) && !is_in(after, id)))
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	closedir(dir);
	rmdir(path); /* if it is empty */
}

void undo_pins__each(void (*fn)(void *ctx, const char *name), void *ctx)
{
	char path[UNDO_PIN_PATH];
	struct dirent *entry;
	DIR *dir;

	format_path(path, "", "");
	dir = opendir(path);
	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (*entry->d_name != '.')
			fn(ctx, entry->d_name);
	closedir(dir);
}
