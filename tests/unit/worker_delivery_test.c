/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Delivery with a store, spool and reader that only do what a test says: no
 * message is lost, none gets two verdicts, and holding ends in time. */
#include "support/worker_doubles.h"
#include "worker/delivery_thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void
what_waits_goes_together_in_order(void **state)
{
	(void)state;
	struct delivery *d = delivery_start(&test_settings, &test_context);

	is_slow = true;
	for (int i = 0; i < MOST; i++)
		submit(d, new_message('m', i, 1));
	expect_verdicts(d, MOST, VERDICT_STORED);
	delivery_stop(&d);
	assert_int_equal(saved_count, MOST);
	for (int i = 0; i < MOST; i++)
		assert_int_equal(atoi(saved[i] + 1), i);
	assert_int_equal(largest_batch, 8);
	assert_in_range(saves, 8, 16);
}

/* Until the thread waits for jobs. */
static void
await_idle(struct delivery *d)
{
	for (bool is_idle = false; !is_idle; usleep(1000)) {
		pthread_mutex_lock(&d->jobs.lock);
		is_idle = d->jobs.is_awaited;
		pthread_mutex_unlock(&d->jobs.lock);
	}
}

static void
an_idle_thread_begins_with_all_of_a_turn(void **state)
{
	(void)state;
	struct delivery *d = delivery_start(&test_settings, &test_context);

	await_idle(d);
	for (int i = 0; i < 6; i++, usleep(2000))
		delivery_submit(d, new_message('m', i, 1));
	delivery_begin(d);
	expect_verdicts(d, 6, VERDICT_STORED);
	delivery_stop(&d);
	assert_int_equal(largest_batch, 6);
	assert_int_equal(saves, 1);
}

static void
a_whole_batch_waits_for_no_other(void **state)
{
	(void)state;
	struct delivery *d = delivery_start(&test_settings, &test_context);

	await_idle(d);
	for (int i = 0; i < 8; i++)
		delivery_submit(d, new_message('m', i, 1));
	expect_verdicts(d, 8, VERDICT_STORED);
	delivery_stop(&d);
	assert_int_equal(largest_batch, 8);
}

static void
rows_bound_a_batch(void **state)
{
	(void)state;
	struct delivery *d = delivery_start(&test_settings, &test_context);

	is_slow = true;
	for (int i = 0; i < 12; i++)
		submit(d, new_message('m', i, 4));
	submit(d, new_message('m', 12, 100));
	expect_verdicts(d, 13, VERDICT_STORED);
	delivery_stop(&d);
	/* What did not fit was read again, and came first. */
	assert_int_equal(saved_count, 13);
	for (int n = 0; n < 13; n++)
		assert_int_equal(atoi(saved[n] + 1), n);
	assert_int_equal(largest_batch, 2);
}

static void
refused_ones_take_nobody_along(void **state)
{
	(void)state;
	struct delivery *d = delivery_start(&test_settings, &test_context);

	submit(d, new_message('r', 1, 1));
	expect_verdicts(d, 1, VERDICT_HEADER_CHECK);
	submit(d, new_message('m', 2, 1));
	expect_verdicts(d, 1, VERDICT_STORED);
	delivery_stop(&d);
	assert_int_equal(saved_count, 1);
}

static void
held_until_the_store_is_back(void **state)
{
	(void)state;
	is_up = false;
	test_settings.store.hold_ms = 5000;
	struct delivery *d = delivery_start(&test_settings, &test_context);

	for (int i = 0; i < 20; i++)
		submit(d, new_message('m', i, 1));
	usleep(150 * 1000);
	assert_int_equal(saved_count, 0);
	is_up = true;
	expect_verdicts(d, 20, VERDICT_STORED);
	delivery_stop(&d);
	for (int i = 0; i < 20; i++)
		assert_int_equal(atoi(saved[i] + 1), i);
}

