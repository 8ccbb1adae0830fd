/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines of the log: what foreign bytes become, what a long one loses, and
 * what goes through the queue. */
#include "base/log_line.h"

#include "base/clock.h"
#include "base/scoreboard_master.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const struct log_origin text_origin = {
	.level = LOG_LEVEL_INFO, .format = LOG_AS_TEXT,
	.wall_us = INT64_C(1769850000123456), .name = "worker 3", .pid = 4711,
};
static const struct log_origin json_origin = {
	.level = LOG_LEVEL_WARN, .format = LOG_AS_JSON,
	.wall_us = INT64_C(1769850000123456), .name = "worker 3", .pid = 4711,
};

static const char text_head[] =
	"2026-01-31T09:00:00.123Z info worker 3[4711]: mail";
static const char json_head[] =
	"{\"time\":\"2026-01-31T09:00:00.123Z\",\"level\":\"warn\","
	"\"process\":\"worker 3\",\"pid\":4711,\"event\":\"mail\"";

static const struct {
	struct view value;
	const char *text;
	const char *json;
} values[] = {
	{ VIEW("plain"), "plain", "\"plain\"" },
	{ VIEW(""), "\"\"", "\"\"" },
	{ VIEW("two words"), "\"two words\"", "\"two words\"" },
	{ VIEW("a=b"), "\"a=b\"", "\"a=b\"" },
	{ VIEW("say \"x\""), "\"say \\\"x\\\"\"", "\"say \\\"x\\\"\"" },
	{ VIEW("back\\slash"), "\"back\\\\slash\"", "\"back\\\\slash\"" },
	{ VIEW("\r\nnew line"), "\"\\x0d\\x0anew line\"",
	  "\"\\u000d\\u000anew line\"" },
	{ VIEW("nul\0byte"), "\"nul\\x00byte\"", "\"nul\\u0000byte\"" },
	{ VIEW("esc\033[2J"), "\"esc\\x1b[2J\"", "\"esc\\u001b[2J\"" },
	{ VIEW("del\177"), "\"del\\x7f\"", "\"del\\u007f\"" },
	{ VIEW("j\xc3\xb6rg@b.example"), "j\xc3\xb6rg@b.example",
	  "\"j\xc3\xb6rg@b.example\"" },
	{ VIEW("a \xf0\x9f\x98\x80"), "\"a \xf0\x9f\x98\x80\"",
	  "\"a \xf0\x9f\x98\x80\"" },
	{ VIEW("\xe2\x80\xaetxt"), "\"\\xe2\\x80\\xaetxt\"",
	  "\"\\u202etxt\"" },
	{ VIEW("\xe2\x80\xa8"), "\"\\xe2\\x80\\xa8\"", "\"\\u2028\"" },
	{ VIEW("\xc2\x9b"), "\"\\xc2\\x9b\"", "\"\\u009b\"" },
	{ VIEW("\xff\xfe"), "\"\\xff\\xfe\"", "\"\\ufffd\\ufffd\"" },
	{ VIEW("\xed\xa0\x80"), "\"\\xed\\xa0\\x80\"",
	  "\"\\ufffd\\ufffd\\ufffd\"" },
};

static void
expect_line(const struct log_origin *origin, const struct log_field *fields,
	    const char *expected)
{
	struct log_line line;

	log_line_make(&line, origin, "mail", fields);
	assert_false(line.is_cut);
	line.at[line.len] = '\0';
	assert_string_equal(line.at, expected);
}

static void
foreign_bytes_are_escaped(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		const struct log_field fields[] = {
			LOG_VIEW("v", values[i].value), { .key = NULL } };
		char expected[512];

		snprintf(expected, sizeof(expected), "%s v=%s\n", text_head,
			 values[i].text);
		expect_line(&text_origin, fields, expected);
		snprintf(expected, sizeof(expected), "%s,\"v\":%s}\n",
			 json_head, values[i].json);
		expect_line(&json_origin, fields, expected);
	}
}

