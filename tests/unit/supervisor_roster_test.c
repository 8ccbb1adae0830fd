/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The roster under a clock of our own: every state with every event, the
 * back-off, the limit on restarts, and the storms that it must ride out. */
#include "supervisor/roster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct roster_times times = { .start_ms = 60000,
					   .drain_ms = 300000,
					   .stop_ms = 30000,
					   .quit_ms = 3000 };

static struct roster *
new_roster(void)
{
	struct roster *r = calloc(1, sizeof(*r));

	roster_init(r, &times, 1000);
	return r;
}

/* What follows when an event meets a state at 5000 ms; `.` stays as it is. */
struct expectation {
	enum roster_state next;
	enum roster_act act;
	int64_t due_ms;
};

enum { AT = 5000 };

#define SAME { ROSTER_STATES, ROSTER_DO_NOTHING, 0 }
#define NEVER ROSTER_NEVER

/* Columns: due, forked, fork failed, ready, exited, hangs, drain, stop,
 * quit. */
static const struct expectation expected[ROSTER_STATES][ROSTER_EVENTS] = {
	[ROSTER_FREE] = { SAME, SAME, SAME, SAME, SAME, SAME, SAME, SAME,
			  SAME },
	[ROSTER_WAITING] = {
		{ ROSTER_WAITING, ROSTER_DO_FORK, AT + 500 },
		{ ROSTER_STARTING, ROSTER_DO_NOTHING, AT + 60000 },
		{ ROSTER_WAITING, ROSTER_DO_NOTHING, AT + 1000 },
		SAME, SAME, SAME,
		{ ROSTER_FREE, ROSTER_DO_NOTHING, NEVER },
		{ ROSTER_FREE, ROSTER_DO_NOTHING, NEVER },
		{ ROSTER_FREE, ROSTER_DO_NOTHING, NEVER },
	},
	[ROSTER_STARTING] = {
		{ ROSTER_HUNG, ROSTER_ABORT, AT + 3000 },
		SAME, SAME,
		{ ROSTER_READY, ROSTER_DO_NOTHING, NEVER },
		{ ROSTER_WAITING, ROSTER_DO_NOTHING, AT + 1000 },
		{ ROSTER_HUNG, ROSTER_ABORT, AT + 3000 },
		{ ROSTER_DRAINING, ROSTER_SAY_DRAIN, AT + 300000 },
		{ ROSTER_STOPPING, ROSTER_SAY_STOP, AT + 30000 },
		{ ROSTER_QUITTING, ROSTER_SAY_QUIT, AT + 3000 },
	},
	[ROSTER_READY] = {
		SAME, SAME, SAME, SAME,
		{ ROSTER_WAITING, ROSTER_DO_NOTHING, AT },
		{ ROSTER_HUNG, ROSTER_ABORT, AT + 3000 },
		{ ROSTER_DRAINING, ROSTER_SAY_DRAIN, AT + 300000 },
		{ ROSTER_STOPPING, ROSTER_SAY_STOP, AT + 30000 },
		{ ROSTER_QUITTING, ROSTER_SAY_QUIT, AT + 3000 },
	},
	[ROSTER_DRAINING] = {
		{ ROSTER_QUITTING, ROSTER_SAY_QUIT, AT + 3000 },
		SAME, SAME, SAME,
		{ ROSTER_FREE, ROSTER_DO_NOTHING, NEVER },
		{ ROSTER_QUITTING, ROSTER_ABORT, AT + 3000 },
		SAME,
		{ ROSTER_STOPPING, ROSTER_SAY_STOP, AT + 30000 },
		{ ROSTER_QUITTING, ROSTER_SAY_QUIT, AT + 3000 },
	},
	[ROSTER_STOPPING] = {
		{ ROSTER_QUITTING, ROSTER_SAY_QUIT, AT + 3000 },
		SAME, SAME, SAME,
		{ ROSTER_FREE, ROSTER_DO_NOTHING, NEVER },
		{ ROSTER_QUITTING, ROSTER_ABORT, AT + 3000 },
		SAME, SAME,
		{ ROSTER_QUITTING, ROSTER_SAY_QUIT, AT + 3000 },
	},
	[ROSTER_QUITTING] = {
		{ ROSTER_QUITTING, ROSTER_KILL, AT + 3000 },
		SAME, SAME, SAME,
		{ ROSTER_FREE, ROSTER_DO_NOTHING, NEVER },
		SAME, SAME, SAME, SAME,
	},
	[ROSTER_HUNG] = {
		{ ROSTER_HUNG, ROSTER_KILL, AT + 3000 },
		SAME, SAME, SAME,
		{ ROSTER_WAITING, ROSTER_DO_NOTHING, AT },
		SAME,
		{ ROSTER_QUITTING, ROSTER_SAY_QUIT, AT + 3000 },
		{ ROSTER_QUITTING, ROSTER_SAY_QUIT, AT + 3000 },
		{ ROSTER_QUITTING, ROSTER_SAY_QUIT, AT + 3000 },
	},
};

