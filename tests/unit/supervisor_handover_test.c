/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A handover read back is the one that was written; what is cut, foreign or
 * hostile is none at all. And the watchdog's judgement. */
#include "supervisor/handover.h"
#include "supervisor/watchdog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct handed_listener listeners[] = {
	{ 7, "0.0.0.0:25" }, { 8, "[::]:25" }, { 9, "unix:/run/a b" },
};

static struct handed_child children[] = {
	{ 3,
	  11,
	  { .state = PROCESS_READY,
	    .role = SLOT_WORKER,
	    .number = 1,
	    .generation = 4,
	    .pid = 4711,
	    .due_ms = PROCESS_NEVER,
	    .forked_ms = 10,
	    .ready_ms = 20,
	    .restarts = 2,
	    .replaced_by = -1 },
	  6 },
	{ 9,
	  -1,
	  { .state = PROCESS_DRAINING,
	    .role = SLOT_LOGGER,
	    .generation = 3,
	    .pid = 4712,
	    .due_ms = 99,
	    .back_off_ms = 4000,
	    .replaced_by = -1 },
	  -1 },
};

static struct handover
sample(void)
{
	return (struct handover){
		.mode = HANDOVER_TAKEOVER,
		.generation = 4,
		.wants_reload = true,
		.is_control_roots = true,
		.paused_until_ms = PROCESS_NEVER,
		.pid_file = 3,
		.scoreboard = 4,
		.backlogs = 5,
		.control = 6,
		.lines = { 12, 13 },
		.program = "/usr/sbin/guerrilla-smtpd",
		.config_file = "/etc/with spaces/1 2 3.conf",
		.log_file = "",
		.figures = { .began_wall_us = 123456789,
			     .reloads = 1,
			     .reloads_failed = 2,
			     .upgrades = 3,
			     .restarts = 4,
			     .poisoned = 5 },
		.spools = { { { 18, "/var/spool/a b" }, { 19, "/x" } }, 2 },
		.connection_limits = { 17, 1, 20, 4000, { UINT64_MAX, 1 } },
		.listeners = listeners,
		.listener_count = 3,
		.children = children,
		.child_count = 2,
		.askers = { { 15, CONTROL_UPGRADE, true },
			    { 16, CONTROL_RELOAD, false } },
		.asker_count = 2,
	};
}

static void
expect_children(const struct handover *h)
{
	assert_int_equal(h->child_count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(h->children[i].index, children[i].index);
		assert_int_equal(h->children[i].channel, children[i].channel);
		const struct process *a = &h->children[i].entry;
		const struct process *b = &children[i].entry;
		assert_int_equal(a->state, b->state);
		assert_int_equal(a->role, b->role);
		assert_int_equal(a->number, b->number);
		assert_int_equal(a->generation, b->generation);
		assert_int_equal(a->pid, b->pid);
		assert_int_equal(a->due_ms, b->due_ms);
		assert_int_equal(a->back_off_ms, b->back_off_ms);
		assert_int_equal(a->forked_ms, b->forked_ms);
		assert_int_equal(a->ready_ms, b->ready_ms);
		assert_int_equal(a->restarts, b->restarts);
		assert_int_equal(a->replaced_by, -1);
		assert_int_equal(h->children[i].region, children[i].region);
	}
}

static void
expect_sample(const struct handover *h)
{
	assert_int_equal(h->mode, HANDOVER_TAKEOVER);
	assert_int_equal(h->generation, 4);
	assert_true(h->wants_reload);
	assert_false(h->wants_upgrade);
	assert_int_equal(h->pid_file, 3);
	assert_int_equal(h->control, 6);
	assert_int_equal(h->lines[1], 13);
	assert_true(h->is_control_roots);
	assert_true(h->paused_until_ms == PROCESS_NEVER);
	assert_string_equal(h->config_file, "/etc/with spaces/1 2 3.conf");
	assert_string_equal(h->log_file, "");
	assert_int_equal(h->figures.poisoned, 5);
	assert_int_equal(h->spools.count, 2);
	assert_int_equal(h->spools.at[0].fd, 18);
	assert_string_equal(h->spools.at[0].dir, "/var/spool/a b");
	assert_int_equal(h->connection_limits.fd, 17);
	assert_int_equal(h->connection_limits.layout, 1);
	assert_int_equal(h->connection_limits.regions, 20);
	assert_int_equal(h->connection_limits.connections, 4000);
	assert_true(h->connection_limits.secret[0] == UINT64_MAX);
	assert_true(h->connection_limits.secret[1] == 1);
	assert_int_equal(h->listener_count, 3);
	assert_int_equal(h->listeners[2].fd, 9);
	assert_string_equal(h->listeners[2].name, "unix:/run/a b");
	expect_children(h);
	assert_int_equal(h->asker_count, 2);
	assert_int_equal(h->askers[0].verb, CONTROL_UPGRADE);
	assert_false(h->askers[1].is_taken_up);
}

static void
what_is_written_is_read(void **unused)
{
	(void)unused;
	struct buf text = BUF(65536);
	struct arena arena = { 0 };
	struct handover h, written = sample();

	assert_int_equal(handover_print(&written, &text), 0);
	assert_true(handover_parse(buf_view(&text), &arena, &h));
	expect_sample(&h);
	/* Words of a later version are passed over. */
	struct buf more = BUF(65536);
	const char *middle = strstr(text.at, "mode ");
	buf_append(&more, (struct view){ text.at,
					 (size_t)(middle - text.at) });
	buf_append_text(&more, "colour 1 2 3 blue\n");
	buf_append_text(&more, "");
	buf_append(&more, (struct view){ middle, text.len -
					 (size_t)(middle - text.at) });
	assert_true(handover_parse(buf_view(&more), &arena, &h));
	expect_sample(&h);
	buf_release(&more);
	buf_release(&text);
	arena_free(&arena);
}

