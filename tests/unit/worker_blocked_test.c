/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Unwanted senders of the database, from delivery to the loop. */
#include "support/worker_doubles.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* With the first news, before which no client comes in. */
static void
unwanted_senders_come_first(void **state)
{
	(void)state;
	test_settings.smtp.has_blocked_query = true;
	test_settings.store.domains_refresh_ms = 60000;
	struct delivery *d = delivery_start(&test_settings, &test_context);
	struct delivery_news *news =
		(struct delivery_news *)next_result(d, DELIVERY_NEWS);

	assert_non_null(news->blocked);
	assert_true(domains_has(news->blocked, VIEW("spam@a.example")));
	assert_true(domains_match(news->blocked, VIEW("x.below.example")));
	assert_int_equal(domains_count(news->blocked), 2);
	delivery_stop(&d);
	assert_true(domains_has(news->blocked, VIEW("spam@a.example")));
	domains_free(&news->blocked);
	free(news);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(unwanted_senders_come_first,
				       set_up_doubles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
