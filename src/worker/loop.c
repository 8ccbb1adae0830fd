/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The poll() loop. The poll set is dense: a forgotten entry is replaced by
 * the last one, and a round goes from the end to the front, so that what
 * moves has been seen already. */
#include "worker/loop.h"

#include "base/clock.h"
#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>

enum { FIRST_SIZE = 64 };

static void
grow(struct loop *l)
{
	l->size = l->size > 0 ? l->size * 2 : FIRST_SIZE;
	l->fds = memory_resize(l->fds, l->size * sizeof(*l->fds));
	l->watches = memory_resize(l->watches, l->size * sizeof(*l->watches));
}

void
loop_watch(struct loop *l, struct watch *watch, short events)
{
	if (watch->place == 0) {
		if (l->count == l->size)
			grow(l);
		l->watches[l->count] = watch;
		l->fds[l->count] = (struct pollfd){ .fd = watch->fd };
		watch->place = (unsigned)++l->count;
	}
	l->fds[watch->place - 1].events = events;
}

void
loop_forget(struct loop *l, struct watch *watch)
{
	if (watch->place == 0)
		return;
	size_t hole = watch->place - 1;
	assert(hole < l->count && l->watches[hole] == watch);
	l->count--;
	if (hole != l->count) {
		l->fds[hole] = l->fds[l->count];
		l->watches[hole] = l->watches[l->count];
		l->watches[hole]->place = (unsigned)hole + 1;
	}
	watch->place = 0;
}

void
loop_set_timer(struct loop *l, struct timer *timer, int64_t at_ms)
{
	deadline_set(&l->deadlines, &timer->deadline, at_ms);
}

void
loop_clear_timer(struct loop *l, struct timer *timer)
{
	deadline_clear(&l->deadlines, &timer->deadline);
}

static struct timer *
next_timer(const struct loop *l)
{
	/* The deadline is the timer's first member. */
	return (struct timer *)deadline_next(&l->deadlines);
}

static int
wait_ms(const struct loop *l, int most_ms)
{
	struct timer *next = next_timer(l);

	if (next == NULL)
		return most_ms;
	int64_t left = next->deadline.at_ms - l->now_ms;
	if (left <= 0)
		return 0;
	return left < most_ms ? (int)left : most_ms;
}

static void
call_ready(struct loop *l, size_t i)
{
	short events = l->fds[i].revents;

	if (events == 0)
		return;
	l->fds[i].revents = 0;
	l->watches[i]->ready(l, l->watches[i], events);
}

static void
call_due(struct loop *l)
{
	struct timer *t;

	while ((t = next_timer(l)) != NULL &&
	       t->deadline.at_ms <= l->now_ms) {
		loop_clear_timer(l, t);
		t->due(l, t);
	}
}

void
loop_turn(struct loop *l, int most_ms)
{
	l->now_ms = clock_ms();
	int ready = poll(l->fds, (nfds_t)l->count, wait_ms(l, most_ms));
	l->now_ms = clock_ms();
	/* Callbacks may shrink the set below i: what is there then has been
	 * seen or has no event yet. */
	for (size_t i = l->count; ready > 0 && i > 0; i--)
		if (i <= l->count)
			call_ready(l, i - 1);
	call_due(l);
}

void
loop_deinit(struct loop *l)
{
	free(l->fds);
	free(l->watches);
	deadlines_deinit(&l->deadlines);
	*l = (struct loop){ 0 };
}