static bool
has_process(enum roster_state s)
{
	return s != ROSTER_FREE && s != ROSTER_WAITING;
}

static void
try_event(enum roster_state state, enum roster_event event)
{
	const struct expectation *want = &expected[state][event];
	struct roster *r = new_roster();
	int i = roster_add(r, SLOT_WORKER, 1, 1);
	struct roster_entry *e = &r->entries[i];

	e->state = state;
	e->due_ms = 7777;
	if (has_process(state)) {
		e->pid = 4711;
		e->forked_ms = 2000;
		e->ready_ms = state == ROSTER_STARTING ? 0 : 3000;
	}
	enum roster_act act = roster_take(r, i, event, AT);

	bool is_same = want->next == ROSTER_STATES;
	print_message("%s, event %d\n", roster_state_name(state), event);
	assert_int_equal(e->state, is_same ? state : want->next);
	assert_int_equal(act, want->act);
	/* READY waits for nothing, so that a second "ready" changes nothing
	 * but confirms it. */
	if (!is_same)
		assert_int_equal(e->due_ms, want->due_ms);
	else if (state != ROSTER_READY || event != ROSTER_IS_READY)
		assert_int_equal(e->due_ms, 7777);
	if (event == ROSTER_EXITED && has_process(state))
		assert_int_equal(e->pid, 0);
	free(r);
}

static void
every_state_meets_every_event(void **unused)
{
	(void)unused;
	for (int s = 0; s < ROSTER_STATES; s++)
		for (int e = 0; e < ROSTER_EVENTS; e++)
			try_event((enum roster_state)s, (enum roster_event)e);
}

static void
start(struct roster *r, int i, int64_t now_ms)
{
	assert_int_equal(roster_tick(r, i, now_ms), ROSTER_DO_FORK);
	r->entries[i].pid = 100 + i;
	roster_take(r, i, ROSTER_FORKED, now_ms);
}

static void
one_that_fails_to_start_waits_longer_each_time(void **unused)
{
	(void)unused;
	static const int64_t waits[] = { 1000, 2000, 4000, 8000, 16000,
					 30000, 30000 };
	struct roster *r = new_roster();
	int i = roster_add(r, SLOT_WORKER, 1, 1);
	int64_t now = 1000;

	for (size_t k = 0; k < sizeof(waits) / sizeof(*waits); k++) {
		start(r, i, now);
		roster_take(r, i, ROSTER_EXITED, now + 10);
		now += 10 + waits[k];
		assert_int_equal(roster_tick(r, i, now - 1),
				 ROSTER_DO_NOTHING);
		assert_int_equal(r->entries[i].due_ms, now);
	}
	/* It starts, but not for a minute: not forgotten. */
	start(r, i, now);
	roster_take(r, i, ROSTER_IS_READY, now);
	now += 59000;
	roster_take(r, i, ROSTER_EXITED, now);
	start(r, i, now);
	roster_take(r, i, ROSTER_EXITED, now);
	assert_int_equal(r->entries[i].due_ms, now + 30000);
	/* A healthy minute: forgotten. */
	now += 30000;
	start(r, i, now);
	roster_take(r, i, ROSTER_IS_READY, now);
	now += 60000;
	roster_take(r, i, ROSTER_EXITED, now);
	start(r, i, now);
	roster_take(r, i, ROSTER_EXITED, now);
	assert_int_equal(r->entries[i].due_ms, now + 1000);
	free(r);
}

