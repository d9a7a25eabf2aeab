/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_OBJECT_AT_H
#define XDP_POLICY_OBJECT_AT_H

/*
 * The shared object, or program, that an address is in; NULL if there is none. For shim and hooks.
 *
 * Not by dl_iterate_phdr(3): a child that is forked meanwhile by another thread would wait for its
 * lock for ever. dladdr1(3), whose lock a child gets anew, looks at all symbols of the object, for
 * a name that nobody wants.
 */

#include <dlfcn.h>
#include <link.h>

static inline const struct link_map *object_at(const void *addr)
{
#ifdef HAVE__DL_FIND_OBJECT
	struct dl_find_object object;

	return _dl_find_object((void *)addr, &object) ? NULL : object.dlfo_link_map;
#else
	struct link_map *map;
	Dl_info info;

	return dladdr1(addr, &info, (void **)&map, RTLD_DL_LINKMAP) ? map : NULL;
#endif
}

#endif
