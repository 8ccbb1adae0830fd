/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deadlines of many clients in a binary heap: the next one is known at once,
 * a change costs O(log n). */
#ifndef WORKER_DEADLINE_H
#define WORKER_DEADLINE_H

#include <stddef.h>
#include <stdint.h>

/* Embedded in what has a deadline; zeroed: not in a heap. */
struct deadline {
	int64_t at_ms;          /* of clock_ms() */
	size_t place;           /* in the heap, from 1; 0: none */
};

struct deadlines {
	struct deadline **heap;
	size_t count;
	size_t size;
};

/* Sets or moves d to at_ms. */
void deadline_set(struct deadlines *all, struct deadline *d, int64_t at_ms);
void deadline_clear(struct deadlines *all, struct deadline *d);

/* The earliest one, or NULL. */
struct deadline *deadline_next(const struct deadlines *all);
void deadlines_deinit(struct deadlines *all);

#endif
