// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which call of libxdp a thread is in, and whether it is still in it.
 */
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "hooks.h"
#include "object.h"

__thread struct libxdp_call libxdp_call;

/* Between a hook and another that libxdp calls in it there is less on the stack. */
#define MAX_DISTANCE (256 << 10)

/*
 * libxdp and libbpf; we ourselves; and the shim, which is between a caller and its hook where its
 * compiler made a call of the jump.
 */
#define MAX_LIBRARIES 6
static struct {
	uintptr_t start, end;
} library[MAX_LIBRARIES];
static unsigned int n_libraries;

static bool has_prefix(const char *path, const char *prefix)
{
	const char *slash = strrchr(path, '/');

	return !strncmp(slash ? slash + 1 : path, prefix, strlen(prefix));
}

static void add_library(const struct dl_phdr_info *info)
{
	if (n_libraries == MAX_LIBRARIES)
		return;
	library[n_libraries].start = UINTPTR_MAX;
	for (unsigned int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *phdr = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + phdr->p_vaddr, end = start + phdr->p_memsz;

		if (phdr->p_type != PT_LOAD)
			continue;
		if (start < library[n_libraries].start)
			library[n_libraries].start = start;
		if (end > library[n_libraries].end)
			library[n_libraries].end = end;
	}
	n_libraries++;
}

static bool has_address(const struct dl_phdr_info *info, const void *addr)
{
	for (unsigned int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *phdr = &info->dlpi_phdr[i];

		if (phdr->p_type == PT_LOAD &&
		    (uintptr_t)addr - info->dlpi_addr - phdr->p_vaddr < phdr->p_memsz)
			return true;
	}
	return false;
}

static int look_at_library(struct dl_phdr_info *info, size_t size, void *ctx)
{
	(void)size;
	(void)ctx;
	if (has_prefix(info->dlpi_name, "libxdp.so.") ||
	    has_prefix(info->dlpi_name, "libbpf.so.") || has_address(info, library) ||
	    has_address(info, hooks_shim.real))
		add_library(info);
	return 0;
}

/* All are there, and stay: the shim has handles of libxdp and libbpf. */
static void find_libraries(void)
{
	dl_iterate_phdr(look_at_library, NULL);
}

static bool is_library(const void *caller)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	uintptr_t addr = (uintptr_t)caller;

	pthread_once(&once, find_libraries);
	for (unsigned int i = 0; i < n_libraries; i++)
		if (addr >= library[i].start && addr < library[i].end)
			return true;
	return false;
}

/*
 * Whether a hook's frame can be one that was not left yet: later ones are below it. It is not
 * looked into, since it may have been on the stack of a coroutine that is gone.
 */
static bool is_alive(const char *frame, const char *now)
{
	return frame && now < frame && frame - now < MAX_DISTANCE;
}

bool call__is_inner(const void *caller, const char *frame)
{
	return is_alive(libxdp_call.frame, frame) && is_library(caller);
}

static void clean_up(struct libxdp_call *call)
{
	int saved_errno = errno;

	free(call->attaching.program);
	if (call->opened.path)
		object__lose_path(call->opened.path);
	*call = (struct libxdp_call){ 0 };
	errno = saved_errno;
}

void call__begin(struct libxdp_call *outer, const char *frame)
{
	*outer = libxdp_call;
	if (outer->frame && !is_alive(outer->frame, frame))
		clean_up(outer); /* it was left by a jump */
	libxdp_call = (struct libxdp_call){ .frame = frame };
}

void call__end(const struct libxdp_call *outer)
{
	clean_up(&libxdp_call);
	libxdp_call = *outer;
}
