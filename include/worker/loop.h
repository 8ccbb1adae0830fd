/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The loop of a worker: descriptors to watch and timers, nothing else. poll()
 * looks at all descriptors each time; epoll does not, as a worker holds
 * thousands of connections of which few say anything. Both behave alike. */
#ifndef WORKER_LOOP_H
#define WORKER_LOOP_H

#include "worker/settings.h"

#include <poll.h>

struct loop;

/* A descriptor and who is told of it. Embedded; the loop keeps a pointer
 * between loop_watch and loop_forget. */
struct watch {
	void (*ready)(struct loop *loop, struct watch *watch, short events);
	int fd;
	unsigned place;         /* in the poll set, from 1; 0: not watched */
	short events;           /* wanted: POLLIN, POLLOUT, both or none */
	short armed;            /* what epoll was told */
	bool is_shared;         /* a listener of several processes: one of
				 * them is woken for a connection */
};

/* A deadline and who is told of it. It is cleared before due is called. */
struct timer {
	void (*due)(struct loop *loop, struct timer *timer);
	int64_t at_ms;          /* of clock_ms() */
	size_t place;           /* in the heap, from 1; 0: not set */
};

enum { LOOP_BATCH = 64 };

struct loop {
	int epoll;              /* -1: poll() */
	size_t count;           /* of watches */
	struct pollfd *fds;     /* poll(): dense; what is forgotten is
				 * replaced by the last one */
	struct watch **watches; /* of the same index */
	size_t size;
	struct watch *ready[LOOP_BATCH];        /* epoll: of this round */
	size_t ready_count;
	struct timer **timers;  /* a binary heap, the earliest at place 1 */
	size_t timer_count;
	size_t timer_size;
	int64_t now_ms;         /* when the last wait ended */
	void *context;          /* the owner's */
};

/* Where no epoll set can be had it is poll(). */
void loop_init(struct loop *l, enum event_method method);
void loop_deinit(struct loop *l);

/* Watches watch->fd for POLLIN, POLLOUT, both or none, or changes what it is
 * watched for; none still tells of errors and hang-ups. */
void loop_watch(struct loop *l, struct watch *watch, short events);

/* A watch may be forgotten at any time, by any callback. */
void loop_forget(struct loop *l, struct watch *watch);

/* Forgets the watch and closes its descriptor. */
void loop_close(struct loop *l, struct watch *watch);

void loop_set_timer(struct loop *l, struct timer *timer, int64_t at_ms);
void loop_clear_timer(struct loop *l, struct timer *timer);

/* Waits for one round of events, most_ms at most, then calls the ready and
 * the due. */
void loop_turn(struct loop *l, int most_ms);

#endif
