/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The loop: wait until something is ready or due, and call it. */
#include "worker/loop.h"

#include "base/clock.h"

#include <unistd.h>

void
loop_init(struct loop *l, enum event_method method)
{
	*l = (struct loop){ .now_ms = clock_ms() };
	poller_open(&l->poller, method);
}

void
loop_deinit(struct loop *l)
{
	poller_close(&l->poller);
	timer_heap_deinit(&l->timers);
}

void
loop_watch(struct loop *l, struct watch *watch, short events)
{
	poller_watch(&l->poller, watch, events);
}

void
loop_forget(struct loop *l, struct watch *watch)
{
	poller_forget(&l->poller, watch, false);
}

void
loop_close(struct loop *l, struct watch *watch)
{
	poller_forget(&l->poller, watch, true);
	if (watch->fd >= 0)
		close(watch->fd);
	watch->fd = -1;
}

void
loop_set_timer(struct loop *l, struct timer *timer, int64_t at_ms)
{
	timer_heap_set(&l->timers, &timer->deadline, at_ms);
}

void
loop_clear_timer(struct loop *l, struct timer *timer)
{
	timer_heap_clear(&l->timers, &timer->deadline);
}

static struct timer *
next_timer(const struct loop *l)
{
	/* The deadline is the timer's first member. */
	return (struct timer *)timer_heap_next(&l->timers);
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
	struct watch *w;
	short events;

	l->now_ms = clock_ms();
	poller_wait(&l->poller, wait_ms(l, most_ms));
	l->now_ms = clock_ms();
	while ((w = poller_next(&l->poller, &events)) != NULL)
		w->ready(l, w, events);
	call_due(l);
}
