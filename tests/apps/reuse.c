// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Preloaded into an application: memory that was freed is what is given out next for the same size,
 * the last one first. What an application opens is then where one that it closed was, whatever the
 * C library's allocator would have done.
 */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ALIGN	16
#define N_SIZES 65536 /* exact ones; what is larger is not given out again */
#define ARENA	(256UL << 20)

struct block {
	size_t size;
	struct block *next; /* while it is free */
	max_align_t data[];
};

static struct block *free_blocks[N_SIZES];
static char *arena;
static size_t used;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct block *block_of(void *data)
{
	return (struct block *)((char *)data - offsetof(struct block, data));
}

static struct block *carve(size_t size)
{
	struct block *block;

	if (!arena) {
		arena = mmap(NULL, ARENA, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (arena == MAP_FAILED)
			arena = NULL;
	}
	if (!arena || size > ARENA - used - sizeof(*block) - ALIGN)
		return NULL;
	block = (struct block *)(arena + used);
	used += sizeof(*block) + (size + ALIGN - 1) / ALIGN * ALIGN;
	block->size = size;
	return block;
}

void *malloc(size_t wanted)
{
	struct block *block = NULL;

	if (wanted > ARENA)
		return NULL;
	pthread_mutex_lock(&lock);
	if (wanted < N_SIZES && free_blocks[wanted]) {
		block = free_blocks[wanted];
		free_blocks[wanted] = block->next;
	} else {
		block = carve(wanted);
	}
	pthread_mutex_unlock(&lock);
	if (!block)
		errno = ENOMEM;
	return block ? block->data : NULL;
}

void free(void *data)
{
	struct block *block = data ? block_of(data) : NULL;

	if (!block || block->size >= N_SIZES)
		return;
	pthread_mutex_lock(&lock);
	block->next = free_blocks[block->size];
	free_blocks[block->size] = block;
	pthread_mutex_unlock(&lock);
}

void *calloc(size_t n, size_t size)
{
	void *data = size && n > SIZE_MAX / size ? NULL : malloc(n * size);

	return data ? memset(data, 0, n * size) : NULL;
}

void *realloc(void *old, size_t size)
{
	void *data = malloc(size);

	if (data && old)
		memcpy(data, old, size < block_of(old)->size ? size : block_of(old)->size);
	if (data)
		free(old);
	return data;
}
