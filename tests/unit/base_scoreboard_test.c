/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scoreboard from all three sides, and full of nonsense. */
#include "base/scoreboard_master.h"

#include "base/clock.h"
#include "base/scoreboard_layout.h"
#include "support/own_folder.h"
#include "support/scoreboard_tenant.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
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
	slot_set_error(NULL, VIEW("none"));
	assert_false(scoreboard_is_poison(NULL, 1));
	assert_int_equal(scoreboard_sum(NULL, GAUGE_SESSIONS), 0);
}

static void
what_a_process_writes_others_read(void **unused)
{
	(void)unused;
	struct slot_figures f;
	int fd;

	struct scoreboard *b = scoreboard_create(&fd);
	assert_non_null(b);
	struct scoreboard_slot *s = sit_down(b, 5, 4711);
	pid_t child = fork();
	if (child == 0) {
		if (scoreboard_remap(b, fd, 5) != 0)
			_exit(1);
		slot_count(s, COUNT_MAILS_ACCEPTED, 40);
		slot_count(s, COUNT_MAILS_ACCEPTED, 2);
		slot_gauge(s, GAUGE_SESSIONS, 7);
		slot_set_state(s, SLOT_DRAINING);
		slot_set_fingerprint(s, 99);
		slot_beat(s, SLOT_DELIVERY);
		slot_enter_database(s);
		slot_set_error(s, VIEW("bad\nthing"));
		_exit(0);
	}
	waitpid(child, NULL, 0);
	assert_int_equal(scoreboard_publish(b, folder), 0);
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
	assert_int_equal(scoreboard_thread_id(b, 5, SLOT_DELIVERY), child);
	assert_int_equal(scoreboard_sum(other, GAUGE_SESSIONS), 7);
	scoreboard_close(&other);
	scoreboard_close(&b);
	close(fd);
}

static void
sums_never_fall_and_each_process_counts_anew(void **unused)
{
	(void)unused;
	struct scoreboard *b = scoreboard_create(NULL);
	struct slot_figures f;
	struct scoreboard_figures all;
	struct histogram h;

	struct scoreboard_slot *s = sit_down(b, 1, 100);
	slot_count(s, COUNT_ROWS, 10);
	slot_observe(s, HISTOGRAM_REPLY, 1000);
	slot_observe(s, HISTOGRAM_WAIT, (int64_t)FIGURE_MAX + 1);
	slot_set_fingerprint(s, 5);
	slot_gauge(s, GAUGE_SESSIONS, 3);
	scoreboard_vacate(b, 1);
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
	slot_observe(s, HISTOGRAM_REPLY, 1000);
	scoreboard_read_histogram(b, HISTOGRAM_REPLY, &h);
	assert_int_equal(h.sum, 2000);
	assert_int_equal(h.buckets[histogram_bucket(UNIT_SECONDS, 1000)], 2);
	scoreboard_read_histogram(b, HISTOGRAM_WAIT, &h);
	assert_int_equal(h.sum, 0);
	scoreboard_close(&b);
}

