/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The loop: wait until something is ready or due, and call it. epoll is used
 * level-triggered; what a watch no longer wants is told to the kernel only if
 * it happens: a client that waits for its reply, as it should, costs no
 * system call. */
#include "worker/loop.h"

#include "base/clock.h"
#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { FIRST_SIZE = 64 };

/* The two have the same bits in Linux for what is used here. */
_Static_assert(POLLIN == EPOLLIN && POLLOUT == EPOLLOUT &&
	       POLLERR == EPOLLERR && POLLHUP == EPOLLHUP, "poll bits");

void
loop_init(struct loop *l, enum event_method method)
{
	*l = (struct loop){ .now_ms = clock_ms(), .epoll = -1 };
	if (method == EVENT_EPOLL)
		l->epoll = epoll_create1(EPOLL_CLOEXEC);
}

void
loop_deinit(struct loop *l)
{
	if (l->epoll >= 0)
		close(l->epoll);
	free(l->fds);
	free(l->watches);
	free(l->timers);
	*l = (struct loop){ .epoll = -1 };
}

static void
tell_epoll(struct loop *l, struct watch *w, int what)
{
	struct epoll_event e = { .events = (uint32_t)w->events,
				 .data.ptr = w };

	if (w->is_shared)
		e.events |= EPOLLEXCLUSIVE;
	int failed = epoll_ctl(l->epoll, what, w->fd, &e);
	/* Only for want of kernel memory: a worker cannot go on without. */
	assert(failed == 0);
	w->armed = w->events;
}

void
loop_watch(struct loop *l, struct watch *w, short events)
{
	bool is_new = w->place == 0;

	w->events = events;
	if (is_new)
		w->place = (unsigned)++l->count;
	if (l->epoll >= 0) {
		if (is_new || (events & ~w->armed) != 0)
			tell_epoll(l, w, is_new ? EPOLL_CTL_ADD
						: EPOLL_CTL_MOD);
		return;
	}
	if (l->count > l->size) {
		l->size = l->size > 0 ? l->size * 2 : FIRST_SIZE;
		l->fds = memory_resize(l->fds, l->size * sizeof(*l->fds));
		l->watches = memory_resize(l->watches,
					   l->size * sizeof(*l->watches));
	}
	if (is_new) {
		l->watches[w->place - 1] = w;
		l->fds[w->place - 1] = (struct pollfd){ .fd = w->fd };
	}
	l->fds[w->place - 1].events = events;
}

/* is_closing: the descriptor, held by nobody else, is closed next, which takes
 * it out of an epoll set by itself. */
static void
forget(struct loop *l, struct watch *w, bool is_closing)
{
	if (w->place == 0)
		return;
	size_t hole = w->place - 1;
	w->place = 0;
	l->count--;
	if (l->epoll >= 0) {
		if (!is_closing || w->is_shared)
			epoll_ctl(l->epoll, EPOLL_CTL_DEL, w->fd, NULL);
		for (size_t i = 0; i < l->ready_count; i++)
			if (l->ready[i] == w)
				l->ready[i] = NULL;
		return;
	}
	assert(hole <= l->count && l->watches[hole] == w);
	if (hole < l->count) {
		l->fds[hole] = l->fds[l->count];
		l->watches[hole] = l->watches[l->count];
		l->watches[hole]->place = (unsigned)hole + 1;
	}
}

void
loop_forget(struct loop *l, struct watch *watch)
{
	forget(l, watch, false);
}

void
loop_close(struct loop *l, struct watch *watch)
{
	forget(l, watch, true);
	if (watch->fd >= 0)
		close(watch->fd);
	watch->fd = -1;
}

/* ---- Timers ------------------------------------------------------------- */

static void
put(struct loop *l, struct timer *t, size_t place)
{
	l->timers[place] = t;
	t->place = place;
}

/* Moves t from its place to where its time belongs. */
static void
settle(struct loop *l, struct timer *t)
{
	size_t place = t->place;
	size_t child = 0;

	for (; place > 1 && l->timers[place / 2]->at_ms > t->at_ms; place /= 2)
		put(l, l->timers[place / 2], place);
	for (; (child = 2 * place) <= l->timer_count; place = child) {
		if (child < l->timer_count &&
		    l->timers[child + 1]->at_ms < l->timers[child]->at_ms)
			child++;
		if (l->timers[child]->at_ms >= t->at_ms)
			break;
		put(l, l->timers[child], place);
	}
	put(l, t, place);
}

void
loop_set_timer(struct loop *l, struct timer *timer, int64_t at_ms)
{
	assert(timer->due != NULL);
	timer->at_ms = at_ms;
	if (timer->place == 0) {
		timer->place = ++l->timer_count;
		if (l->timer_count >= l->timer_size) {
			l->timer_size = l->timer_size > 0 ? l->timer_size * 2
							  : FIRST_SIZE;
			l->timers = memory_resize(l->timers,
				l->timer_size * sizeof(*l->timers));
		}
	}
	settle(l, timer);
}

void
loop_clear_timer(struct loop *l, struct timer *timer)
{
	if (timer->place == 0)
		return;
	assert(l->timers[timer->place] == timer);
	struct timer *last = l->timers[l->timer_count--];
	if (last != timer) {
		last->place = timer->place;
		settle(l, last);
	}
	timer->place = 0;
}

/* ---- The turn ------------------------------------------------------------ */

static void
turn_epoll(struct loop *l, int ms)
{
	struct epoll_event events[LOOP_BATCH];
	int n = epoll_wait(l->epoll, events, LOOP_BATCH, ms);

	l->now_ms = clock_ms();
	l->ready_count = n > 0 ? (size_t)n : 0;
	for (size_t i = 0; i < l->ready_count; i++)
		l->ready[i] = events[i].data.ptr;
	for (size_t i = 0; i < l->ready_count; i++) {
		struct watch *w = l->ready[i];
		if (w == NULL)          /* forgotten meanwhile */
			continue;
		short happened = (short)events[i].events;
		short told = (short)(w->events | POLLERR | POLLHUP);
		if ((happened & ~told) != 0)
			tell_epoll(l, w, EPOLL_CTL_MOD);
		if ((happened & told) != 0)
			w->ready(l, w, (short)(happened & told));
	}
	l->ready_count = 0;
}

/* From the end of the dense set to its front: what a callback moves into a
 * hole has been seen. */
static void
turn_poll(struct loop *l, int ms)
{
	size_t i = poll(l->fds, (nfds_t)l->count, ms) > 0 ? l->count : 0;

	l->now_ms = clock_ms();
	while (i-- > 0) {
		short events = i < l->count ? l->fds[i].revents : 0;
		if (events == 0)
			continue;
		l->fds[i].revents = 0;
		l->watches[i]->ready(l, l->watches[i], events);
	}
}

void
loop_turn(struct loop *l, int most_ms)
{
	int64_t ms = most_ms;

	l->now_ms = clock_ms();
	if (l->timer_count > 0 && l->timers[1]->at_ms - l->now_ms < ms)
		ms = l->timers[1]->at_ms - l->now_ms;
	if (l->epoll >= 0)
		turn_epoll(l, ms > 0 ? (int)ms : 0);
	else
		turn_poll(l, ms > 0 ? (int)ms : 0);
	while (l->timer_count > 0 && l->timers[1]->at_ms <= l->now_ms) {
		struct timer *t = l->timers[1];
		loop_clear_timer(l, t);
		t->due(l, t);
	}
}
