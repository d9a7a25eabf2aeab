// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the hooks keep for each thread, by a key of pthread_key_create(3). */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "thread.h"

static pthread_key_t key;
static bool has_key;

/* At the end of a thread, which may have left a call of libxdp in this way. */
static void free_thread(void *ptr)
{
	struct thread *thread = ptr;

	call__abandon(&thread->call);
	free(thread);
}

void thread__init(void)
{
	if (!has_key)
		has_key = !pthread_key_create(&key, free_thread);
}

struct thread *thread__get(void)
{
	return has_key ? pthread_getspecific(key) : NULL;
}

struct thread *thread__make(void)
{
	struct thread *thread = thread__get();
	int saved_errno = errno;

	if (thread || !has_key)
		return thread;
	thread = calloc(1, sizeof(*thread));
	if (thread && pthread_setspecific(key, thread)) {
		free(thread);
		thread = NULL;
	}
	errno = saved_errno;
	return thread;
}