static void
poison_is_a_short_list(void **unused)
{
	(void)unused;
	struct scoreboard *b = scoreboard_create(NULL);

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
		struct scoreboard *b = scoreboard_create(NULL);
		memset(b, fills[k], scoreboard_slot_offset(SCOREBOARD_SLOTS));
		assert_in_range(scoreboard_slots(b), 0, SCOREBOARD_SLOTS);
		for (size_t i = 0; i < SCOREBOARD_SLOTS + 1; i++) {
			scoreboard_read(b, i, &f);
			assert_in_range(f.role, 0, SLOT_ROLES - 1);
			for (int c = 0; c < SLOT_COUNTERS; c++)
				assert_true(f.counters[c] <= FIGURE_MAX);
			for (int g = 0; g < SLOT_GAUGES; g++)
				assert_true(f.gauges[g] <= FIGURE_MAX);
			assert_in_range(f.state, 0, SLOT_GONE);
			assert_non_null(memchr(f.error, 0, sizeof(f.error)));
			assert_non_null(memchr(f.role_name, 0,
					       sizeof(f.role_name)));
			assert_non_null(slot_state_name(f.state));
		}
		scoreboard_read_figures(b, &all);
		assert_non_null(memchr(all.version, 0, sizeof(all.version)));
		for (int c = 0; c < SLOT_COUNTERS; c++)
			assert_true(all.counters[c] <= FIGURE_MAX);
		for (int g = 0; g < SLOT_GAUGES; g++)
			assert_true(scoreboard_sum(b, (enum slot_gauge)g) <=
				    FIGURE_MAX);
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
	struct scoreboard *b = scoreboard_create(NULL);
	struct stat st;

	sit_down(b, 3, 1234);
	assert_int_equal(scoreboard_publish(b, folder), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	/* magic, layout and slots, bytes */
	for (off_t at = 0; at < 24; at += 8) {
		assert_int_equal(scoreboard_publish(b, folder), 0);
		spoil(at, 8);
		assert_null(scoreboard_open(folder));
		assert_int_equal(errno, EPROTO);
	}
	assert_int_equal(scoreboard_publish(b, folder), 0);
	for (off_t size = (off_t)scoreboard_slot_offset(0) - 1; size > 0;
	     size /= 2) {
		assert_int_equal(truncate(path, size), 0);
		assert_null(scoreboard_open(folder));
	}
	unlink(path);
	assert_null(scoreboard_open(folder));
	assert_int_equal(errno, ENOENT);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_null(scoreboard_open(folder));
	assert_int_equal(scoreboard_publish(b, folder), 0);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_null(scoreboard_open(folder));
	unlink(path);
	scoreboard_close(&b);
}

/* What the header says later leads no reader beyond the mapping. */
static void
a_false_header_leads_nobody_astray(void **unused)
{
	(void)unused;
	struct slot_figures f;
	struct scoreboard_figures all;
	int fd;

	struct scoreboard *b = scoreboard_create(&fd);
	sit_down(b, SCOREBOARD_SLOTS - 1, 1234);
	b->used = UINT32_MAX;
	assert_int_equal(scoreboard_slots(b), SCOREBOARD_SLOTS);
	assert_true(scoreboard_read(b, SCOREBOARD_SLOTS - 1, &f));
	assert_false(scoreboard_read(b, SCOREBOARD_SLOTS, &f));
	scoreboard_read_figures(b, &all);
	b->bytes = 64;
	assert_null(scoreboard_adopt(fd));
	assert_int_equal(errno, EPROTO);
	close(fd);
	scoreboard_close(&b);
}

/* A count that a process spoilt is forgotten with it, not summed for ever. */
static void
a_spoilt_count_goes_with_its_process(void **unused)
{
	(void)unused;
	struct scoreboard *b = scoreboard_create(NULL);
	struct scoreboard_figures all;

	struct scoreboard_slot *s = sit_down(b, 1, 100);
	slot_count(s, COUNT_ROWS, 10);
	sit_down(b, 1, 101);
	slot_count(s, COUNT_ROWS, UINT64_MAX / 2);
	scoreboard_read_figures(b, &all);
	assert_int_equal(all.counters[COUNT_ROWS], FIGURE_MAX);
	sit_down(b, 1, 102);
	slot_count(s, COUNT_ROWS, 1);
	scoreboard_read_figures(b, &all);
	assert_int_equal(all.counters[COUNT_ROWS], 11);
	scoreboard_close(&b);
}

static void
every_figure_has_a_name(void **unused)
{
	(void)unused;
	for (int i = 0; i < SLOT_COUNTERS + SLOT_GAUGES; i++) {
		const struct figure *f = i < SLOT_COUNTERS
			? &slot_counter_figures[i]
			: &slot_gauge_figures[i - SLOT_COUNTERS];
		assert_true(strspn(f->name, "abcdefghijklmnopqrstuvwxyz_") ==
			    strlen(f->name) && f->name[0] != '\0');
		assert_true(strlen(f->help) > 10);
		assert_in_range(f->thread, 0, SLOT_THREADS - 1);
	}
}

static int
set_up(void **unused)
{
	(void)unused;
	return own_folder_make("scoreboard");
}

enum { STORM = 20000 };

static void *
deliver(void *slot)
{
	for (int i = 0; i < STORM; i++) {
		slot_count(slot, COUNT_ROWS, 1);
		slot_observe(slot, HISTOGRAM_COMMIT, i);
		slot_gauge(slot, GAUGE_HELD, (uint64_t)i);
		slot_set_host(slot, i % 2 ? VIEW("one") : VIEW("another"));
		slot_beat(slot, SLOT_DELIVERY);
	}
	return NULL;
}

static void *
serve(void *slot)
{
	for (int i = 0; i < STORM; i++) {
		slot_count(slot, COUNT_CONNECTIONS, 1);
		slot_observe(slot, HISTOGRAM_REPLY, i);
		slot_count_in(slot, SERIES_REPLIES, (size_t)i % 8);
		slot_set_error(slot, i % 2 ? VIEW("this") : VIEW("that one"));
		slot_beat(slot, SLOT_LOOP);
	}
	return NULL;
}

/* Each figure has one writing thread: nothing is lost without a lock, and who
 * reads meanwhile never sees more than there was. For the thread sanitizer. */
static void
two_threads_write_and_one_reads(void **unused)
{
	struct histogram h;
	struct slot_figures f = { 0 };
	pthread_t threads[2];
	uint64_t last = 0;
	int fd;

	(void)unused;
	struct scoreboard *b = scoreboard_create(&fd);
	assert_non_null(b);
	struct scoreboard_slot *s = sit_down(b, 5, 4711);
	assert_int_equal(pthread_create(&threads[0], NULL, serve, s), 0);
	assert_int_equal(pthread_create(&threads[1], NULL, deliver, s), 0);
	while (f.counters[COUNT_ROWS] < STORM ||
	       f.counters[COUNT_CONNECTIONS] < STORM) {
		assert_true(scoreboard_read(b, 5, &f));
		assert_in_range(f.counters[COUNT_ROWS], last, STORM);
		last = f.counters[COUNT_ROWS];
	}
	for (size_t i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	scoreboard_read_histogram(b, HISTOGRAM_COMMIT, &h);
	assert_int_equal(h.sum, (uint64_t)STORM * (STORM - 1) / 2);
	scoreboard_read_histogram(b, HISTOGRAM_REPLY, &h);
	assert_int_equal(h.sum, (uint64_t)STORM * (STORM - 1) / 2);
	close(fd);
	scoreboard_close(&b);
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
		cmocka_unit_test(a_spoilt_count_goes_with_its_process),
		cmocka_unit_test(every_figure_has_a_name),
		cmocka_unit_test(two_threads_write_and_one_reads),
	};

	return cmocka_run_group_tests(tests, set_up, own_folder_remove);
}
