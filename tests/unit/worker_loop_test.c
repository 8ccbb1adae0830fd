/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The loop: callbacks that forget each other, timers in order; and the cache
 * of look-ups. */
#include "base/clock.h"
#include "worker/lookup_cache.h"
#include "worker/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { PIPES = 6 };

struct listener {
	struct watch watch;
	int calls;
	struct listener *forgets;       /* while it is called */
};

static void
note(struct loop *loop, struct watch *watch, short events)
{
	struct listener *l = (struct listener *)watch;

	assert_int_equal(events & POLLIN, POLLIN);
	l->calls++;
	if (l->forgets != NULL)
		loop_forget(loop, &l->forgets->watch);
}

/* Each of the pipes is readable, and `who` forgets `whom` when called. */
static void
check_forgetting(enum event_method method, int who, int whom)
{
	struct loop loop;
	struct listener each[PIPES] = { 0 };
	int ends[PIPES][2];

	loop_init(&loop, method);
	for (int i = 0; i < PIPES; i++) {
		assert_int_equal(pipe(ends[i]), 0);
		assert_int_equal(write(ends[i][1], "x", 1), 1);
		each[i].watch.fd = ends[i][0];
		each[i].watch.ready = note;
		loop_watch(&loop, &each[i].watch, POLLIN);
	}
	each[who].forgets = &each[whom];
	loop_turn(&loop, 0);
	for (int i = 0; i < PIPES; i++) {
		/* Who was forgotten before its turn is not called. */
		if (i != whom || who == whom)
			assert_int_equal(each[i].calls, 1);
		else
			assert_in_range(each[i].calls, 0, 1);
	}
	assert_int_equal(loop.count, PIPES - 1);
	loop_turn(&loop, 0);
	for (int i = 0; i < PIPES; i++)
		if (i != whom)
			assert_int_equal(each[i].calls, 2);
	loop_deinit(&loop);
	for (int i = 0; i < PIPES; i++) {
		close(ends[i][0]);
		close(ends[i][1]);
	}
}

static void
any_watch_may_forget_any(void **state)
{
	(void)state;
	for (int i = 0; i < 2 * PIPES * PIPES; i++)
		check_forgetting(i % 2 == 0 ? EVENT_EPOLL : EVENT_POLL,
				 i / 2 % PIPES, i / 2 / PIPES);
}

/* What is not wanted is not told, however often it changes; hang-ups are. */
static short heard;

static void
note_events(struct loop *loop, struct watch *watch, short events)
{
	(void)loop;
	(void)watch;
	heard |= events;
}

static short
hear(struct loop *loop, struct watch *watch, short events)
{
	heard = 0;
	loop_watch(loop, watch, events);
	loop_turn(loop, 0);
	loop_turn(loop, 0);
	return heard;
}

static void
check_wanted(enum event_method method)
{
	struct loop loop;
	int ends[2];

	loop_init(&loop, method);
	assert_int_equal(loop.epoll >= 0, method == EVENT_EPOLL);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	struct watch w = { .fd = ends[0], .ready = note_events };
	assert_int_equal(hear(&loop, &w, POLLIN), 0);
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_int_equal(hear(&loop, &w, 0), 0);
	assert_int_equal(hear(&loop, &w, POLLIN), POLLIN);
	assert_int_equal(hear(&loop, &w, POLLOUT), POLLOUT);
	assert_int_equal(hear(&loop, &w, POLLIN | POLLOUT), POLLIN | POLLOUT);
	assert_int_equal(hear(&loop, &w, 0), 0);
	loop_forget(&loop, &w);
	loop_turn(&loop, 0);
	assert_int_equal(hear(&loop, &w, POLLIN), POLLIN);
	close(ends[1]);
	assert_int_equal(hear(&loop, &w, 0) & POLLHUP, POLLHUP);
	loop_close(&loop, &w);
	assert_int_equal(loop.count, 0);
	loop_turn(&loop, 0);
	loop_deinit(&loop);
}

static void
only_what_is_wanted_is_told(void **state)
{
	(void)state;
	check_wanted(EVENT_EPOLL);
	check_wanted(EVENT_POLL);
}

static int64_t fake_now_us;
static char order[16];

static int64_t
fake_clock(void)
{
	return fake_now_us;
}

struct named_timer {
	struct timer timer;
	char name;
};

static void
note_due(struct loop *loop, struct timer *timer)
{
	struct named_timer *t = (struct named_timer *)timer;
	size_t len = strlen(order);

	order[len] = t->name;
	order[len + 1] = '\0';
	if (t->name == 'b' && loop->now_ms < 200)
		loop_set_timer(loop, timer, 250);
}

