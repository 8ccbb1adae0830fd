/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The epoll side of the poller, level-triggered. What a watch no longer
 * wants is told to the kernel only if it happens: a client that waits for its
 * reply, as it should, costs no system call. */
#include "worker/poller.h"

#include <assert.h>
#include <errno.h>
#include <sys/epoll.h>

/* The two have the same bits in Linux for what is used here. */
_Static_assert(POLLIN == EPOLLIN && POLLOUT == EPOLLOUT &&
	       POLLERR == EPOLLERR && POLLHUP == EPOLLHUP, "poll bits");

int
poller_epoll_open(void)
{
	return epoll_create1(EPOLL_CLOEXEC);
}

static void
tell(struct poller *p, struct watch *w, int what)
{
	struct epoll_event e = { .events = (uint32_t)w->events,
				 .data.ptr = w };

	if (w->is_shared)
		e.events |= EPOLLEXCLUSIVE;
	int failed = epoll_ctl(p->epoll, what, w->fd, &e);
	/* Only for want of kernel memory: a worker cannot go on without. */
	assert(failed == 0);
	w->armed = w->events;
}

void
poller_epoll_watch(struct poller *p, struct watch *w, short events)
{
	w->events = events;
	if (w->place == 0) {
		w->place = 1;
		p->count++;
		tell(p, w, EPOLL_CTL_ADD);
		return;
	}
	if ((events & ~w->armed) != 0)
		tell(p, w, EPOLL_CTL_MOD);
}

void
poller_epoll_forget(struct poller *p, struct watch *w, bool is_closing)
{
	if (!is_closing || w->is_shared)
		epoll_ctl(p->epoll, EPOLL_CTL_DEL, w->fd, NULL);
	w->place = 0;
	p->count--;
	for (size_t i = p->next; i < p->ready_count; i++)
		if (p->ready[i] == w)
			p->ready[i] = NULL;
}

void
poller_epoll_wait(struct poller *p, int most_ms)
{
	struct epoll_event events[POLLER_BATCH];
	int n = epoll_wait(p->epoll, events, POLLER_BATCH, most_ms);

	p->next = 0;
	p->ready_count = 0;
	for (int i = 0; i < n; i++) {
		struct watch *w = events[i].data.ptr;
		short happened = (short)events[i].events;
		short told = (short)(w->events | POLLERR | POLLHUP);
		if ((happened & ~told) != 0)
			tell(p, w, EPOLL_CTL_MOD);
		if ((happened & told) == 0)
			continue;
		p->ready[p->ready_count] = w;
		p->ready_events[p->ready_count++] = (short)(happened & told);
	}
}