static void
one_that_hung_at_its_start_waits_too(void **unused)
{
	(void)unused;
	struct roster *r = new_roster();
	int i = roster_add(r, SLOT_WORKER, 1, 1);

	start(r, i, 1000);
	assert_int_equal(roster_tick(r, i, 61000), ROSTER_ABORT);
	assert_int_equal(roster_tick(r, i, 64000), ROSTER_KILL);
	roster_take(r, i, ROSTER_EXITED, 64001);
	assert_int_equal(r->entries[i].due_ms, 65001);
	free(r);
}

/* Kills everyone all the time for a minute; returns the restarts. */
static int
storm(struct roster *r, int count)
{
	int forks = 0;

	for (int64_t now = 1000; now < 61000; now += 10)
		for (int i = 1; i <= count; i++) {
			if (roster_tick(r, i, now) != ROSTER_DO_FORK)
				continue;
			forks++;
			r->entries[i].pid = 100 + i;
			roster_take(r, i, ROSTER_FORKED, now);
			roster_take(r, i, ROSTER_IS_READY, now);
			roster_take(r, i, ROSTER_EXITED, now);
		}
	return forks - count;
}

static void
a_storm_of_deaths_means_bounded_forks(void **unused)
{
	(void)unused;
	struct roster *r = new_roster();

	for (int i = 1; i <= 4; i++)
		roster_add(r, SLOT_WORKER, i, 1);
	int restarts = storm(r, 4);
	/* A burst of one a slot, then five a second. */
	assert_in_range(restarts, 290, 304);
	free(r);
}

static void
all_at_once_are_replaced_at_once(void **unused)
{
	(void)unused;
	struct roster *r = new_roster();

	for (int i = 1; i <= 8; i++) {
		roster_add(r, SLOT_WORKER, i, 1);
		start(r, i, 1000);
		roster_take(r, i, ROSTER_IS_READY, 1000);
	}
	for (int i = 1; i <= 8; i++)
		roster_take(r, i, ROSTER_EXITED, 9000);
	for (int i = 1; i <= 8; i++)
		start(r, i, 9000);
	for (int i = 1; i <= 8; i++)
		assert_int_equal(r->entries[i].restarts, 1);
	free(r);
}

static void
a_successor_makes_its_forerunner_leave_for_good(void **unused)
{
	(void)unused;
	struct roster *r = new_roster();
	int old = roster_add(r, SLOT_WORKER, 1, 1);

	start(r, old, 1000);
	roster_take(r, old, ROSTER_IS_READY, 1000);
	r->entries[old].replaced_by = roster_add(r, SLOT_WORKER, 1, 1);
	roster_take(r, old, ROSTER_EXITED, 2000);
	assert_int_equal(r->entries[old].state, ROSTER_FREE);
	free(r);
}

static void
the_next_time_is_the_earliest(void **unused)
{
	(void)unused;
	struct roster *r = new_roster();

	assert_int_equal(roster_next_ms(r, 5), ROSTER_NEVER);
	int a = roster_add(r, SLOT_WORKER, 1, 1);
	int b = roster_add(r, SLOT_WORKER, 2, 1);
	start(r, a, 1000);
	assert_int_equal(roster_next_ms(r, 1000), 1000);
	start(r, b, 1200);
	assert_int_equal(roster_next_ms(r, 1200), 61000);
	roster_take(r, a, ROSTER_IS_READY, 1300);
	assert_int_equal(roster_next_ms(r, 1300), 61200);
	assert_int_equal(roster_next_ms(r, 99000), 99000);
	free(r);
}

static void
a_full_roster_refuses(void **unused)
{
	(void)unused;
	struct roster *r = new_roster();

	for (int i = 1; i < SCOREBOARD_SLOTS; i++)
		assert_int_equal(roster_add(r, SLOT_WORKER, i, 1), i);
	assert_int_equal(roster_add(r, SLOT_WORKER, 1, 1), -1);
	r->entries[77].pid = 4242;
	assert_int_equal(roster_find(r, 4242), 77);
	assert_int_equal(roster_find(r, 0), -1);
	free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_meets_every_event),
		cmocka_unit_test(
			one_that_fails_to_start_waits_longer_each_time),
		cmocka_unit_test(one_that_hung_at_its_start_waits_too),
		cmocka_unit_test(a_storm_of_deaths_means_bounded_forks),
		cmocka_unit_test(all_at_once_are_replaced_at_once),
		cmocka_unit_test(
			a_successor_makes_its_forerunner_leave_for_good),
		cmocka_unit_test(the_next_time_is_the_earliest),
		cmocka_unit_test(a_full_roster_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