static void
timers_come_in_order(void **state)
{
	(void)state;
	struct loop loop;
	struct named_timer a = { { .due = note_due }, 'a' };
	struct named_timer b = { { .due = note_due }, 'b' };
	struct named_timer c = { { .due = note_due }, 'c' };

	loop_init(&loop, EVENT_EPOLL);
	clock_fake(fake_clock, fake_clock);
	order[0] = '\0';
	fake_now_us = 100 * 1000;
	loop_set_timer(&loop, &a.timer, 300);
	loop_set_timer(&loop, &b.timer, 150);
	loop_set_timer(&loop, &c.timer, 120);
	loop_turn(&loop, 0);
	assert_string_equal(order, "");
	fake_now_us = 160 * 1000;
	loop_turn(&loop, 0);
	assert_string_equal(order, "cb");
	loop_clear_timer(&loop, &a.timer);
	fake_now_us = 400 * 1000;
	loop_turn(&loop, 0);
	assert_string_equal(order, "cbb");
	clock_fake(NULL, NULL);
	loop_deinit(&loop);
}

static struct timer *
earliest_by_search(struct named_timer *all, size_t n)
{
	struct timer *best = NULL;

	for (size_t i = 0; i < n; i++)
		if (all[i].timer.place != 0 &&
		    (best == NULL || all[i].timer.at_ms < best->at_ms))
			best = &all[i].timer;
	return best;
}

static void
the_first_timer_is_the_earliest(void **state)
{
	enum { MANY = 500, STEPS = 20000 };
	static struct named_timer each[MANY];
	struct loop loop;
	unsigned seed = 7;

	(void)state;
	loop_init(&loop, EVENT_POLL);
	for (int i = 0; i < MANY; i++)
		each[i].timer.due = note_due;
	for (int step = 0; step < STEPS; step++) {
		seed = seed * 1103515245 + 12345;
		struct timer *t = &each[seed / 65536 % MANY].timer;
		seed = seed * 1103515245 + 12345;
		if (seed / 65536 % 4 == 0)
			loop_clear_timer(&loop, t);
		else
			loop_set_timer(&loop, t, seed / 65536 % 1000);
		struct timer *want = earliest_by_search(each, MANY);
		assert_true((want == NULL) == (loop.timer_count == 0));
		if (want != NULL)
			assert_int_equal(loop.timers[1]->at_ms, want->at_ms);
	}
	loop_deinit(&loop);
}

static void
answers_are_kept_for_their_time(void **state)
{
	(void)state;
	struct lookup_cache *c = lookup_cache_new();

	assert_int_equal(lookup_cache_find(c, VIEW("a@x"), 1000), -1);
	lookup_cache_keep(c, VIEW("a@x"), true, 1000);
	lookup_cache_keep(c, VIEW("b@x"), false, 1000);
	assert_int_equal(lookup_cache_find(c, VIEW("a@x"), 60999), 1);
	assert_int_equal(lookup_cache_find(c, VIEW("a@x"), 61000), -1);
	assert_int_equal(lookup_cache_find(c, VIEW("b@x"), 5999), 0);
	assert_int_equal(lookup_cache_find(c, VIEW("b@x"), 6000), -1);
	lookup_cache_keep(c, VIEW("b@x"), true, 6000);
	assert_int_equal(lookup_cache_find(c, VIEW("b@x"), 7000), 1);
	lookup_cache_free(&c);
	assert_null(c);
}

static void
a_full_cache_forgets_and_never_lies(void **state)
{
	(void)state;
	struct lookup_cache *c = lookup_cache_new();
	char key[32];
	int known = 0;

	for (int i = 0; i < 20000; i++) {
		snprintf(key, sizeof(key), "user%d@example.com", i);
		lookup_cache_keep(c, view_of(key), i % 2 == 0, i);
	}
	for (int i = 0; i < 20000; i++) {
		snprintf(key, sizeof(key), "user%d@example.com", i);
		int answer = lookup_cache_find(c, view_of(key), 0);
		known += answer >= 0;
		if (answer >= 0)
			assert_int_equal(answer, i % 2 == 0);
	}
	assert_in_range(known, 1000, 4096);
	lookup_cache_free(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_watch_may_forget_any),
		cmocka_unit_test(only_what_is_wanted_is_told),
		cmocka_unit_test(timers_come_in_order),
		cmocka_unit_test(the_first_timer_is_the_earliest),
		cmocka_unit_test(answers_are_kept_for_their_time),
		cmocka_unit_test(a_full_cache_forgets_and_never_lies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
