/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deadlines in a binary heap, earliest at place 1. */
#include "worker/timer_heap.h"

#include "base/memory.h"

#include <stdlib.h>

enum { FIRST_SIZE = 64 };

static struct heap_timer **
at(struct timer_heap *all, size_t place)
{
	return &all->heap[place - 1];
}

static void
put(struct timer_heap *all, struct heap_timer *d, size_t place)
{
	*at(all, place) = d;
	d->place = place;
}

static void
rise(struct timer_heap *all, struct heap_timer *d)
{
	size_t place = d->place;

	while (place > 1 && (*at(all, place / 2))->at_ms > d->at_ms) {
		put(all, *at(all, place / 2), place);
		place /= 2;
	}
	put(all, d, place);
}

static void
sink(struct timer_heap *all, struct heap_timer *d)
{
	size_t place = d->place;

	while (place * 2 <= all->count) {
		size_t child = place * 2;
		if (child < all->count &&
		    (*at(all, child + 1))->at_ms < (*at(all, child))->at_ms)
			child++;
		if ((*at(all, child))->at_ms >= d->at_ms)
			break;
		put(all, *at(all, child), place);
		place = child;
	}
	put(all, d, place);
}

void
timer_heap_set(struct timer_heap *all, struct heap_timer *d, int64_t at_ms)
{
	if (d->place == 0) {
		if (all->count == all->size) {
			all->size = all->size > 0 ? all->size * 2 : FIRST_SIZE;
			all->heap = memory_resize(all->heap,
					all->size * sizeof(*all->heap));
		}
		d->at_ms = at_ms;
		put(all, d, ++all->count);
		rise(all, d);
		return;
	}
	int64_t was = d->at_ms;
	d->at_ms = at_ms;
	if (at_ms < was)
		rise(all, d);
	else if (at_ms > was)
		sink(all, d);
}

void
timer_heap_clear(struct timer_heap *all, struct heap_timer *d)
{
	if (d->place == 0)
		return;
	struct heap_timer *last = *at(all, all->count--);
	if (last != d) {
		put(all, last, d->place);
		rise(all, last);
		sink(all, last);
	}
	d->place = 0;
}

struct heap_timer *
timer_heap_next(const struct timer_heap *all)
{
	return all->count > 0 ? all->heap[0] : NULL;
}

void
timer_heap_deinit(struct timer_heap *all)
{
	free(all->heap);
	*all = (struct timer_heap){ 0 };
}
