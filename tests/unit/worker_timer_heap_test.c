/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deadlines against a plain search, and the shape of message ids. */
#include "worker/message_id.h"
#include "worker/timer_heap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MANY = 500, STEPS = 20000 };

static struct heap_timer *
earliest_by_search(struct heap_timer *all, size_t n)
{
	struct heap_timer *best = NULL;

	for (size_t i = 0; i < n; i++)
		if (all[i].place != 0 &&
		    (best == NULL || all[i].at_ms < best->at_ms))
			best = &all[i];
	return best;
}

static void
next_is_the_earliest(void **state)
{
	(void)state;
	static struct heap_timer each[MANY];
	struct timer_heap all = { 0 };
	unsigned seed = 7;

	assert_null(timer_heap_next(&all));
	for (int step = 0; step < STEPS; step++) {
		seed = seed * 1103515245 + 12345;
		struct heap_timer *d = &each[seed / 65536 % MANY];
		seed = seed * 1103515245 + 12345;
		if (seed / 65536 % 4 == 0)
			timer_heap_clear(&all, d);
		else
			timer_heap_set(&all, d, seed / 65536 % 1000);
		struct heap_timer *want = earliest_by_search(each, MANY);
		struct heap_timer *have = timer_heap_next(&all);
		assert_true((want == NULL) == (have == NULL));
		if (want != NULL)
			assert_int_equal(have->at_ms, want->at_ms);
	}
	timer_heap_deinit(&all);
}

static void
ids_are_version_7_and_rise(void **state)
{
	(void)state;
	char id[MAIL_ID_LEN + 1], later[MAIL_ID_LEN + 1];

	/* RFC 9562 A.6: 2022-02-22 19:22:22 UTC is 017f22e279b0. */
	message_id_make(1645557742000 * 1000 + 500, id);
	assert_int_equal(strlen(id), MAIL_ID_LEN);
	assert_memory_equal(id, "017f22e279b07800", 16);
	assert_non_null(strchr("89ab", id[16]));
	assert_string_equal(id + 28, "0000");
	message_id_make(1645557742000 * 1000 + 501, later);
	assert_true(strcmp(id, later) < 0);
	message_id_make(1645557742000 * 1000 + 500, later);
	assert_string_not_equal(id, later);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(next_is_the_earliest),
		cmocka_unit_test(ids_are_version_7_and_rise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
