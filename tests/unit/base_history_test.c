/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What samples tell, when one is taken, and that the oldest goes. */
#include "base/history.h"

#include "base/scoreboard_layout.h"
#include "support/scoreboard_tenant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const int64_t second = 1000000;
static struct history_sample samples[HISTORY_MOST_SAMPLES];

static struct scoreboard *
new_board(struct scoreboard_slot **worker)
{
	int fd;
	struct scoreboard *b = scoreboard_create(&fd);

	assert_non_null(b);
	close(fd);
	*worker = sit_down(b, 1, 100);
	return b;
}

static void
a_sample_is_what_came_since_the_one_before(void **state)
{
	struct scoreboard_slot *s;
	struct scoreboard *b = new_board(&s);
	(void)state;

	slot_count(s, COUNT_MAILS_ACCEPTED, 1000);
	history_take(b, 10 * second, 5000 * second);
	assert_int_equal(history_read(b, HISTORY_HOUR, samples), 0);
	slot_count(s, COUNT_MAILS_ACCEPTED, 30);
	slot_count(s, COUNT_MAILS_SPOOLED, 10);
	slot_count(s, COUNT_ROWS, 40);
	slot_count(s, COUNT_BATCHES, 4);
	slot_observe(s, HISTOGRAM_REPLY, 2000);
	slot_gauge(s, GAUGE_SESSIONS, 7);
	scoreboard_add_cpu(b, SLOT_WORKER, 2500000);
	/* Too early, then due. */
	history_take(b, 14 * second, 5004 * second);
	assert_int_equal(history_read(b, HISTORY_HOUR, samples), 0);
	history_take(b, 15 * second, 5005 * second);
	assert_int_equal(history_read(b, HISTORY_HOUR, samples), 1);
	const uint32_t *at = samples[0].at;
	assert_int_equal(at[HISTORY_AT_S], 5005);
	assert_int_equal(at[HISTORY_MS], 5000);
	assert_int_equal(at[HISTORY_STORED], 20);
	assert_int_equal(at[HISTORY_SPOOLED], 10);
	assert_int_equal(at[HISTORY_ROWS], 40);
	assert_int_equal(at[HISTORY_BATCHES], 4);
	assert_int_equal(at[HISTORY_SESSIONS], 7);
	assert_int_equal(at[HISTORY_CPU_MS], 2500);
	assert_in_range(at[HISTORY_REPLY_P50_US], 1000, 2000);
	assert_int_equal(at[HISTORY_COMMIT_P99_US], 0);
	/* The minute has all of it. */
	assert_int_equal(history_read(b, HISTORY_DAY, samples), 0);
	history_take(b, 70 * second, 5060 * second);
	assert_int_equal(history_read(b, HISTORY_DAY, samples), 1);
	assert_int_equal(samples[0].at[HISTORY_STORED], 20);
	assert_int_equal(samples[0].at[HISTORY_MS], 60000);
	scoreboard_close(&b);
}

static void
the_oldest_goes(void **state)
{
	enum { MORE = 5 };
	struct scoreboard_slot *s;
	struct scoreboard *b = new_board(&s);
	(void)state;

	for (int i = 0; i <= HISTORY_HOUR_SAMPLES + MORE; i++)
		history_take(b, (1 + i) * 5 * second,
			     (10000 + i) * second);
	assert_int_equal(history_read(b, HISTORY_HOUR, samples),
			 HISTORY_HOUR_SAMPLES);
	assert_int_equal(samples[0].at[HISTORY_AT_S], 10000 + MORE + 1);
	assert_int_equal(samples[HISTORY_HOUR_SAMPLES - 1].at[HISTORY_AT_S],
			 10000 + HISTORY_HOUR_SAMPLES + MORE);
	/* A clock that began anew, as after a start of the machine. */
	history_take(b, second, 20000 * second);
	history_take(b, 6 * second, 20005 * second);
	history_read(b, HISTORY_HOUR, samples);
	assert_int_equal(samples[HISTORY_HOUR_SAMPLES - 1].at[HISTORY_MS],
			 5000);
	scoreboard_close(&b);
}

static void
replies_of_the_last_minute(void **state)
{
	uint64_t replies[SERIES_VALUES];
	struct scoreboard_slot *s;
	struct scoreboard *b = new_board(&s);
	(void)state;

	for (int i = 0; i < 40; i++) {
		slot_count_in(s, SERIES_REPLIES, 3);
		history_take(b, (1 + i) * 5 * second, (100 + i) * second);
	}
	history_read_replies(b, replies);
	assert_int_equal(replies[3], 12);
	assert_int_equal(replies[4], 0);
	scoreboard_close(&b);
}

/* Whatever a process wrote, nothing but figures comes of it. */
static void
nonsense_is_no_trouble(void **state)
{
	struct scoreboard_slot *s;
	struct scoreboard *b = new_board(&s);
	size_t size = scoreboard_slot_offset(1) - scoreboard_slot_offset(0);
	(void)state;

	srand(1);
	for (int i = 0; i < 20; i++) {
		for (size_t k = 0; k < size; k++)
			((unsigned char *)s)[k] = (unsigned char)rand();
		history_take(b, (1 + i) * 60 * second, (100 + i) * second);
	}
	assert_int_equal(history_read(b, HISTORY_HOUR, samples), 19);
	assert_int_equal(history_read(b, HISTORY_DAY, samples), 19);
	scoreboard_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sample_is_what_came_since_the_one_before),
		cmocka_unit_test(the_oldest_goes),
		cmocka_unit_test(replies_of_the_last_minute),
		cmocka_unit_test(nonsense_is_no_trouble),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