/* A host that is not due is not asked for; one that is, at once. */
static void
a_host_is_tried_when_it_is_due(void **state)
{
	(void)state;
	is_up = false;
	test_settings.store.hold_ms = 5000;
	may_try_ms = clock_ms() + 400;
	struct delivery *d = delivery_start(&test_settings, &test_context);

	submit(d, new_message('m', 1, 1));
	usleep(200 * 1000);
	/* The first try, and a few for the message that came. */
	assert_in_range(connects, 1, 3);
	is_up = true;
	expect_verdicts(d, 1, VERDICT_STORED);
	assert_in_range(clock_ms() - may_try_ms, 0, 300);
	delivery_stop(&d);
}

static void
an_idle_worker_tries_a_host_when_it_is_due(void **state)
{
	(void)state;
	is_up = false;
	may_try_ms = clock_ms() + 200;
	struct delivery *d = delivery_start(&test_settings, &test_context);
	bool is_told = false;

	usleep(100 * 1000);
	is_up = true;
	while (!is_told) {
		struct delivery_news *news = (struct delivery_news *)
			next_result(d, DELIVERY_NEWS);
		is_told = news->is_store_up;
		free(news);
	}
	assert_in_range(clock_ms() - may_try_ms, 0, 300);
	delivery_stop(&d);
}

static void
held_no_longer_than_hold(void **state)
{
	(void)state;
	is_up = false;
	struct delivery *d = delivery_start(&test_settings, &test_context);
	int64_t began = clock_ms();

	for (int i = 0; i < 20; i++)
		submit(d, new_message('m', i, 1));
	expect_verdicts(d, 20, VERDICT_TRY_LATER);
	assert_true(clock_ms() - began >= 200);
	assert_int_equal(forgotten, 20);
	delivery_stop(&d);
}

static void
spooled_when_hold_is_over(void **state)
{
	(void)state;
	is_up = false;
	test_settings.store.on_outage = STORE_OUTAGE_SPOOL;
	struct delivery *d = delivery_start(&test_settings, &test_context);

	for (int i = 0; i < 20; i++)
		submit(d, new_message('m', i, 1));
	expect_verdicts(d, 20, VERDICT_SPOOLED);
	assert_int_equal(spooled, 20);
	delivery_stop(&d);
}

static void
a_stop_ends_holding(void **state)
{
	(void)state;
	is_up = false;
	is_in_doubt = true;
	test_settings.store.hold_ms = 60000;
	struct delivery *d = delivery_start(&test_settings, &test_context);

	submit(d, new_message('m', 1, 1));
	usleep(50 * 1000);
	delivery_hold_until(d, clock_ms());
	expect_verdicts(d, 1, VERDICT_IN_DOUBT);
	delivery_stop(&d);
}

/* The store is there, but some messages' outcome is not known yet. */
static void
what_is_stuck_is_in_nobodys_way(void **state)
{
	(void)state;
	test_settings.store.hold_ms = 5000;
	is_stuck = true;
	struct delivery *d = delivery_start(&test_settings, &test_context);

	for (int i = 0; i < 10; i++)
		submit(d, new_message('s', i, 1));
	usleep(20 * 1000);
	for (int i = 0; i < 20; i++)
		submit(d, new_message('m', i, 1));
	expect_verdicts(d, 20, VERDICT_STORED);
	/* At most two of a round: five are in three, with pauses between. */
	int64_t began = clock_ms();
	int before = saves;
	while (saves < before + 5)
		usleep(1000);
	assert_true(clock_ms() - began >= 50);
	is_stuck = false;
	expect_verdicts(d, 10, VERDICT_STORED);
	delivery_stop(&d);
	assert_int_equal(saved_count, 30);
	for (int i = 0; i < 10; i++)
		assert_int_equal(atoi(saved[20 + i] + 1), i);
}

