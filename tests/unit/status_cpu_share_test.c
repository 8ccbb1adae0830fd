/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much of the processor the status process takes, however much is asked
 * of it. */
#include "status/cpu_share.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SECOND_US = 1000000, PART = 32, SAVED_US = SECOND_US / 2,
       LONGEST_REST_MS = 500 };

/* A process at its clocks. */
struct life {
	struct cpu_share share;
	int64_t now_us, cpu_us;
	int longest_ms;                 /* rest */
};

static void
work(struct life *l, int64_t us)
{
	l->now_us += us;
	l->cpu_us += us;
	int ms = cpu_share_rest_ms(&l->share, l->now_us, l->cpu_us);
	if (ms > l->longest_ms)
		l->longest_ms = ms;
	l->now_us += 1000 * (int64_t)ms;
}

static void
flood(struct life *l, int64_t seconds, int64_t request_us)
{
	int64_t until_us = l->now_us + seconds * SECOND_US;

	while (l->now_us < until_us)
		work(l, request_us);
}

static struct life
begin(void)
{
	struct life l = { .now_us = 77 * INT64_C(1000000), .cpu_us = 5000 };

	assert_int_equal(cpu_share_rest_ms(&l.share, l.now_us, l.cpu_us), 0);
	return l;
}

static void
test_a_flood_has_its_share(void **state)
{
	static const int64_t requests_us[] = { 1, 80, 1000, 10000 };

	(void)state;
	for (size_t i = 0; i < sizeof(requests_us) / sizeof(*requests_us);
	     i++) {
		struct life l = begin();
		int64_t before_us = l.cpu_us;
		flood(&l, 1000, requests_us[i]);
		int64_t used_us = l.cpu_us - before_us;
		int64_t share_us = INT64_C(1000) * SECOND_US / PART;
		assert_true(used_us <= share_us + SAVED_US + requests_us[i]);
		/* Less is not taken either: a rest is whole milliseconds. */
		assert_true(used_us >= share_us / 2);
		assert_true(l.longest_ms <=
			    (int)(PART * requests_us[i] / 1000) + 1);
	}
}

static void
test_who_rested_need_not(void **state)
{
	struct life l = begin();

	(void)state;
	flood(&l, 100, 80);
	assert_true(l.longest_ms > 0);
	for (int i = 0; i < 3; i++) {
		l.longest_ms = 0;
		l.now_us += INT64_C(1000) * SECOND_US;
		work(&l, 0);
		work(&l, SAVED_US);
		assert_int_equal(l.longest_ms, 0);
		work(&l, SAVED_US / 10);
		assert_in_range(l.longest_ms, 1, LONGEST_REST_MS);
	}
}

static void
test_one_dear_request_holds_up_nobody(void **state)
{
	struct life l = begin();

	(void)state;
	work(&l, 3600 * INT64_C(1000000));
	assert_int_equal(l.longest_ms, LONGEST_REST_MS);
	assert_int_equal(cpu_share_rest_ms(&l.share, l.now_us, l.cpu_us), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_flood_has_its_share),
		cmocka_unit_test(test_who_rested_need_not),
		cmocka_unit_test(test_one_dear_request_holds_up_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
