/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hand-over between two threads: all comes, in order, and the reader is woken
 * if it waits and only then. */
#include "base/queue.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { MANY = 100000 };

static bool
is_readable(const struct queue *q)
{
	struct pollfd fd = { .fd = q->descriptor, .events = POLLIN };

	return poll(&fd, 1, 0) == 1;
}

static void
only_a_reader_that_waits_is_woken(void **state)
{
	struct queue q;
	struct queue_link a = { .kind = 1 }, b = { .kind = 2 };
	struct queue_link c = { .kind = 3, .next = NULL };

	(void)state;
	assert_int_equal(queue_init(&q), 0);
	assert_null(queue_take_all(&q));
	queue_push(&q, NULL);
	queue_push(&q, &a);
	assert_false(is_readable(&q));
	assert_false(queue_may_wait(&q));
	b.next = &c;
	queue_push(&q, &b);
	assert_ptr_equal(queue_take_all(&q), &a);
	assert_ptr_equal(a.next, &b);
	assert_ptr_equal(b.next, &c);

	assert_true(queue_may_wait(&q));
	a.next = NULL;
	queue_push(&q, &a);
	assert_true(is_readable(&q));
	assert_false(queue_may_wait(&q));
	assert_ptr_equal(queue_take_all(&q), &a);
	assert_false(is_readable(&q));
	assert_null(queue_take_all(&q));
	queue_deinit(&q);
}

static void
a_link_may_wait_for_others(void **state)
{
	struct queue q;
	struct queue_link a = { .kind = 1 }, b = { .kind = 2 };

	(void)state;
	assert_int_equal(queue_init(&q), 0);
	queue_notify(&q);
	assert_true(queue_may_wait(&q));
	queue_notify(&q);
	queue_append(&q, NULL);
	queue_append(&q, &a);
	queue_append(&q, &b);
	assert_false(is_readable(&q));
	queue_notify(&q);
	assert_true(is_readable(&q));
	queue_notify(&q);
	assert_int_equal(q.wakes, 1);
	assert_ptr_equal(queue_take_all(&q), &a);
	assert_ptr_equal(a.next, &b);
	/* A reader that looks meanwhile takes it, and need not be woken. */
	assert_true(queue_may_wait(&q));
	a.next = NULL;
	queue_append(&q, &a);
	assert_false(queue_may_wait(&q));
	assert_ptr_equal(queue_take_all(&q), &a);
	queue_notify(&q);
	assert_int_equal(q.wakes, 1);
	queue_deinit(&q);
}

static void
a_wake_needs_no_link(void **state)
{
	struct queue q;

	(void)state;
	assert_int_equal(queue_init(&q), 0);
	queue_wake(&q);
	queue_wake(&q);
	assert_false(queue_may_wait(&q));
	assert_true(is_readable(&q));
	assert_null(queue_take_all(&q));
	assert_false(is_readable(&q));
	assert_true(queue_may_wait(&q));
	queue_deinit(&q);
}

static struct queue_link links[MANY];

static void *
push_all(void *arg)
{
	for (size_t i = 0; i < MANY; i++) {
		links[i] = (struct queue_link){ .kind = (int)i };
		queue_push(arg, &links[i]);
		if (i % 1000 == 0)
			queue_wake(arg);
	}
	return NULL;
}

static void
nothing_is_lost_between_threads(void **state)
{
	struct queue q;
	pthread_t writer;
	int next = 0;

	(void)state;
	assert_int_equal(queue_init(&q), 0);
	assert_int_equal(pthread_create(&writer, NULL, push_all, &q), 0);
	while (next < MANY) {
		struct pollfd fd = { .fd = q.descriptor, .events = POLLIN };
		if (queue_may_wait(&q))
			assert_int_equal(poll(&fd, 1, 20000), 1);
		for (struct queue_link *l = queue_take_all(&q); l != NULL;
		     l = l->next)
			assert_int_equal(l->kind, next++);
	}
	assert_int_equal(pthread_join(writer, NULL), 0);
	queue_deinit(&q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_a_reader_that_waits_is_woken),
		cmocka_unit_test(a_link_may_wait_for_others),
		cmocka_unit_test(a_wake_needs_no_link),
		cmocka_unit_test(nothing_is_lost_between_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
