/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers with units, read and written. */
#include "config/units.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { NO = -1 };

struct reading {
	const char *text;
	int64_t value;          /* NO: refused */
	const char *printed;    /* NULL: as it was written */
};

static void
durations_have_units(void **state)
{
	static const struct reading table[] = {
		{ "0", 0, NULL }, { "1", 1000, "1s" },
		{ "300", 300000, "5m" }, { "301", 301000, "301s" },
		{ "10s", 10000, NULL }, { "90s", 90000, NULL },
		{ "60s", 60000, "1m" }, { "5m", 300000, NULL },
		{ "1h", 3600000, NULL }, { "24h", 86400000, "1d" },
		{ "2d", 172800000, NULL }, { "010", 10000, "10s" },
		{ "0s", 0, "0" }, { "08", 8000, "8s" },
		{ "", NO, NULL }, { "s", NO, NULL }, { "-1", NO, NULL },
		{ "+1", NO, NULL }, { "1.5s", NO, NULL },
		{ "1 s", NO, NULL }, { " 1", NO, NULL }, { "1S", NO, NULL },
		{ "1ms", NO, NULL }, { "1w", NO, NULL }, { "0x10", NO, NULL },
		{ "1e3", NO, NULL }, { "1sm", NO, NULL },
		{ "106751991167d", INT64_C(106751991167) * 86400000, NULL },
		{ "106751991168d", NO, NULL },
		{ "99999999999999999999", NO, NULL },
	};
	char text[UNITS_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct reading *t = &table[i];
		int64_t ms = NO;
		bool is_read = duration_parse(view_of(t->text), &ms);
		if (ms != t->value || is_read != (t->value != NO))
			fail_msg("%s: %lld", t->text, (long long)ms);
		if (is_read)
			assert_string_equal(duration_print(ms, text),
					    t->printed != NULL ? t->printed :
								 t->text);
	}
}

static void
sizes_have_units_of_1024(void **state)
{
	static const struct reading table[] = {
		{ "0", 0, NULL }, { "1", 1, NULL }, { "1000", 1000, NULL },
		{ "1024", 1024, "1K" }, { "1K", 1024, NULL },
		{ "25M", 26214400, NULL }, { "25600K", 26214400, "25M" },
		{ "1G", 1073741824, NULL }, { "4G", 4294967296, NULL },
		{ "010K", 10240, "10K" }, { "1025", 1025, NULL },
		{ "", NO, NULL }, { "K", NO, NULL }, { "1k", NO, NULL },
		{ "1m", NO, NULL }, { "1KB", NO, NULL }, { "1.5M", NO, NULL },
		{ "-1K", NO, NULL }, { "1T", NO, NULL }, { "0x1", NO, NULL },
		{ "8589934591G", INT64_C(8589934591) << 30, NULL },
		{ "8589934592G", NO, NULL },
	};
	char text[UNITS_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct reading *t = &table[i];
		int64_t bytes = NO;
		bool is_read = size_parse(view_of(t->text), &bytes);
		if (bytes != t->value || is_read != (t->value != NO))
			fail_msg("%s: %lld", t->text, (long long)bytes);
		if (is_read)
			assert_string_equal(size_print(bytes, text),
					    t->printed != NULL ? t->printed :
								 t->text);
	}
}

static void
flags_are_six_words(void **state)
{
	static const struct {
		const char *text;
		int value;
	} table[] = {
		{ "true", 1 }, { "false", 0 }, { "yes", 1 }, { "no", 0 },
		{ "on", 1 }, { "off", 0 }, { "TRUE", 1 }, { "Off", 0 },
		{ "1", NO }, { "0", NO }, { "", NO }, { "t", NO },
		{ "truee", NO }, { "enabled", NO },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		bool value = false;
		bool is_read = flag_parse(view_of(table[i].text), &value);
		if (is_read != (table[i].value != NO) ||
		    (is_read && value != (table[i].value == 1)))
			fail_msg("%s", table[i].text);
	}
}

static void
modes_are_octal(void **state)
{
	int64_t mode = NO;

	(void)state;
	assert_true(mode_parse(VIEW("0660"), &mode));
	assert_int_equal(mode, 0660);
	assert_true(mode_parse(VIEW("600"), &mode));
	assert_int_equal(mode, 0600);
	assert_false(mode_parse(VIEW("0680"), &mode));
	assert_false(mode_parse(VIEW(""), &mode));
	assert_false(mode_parse(VIEW("rw-rw----"), &mode));
	assert_false(mode_parse(VIEW("000660"), &mode));
	assert_int_equal(mode, 0600);
}

static void
scores_are_plain_decimals(void **state)
{
	static const struct {
		const char *text;
		bool is_read;
		double value;
	} table[] = {
		{ "1.0", true, 1.0 }, { "0", true, 0 }, { "-2.5", true, -2.5 },
		{ "+3", true, 3 }, { ".5", true, 0.5 }, { "010", true, 10 },
		{ "", false, 0 }, { ".", false, 0 }, { "-", false, 0 },
		{ "1e3", false, 0 }, { "nan", false, 0 }, { "inf", false, 0 },
		{ "0x1", false, 0 }, { "1,5", false, 0 }, { "1.2.3", false, 0 },
		{ " 1", false, 0 }, { "1-2", false, 0 },
		{ "00000000000000000000000000000000000001", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		double value = 0;
		bool is_read = score_parse(view_of(table[i].text), &value);
		if (is_read != table[i].is_read || value < table[i].value ||
		    value > table[i].value)
			fail_msg("%s: %f", table[i].text, value);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_have_units),
		cmocka_unit_test(sizes_have_units_of_1024),
		cmocka_unit_test(flags_are_six_words),
		cmocka_unit_test(modes_are_octal),
		cmocka_unit_test(scores_are_plain_decimals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
