/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory that dies together, in blocks that double up to a bound. */
#include "base/arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BLOCK = 1024, LARGEST_BLOCK = 64 * 1024, ALIGNMENT = 16 };

struct arena_block {
	struct arena_block *next;
	size_t used;
	size_t size;
	_Alignas(ALIGNMENT) char bytes[];
};

static size_t
aligned(size_t n)
{
	return (n + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static void
free_block(struct arena *a, struct arena_block *block)
{
	budget_give(a->budget, block->size);
	free(block);
}

void *
arena_reserve(struct arena *a, size_t size)
{
	assert(size <= SIZE_MAX / 2);
	size = aligned(size > 0 ? size : 1);
	struct arena_block *block = a->blocks;
	/* Nothing is in it, and it would stay so. */
	if (block != NULL && block->used == 0 && size > block->size) {
		a->blocks = block->next;
		free_block(a, block);
		block = NULL;
	}
	if (block == NULL || size > block->size - block->used) {
		size_t next = FIRST_BLOCK;
		if (a->blocks != NULL)
			next = a->blocks->size < LARGEST_BLOCK
				? a->blocks->size * 2 : LARGEST_BLOCK;
		if (next < size)
			next = size;
		if (!budget_take(a->budget, next))
			return NULL;
		block = memory_resize(NULL, sizeof(*block) + next);
		block->next = a->blocks;
		block->used = 0;
		block->size = next;
		a->blocks = block;
	}
	void *p = block->bytes + block->used;
	block->used += size;
	return p;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	void *p = arena_reserve(a, size);

	if (p != NULL)
		memset(p, 0, size);
	return p;
}

struct view
arena_copy(struct arena *a, struct view bytes)
{
	char *copy = arena_reserve(a, bytes.len + 1);

	if (copy == NULL)
		return (struct view){ NULL, 0 };
	if (bytes.len > 0)
		memcpy(copy, bytes.at, bytes.len);
	copy[bytes.len] = '\0';
	return (struct view){ copy, bytes.len };
}

void
arena_shrink(struct arena *a, void *newest, size_t from, size_t to)
{
	struct arena_block *block = a->blocks;

	assert(block != NULL && to <= from);
	from = aligned(from > 0 ? from : 1);
	to = aligned(to);
	assert((char *)newest + from == block->bytes + block->used);
	block->used -= from - to;
}

void
arena_reset(struct arena *a)
{
	struct arena_block *keep = NULL;

	while (a->blocks != NULL) {
		struct arena_block *block = a->blocks;
		a->blocks = block->next;
		if (keep == NULL && block->size <= LARGEST_BLOCK)
			keep = block;
		else
			free_block(a, block);
	}
	if (keep != NULL) {
		keep->used = 0;
		keep->next = NULL;
	}
	a->blocks = keep;
}

void
arena_free(struct arena *a)
{
	while (a->blocks != NULL) {
		struct arena_block *block = a->blocks;
		a->blocks = block->next;
		free_block(a, block);
	}
}