static void
numbers_are_numbers(void **unused)
{
	(void)unused;
	const struct log_field fields[] = {
		LOG_NUM("n", -7), LOG_NUM("big", INT64_MIN),
		LOG_MS("ms", 1500), LOG_MS("less", -42), LOG_MS("no", 0),
		{ .key = NULL } };
	char expected[512];

	snprintf(expected, sizeof(expected), "%s n=-7 "
		 "big=-9223372036854775808 ms=1.500 less=-0.042 no=0.000\n",
		 text_head);
	expect_line(&text_origin, fields, expected);
	snprintf(expected, sizeof(expected), "%s,\"n\":-7,"
		 "\"big\":-9223372036854775808,\"ms\":1.500,"
		 "\"less\":-0.042,\"no\":0.000}\n", json_head);
	expect_line(&json_origin, fields, expected);
}

/* Text leaves out what says nothing where it may; JSON keeps its keys. */
static void
optional_fields_say_something(void **unused)
{
	(void)unused;
	const struct log_field fields[] = {
		log_optional(LOG_STR("a", "")), log_optional(LOG_NUM("b", 0)),
		log_optional(LOG_STR("c", "no")), LOG_STR("d", ""),
		LOG_NUM("e", 0), log_optional(LOG_STR("f", "yes")),
		log_optional(LOG_NUM("g", 1)), { .key = NULL } };
	char expected[512];

	snprintf(expected, sizeof(expected), "%s d=\"\" e=0 f=yes g=1\n",
		 text_head);
	expect_line(&text_origin, fields, expected);
	snprintf(expected, sizeof(expected), "%s,\"a\":\"\",\"b\":0,"
		 "\"c\":\"no\",\"d\":\"\",\"e\":0,\"f\":\"yes\",\"g\":1}\n",
		 json_head);
	expect_line(&json_origin, fields, expected);
}

/* Whether a value of this length may end where a line does: a byte of it is
 * shown as one to seven. */
static bool
is_near_the_end(size_t len)
{
	for (size_t shown = 1; shown <= 7; shown++)
		if (len + 120 > LOG_LINE_SIZE / shown &&
		    len < LOG_LINE_SIZE / shown + 8)
			return true;
	return false;
}

/* However long the value, the line ends well and says that it was cut. */
static void
a_long_line_ends_well(void **unused)
{
	(void)unused;
	static char much[LOG_LINE_SIZE * 2];
	/* More than is kept for the end: a line that is just full before it
	 * takes none of it. */
	static const char after[200];
	static const char *const fillers[] = { "x", "\"", "\n", "\xc3\xa9",
					       "\xff" };

	for (size_t f = 0; f < sizeof(fillers) / sizeof(*fillers); f++)
		for (size_t len = LOG_LINE_SIZE / 7 - 80;
		     len < sizeof(much); len += len < LOG_LINE_SIZE + 64
		     ? 1 : 997) {
			size_t unit = strlen(fillers[f]);
			if (len < LOG_LINE_SIZE && !is_near_the_end(len))
				continue;
			for (size_t i = 0; i + unit <= len; i += unit)
				memcpy(much + i, fillers[f], unit);
			const struct log_field fields[] = {
				LOG_VIEW("v", ((struct view){ much, len })),
				LOG_VIEW("after", ((struct view){ after,
						sizeof(after) })),
				{ .key = NULL } };
			struct log_line line;
			log_line_make(&line, &json_origin, "mail", fields);
			assert_in_range(line.len, 1, LOG_LINE_SIZE);
			assert_memory_equal(line.at + line.len - 2, "}\n", 2);
			if (line.is_cut)
				assert_memory_equal(line.at + line.len - 10,
						    ",\"cut\":1}\n", 10);
			assert_true(utf8_is_valid((struct view){ line.at,
								 line.len }));
			log_line_make(&line, &text_origin, "mail", fields);
			assert_in_range(line.len, 1, LOG_LINE_SIZE);
			assert_int_equal(line.at[line.len - 1], '\n');
			assert_ptr_equal(memchr(line.at, '\n', line.len),
					 line.at + line.len - 1);
		}
}

/* ---- Through the queue ------------------------------------------------- */

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
		cmocka_unit_test(foreign_bytes_are_escaped),
		cmocka_unit_test(numbers_are_numbers),
		cmocka_unit_test(optional_fields_say_something),
		cmocka_unit_test(a_long_line_ends_well),
		cmocka_unit_test(lines_carry_their_level),
		cmocka_unit_test(a_full_queue_drops_and_counts),
		cmocka_unit_test(warnings_that_repeat_are_kept_back),
		cmocka_unit_test(one_of_all_processes_tells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
