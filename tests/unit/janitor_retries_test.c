/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When a file that failed is tried again, and when it is given up. */
#include "janitor/retries.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { HOUR = 3600 * 1000, GIVE_UP = 6 * HOUR };

static enum retry_advice
refuse(struct retries *r, const char *name, int64_t now_ms, uint64_t stored)
{
	const struct retry_failure f = { now_ms, stored, GIVE_UP, false };

	return retries_failed(r, name, &f);
}

static enum retry_advice
lose(struct retries *r, const char *name, int64_t now_ms, uint64_t stored)
{
	const struct retry_failure f = { now_ms, stored, GIVE_UP, true };

	return retries_failed(r, name, &f);
}

static int64_t
due_ms(const struct retries *r, const char *name, int64_t now_ms)
{
	return retries_due_ms(r, name) - now_ms;
}

/* Others pass: the pauses grow to an hour, and after six it is enough. */
static void
a_refused_file_is_set_aside_after_hours(void **state)
{
	(void)state;
	struct retries r = { 0 };
	int64_t now = 5000, last = 0;
	unsigned tries = 1;

	assert_true(retries_due_ms(&r, "a") <= now);
	while (refuse(&r, "a", now, tries) == RETRY_LATER) {
		int64_t pause = due_ms(&r, "a", now);
		assert_true(pause >= 1000 && pause <= HOUR);
		assert_true(pause >= last);
		last = pause;
		now += pause;
		assert_false(retries_is_general(&r, ++tries));
	}
	assert_int_equal(last, HOUR);
	assert_in_range(now - 5000, GIVE_UP, GIVE_UP + HOUR);
	assert_in_range(tries, 15, 40);
	retries_deinit(&r);
}

/* A trigger that fails for all: a day later nothing is set aside, one file
 * every few seconds is tried, and all at once when one has passed. */
static void
nothing_is_set_aside_while_nothing_passes(void **state)
{
	(void)state;
	static const char *const names[] = { "c", "a", "b", "d" };
	struct retries r = { 0 };
	int64_t now = 1000;

	assert_false(retries_is_general(&r, 7));
	for (int i = 0; i < 3; i++)
		assert_int_equal(refuse(&r, names[i], now, 7), RETRY_LATER);
	assert_true(retries_is_general(&r, 7));
	for (int i = 0; now < 24 * HOUR; i++) {
		assert_in_range(r.general_ms - now, 1000, 4000);
		now = r.general_ms;
		assert_int_equal(refuse(&r, names[i % 4], now, 7),
				 RETRY_LATER);
		assert_true(retries_is_general(&r, 7));
	}
	assert_true(retries_due_ms(&r, "a") > now);
	assert_false(retries_is_general(&r, 8));
	for (int i = 0; i < 4; i++) {
		assert_true(retries_due_ms(&r, names[i]) <= now);
		assert_true(retries_knows(&r, names[i]));
		retries_forget(&r, names[i]);
		assert_false(retries_knows(&r, names[i]));
	}
	retries_deinit(&r);
}

/* A database that goes away twice is no fault of the file: it waits 4 s at
 * most. One that ends the connection while others pass waits longer. */
static void
a_lost_connection_may_be_chance(void **state)
{
	(void)state;
	struct retries r = { 0 };
	int64_t now = 1000;

	lose(&r, "a", now, 1);
	assert_true(retries_due_ms(&r, "a") <= now);
	for (int i = 0; i < 20; i++) {
		lose(&r, "a", now, 1);
		int64_t pause = due_ms(&r, "a", now);
		assert_in_range(pause, 1000, 4000);
		now += pause;
	}
	assert_false(retries_is_general(&r, 1));
	now += 8 * HOUR;
	assert_int_equal(lose(&r, "a", now, 1), RETRY_LATER);
	assert_int_equal(lose(&r, "a", now + HOUR, 2), RETRY_SET_ASIDE);
	retries_deinit(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refused_file_is_set_aside_after_hours),
		cmocka_unit_test(nothing_is_set_aside_while_nothing_passes),
		cmocka_unit_test(a_lost_connection_may_be_chance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
