/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The loop of a worker: descriptors to watch and timers, nothing else. */
#ifndef WORKER_LOOP_H
#define WORKER_LOOP_H

#include "worker/poller.h"
#include "worker/timer_heap.h"

/* A deadline and who is told of it. It is cleared before due is called. */
struct timer {
	struct heap_timer deadline;     /* first */
	void (*due)(struct loop *loop, struct timer *timer);
};

struct loop {
	struct poller poller;
	struct timer_heap timers;
	int64_t now_ms;         /* when the last wait ended */
	void *context;          /* the owner's */
};

void loop_init(struct loop *l, enum event_method method);
void loop_deinit(struct loop *l);

/* Watches watch->fd for POLLIN, POLLOUT, both or none, or changes what it is
 * watched for; none still tells of errors and hang-ups. */
void loop_watch(struct loop *l, struct watch *watch, short events);

/* Every watch may be forgotten at any time, by any callback. */
void loop_forget(struct loop *l, struct watch *watch);

/* Forgets the watch and closes its descriptor. */
void loop_close(struct loop *l, struct watch *watch);

void loop_set_timer(struct loop *l, struct timer *timer, int64_t at_ms);
void loop_clear_timer(struct loop *l, struct timer *timer);

/* Waits for one round of events, most_ms at most, then calls the ready and
 * the due. */
void loop_turn(struct loop *l, int most_ms);

#endif