static void
what_stays_stuck_is_given_up(void **state)
{
	(void)state;
	is_stuck = true;
	is_in_doubt = true;
	struct delivery *d = delivery_start(&test_settings, &test_context);

	for (int i = 0; i < 10; i++)
		submit(d, new_message('s', i, 1));
	expect_verdicts(d, 10, VERDICT_TRY_LATER);
	assert_int_equal(forgotten, 10);
	delivery_stop(&d);
}

/* Its client hung up after the database was given it: it is stored. */
static void
what_was_given_is_not_dropped(void **state)
{
	(void)state;
	test_settings.store.hold_ms = 5000;
	is_stuck = true;
	struct delivery *d = delivery_start(&test_settings, &test_context);
	struct message *m = new_message('s', 1, 1);

	is_slow = true;
	submit(d, m);
	usleep(40 * 1000);
	atomic_store(&m->is_abandoned, true);
	is_stuck = false;
	expect_verdicts(d, 1, VERDICT_STORED);
	delivery_stop(&d);
}

/* The list of domains has changed since it was given to the database. */
static void
what_was_given_keeps_its_verdict(void **state)
{
	(void)state;
	test_settings.store.hold_ms = 5000;
	is_stuck = true;
	struct delivery *d = delivery_start(&test_settings, &test_context);

	submit(d, new_message('s', 1, 1));
	while (saves == 0)
		usleep(1000);
	is_refusing = true;
	submit(d, new_message('m', 2, 1));
	expect_verdicts(d, 1, VERDICT_HEADER_CHECK);
	is_stuck = false;
	expect_verdicts(d, 1, VERDICT_STORED);
	assert_int_equal(forgotten, 0);
	delivery_stop(&d);
	assert_int_equal(saved_count, 1);
}

static void
the_abandoned_is_not_stored(void **state)
{
	(void)state;
	is_up = false;
	test_settings.store.hold_ms = 5000;
	struct delivery *d = delivery_start(&test_settings, &test_context);
	struct message *m = new_message('m', 1, 1);

	submit(d, m);
	atomic_store(&m->is_abandoned, true);
	is_up = true;
	expect_verdicts(d, 1, VERDICT_TRY_LATER);
	delivery_stop(&d);
	assert_int_equal(saved_count, 0);
}

/* What gets no row needs no store, and waits for none. */
static void
the_discarded_wait_for_nobody(void **state)
{
	(void)state;
	struct recipient discarded = { .is_discarded = true };
	struct recipient kept = { .next = &discarded };

	is_up = false;
	test_settings.store.hold_ms = 60000;
	struct delivery *d = delivery_start(&test_settings, &test_context);
	struct message *m = new_message('d', 1, 1);
	m->envelope.first = &discarded;
	struct message *both = new_message('m', 2, 2);
	both->envelope.first = &kept;
	submit(d, both);
	submit(d, m);
	expect_verdicts(d, 1, VERDICT_DISCARDED);
	is_up = true;
	expect_verdicts(d, 1, VERDICT_STORED);
	delivery_stop(&d);
	assert_int_equal(saved_count, 1);
}

int
main(void)
{
#define TEST(t) cmocka_unit_test_setup(t, set_up_doubles)
	const struct CMUnitTest tests[] = {
		TEST(what_waits_goes_together_in_order),
		TEST(an_idle_thread_begins_with_all_of_a_turn),
		TEST(a_whole_batch_waits_for_no_other),
		TEST(rows_bound_a_batch),
		TEST(refused_ones_take_nobody_along),
		TEST(held_until_the_store_is_back),
		TEST(a_host_is_tried_when_it_is_due),
		TEST(an_idle_worker_tries_a_host_when_it_is_due),
		TEST(held_no_longer_than_hold),
		TEST(spooled_when_hold_is_over),
		TEST(a_stop_ends_holding),
		TEST(what_is_stuck_is_in_nobodys_way),
		TEST(what_stays_stuck_is_given_up),
		TEST(what_was_given_is_not_dropped),
		TEST(what_was_given_keeps_its_verdict),
		TEST(the_abandoned_is_not_stored),
		TEST(the_discarded_wait_for_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
