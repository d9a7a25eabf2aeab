// SPDX-License-Identifier: LGPL-2.1-or-later
/* Tells a process from its parent by a page that the kernel clears in each child. */
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/generation.h"

/* The number, or 0 in a child; NULL: nobody has asked yet; &none: there can be no such page. */
static _Atomic(atomic_uint *) page;
static atomic_uint none;

static atomic_uint *make_page(void)
{
	void *made = mmap(NULL, sizeof(none), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);

	if (made == MAP_FAILED)
		return &none;
	if (!madvise(made, sizeof(none), MADV_WIPEONFORK))
		return made;
	munmap(made, sizeof(none));
	return &none;
}

static atomic_uint *get_page(void)
{
	atomic_uint *have = page, *made;

	if (have)
		return have;
	made = make_page();
	if (atomic_compare_exchange_strong(&page, &have, made))
		return made;
	if (made != &none)
		munmap(made, sizeof(none)); /* another thread was first */
	return have;
}

unsigned int generation__get(void)
{
	static atomic_uint last; /* a child goes on from its parent's */
	atomic_uint *number = get_page();
	unsigned int now, next;

	if (number == &none)
		return getpid();
	now = *number;
	if (now)
		return now;
	next = ++last;
	return atomic_compare_exchange_strong(number, &now, next) ? next : now;
}
