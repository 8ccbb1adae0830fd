/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the delivery thread tells the loop beside verdicts: answers to
 * questions, lists of domains, and whether the store is there. */
#include "support/worker_doubles.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct question *
new_question(const char *key)
{
	struct question *q = calloc(1, sizeof(*q) + strlen(key) + 1);

	q->len = strlen(key);
	memcpy(q->key, key, q->len);
	return q;
}

static void
questions_are_answered(void **state)
{
	(void)state;
	struct delivery *d = delivery_start(&test_settings, &test_context);

	for (int i = 0; i < 300; i++)
		delivery_ask(d, new_question(i % 2 == 0 ? "known" : "not"));
	delivery_begin(d);
	for (int i = 0; i < 300; i++) {
		struct question *q = (struct question *)
			next_result(d, DELIVERY_QUESTION);
		assert_int_equal(q->answer, q->key[0] == 'k');
		free(q);
	}
	delivery_stop(&d);
}

static void
domains_come_as_news(void **state)
{
	(void)state;
	test_settings.smtp.has_domains_query = true;
	test_settings.store.domains_refresh_ms = 60000;
	struct delivery *d = delivery_start(&test_settings, &test_context);
	struct delivery_news *news;

	while ((news = (struct delivery_news *)next_result(d, DELIVERY_NEWS))
		       ->domains == NULL)
		free(news);
	assert_true(domains_match(news->domains, VIEW("from.query.example")));
	assert_true(news->is_store_up);
	assert_int_equal(domains_count(news->domains), 2);
	domains_free(&news->domains);
	free(news);
	delivery_stop(&d);
}

/* The loop hears of the store once, and then of changes only. */
static void
news_are_told_once(void **state)
{
	(void)state;
	struct delivery *d = delivery_start(&test_settings, &test_context);

	free(next_result(d, DELIVERY_NEWS));
	for (int i = 0; i < 5; i++) {
		struct pollfd fd = { .fd = delivery_results(d)->descriptor,
				     .events = POLLIN };
		submit(d, new_message('m', i, 1));
		if (queue_may_wait(delivery_results(d)))
			assert_int_equal(poll(&fd, 1, 5000), 1);
		struct queue_link *link = queue_take_all(delivery_results(d));
		assert_int_equal(link->kind, DELIVERY_MESSAGE);
		assert_null(link->next);
		chain_free(&((struct message *)link)->raw);
		free(link);
	}
	delivery_stop(&d);
}

int
main(void)
{
#define TEST(t) cmocka_unit_test_setup(t, set_up_doubles)
	const struct CMUnitTest tests[] = {
		TEST(questions_are_answered),
		TEST(domains_come_as_news),
		TEST(news_are_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
