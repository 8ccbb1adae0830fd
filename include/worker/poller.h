/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Waiting for many descriptors at once. poll() looks at all of them each
 * time; epoll does not, as a worker holds thousands of connections of which
 * few say anything. Both behave alike. */
#ifndef WORKER_POLLER_H
#define WORKER_POLLER_H

#include "worker/settings.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

struct loop;

/* A descriptor and who is told of it. Embedded; the poller keeps a pointer
 * between poller_watch and poller_forget. */
struct watch {
	void (*ready)(struct loop *loop, struct watch *watch, short events);
	int fd;
	unsigned place;         /* in the poll set, from 1; 0: not watched */
	short events;           /* wanted: POLLIN, POLLOUT, both or none */
	short armed;            /* what epoll was told */
	bool is_shared;         /* a listener of several processes: one of
				 * them is woken for a connection */
};

enum { POLLER_BATCH = 64 };

struct poller {
	int epoll;              /* -1: poll() */
	size_t count;           /* of watches */

	struct pollfd *fds;     /* poll(): dense; what is forgotten is
				 * replaced by the last one */
	struct watch **watches; /* of the same index */
	size_t size;

	struct watch *ready[POLLER_BATCH];      /* epoll: of this round */
	short ready_events[POLLER_BATCH];
	size_t next;            /* poll(): ones below are not yet looked at;
				 * epoll: first in ready that was not given */
	size_t ready_count;
};

/* Where no epoll set can be had it is poll(). */
void poller_open(struct poller *p, enum event_method method);
void poller_close(struct poller *p);

/* Watches for these events, or changes them; none still tells of errors and
 * hang-ups. */
void poller_watch(struct poller *p, struct watch *w, short events);

/* May be called while poller_next goes through a round: what is forgotten is
 * not given any more. is_closing: the descriptor, held by nobody else, is
 * closed next, which takes it out of an epoll set by itself. */
void poller_forget(struct poller *p, struct watch *w, bool is_closing);

/* Waits for a round of events, most_ms at most. */
void poller_wait(struct poller *p, int most_ms);

/* The next one of the round with its poll() events, NULL at the end. */
struct watch *poller_next(struct poller *p, short *events_out);

/* ---- poller_epoll.c ----------------------------------------------------- */

/* -1 with errno. */
int poller_epoll_open(void);
void poller_epoll_watch(struct poller *p, struct watch *w, short events);
void poller_epoll_forget(struct poller *p, struct watch *w, bool is_closing);
void poller_epoll_wait(struct poller *p, int most_ms);

#endif
