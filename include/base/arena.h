/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory that dies together: one mail's envelope, one mail's columns. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/memory.h"
#include "base/view.h"

struct arena_block;

struct arena {
	struct arena_block *blocks;     /* newest first */
	struct budget *budget;          /* charged by the block; may be NULL */
};

/* Zeroed, aligned for any type, until arena_reset or arena_free.
 * NULL only where the budget is exhausted. */
void *arena_alloc(struct arena *a, size_t size);

/* The same without zeroing: pages of a large one stay untouched until they
 * are written. */
void *arena_reserve(struct arena *a, size_t size);

/* A copy with a NUL behind it (not counted); .at is NULL only where the
 * budget is exhausted. */
struct view arena_copy(struct arena *a, struct view bytes);

/* Takes back what is unused of the newest allocation: it was made with size
 * from, and its first to bytes are kept. */
void arena_shrink(struct arena *a, void *newest, size_t from, size_t to);

/* Forgets all allocations but keeps one block for the next ones. */
void arena_reset(struct arena *a);

/* The same, but keeps nothing; the budget gets all of it back. */
void arena_free(struct arena *a);

#endif
