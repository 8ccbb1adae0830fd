/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trace headers, RFC 5321 4.4. */
#include "smtp/trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct message
a_message(void)
{
	struct message m = {
		.envelope = { .sender = VIEW("a@sender.example") },
		.id = "0192f0c1a2b37c4d8e5f607182930000",
		.complete_wall_us = 1795326574123456,
		.client = { .bytes = { 192, 0, 2, 7 }, .len = 4 },
		.helo = VIEW("client.example"),
		.protocol = VIEW("ESMTP"),
	};

	return m;
}

static void
expect(const struct message *m, const struct recipient *r, const char *want)
{
	struct buf out = BUF(TRACE_MAX);

	trace_write(m, r, "mail.example.com", &out);
	buf_append_byte(&out, '\0');
	assert_string_equal(out.at, want);
	buf_release(&out);
}

static void
in_clear(void **state)
{
	struct message m = a_message();
	struct recipient r = { .address = VIEW("You@Example.com") };
	(void)state;

	expect(&m, &r,
	       "Return-Path: <a@sender.example>\r\n"
	       "Delivered-To: You@Example.com\r\n"
	       "Received: from client.example ([192.0.2.7]) by "
	       "mail.example.com with ESMTP\r\n"
	       "\tid 0192f0c1a2b37c4d8e5f607182930000 for "
	       "<You@Example.com>;\r\n"
	       "\tSun, 22 Nov 2026 05:49:34 +0000\r\n");
}

static void
in_tls_from_ipv6_with_a_null_sender(void **state)
{
	struct message m = a_message();
	struct recipient r = { .address = VIEW("b@example.com") };
	(void)state;

	m.envelope.sender = VIEW("");
	m.protocol = VIEW("UTF8SMTPS");
	m.tls = VIEW("TLSv1.3 TLS_AES_256_GCM_SHA384");
	m.client = (struct address){ .bytes = { 0x20, 1, 0x0d, 0xb8,
		[15] = 1 }, .len = 16 };
	m.helo = VIEW("[IPv6:2001:db8::1]");
	m.complete_wall_us = 0;
	expect(&m, &r,
	       "Return-Path: <>\r\n"
	       "Delivered-To: b@example.com\r\n"
	       "Received: from [IPv6:2001:db8::1] ([IPv6:2001:db8::1]) "
	       "by mail.example.com\r\n"
	       "\twith UTF8SMTPS (TLSv1.3 TLS_AES_256_GCM_SHA384)\r\n"
	       "\tid 0192f0c1a2b37c4d8e5f607182930000 for "
	       "<b@example.com>;\r\n"
	       "\tThu, 1 Jan 1970 00:00:00 +0000\r\n");
}

/* Nothing foreign ends a line or a header, or is a control character. */
static void
check_lines(struct view out)
{
	size_t names = 0;

	for (size_t i = 0; i < out.len; i++) {
		unsigned char c = (unsigned char)out.at[i];
		bool is_ours = c == '\t' && i > 0 && out.at[i - 1] == '\n';
		assert_true(c >= ' ' || c == '\r' || c == '\n' || is_ours);
		assert_int_not_equal(c, 0x7f);
		if (c == '\r')
			assert_int_equal(out.at[i + 1], '\n');
		if (c == '\n')
			assert_int_equal(out.at[i - 1], '\r');
		if (i == 0 || (c >= 'A' && c <= 'Z' && out.at[i - 1] == '\n'))
			names++;
	}
	assert_int_equal(names, 3);
	assert_int_equal(out.at[out.len - 1], '\n');
}

static void
hostile_words(void **state)
{
	static char long_word[100000];
	struct view cases[] = {
		VIEW("a\r\nBcc: x"), VIEW("\0\x01\x1b[2J\x7f"),
		VIEW("\n\n\n"), VIEW("\xff\xfe\xc2\x85"),
		{ long_word, sizeof(long_word) }, VIEW("x)\r\n(y"),
	};
	(void)state;

	memset(long_word, 'w', sizeof(long_word));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf out = BUF(TRACE_MAX);
		struct recipient r = { .address = cases[i] };
		struct message m = a_message();
		m.envelope.sender = m.helo = m.tls = cases[i];
		trace_write(&m, &r, "mail.example.com", &out);
		check_lines(buf_view(&out));
		buf_append_byte(&out, '\0');
		assert_non_null(strstr(out.at, ">\r\nDelivered-To:"));
		assert_non_null(strstr(out.at, ">;"));
		assert_true(out.len < TRACE_MAX);
		buf_release(&out);
	}
}

static void
without_a_helo(void **state)
{
	struct message m = a_message();
	struct recipient r = { .address = VIEW("b@example.com") };
	struct buf out = BUF(TRACE_MAX);
	(void)state;

	m.helo = VIEW("");
	trace_write(&m, &r, "mail.example.com", &out);
	buf_append_byte(&out, '\0');
	assert_non_null(strstr(out.at, "from unknown ([192.0.2.7])"));
	buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_clear),
		cmocka_unit_test(in_tls_from_ipv6_with_a_null_sender),
		cmocka_unit_test(hostile_words),
		cmocka_unit_test(without_a_helo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
