/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hand-over between two threads. An eventfd where there is one, else a pipe;
 * both count as one descriptor to poll. */
#include "base/queue.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/eventfd.h>

static int
open_wake(struct queue *q)
{
	q->wake_read = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	q->wake_write = q->wake_read;
	return q->wake_read < 0 ? -1 : 0;
}
#else
static int
open_wake(struct queue *q)
{
	int ends[2];

	if (pipe(ends) != 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		fcntl(ends[i], F_SETFL, O_NONBLOCK);
		fcntl(ends[i], F_SETFD, FD_CLOEXEC);
	}
	q->wake_read = ends[0];
	q->wake_write = ends[1];
	return 0;
}
#endif

int
queue_init(struct queue *q)
{
	if (open_wake(q) != 0)
		return -1;
	q->first = NULL;
	q->end = &q->first;
	pthread_mutex_init(&q->lock, NULL);
	return 0;
}

void
queue_deinit(struct queue *q)
{
	if (q->wake_write != q->wake_read)
		close(q->wake_write);
	close(q->wake_read);
	pthread_mutex_destroy(&q->lock);
}

void
queue_wake(struct queue *q)
{
	uint64_t one = 1;
	ssize_t n;

	do
		n = write(q->wake_write, &one, sizeof(one));
	while (n < 0 && errno == EINTR);
	/* A full pipe or counter is readable already: nothing is lost. What
	 * else fails would leave the other thread asleep for ever. */
	assert(n > 0 || errno == EAGAIN);
}

static void
quiet(struct queue *q)
{
	uint64_t bytes[8];

	while (read(q->wake_read, bytes, sizeof(bytes)) ==
	       (ssize_t)sizeof(bytes))
		;
}

void
queue_push(struct queue *q, struct queue_link *list)
{
	if (list == NULL)
		return;
	struct queue_link *last = list;
	while (last->next != NULL)
		last = last->next;
	pthread_mutex_lock(&q->lock);
	bool was_empty = q->first == NULL;
	*q->end = list;
	q->end = &last->next;
	pthread_mutex_unlock(&q->lock);
	if (was_empty)
		queue_wake(q);
}

struct queue_link *
queue_take_all(struct queue *q)
{
	/* Quiet first: what is pushed after this wakes us again. */
	quiet(q);
	pthread_mutex_lock(&q->lock);
	struct queue_link *list = q->first;
	q->first = NULL;
	q->end = &q->first;
	pthread_mutex_unlock(&q->lock);
	return list;
}
