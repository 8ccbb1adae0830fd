/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The process table under a clock of our own: every state with every event, the
 * back-off, the limit on restarts, and the storms that it must ride out. */
#include "supervisor/process_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct process_times times = {
	.start_ms = 60000, .drain_ms = 300000, .stop_ms = 30000, .quit_ms = 3000
};

static struct process_table *
new_table(void)
{
	struct process_table *r = calloc(1, sizeof(*r));

	process_table_init(r, &times, 1000);
	return r;
}

/* What follows when an event meets a state at 5000 ms; `.` stays as it is. */
struct expectation {
	enum process_state next;
	enum process_action act;
	int64_t due_ms;
};

enum { AT = 5000 };

#define SAME { PROCESS_STATES, PROCESS_DO_NOTHING, 0 }
#define NEVER PROCESS_NEVER

/* Columns: due, forked, fork failed, ready, exited, hangs, drain, stop,
 * quit. */
static const struct expectation expected[PROCESS_STATES][PROCESS_EVENTS] = {
	[PROCESS_FREE] = { SAME, SAME, SAME, SAME, SAME, SAME, SAME, SAME,
			  SAME },
	[PROCESS_WAITING] = {
		{ PROCESS_WAITING, PROCESS_DO_FORK, AT + 500 },
		{ PROCESS_STARTING, PROCESS_DO_NOTHING, AT + 60000 },
		{ PROCESS_WAITING, PROCESS_DO_NOTHING, AT + 1000 },
		SAME, SAME, SAME,
		{ PROCESS_FREE, PROCESS_DO_NOTHING, NEVER },
		{ PROCESS_FREE, PROCESS_DO_NOTHING, NEVER },
		{ PROCESS_FREE, PROCESS_DO_NOTHING, NEVER },
	},
	[PROCESS_STARTING] = {
		{ PROCESS_HUNG, PROCESS_ABORT, AT + 3000 },
		SAME, SAME,
		{ PROCESS_READY, PROCESS_DO_NOTHING, NEVER },
		{ PROCESS_WAITING, PROCESS_DO_NOTHING, AT + 1000 },
		{ PROCESS_HUNG, PROCESS_ABORT, AT + 3000 },
		{ PROCESS_DRAINING, PROCESS_SAY_DRAIN, AT + 300000 },
		{ PROCESS_STOPPING, PROCESS_SAY_STOP, AT + 30000 },
		{ PROCESS_QUITTING, PROCESS_SAY_QUIT, AT + 3000 },
	},
	[PROCESS_READY] = {
		SAME, SAME, SAME, SAME,
		{ PROCESS_WAITING, PROCESS_DO_NOTHING, AT },
		{ PROCESS_HUNG, PROCESS_ABORT, AT + 3000 },
		{ PROCESS_DRAINING, PROCESS_SAY_DRAIN, AT + 300000 },
		{ PROCESS_STOPPING, PROCESS_SAY_STOP, AT + 30000 },
		{ PROCESS_QUITTING, PROCESS_SAY_QUIT, AT + 3000 },
	},
	[PROCESS_DRAINING] = {
		{ PROCESS_QUITTING, PROCESS_SAY_QUIT, AT + 3000 },
		SAME, SAME, SAME,
		{ PROCESS_FREE, PROCESS_DO_NOTHING, NEVER },
		{ PROCESS_QUITTING, PROCESS_ABORT, AT + 3000 },
		SAME,
		{ PROCESS_STOPPING, PROCESS_SAY_STOP, AT + 30000 },
		{ PROCESS_QUITTING, PROCESS_SAY_QUIT, AT + 3000 },
	},
	[PROCESS_STOPPING] = {
		{ PROCESS_QUITTING, PROCESS_SAY_QUIT, AT + 3000 },
		SAME, SAME, SAME,
		{ PROCESS_FREE, PROCESS_DO_NOTHING, NEVER },
		{ PROCESS_QUITTING, PROCESS_ABORT, AT + 3000 },
		SAME, SAME,
		{ PROCESS_QUITTING, PROCESS_SAY_QUIT, AT + 3000 },
	},
	[PROCESS_QUITTING] = {
		{ PROCESS_QUITTING, PROCESS_KILL, AT + 3000 },
		SAME, SAME, SAME,
		{ PROCESS_FREE, PROCESS_DO_NOTHING, NEVER },
		SAME, SAME, SAME, SAME,
	},
	[PROCESS_HUNG] = {
		{ PROCESS_HUNG, PROCESS_KILL, AT + 3000 },
		SAME, SAME, SAME,
		{ PROCESS_WAITING, PROCESS_DO_NOTHING, AT },
		SAME,
		{ PROCESS_QUITTING, PROCESS_SAY_QUIT, AT + 3000 },
		{ PROCESS_QUITTING, PROCESS_SAY_QUIT, AT + 3000 },
		{ PROCESS_QUITTING, PROCESS_SAY_QUIT, AT + 3000 },
	},
};

