/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scoreboard from all three sides, and full of nonsense. */
#include "base/scoreboard_master.h"

#include "base/clock.h"
#include "base/scoreboard_layout.h"
#include "support/own_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void
no_scoreboard_is_no_trouble(void **unused)
{
	(void)unused;
	slot_count(NULL, COUNT_ROWS, 1);
	slot_gauge(NULL, GAUGE_HELD, 1);
	slot_set_state(NULL, SLOT_READY);
	slot_beat(NULL, SLOT_LOOP);
	slot_enter_database(NULL);
	slot_leave_database(NULL);
	slot_set_fingerprint(NULL, 1);
	slot_set_error(NULL, "none");
	assert_false(scoreboard_is_poison(NULL, 1));
	assert_int_equal(scoreboard_sum(NULL, GAUGE_SESSIONS), 0);
}

static struct scoreboard_slot *
sit_down(struct scoreboard *b, size_t i, pid_t pid)
{
	struct scoreboard_slot *s = scoreboard_slot_at(b, i);
	struct slot_tenant t = { SLOT_WORKER, 0, (int)i, 3, 2 };

	scoreboard_occupy(s, &t);
	t.pid = pid;
	scoreboard_occupy(s, &t);
	return s;
}

static void
what_a_process_writes_others_read(void **unused)
{
	(void)unused;
	struct slot_figures f;
	int fd;

	struct scoreboard *b = scoreboard_create(folder, &fd);
	assert_non_null(b);
	struct scoreboard_slot *s = sit_down(b, 5, 4711);
	pid_t child = fork();
	if (child == 0) {
		slot_count(s, COUNT_MAILS_ACCEPTED, 40);
		slot_count(s, COUNT_MAILS_ACCEPTED, 2);
		slot_gauge(s, GAUGE_SESSIONS, 7);
		slot_set_state(s, SLOT_DRAINING);
		slot_set_fingerprint(s, 99);
		slot_beat(s, SLOT_DELIVERY);
		slot_enter_database(s);
		slot_set_error(s, "bad\nthing");
		_exit(0);
	}
	waitpid(child, NULL, 0);
	struct scoreboard *other = scoreboard_open(folder);
	assert_non_null(other);
	assert_int_equal(scoreboard_slots(other), 6);
	assert_false(scoreboard_read(other, 4, &f));
	assert_true(scoreboard_read(other, 5, &f));
	assert_int_equal(f.pid, 4711);
	assert_int_equal(f.number, 5);
	assert_int_equal(f.generation, 3);
	assert_int_equal(f.restarts, 2);
	assert_int_equal(f.state, SLOT_DRAINING);
	assert_int_equal(f.counters[COUNT_MAILS_ACCEPTED], 42);
	assert_int_equal(f.gauges[GAUGE_SESSIONS], 7);
	assert_int_equal(f.fingerprint, 99);
	assert_true(f.beat_us[SLOT_DELIVERY] > 0);
	assert_int_equal(f.beat_us[SLOT_LOOP], 0);
	assert_true(f.database_since_us > 0);
	assert_string_equal(f.error, "bad?thing");
	assert_int_equal(scoreboard_thread_id(s, SLOT_DELIVERY), child);
	assert_int_equal(scoreboard_sum(other, GAUGE_SESSIONS), 7);
	scoreboard_close(&other);
	scoreboard_close(&b);
	close(fd);
}

static void
sums_never_fall_and_each_process_counts_anew(void **unused)
{
	(void)unused;
	struct scoreboard *b = scoreboard_create_private();
	struct slot_figures f;
	struct scoreboard_figures all;

	struct scoreboard_slot *s = sit_down(b, 1, 100);
	slot_count(s, COUNT_ROWS, 10);
	slot_set_fingerprint(s, 5);
	slot_gauge(s, GAUGE_SESSIONS, 3);
	scoreboard_vacate(s);
	assert_false(scoreboard_read(b, 1, &f));
	assert_int_equal(scoreboard_sum(b, GAUGE_SESSIONS), 0);
	sit_down(b, 1, 200);
	slot_count(s, COUNT_ROWS, 5);
	assert_true(scoreboard_read(b, 1, &f));
	assert_int_equal(f.counters[COUNT_ROWS], 5);
	assert_int_equal(f.fingerprint, 0);
	assert_int_equal(f.state, SLOT_STARTING);
	scoreboard_read_figures(b, &all);
	assert_int_equal(all.counters[COUNT_ROWS], 15);
	scoreboard_close(&b);
}

static void
poison_is_a_short_list(void **unused)
{
	(void)unused;
	struct scoreboard *b = scoreboard_create_private();

	assert_false(scoreboard_is_poison(b, 7));
	scoreboard_add_poison(b, 0);
	assert_false(scoreboard_is_poison(b, 0));
	scoreboard_add_poison(b, 7);
	assert_true(scoreboard_is_poison(b, 7));
	scoreboard_add_poison(b, 7);
	for (uint64_t i = 1; i < SCOREBOARD_POISON; i++)
		scoreboard_add_poison(b, 1000 + i);
	assert_true(scoreboard_is_poison(b, 7));
	scoreboard_add_poison(b, 9999);
	assert_false(scoreboard_is_poison(b, 7));
	assert_true(scoreboard_is_poison(b, 9999));
	scoreboard_close(&b);
}

