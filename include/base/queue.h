/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hand-over between two threads: ownership moves with the link. The reader's
 * descriptor becomes readable only if it said that it would wait: while it
 * is busy, a hand-over costs no system call. */
#ifndef BASE_QUEUE_H
#define BASE_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue_link {
	struct queue_link *next;
	int kind;               /* what it is the link of; the owner's */
};

struct queue {
	pthread_mutex_t lock;
	struct queue_link *first;
	struct queue_link **end;
	int descriptor;         /* poll() this one, for reading */
	bool is_awaited;        /* the next push makes it readable */
	uint64_t wakes;         /* written to the descriptor, or about to be */
	uint64_t wakes_read;    /* the reader's own */
};

/* -1 with errno where there is no descriptor left. */
int queue_init(struct queue *q);

/* Once no other thread knows the queue. Links in it are not freed. */
void queue_deinit(struct queue *q);

/* Appends a list of links (the last has next NULL, a NULL list has none) in
 * order; they are the reader's from now on: when it next looks, which one that
 * waits does at queue_notify(). From any thread. */
void queue_append(struct queue *q, struct queue_link *list);

/* Wakes the reader if it waits and there is something to take. */
void queue_notify(struct queue *q);

/* Both of them. */
void queue_push(struct queue *q, struct queue_link *list);

/* Wakes the reader, or lets it not wait the next time, without a link. From
 * any thread. */
void queue_wake(struct queue *q);

/* The reader's: takes all that is there, oldest first; NULL: nothing. */
struct queue_link *queue_take_all(struct queue *q);

/* The reader's, before it waits for the descriptor: false where it need not,
 * since there is something to take. */
bool queue_may_wait(struct queue *q);

#endif
