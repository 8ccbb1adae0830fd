/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which bucket a value goes into, and what a reader finds. */
#include "base/scoreboard_layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void
a_bound_belongs_to_what_is_not_above_it(void **state)
{
	static const enum figure_unit units[] = { UNIT_NONE, UNIT_BYTES,
						  UNIT_SECONDS };
	(void)state;

	for (size_t u = 0; u < 3; u++) {
		const uint64_t *bounds = histogram_scales[units[u]].bounds;
		size_t count = histogram_scales[units[u]].count;
		assert_in_range(count, 8, HISTOGRAM_BUCKETS - 1);
		assert_int_equal(histogram_bucket(units[u], 0), 0);
		for (size_t i = 0; i < count; i++) {
			assert_true(i == 0 || bounds[i] > bounds[i - 1]);
			assert_int_equal(histogram_bucket(units[u],
							  bounds[i]), i);
			assert_int_equal(histogram_bucket(units[u],
							  bounds[i] + 1),
					 i + 1);
		}
		for (unsigned bits = 0; bits < 64; bits++) {
			uint64_t value = UINT64_C(1) << bits;
			size_t i = 0;
			while (i < count && bounds[i] < value)
				i++;
			assert_int_equal(histogram_bucket(units[u], value), i);
		}
		assert_int_equal(histogram_bucket(units[u], UINT64_MAX),
				 count);
	}
}

static void
all_processes_are_summed(void **state)
{
	struct histogram h;
	int fd;
	struct scoreboard *b = scoreboard_create(&fd);
	(void)state;

	assert_non_null(b);
	close(fd);
	for (size_t i = 1; i <= 2; i++) {
		const struct slot_tenant tenant = { .role = SLOT_WORKER,
						    .pid = 100 };
		scoreboard_occupy(b, i, &tenant);
		slot_observe(scoreboard_slot_at(b, i), HISTOGRAM_REPLY, 1500);
		slot_observe(scoreboard_slot_at(b, i), HISTOGRAM_REPLY, -7);
	}
	slot_observe(NULL, HISTOGRAM_REPLY, 1);
	scoreboard_read_histogram(b, HISTOGRAM_REPLY, &h);
	assert_int_equal(h.buckets[0], 2);
	assert_int_equal(h.buckets[histogram_bucket(UNIT_SECONDS, 1500)], 2);
	assert_int_equal(h.sum, 3000);
	scoreboard_read_histogram(b, HISTOGRAM_WAIT, &h);
	assert_int_equal(h.buckets[0], 0);
	/* Nonsense is brought into range. */
	memset(scoreboard_slot_at(b, 1)->histograms, 0xff,
	       sizeof(scoreboard_slot_at(b, 1)->histograms));
	scoreboard_read_histogram(b, HISTOGRAM_WAIT, &h);
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		assert_int_equal(h.buckets[i], FIGURE_MAX);
	assert_int_equal(h.sum, FIGURE_MAX);
	scoreboard_close(&b);
}

static void
a_quantile_lies_within_its_bucket(void **state)
{
	struct histogram then = { .sum = 0 }, now = { .sum = 0 };
	(void)state;

	assert_true(histogram_quantile(&now, UNIT_SECONDS, 0.5) == 0);
	/* 90 of up to 1 ms, 10 of up to 2 ms, 1 beyond all. */
	now.buckets[histogram_bucket(UNIT_SECONDS, 1000)] = 90;
	now.buckets[histogram_bucket(UNIT_SECONDS, 2000)] = 10;
	assert_true(histogram_quantile(&now, UNIT_SECONDS, 0.9) == 1000);
	assert_true(histogram_quantile(&now, UNIT_SECONDS, 0.45) == 750);
	assert_true(histogram_quantile(&now, UNIT_SECONDS, 1) == 2000);
	then = now;
	then.buckets[histogram_bucket(UNIT_SECONDS, 1000)] = 0;
	struct histogram since = histogram_since(&now, &then);
	assert_true(histogram_quantile(&since, UNIT_SECONDS, 1) == 1000);
	since = histogram_since(&then, &now);
	assert_true(histogram_quantile(&since, UNIT_SECONDS, 1) == 0);
	now.buckets[HISTOGRAM_BUCKETS - 1] = 1000;
	assert_true(histogram_quantile(&now, UNIT_SECONDS, 0.99) == 50e6);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bound_belongs_to_what_is_not_above_it),
		cmocka_unit_test(all_processes_are_summed),
		cmocka_unit_test(a_quantile_lies_within_its_bucket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
