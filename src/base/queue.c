/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hand-over between two threads by a list, a lock and an eventfd, whose value
 * is the wakes that were not read yet. */
#include "base/queue.h"

#include <assert.h>
#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

int
queue_init(struct queue *q)
{
	*q = (struct queue){ .descriptor = eventfd(0, EFD_NONBLOCK |
							      EFD_CLOEXEC) };
	if (q->descriptor < 0)
		return -1;
	q->end = &q->first;
	pthread_mutex_init(&q->lock, NULL);
	return 0;
}

void
queue_deinit(struct queue *q)
{
	close(q->descriptor);
	pthread_mutex_destroy(&q->lock);
}

/* Not under the lock, which the reader takes next. */
static void
wake(struct queue *q)
{
	uint64_t one = 1;
	ssize_t n;

	do
		n = write(q->descriptor, &one, sizeof(one));
	while (n < 0 && errno == EINTR);
	/* A full counter is readable already: nothing is lost. What else
	 * fails would leave the other thread asleep for ever. */
	assert(n > 0 || errno == EAGAIN);
}

void
queue_append(struct queue *q, struct queue_link *list)
{
	if (list == NULL)
		return;
	struct queue_link *last = list;
	while (last->next != NULL)
		last = last->next;
	pthread_mutex_lock(&q->lock);
	*q->end = list;
	q->end = &last->next;
	pthread_mutex_unlock(&q->lock);
}

void
queue_notify(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	bool must_wake = q->is_awaited && q->first != NULL;
	if (must_wake) {
		q->is_awaited = false;
		q->wakes++;
	}
	pthread_mutex_unlock(&q->lock);
	if (must_wake)
		wake(q);
}

void
queue_push(struct queue *q, struct queue_link *list)
{
	queue_append(q, list);
	queue_notify(q);
}

void
queue_wake(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->is_awaited = false;
	q->wakes++;
	pthread_mutex_unlock(&q->lock);
	wake(q);
}

struct queue_link *
queue_take_all(struct queue *q)
{
	uint64_t count;

	pthread_mutex_lock(&q->lock);
	struct queue_link *list = q->first;
	bool is_readable = q->wakes != q->wakes_read;
	q->first = NULL;
	q->end = &q->first;
	q->is_awaited = false;
	pthread_mutex_unlock(&q->lock);
	/* It fails where the other thread has still to write: next time. */
	if (is_readable &&
	    read(q->descriptor, &count, sizeof(count)) == sizeof(count))
		q->wakes_read += count;
	return list;
}

bool
queue_may_wait(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	assert(q->wakes_read <= q->wakes);
	q->is_awaited = q->first == NULL && q->wakes == q->wakes_read;
	bool may_wait = q->is_awaited;
	pthread_mutex_unlock(&q->lock);
	return may_wait;
}
