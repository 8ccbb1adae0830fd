/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What goes through the logger's queue, alone and together, what is lost of
 * it, and what is kept back. */
#include "base/log.h"

#include "base/clock.h"
#include "base/scoreboard_master.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int64_t now_us;

static int64_t
fake_us(void)
{
	return now_us;
}

static void
speak(int fd, enum log_level level, struct scoreboard_slot *slot)
{
	const struct log_client client = {
		.fd = fd, .level = level, .name = "test", .slot = slot
	};

	log_init(&client);
}

static size_t
count_lines(int fd)
{
	char line[LOG_LINE_SIZE];
	size_t count = 0;

	while (recv(fd, line, sizeof(line), MSG_DONTWAIT) > 0)
		count++;
	return count;
}

static void
lines_carry_their_level(void **unused)
{
	(void)unused;
	char line[LOG_LINE_SIZE];
	int ends[2];

	assert_int_equal(log_pair(ends), 0);
	speak(ends[1], LOG_LEVEL_INFO, NULL);
	log_debug("not wanted");
	assert_false(log_wants(LOG_LEVEL_DEBUG));
	log_error("wanted", LOG_NUM("n", 1));
	ssize_t n = recv(ends[0], line, sizeof(line), MSG_DONTWAIT);
	assert_true(n > 0);
	assert_int_equal(line[0], '0' + LOG_LEVEL_ERROR);
	assert_int_equal(line[n - 1], '\n');
	assert_int_equal(count_lines(ends[0]), 0);
	close(ends[1]);
	/* The reader is told that nobody is left. */
	assert_int_equal(recv(ends[0], line, sizeof(line), 0), 0);
	close(ends[0]);
	speak(-1, LOG_LEVEL_INFO, NULL);
}

static void
a_full_queue_drops_and_counts(void **unused)
{
	(void)unused;
	struct scoreboard *scoreboard = scoreboard_create(NULL);
	struct scoreboard_slot *slot = scoreboard_slot_at(scoreboard, 1);
	struct slot_figures f;
	int ends[2];

	assert_int_equal(log_pair(ends), 0);
	speak(ends[1], LOG_LEVEL_INFO, slot);
	for (int i = 0; i < 50000; i++)
		log_info("one of many", LOG_NUM("i", i));
	scoreboard_read_slot(scoreboard, 1, &f);
	size_t waiting = count_lines(ends[0]);
	assert_true(f.counters[COUNT_LOG_DROPPED] > 0);
	assert_int_equal(waiting + f.counters[COUNT_LOG_DROPPED], 50000);
	close(ends[0]);
	close(ends[1]);
	speak(-1, LOG_LEVEL_INFO, NULL);
	scoreboard_close(&scoreboard);
}

static void
gathered_lines_share_a_datagram(void **unused)
{
	(void)unused;
	static char bytes[LOG_DATAGRAM_SIZE];
	static const char levels[] = "1113";
	struct log_gathered lines;
	int ends[2];

	assert_int_equal(log_pair(ends), 0);
	speak(ends[1], LOG_LEVEL_INFO, NULL);
	log_gather(&lines);
	for (int i = 0; i < 3; i++)
		log_info("one of three", LOG_NUM("i", i));
	assert_int_equal(count_lines(ends[0]), 0);
	/* An error takes with it what came before. */
	log_error("at once");
	ssize_t n = recv(ends[0], bytes, sizeof(bytes), MSG_DONTWAIT);
	assert_true(n > 0);
	ssize_t more = recv(ends[0], bytes + n, sizeof(bytes) - (size_t)n,
			    MSG_DONTWAIT);
	assert_true(more > 0);
	char *at = bytes, *end = bytes + n + more;
	for (int i = 0; i < 4; i++) {
		assert_true(at < end);
		assert_int_equal(*at, levels[i]);
		at = memchr(at, '\n', (size_t)(end - at));
		assert_non_null(at);
		at++;
	}
	assert_ptr_equal(at, end);
	log_send_gathered();
	assert_int_equal(count_lines(ends[0]), 0);
	log_gather(&lines);
	for (int i = 0; i < 1000; i++)
		log_info("one of many, and so on for some time");
	log_send_gathered();
	assert_in_range(count_lines(ends[0]), 5, 30);
	log_info("no longer gathered");
	assert_int_equal(count_lines(ends[0]), 1);
	close(ends[0]);
	close(ends[1]);
	speak(-1, LOG_LEVEL_INFO, NULL);
}

static void
lost_gathered_lines_are_counted(void **unused)
{
	(void)unused;
	struct scoreboard *scoreboard = scoreboard_create(NULL);
	struct scoreboard_slot *slot = scoreboard_slot_at(scoreboard, 1);
	struct log_gathered lines;
	struct slot_figures f;
	int ends[2];

	assert_int_equal(log_pair(ends), 0);
	speak(ends[1], LOG_LEVEL_INFO, slot);
	close(ends[0]);
	log_gather(&lines);
	for (int i = 0; i < 700; i++)
		log_info("one of many, and so on for some time");
	log_send_gathered();
	scoreboard_read_slot(scoreboard, 1, &f);
	assert_int_equal(f.counters[COUNT_LOG_DROPPED], 700);
	close(ends[1]);
	speak(-1, LOG_LEVEL_INFO, NULL);
	scoreboard_close(&scoreboard);
}

static void
warnings_that_repeat_are_kept_back(void **unused)
{
	(void)unused;
	char line[LOG_LINE_SIZE];
	int ends[2];

	now_us = 1000000;
	clock_fake(fake_us, NULL);
	assert_int_equal(log_pair(ends), 0);
	speak(ends[1], LOG_LEVEL_INFO, NULL);
	for (int i = 0; i < 1000; i++)
		log_warn("again and again");
	assert_int_equal(count_lines(ends[0]), 100);
	log_warn("another one");
	for (int i = 0; i < 500; i++)
		log_info("stories are never kept back");
	assert_int_equal(count_lines(ends[0]), 501);
	now_us += 10000000;
	log_warn("again and again");
	ssize_t n = recv(ends[0], line, sizeof(line) - 1, MSG_DONTWAIT);
	line[n > 0 ? n : 0] = '\0';
	assert_non_null(strstr(line, "times=900"));
	assert_int_equal(count_lines(ends[0]), 1);
	clock_fake(NULL, NULL);
	close(ends[0]);
	close(ends[1]);
	speak(-1, LOG_LEVEL_INFO, NULL);
}

/* Once the queue is there, what one process told no other tells again, unless
 * the detail is another. */
static void
one_of_all_processes_tells(void **state)
{
	(void)state;
	int ends[2];
	int status = 0;

	assert_int_equal(log_pair(ends), 0);
	pid_t child = fork();
	if (child == 0)
		_exit(log_may_tell(TROUBLE_TABLE, 1146) ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_false(log_may_tell(TROUBLE_TABLE, 1146));
	assert_true(log_may_tell(TROUBLE_TABLE, 1142));
	assert_false(log_may_tell(TROUBLE_TABLE, 1142));
	assert_true(log_may_tell(TROUBLE_RECIPIENT_QUERY, 1142));
	close(ends[0]);
	close(ends[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_carry_their_level),
		cmocka_unit_test(a_full_queue_drops_and_counts),
		cmocka_unit_test(gathered_lines_share_a_datagram),
		cmocka_unit_test(lost_gathered_lines_are_counted),
		cmocka_unit_test(warnings_that_repeat_are_kept_back),
		cmocka_unit_test(one_of_all_processes_tells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
