/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The poll() side of the poller, and the choice. A round goes from the end
 * of the dense set to its front: what moves into a hole has been seen. */
#include "worker/poller.h"

#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

enum { FIRST_SIZE = 64 };

void
poller_open(struct poller *p, enum event_method method)
{
	*p = (struct poller){ .epoll = method == EVENT_EPOLL
		? poller_epoll_open() : -1 };
}

void
poller_close(struct poller *p)
{
	if (p->epoll >= 0)
		close(p->epoll);
	free(p->fds);
	free(p->watches);
	*p = (struct poller){ .epoll = -1 };
}

static void
grow(struct poller *p)
{
	p->size = p->size > 0 ? p->size * 2 : FIRST_SIZE;
	p->fds = memory_resize(p->fds, p->size * sizeof(*p->fds));
	p->watches = memory_resize(p->watches, p->size * sizeof(*p->watches));
}

void
poller_watch(struct poller *p, struct watch *w, short events)
{
	if (p->epoll >= 0) {
		poller_epoll_watch(p, w, events);
		return;
	}
	if (w->place == 0) {
		if (p->count == p->size)
			grow(p);
		p->watches[p->count] = w;
		p->fds[p->count] = (struct pollfd){ .fd = w->fd };
		w->place = (unsigned)++p->count;
	}
	w->events = events;
	p->fds[w->place - 1].events = events;
}

void
poller_forget(struct poller *p, struct watch *w, bool is_closing)
{
	if (w->place == 0)
		return;
	if (p->epoll >= 0) {
		poller_epoll_forget(p, w, is_closing);
		return;
	}
	size_t hole = w->place - 1;
	assert(hole < p->count && p->watches[hole] == w);
	p->count--;
	if (hole != p->count) {
		p->fds[hole] = p->fds[p->count];
		p->watches[hole] = p->watches[p->count];
		p->watches[hole]->place = (unsigned)hole + 1;
	}
	w->place = 0;
}

void
poller_wait(struct poller *p, int most_ms)
{
	if (p->epoll >= 0) {
		poller_epoll_wait(p, most_ms);
		return;
	}
	int ready = poll(p->fds, (nfds_t)p->count, most_ms);
	p->next = ready > 0 ? p->count : 0;
}

static struct watch *
next_of_poll(struct poller *p, short *events_out)
{
	/* Callbacks may have made the set smaller. */
	if (p->next > p->count)
		p->next = p->count;
	while (p->next > 0) {
		size_t i = --p->next;
		if (p->fds[i].revents == 0)
			continue;
		*events_out = p->fds[i].revents;
		p->fds[i].revents = 0;
		return p->watches[i];
	}
	return NULL;
}

struct watch *
poller_next(struct poller *p, short *events_out)
{
	if (p->epoll < 0)
		return next_of_poll(p, events_out);
	while (p->next < p->ready_count) {
		size_t i = p->next++;
		if (p->ready[i] == NULL)        /* forgotten meanwhile */
			continue;
		*events_out = p->ready_events[i];
		return p->ready[i];
	}
	return NULL;
}
