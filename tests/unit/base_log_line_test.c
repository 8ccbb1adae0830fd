/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines of the log: what foreign bytes become, and what a long one loses. */
#include "base/log_line.h"

#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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
			/* A whole one ends with a value in quotes. */
			if (line.at[line.len - 3] != '"')
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(foreign_bytes_are_escaped),
		cmocka_unit_test(numbers_are_numbers),
		cmocka_unit_test(optional_fields_say_something),
		cmocka_unit_test(a_long_line_ends_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
