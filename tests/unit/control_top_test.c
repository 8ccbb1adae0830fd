/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rates, and a screen that fits, whatever the scoreboard holds. */
#include "control/top.h"

#include "base/scoreboard_layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SECOND = 1000000 };

static struct moment
at(int seconds)
{
	return (struct moment){ (INT64_C(100) + seconds) * SECOND,
				(INT64_C(1000) + seconds) * SECOND };
}

static struct scoreboard *
make_board(pid_t master)
{
	struct scoreboard *b = scoreboard_create(NULL);
	struct scoreboard_figures figures = { .master = master,
					      .version = "1.2.3" };
	struct slot_tenant tenant = { .role = SLOT_WORKER,
				      .role_name = "worker", .pid = 7,
				      .number = 1 };

	assert_non_null(b);
	scoreboard_describe(b, &figures);
	scoreboard_occupy(b, 1, &tenant);
	slot_set_state(scoreboard_slot_at(b, 1), SLOT_READY);
	return b;
}

static void
look(struct top_screen *t, const struct scoreboard *b, int seconds)
{
	struct moment now = at(seconds);

	top_look(t, b, &now);
}

static void
rates_are_of_the_time_between(void **state)
{
	struct scoreboard *b = make_board(1);
	struct scoreboard_slot *worker = scoreboard_slot_at(b, 1);
	struct top_screen t = { .columns = 80 };

	(void)state;
	slot_count(worker, COUNT_MAILS_ACCEPTED, 1000);
	look(&t, b, 0);
	assert_true(t.rates[COUNT_MAILS_ACCEPTED] < 0.001);
	slot_count(worker, COUNT_MAILS_ACCEPTED, 30);
	look(&t, b, 2);
	assert_true(t.rates[COUNT_MAILS_ACCEPTED] > 14.9 &&
		    t.rates[COUNT_MAILS_ACCEPTED] < 15.1);
	assert_int_equal(t.history_count, 1);
	scoreboard_close(&b);
}

static bool
shows(struct top_screen *t, const struct scoreboard *b, int seconds,
      const char *text)
{
	struct buf out = BUF(1 << 20);
	struct moment now = at(seconds);

	t->rows = 24;
	top_draw(t, b, &now, &out);
	buf_append_byte(&out, '\0');
	bool has_it = strstr(out.at, text) != NULL;
	buf_release(&out);
	return has_it;
}

static void
times_are_of_the_last_ten_seconds(void **state)
{
	struct scoreboard *b = make_board(1);
	struct scoreboard_slot *worker = scoreboard_slot_at(b, 1);
	struct top_screen t = { .columns = 80 };

	(void)state;
	slot_observe(worker, HISTOGRAM_REPLY, 1);
	look(&t, b, 0);
	assert_true(shows(&t, b, 0, "reply p50 0.0, p99 0.0; commit p50 0.0"));
	for (int i = 0; i < 100; i++)
		slot_observe(worker, HISTOGRAM_REPLY, 1500);
	look(&t, b, 1);
	assert_true(shows(&t, b, 1, "reply p50 1.5, p99 2.0; commit p50 0.0"));
	for (int i = 2; i < 11; i++)
		look(&t, b, i);
	assert_true(shows(&t, b, 10, "reply p50 1.5"));
	look(&t, b, 11);
	assert_true(shows(&t, b, 11, "reply p50 0.0"));
	scoreboard_close(&b);
}

/* Another master's counters say nothing about this one's rates. */
static void
a_restart_is_no_burst(void **state)
{
	struct scoreboard *b = make_board(1);
	struct top_screen t = { .columns = 80 };

	(void)state;
	look(&t, b, 0);
	look(&t, NULL, 1);
	scoreboard_close(&b);
	b = make_board(2);
	slot_count(scoreboard_slot_at(b, 1), COUNT_MAILS_ACCEPTED, 5000);
	look(&t, b, 2);
	assert_true(t.rates[COUNT_MAILS_ACCEPTED] < 0.001);
	for (int i = 3; i < 100; i++)
		look(&t, b, i);
	assert_int_equal(t.history_count, TOP_HISTORY);
	scoreboard_close(&b);
}

static void
it_fits_whatever_it_holds(void **state)
{
	struct scoreboard *b = make_board(1);
	unsigned char *bytes = (unsigned char *)&b->master;
	size_t size = scoreboard_slot_offset(SCOREBOARD_SLOTS) -
		      offsetof(struct scoreboard, master);
	struct top_screen t = { .columns = 40, .rows = 20 };

	(void)state;
	for (unsigned seed = 1; seed <= 8; seed++) {
		struct moment now = at((int)seed);
		struct buf out = BUF(16 * 1024 * 1024);
		srand(seed);
		for (size_t i = 0; i < size; i++)
			bytes[i] = (unsigned char)(rand() >> 7);
		t.order = (enum status_order)(seed % STATUS_ORDERS);
		top_look(&t, b, &now);
		top_draw(&t, b, &now, &out);
		size_t lines = 0;
		struct view rest = buf_view(&out);
		for (; rest.len > 0; lines++) {
			size_t end = view_find(rest, '\n');
			assert_true(end <= 40);
			for (size_t i = 0; i < end; i++)
				assert_true(rest.at[i] >= ' ' &&
					    rest.at[i] <= '~');
			rest = view_slice(rest, end + 1, rest.len);
		}
		assert_true(lines <= 20);
		buf_release(&out);
	}
	scoreboard_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_are_of_the_time_between),
		cmocka_unit_test(times_are_of_the_last_ten_seconds),
		cmocka_unit_test(a_restart_is_no_burst),
		cmocka_unit_test(it_fits_whatever_it_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