static bool
has_process(enum process_state s)
{
	return s != PROCESS_FREE && s != PROCESS_WAITING;
}

static void
try_event(enum process_state state, enum process_event event)
{
	const struct expectation *want = &expected[state][event];
	struct process_table *r = new_table();
	int i = process_table_add(r, SLOT_WORKER, 1, 1);
	struct process *e = &r->entries[i];

	e->state = state;
	e->due_ms = 7777;
	if (has_process(state)) {
		e->pid = 4711;
		e->forked_ms = 2000;
		e->ready_ms = state == PROCESS_STARTING ? 0 : 3000;
	}
	enum process_action act = process_table_handle(r, i, event, AT);

	bool is_same = want->next == PROCESS_STATES;
	print_message("%s, event %d\n", process_state_name(state), event);
	assert_int_equal(e->state, is_same ? state : want->next);
	assert_int_equal(act, want->act);
	/* READY waits for nothing, so that a second "ready" changes nothing
	 * but confirms it. */
	if (!is_same)
		assert_int_equal(e->due_ms, want->due_ms);
	else if (state != PROCESS_READY || event != PROCESS_IS_READY)
		assert_int_equal(e->due_ms, 7777);
	if (event == PROCESS_EXITED && has_process(state))
		assert_int_equal(e->pid, 0);
	free(r);
}

static void
every_state_meets_every_event(void **unused)
{
	(void)unused;
	for (int s = 0; s < PROCESS_STATES; s++)
		for (int e = 0; e < PROCESS_EVENTS; e++)
			try_event((enum process_state)s, (enum process_event)e);
}

static void
start(struct process_table *r, int i, int64_t now_ms)
{
	assert_int_equal(process_table_tick(r, i, now_ms), PROCESS_DO_FORK);
	r->entries[i].pid = 100 + i;
	process_table_handle(r, i, PROCESS_FORKED, now_ms);
}

static void
one_that_fails_to_start_waits_longer_each_time(void **unused)
{
	(void)unused;
	static const int64_t waits[] = { 1000,	2000,  4000, 8000,
					 16000, 30000, 30000 };
	struct process_table *r = new_table();
	int i = process_table_add(r, SLOT_WORKER, 1, 1);
	int64_t now = 1000;

	for (size_t k = 0; k < sizeof(waits) / sizeof(*waits); k++) {
		start(r, i, now);
		process_table_handle(r, i, PROCESS_EXITED, now + 10);
		now += 10 + waits[k];
		assert_int_equal(process_table_tick(r, i, now - 1),
				 PROCESS_DO_NOTHING);
		assert_int_equal(r->entries[i].due_ms, now);
	}
	/* It starts, but not for a minute: not forgotten. */
	start(r, i, now);
	process_table_handle(r, i, PROCESS_IS_READY, now);
	now += 59000;
	process_table_handle(r, i, PROCESS_EXITED, now);
	start(r, i, now);
	process_table_handle(r, i, PROCESS_EXITED, now);
	assert_int_equal(r->entries[i].due_ms, now + 30000);
	/* A healthy minute: forgotten. */
	now += 30000;
	start(r, i, now);
	process_table_handle(r, i, PROCESS_IS_READY, now);
	now += 60000;
	process_table_handle(r, i, PROCESS_EXITED, now);
	start(r, i, now);
	process_table_handle(r, i, PROCESS_EXITED, now);
	assert_int_equal(r->entries[i].due_ms, now + 1000);
	free(r);
}