/* A process that went mad writes all over its slot, and over the scoreboard. */
static void
nonsense_is_read_without_harm(void **unused)
{
	(void)unused;
	static const int fills[] = { 0xff, 0x7f, 0x80, 0x01 };
	struct slot_figures f;
	struct scoreboard_figures all;

	for (size_t k = 0; k < sizeof(fills) / sizeof(*fills); k++) {
		struct scoreboard *b = scoreboard_create_private();
		memset(b, fills[k], sizeof(*b) + SCOREBOARD_SLOTS *
		       sizeof(struct scoreboard_slot));
		assert_in_range(scoreboard_slots(b), 0, SCOREBOARD_SLOTS);
		for (size_t i = 0; i < SCOREBOARD_SLOTS + 1; i++) {
			scoreboard_read(b, i, &f);
			assert_in_range(f.role, 0, SLOT_STATUS);
			assert_in_range(f.state, 0, SLOT_GONE);
			assert_non_null(memchr(f.error, 0, sizeof(f.error)));
			assert_non_null(slot_role_name(f.role));
			assert_non_null(slot_state_name(f.state));
		}
		scoreboard_read_figures(b, &all);
		assert_non_null(memchr(all.version, 0, sizeof(all.version)));
		scoreboard_add_poison(b, 77);
		assert_true(scoreboard_is_poison(b, 77));
		scoreboard_close(&b);
	}
}

static void
spoil(off_t where, size_t n)
{
	char junk[64];
	int fd = open(path, O_RDWR);

	memset(junk, 0x5a, sizeof(junk));
	assert_int_equal(pwrite(fd, junk, n, where), n);
	close(fd);
}

static void
other_files_are_refused(void **unused)
{
	(void)unused;
	int fd;

	struct scoreboard *b = scoreboard_create(folder, &fd);
	struct stat st;
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	scoreboard_close(&b);
	/* magic, layout and slots, bytes */
	for (off_t at = 0; at < 24; at += 8) {
		b = scoreboard_create(folder, &fd);
		scoreboard_close(&b);
		spoil(at, 8);
		assert_null(scoreboard_open(folder));
		assert_int_equal(errno, EPROTO);
	}
	b = scoreboard_create(folder, &fd);
	scoreboard_close(&b);
	for (off_t size = st.st_size - 1; size >= 0; size /= 2) {
		assert_int_equal(truncate(path, size), 0);
		assert_null(scoreboard_open(folder));
		if (size == 0)
			break;
	}
	unlink(path);
	assert_null(scoreboard_open(folder));
	assert_int_equal(errno, ENOENT);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_null(scoreboard_open(folder));
	unlink(path);
}

/* A worker can write into the header of the scoreboard that all map. */
static void
a_false_header_leads_nobody_astray(void **unused)
{
	(void)unused;
	struct slot_figures f;
	struct scoreboard_figures all;
	int fd;

	struct scoreboard *b = scoreboard_create(folder, &fd);
	struct scoreboard *reader = scoreboard_open(folder);
	sit_down(b, SCOREBOARD_SLOTS - 1, 1234);
	b->slot_count = 1;
	b->bytes = 64;
	b->used = UINT32_MAX;
	assert_int_equal(scoreboard_slots(reader), SCOREBOARD_SLOTS);
	assert_true(scoreboard_read(reader, SCOREBOARD_SLOTS - 1, &f));
	assert_false(scoreboard_read(reader, SCOREBOARD_SLOTS, &f));
	scoreboard_read_figures(reader, &all);
	scoreboard_close(&reader);
	/* One that is smaller, and says so truly, is not read at all. */
	const uint64_t bytes = sizeof(*b) + sizeof(struct scoreboard_slot);
	b->bytes = bytes;
	assert_int_equal(truncate(path, (off_t)bytes), 0);
	assert_null(scoreboard_open(folder));
	assert_int_equal(errno, EPROTO);
	assert_null(scoreboard_adopt(fd));
	close(fd);
	scoreboard_close(&b);
	unlink(path);
}

/* A reader of the old scoreboard must not find the file cut under it. */
static void
a_new_board_spares_readers_of_the_old(void **unused)
{
	(void)unused;
	struct slot_figures f;
	int first, second;

	struct scoreboard *b = scoreboard_create(folder, &first);
	struct scoreboard *reader = scoreboard_open(folder);
	sit_down(b, 1, 1234);
	struct scoreboard *next = scoreboard_create(folder, &second);
	assert_true(scoreboard_read(reader, 1, &f));
	assert_int_equal(f.pid, 1234);
	assert_false(scoreboard_read(next, 1, &f));
	scoreboard_close(&b);
	struct scoreboard *adopted = scoreboard_adopt(first);
	assert_non_null(adopted);
	assert_true(scoreboard_read(adopted, 1, &f));
	scoreboard_close(&adopted);
	scoreboard_close(&reader);
	scoreboard_close(&next);
	close(first);
	close(second);
}

static void
every_figure_has_a_name(void **unused)
{
	(void)unused;
	for (int i = 0; i < SLOT_COUNTERS; i++)
		assert_non_null(slot_counter_name((enum slot_counter)i));
	for (int i = 0; i < SLOT_GAUGES; i++)
		assert_non_null(slot_gauge_name((enum slot_gauge)i));
}

static int
set_up(void **unused)
{
	(void)unused;
	return own_folder_make("scoreboard");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_scoreboard_is_no_trouble),
		cmocka_unit_test(what_a_process_writes_others_read),
		cmocka_unit_test(sums_never_fall_and_each_process_counts_anew),
		cmocka_unit_test(poison_is_a_short_list),
		cmocka_unit_test(nonsense_is_read_without_harm),
		cmocka_unit_test(other_files_are_refused),
		cmocka_unit_test(a_false_header_leads_nobody_astray),
		cmocka_unit_test(a_new_board_spares_readers_of_the_old),
		cmocka_unit_test(every_figure_has_a_name),
	};

	return cmocka_run_group_tests(tests, set_up, own_folder_remove);
}
