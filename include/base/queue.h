/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hand-over between two threads: ownership moves with the link, and one
 * descriptor becomes readable when there is something to take. */
#ifndef BASE_QUEUE_H
#define BASE_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct queue_link {
	struct queue_link *next;
	int kind;               /* what it is the link of; the owner's */
};

struct queue {
	pthread_mutex_t lock;
	struct queue_link *first;
	struct queue_link **end;
	int wake_read;          /* poll() this one */
	int wake_write;         /* the same as wake_read for an eventfd */
};

/* -1 with errno where there is no descriptor left. */
int queue_init(struct queue *q);
void queue_deinit(struct queue *q);

/* Appends a list of links (the last has next NULL) in order. The reader is
 * woken only if the queue was empty: one write a burst. */
void queue_push(struct queue *q, struct queue_link *list);

/* Takes all that waits, oldest first, and quiets the descriptor; NULL when
 * there is nothing. */
struct queue_link *queue_take_all(struct queue *q);

/* Makes the descriptor readable without pushing anything. */
void queue_wake(struct queue *q);

#endif
