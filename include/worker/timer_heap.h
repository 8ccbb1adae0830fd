/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deadlines of many clients in a binary heap: the next one is known at once,
 * a change costs O(log n). */
#ifndef WORKER_TIMER_HEAP_H
#define WORKER_TIMER_HEAP_H

#include <stddef.h>
#include <stdint.h>

/* Embedded in what has a deadline; zeroed: not in a heap. */
struct heap_timer {
	int64_t at_ms;          /* of clock_ms() */
	size_t place;           /* in the heap, from 1; 0: none */
};

struct timer_heap {
	struct heap_timer **heap;
	size_t count;
	size_t size;
};

/* Sets or moves d to at_ms. */
void timer_heap_set(struct timer_heap *all, struct heap_timer *d,
		    int64_t at_ms);
void timer_heap_clear(struct timer_heap *all, struct heap_timer *d);

/* The earliest one, or NULL. */
struct heap_timer *timer_heap_next(const struct timer_heap *all);
void timer_heap_deinit(struct timer_heap *all);

#endif
