/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The poll() loop: descriptors to watch and timers, nothing else. */
#ifndef WORKER_LOOP_H
#define WORKER_LOOP_H

#include "worker/deadline.h"

#include <poll.h>
#include <stdbool.h>

struct loop;

/* A descriptor and who is told of it. Embedded; the loop keeps a pointer
 * between loop_watch and loop_forget. */
struct watch {
	void (*ready)(struct loop *loop, struct watch *watch, short events);
	int fd;
	unsigned place;         /* in the poll set, from 1; 0: not watched */
};

/* A deadline and who is told of it. It is cleared before due is called. */
struct timer {
	struct deadline deadline;
	void (*due)(struct loop *loop, struct timer *timer);
};

struct loop {
	struct pollfd *fds;
	struct watch **watches; /* of the same index */
	size_t count;
	size_t size;
	struct deadlines deadlines;
	int64_t now_ms;         /* when poll() last returned */
	void *context;          /* the owner's */
};

/* Watches watch->fd for events, or changes what it is watched for; 0 events
 * still tell of errors and hang-ups. */
void loop_watch(struct loop *l, struct watch *watch, short events);

/* Every watch may be forgotten at any time, by any callback. */
void loop_forget(struct loop *l, struct watch *watch);

void loop_set_timer(struct loop *l, struct timer *timer, int64_t at_ms);
void loop_clear_timer(struct loop *l, struct timer *timer);

/* Waits for one round of events, most_ms at most, then calls the ready and
 * the due. */
void loop_turn(struct loop *l, int most_ms);
void loop_deinit(struct loop *l);

#endif