static void
what_is_cut_is_none(void **unused)
{
	(void)unused;
	struct buf text = BUF(65536);
	struct arena arena = { 0 };
	struct handover h, written = sample();

	handover_print(&written, &text);
	for (size_t len = 0; len + 1 < text.len; len++) {
		/* A copy of its own size: reading beyond it is a fault. */
		char *copy = malloc(len > 0 ? len : 1);
		memcpy(copy, text.at, len);
		bool is_whole = handover_parse((struct view){ copy, len },
					       &arena, &h);
		assert_false(is_whole);
		free(copy);
		arena_reset(&arena);
	}
	buf_release(&text);
	arena_free(&arena);
}

static void
what_is_hostile_is_none(void **unused)
{
	(void)unused;
	static const char *const lines[] = {
		"mode 0",
		"mode 9",
		"mode x",
		"mode -1",
		"child 0 1 3 2 1 1 99 0 0 0 0 0",
		"child 512 1 3 2 1 1 99 0 0 0 0 0",
		"child 1 1 99 2 1 1 99 0 0 0 0 0",
		"child 1 1 0 2 1 1 99 0 0 0 0 0",
		"child 1 1 3 77 1 1 99 0 0 0 0 0",
		"child 1 1 3 2 1 1 1 0 0 0 0 0",
		"child 1 1 3 2 1 1 -1 0 0 0 0 0",
		"child 1 1 3 2 1 1",
		"child 1 1 3 2 1 1 99999999999999999999999 0 0 0 0 0",
		"listener 1 name",
		"listener -5 name",
		"listener name",
		"connections 2 1 1 1 1 1",
		"connections 5 1 0 1 1 1",
		"connections 5 1 1 -1 1 1",
		"connections 5 1 1 1 1",
		"region 1 1",
		"region x 1",
		"region 1",
		"asker 5 0 1",
		"asker 5 99 1",
		"descriptors 1 2 3",
	};
	struct arena arena = { 0 };
	struct handover h;

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		char text[256];
		snprintf(text, sizeof(text), "guerrilla-smtpd handover 1\n"
			 "mode 2\n%s\nend\n", lines[i]);
		if (handover_parse(view_of(text), &arena, &h))
			fail_msg("taken: %s", lines[i]);
	}
	assert_false(handover_parse(VIEW("another program\nend\n"), &arena,
				    &h));
	arena_free(&arena);
}

static void
it_goes_through_the_environment(void **unused)
{
	(void)unused;
	struct arena arena = { 0 };
	struct handover h, written = sample();

	handover_read(&arena, &h);
	assert_int_equal(h.mode, HANDOVER_NONE);
	int fd = handover_write(&written);
	assert_true(fd > STDERR_FILENO);
	handover_read(&arena, &h);
	expect_sample(&h);
	handover_forget();
	handover_read(&arena, &h);
	assert_int_equal(h.mode, HANDOVER_NONE);
	setenv("GUERRILLA_SMTPD_HANDOVER", "0", 1);
	handover_read(&arena, &h);
	assert_int_equal(h.mode, HANDOVER_NONE);
	handover_forget();
	setenv("GUERRILLA_SMTPD_HANDOVER", "99999999999999999999", 1);
	handover_read(&arena, &h);
	assert_int_equal(h.mode, HANDOVER_NONE);
	handover_forget();
	arena_free(&arena);
}

/* ---- The watchdog ------------------------------------------------------ */

enum { LIMIT_MS = 30000 };

#define NOW INT64_C(1000000000)
#define SECONDS INT64_C(1000000)

static void
hearts_are_judged(void **unused)
{
	(void)unused;
	static const struct {
		int64_t loop, delivery, database;
		enum slot_thread want;
	} cases[] = {
		{ 0, 0, 0, SLOT_THREADS },
		{ NOW, NOW, 0, SLOT_THREADS },
		{ NOW - 30 * SECONDS, NOW, 0, SLOT_THREADS },
		{ NOW - 31 * SECONDS, NOW, 0, SLOT_LOOP },
		{ NOW, NOW - 31 * SECONDS, 0, SLOT_DELIVERY },
		{ NOW, NOW - 31 * SECONDS, NOW - 31 * SECONDS,
		  SLOT_THREADS },
		{ NOW, NOW - 700 * SECONDS, NOW - 601 * SECONDS,
		  SLOT_DELIVERY },
		/* The loop is not excused by the other thread's call. */
		{ NOW - 31 * SECONDS, NOW, NOW, SLOT_LOOP },
		{ NOW + 99 * SECONDS, NOW, 0, SLOT_THREADS },
		{ INT64_MIN, NOW, 0, SLOT_THREADS },
		{ INT64_MAX, INT64_MAX, INT64_MAX, SLOT_THREADS },
		{ NOW, NOW, INT64_MIN, SLOT_THREADS },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct slot_figures f = {
			.beat_us = { cases[i].loop, cases[i].delivery },
			.database_since_us = cases[i].database,
		};
		enum slot_thread t = watchdog_judge(&f, NOW, LIMIT_MS);
		if (t != cases[i].want)
			fail_msg("case %zu: %d", i, t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(what_is_cut_is_none),
		cmocka_unit_test(what_is_hostile_is_none),
		cmocka_unit_test(it_goes_through_the_environment),
		cmocka_unit_test(hearts_are_judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
