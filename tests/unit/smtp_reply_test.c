/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every reply is well-formed: RFC 5321 4.2, RFC 2034. */
#include "smtp/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "250 ", and "2.1.5 " where it must be; printable ASCII; one CRLF. */
static void
check(struct view line, bool has_enhanced)
{
	assert_true(line.len >= 6 && line.len <= REPLY_LINE_MAX);
	assert_true(is_digit(line.at[0]) && is_digit(line.at[1]) &&
		    is_digit(line.at[2]) && line.at[3] == ' ');
	for (size_t i = 0; i < line.len - 2; i++)
		assert_true(line.at[i] >= ' ' && line.at[i] <= '~');
	assert_true(view_equal(view_slice(line, line.len - 2, line.len),
			       VIEW("\r\n")));
	bool is_enhanced = line.len > 10 && line.at[5] == '.' &&
			   line.at[7] == '.' && line.at[9] == ' ';
	assert_int_equal(is_enhanced, has_enhanced);
	if (is_enhanced)
		assert_int_equal(line.at[4], line.at[0]);
}

static void
each_has_its_codes(void **state)
{
	char hostname[1000];
	struct buf out = BUF(1000);
	(void)state;

	memset(hostname, 'h', sizeof(hostname) - 1);
	hostname[sizeof(hostname) - 1] = '\0';
	for (enum reply r = 0; r < REPLIES; r++) {
		bool is_bare = r == REPLY_GREETING || r == REPLY_HELLO ||
			       r == REPLY_SEND_DATA;
		out.len = 0;
		reply_append(&out, r, "mail.example.com");
		check(buf_view(&out), !is_bare);
		assert_int_equal(out.at[0], reply_class(r));
		out.len = 0;
		reply_append(&out, r, hostname);
		check(buf_view(&out), !is_bare);
		out.len = 0;
		reply_append_with(&out, r, hostname);
		assert_true(out.len <= REPLY_LINE_MAX);
	}
	buf_release(&out);
}

/* RFC 5321 4.2: these name the server as their first word. */
static void
greetings_and_goodbyes_name_the_server(void **state)
{
	static const enum reply cases[] = {
		REPLY_GREETING, REPLY_HELLO, REPLY_BYE, REPLY_STOPPING,
		REPLY_IDLE, REPLY_TOO_MANY_ERRORS,
	};
	struct buf out = BUF(1000);
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		out.len = 0;
		reply_append(&out, cases[i], "mx.example");
		size_t at = view_find(buf_view(&out), 'm');
		assert_true(view_starts_nocase(view_slice(buf_view(&out), at,
							  out.len),
					       VIEW("mx.example")));
	}
	buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_has_its_codes),
		cmocka_unit_test(greetings_and_goodbyes_name_the_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