static void
one_that_hung_at_its_start_waits_too(void **unused)
{
	(void)unused;
	struct process_table *r = new_table();
	int i = process_table_add(r, SLOT_WORKER, 1, 1);

	start(r, i, 1000);
	assert_int_equal(process_table_tick(r, i, 61000), PROCESS_ABORT);
	assert_int_equal(process_table_tick(r, i, 64000), PROCESS_KILL);
	process_table_handle(r, i, PROCESS_EXITED, 64001);
	assert_int_equal(r->entries[i].due_ms, 65001);
	free(r);
}

/* Kills everyone all the time for a minute; returns the restarts. */
static int
storm(struct process_table *r, int count)
{
	int forks = 0;

	for (int64_t now = 1000; now < 61000; now += 10)
		for (int i = 1; i <= count; i++) {
			if (process_table_tick(r, i, now) != PROCESS_DO_FORK)
				continue;
			forks++;
			r->entries[i].pid = 100 + i;
			process_table_handle(r, i, PROCESS_FORKED, now);
			process_table_handle(r, i, PROCESS_IS_READY, now);
			process_table_handle(r, i, PROCESS_EXITED, now);
		}
	return forks - count;
}

static void
a_storm_of_deaths_means_bounded_forks(void **unused)
{
	(void)unused;
	struct process_table *r = new_table();

	for (int i = 1; i <= 4; i++)
		process_table_add(r, SLOT_WORKER, i, 1);
	int restarts = storm(r, 4);
	/* A burst of one a slot, then five a second. */
	assert_in_range(restarts, 290, 304);
	free(r);
}

static void
all_at_once_are_replaced_at_once(void **unused)
{
	(void)unused;
	struct process_table *r = new_table();

	for (int i = 1; i <= 8; i++) {
		process_table_add(r, SLOT_WORKER, i, 1);
		start(r, i, 1000);
		process_table_handle(r, i, PROCESS_IS_READY, 1000);
	}
	for (int i = 1; i <= 8; i++)
		process_table_handle(r, i, PROCESS_EXITED, 9000);
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
	struct process_table *r = new_table();
	int old = process_table_add(r, SLOT_WORKER, 1, 1);

	start(r, old, 1000);
	process_table_handle(r, old, PROCESS_IS_READY, 1000);
	r->entries[old].replaced_by = process_table_add(r, SLOT_WORKER, 1, 1);
	process_table_handle(r, old, PROCESS_EXITED, 2000);
	assert_int_equal(r->entries[old].state, PROCESS_FREE);
	free(r);
}

static void
the_next_time_is_the_earliest(void **unused)
{
	(void)unused;
	struct process_table *r = new_table();

	assert_int_equal(process_table_next_ms(r, 5), PROCESS_NEVER);
	int a = process_table_add(r, SLOT_WORKER, 1, 1);
	int b = process_table_add(r, SLOT_WORKER, 2, 1);
	start(r, a, 1000);
	assert_int_equal(process_table_next_ms(r, 1000), 1000);
	start(r, b, 1200);
	assert_int_equal(process_table_next_ms(r, 1200), 61000);
	process_table_handle(r, a, PROCESS_IS_READY, 1300);
	assert_int_equal(process_table_next_ms(r, 1300), 61200);
	assert_int_equal(process_table_next_ms(r, 99000), 99000);
	free(r);
}

static void
a_full_table_refuses(void **unused)
{
	(void)unused;
	struct process_table *r = new_table();

	for (int i = 1; i < SCOREBOARD_SLOTS; i++)
		assert_int_equal(process_table_add(r, SLOT_WORKER, i, 1), i);
	assert_int_equal(process_table_add(r, SLOT_WORKER, 1, 1), -1);
	r->entries[77].pid = 4242;
	assert_int_equal(process_table_find(r, 4242), 77);
	assert_int_equal(process_table_find(r, 0), -1);
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
		cmocka_unit_test(a_full_table_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
