/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Verbs, arguments, parameters, the argument of BDAT, and strangers. */
#include "smtp/commands.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
lines_are_verb_and_argument(void **state)
{
	static const struct {
		struct view line;
		const char *verb;
		const char *argument;
	} cases[] = {
		{ VIEW("EHLO a.example"), "EHLO", "a.example" },
		{ VIEW("HeLo a.example "), "HeLo", "a.example" },
		{ VIEW("MAIL FROM:<a@b> X=y \t"), "MAIL",
		  "FROM:<a@b> X=y" },
		{ VIEW("MAIL  FROM:<>"), "MAIL", "FROM:<>" },
		{ VIEW("DATA"), "DATA", "" },
		{ VIEW("DATA\t"), "DATA", "" },
		{ VIEW("BDAT 5 LAST"), "BDAT", "5 LAST" },
		{ VIEW("MAILFROM:<>"), "MAILFROM:<>", "" },
		{ VIEW("MAIL\tFROM:<>"), "MAIL\tFROM:<>", "" },
		{ VIEW("."), ".", "" },
		{ VIEW("\xc3\xbc x"), "\xc3\xbc", "x" },
	};
	struct command c;
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(command_parse(cases[i].line, &c),
				 COMMAND_GOOD);
		assert_true(view_equal(c.verb, view_of(cases[i].verb)));
		assert_true(view_equal(c.argument,
				       view_of(cases[i].argument)));
	}
	assert_int_equal(command_parse(VIEW(""), &c), COMMAND_EMPTY);
	assert_int_equal(command_parse(VIEW(" NOOP"), &c), COMMAND_EMPTY);
	assert_int_equal(command_parse(VIEW("\tNOOP"), &c), COMMAND_EMPTY);
	for (int ch = 0; ch < 256; ch++) {
		char line[] = { 'N', 'O', 'O', 'P', ' ', (char)ch, 'x' };
		bool bad = (ch < ' ' && ch != '\t') || ch == 0x7f;
		assert_int_equal(command_parse((struct view){ line, 7 }, &c),
				 bad ? COMMAND_CONTROL : COMMAND_GOOD);
	}
}

static void
strangers_are_known_early(void **state)
{
	static const struct { struct view line; enum foreign is; } cases[] = {
		{ VIEW("GET / HTTP/1.1"), FOREIGN_HTTP },
		{ VIEW("GET "), FOREIGN_HTTP },
		{ VIEW("post /x"), FOREIGN_HTTP },
		{ VIEW("PRI * HTTP/2.0"), FOREIGN_HTTP },
		{ VIEW("OPTIONS * HTTP/1.1"), FOREIGN_HTTP },
		{ VIEW("\x16\x03\x01"), FOREIGN_TLS },
		{ VIEW("\x16\x03"), FOREIGN_TLS },
		{ VIEW("\x16"), FOREIGN_NONE },
		{ VIEW("\x16\x02"), FOREIGN_NONE },
		{ VIEW("GET"), FOREIGN_NONE },
		{ VIEW("GETS x"), FOREIGN_NONE },
		{ VIEW("NOOP GET / HTTP/1.1"), FOREIGN_NONE },
		{ VIEW(""), FOREIGN_NONE },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(command_foreign(cases[i].line), cases[i].is);
}

static void
parameters_are_keyword_and_value(void **state)
{
	struct view rest = VIEW("SIZE=10  BODY=8BITMIME SMTPUTF8 X-Y1=!~ ");
	struct esmtp_parameter p;
	(void)state;

	assert_int_equal(esmtp_parameter_next(&rest, &p), ESMTP_PARAMETER_GOOD);
	assert_true(view_equal(p.keyword, VIEW("SIZE")));
	assert_true(view_equal(p.value, VIEW("10")));
	assert_int_equal(esmtp_parameter_next(&rest, &p), ESMTP_PARAMETER_GOOD);
	assert_true(view_equal(p.value, VIEW("8BITMIME")));
	assert_int_equal(esmtp_parameter_next(&rest, &p), ESMTP_PARAMETER_GOOD);
	assert_true(view_equal(p.keyword, VIEW("SMTPUTF8")));
	assert_int_equal(p.value.len, 0);
	assert_int_equal(esmtp_parameter_next(&rest, &p), ESMTP_PARAMETER_GOOD);
	assert_true(view_equal(p.keyword, VIEW("X-Y1")));
	assert_true(view_equal(p.value, VIEW("!~")));
	assert_int_equal(esmtp_parameter_next(&rest, &p), ESMTP_PARAMETER_END);

	static const char *const bad[] = {
		"=", "=x", "A=", "A=b=c", "-A", "A_B", "A.B=c", "A=b\tc",
		"A=\xc3\xbc", "\xc3\xbc", "<x>",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		rest = view_of(bad[i]);
		assert_int_equal(esmtp_parameter_next(&rest, &p),
				 ESMTP_PARAMETER_BAD);
	}
}

static void
chunks_have_a_size_and_perhaps_an_end(void **state)
{
	static const struct {
		const char *in;
		enum chunk_fault fault;
		bool is_last;
		size_t size;
	} cases[] = {
		{ "0", CHUNK_GOOD, false, 0 },
		{ "10", CHUNK_GOOD, false, 10 },
		{ "10 LAST", CHUNK_GOOD, true, 10 },
		{ "10   last", CHUNK_GOOD, true, 10 },
		{ "007 Last", CHUNK_GOOD, true, 7 },
		{ "9223372036854775807", CHUNK_GOOD, false, SIZE_MAX / 2 },
		{ "9223372036854775808", CHUNK_HUGE, false, 0 },
		{ "99999999999999999999999 LAST", CHUNK_HUGE, false, 0 },
		{ "", CHUNK_BAD, false, 0 },
		{ "LAST", CHUNK_BAD, false, 0 },
		{ "-1", CHUNK_BAD, false, 0 },
		{ "1.0", CHUNK_BAD, false, 0 },
		{ "1\tLAST", CHUNK_BAD, false, 0 },
		{ "1 FIRST", CHUNK_BAD, false, 0 },
		{ "1 LAST x", CHUNK_BAD, false, 0 },
		{ "1LAST", CHUNK_BAD, false, 0 },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t size = 77;
		bool is_last = true;
		assert_int_equal(content_parse_chunk(view_of(cases[i].in),
						     &size, &is_last),
				 cases[i].fault);
		if (cases[i].fault != CHUNK_GOOD) {
			assert_int_equal(size, 77);
			continue;
		}
		assert_int_equal(size, cases[i].size);
		assert_int_equal(is_last, cases[i].is_last);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_verb_and_argument),
		cmocka_unit_test(strangers_are_known_early),
		cmocka_unit_test(parameters_are_keyword_and_value),
		cmocka_unit_test(chunks_have_a_size_and_perhaps_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
