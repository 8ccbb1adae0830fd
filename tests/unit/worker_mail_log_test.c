/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lines of mails and refusals, as the logger gets them, and how many of
 * one kind there are. */
#include "worker/mail_log.h"

#include "base/log_line.h"
#include "smtp/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static const struct address one = { .bytes = { 192, 0, 2, 7 }, .len = 4 };
static const struct address six = {
	.bytes = { 0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 1 }, .len = 16 };
static const struct address same_net = {
	.bytes = { 0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 2 }, .len = 16 };

static int logger[2];
static char line[LOG_LINE_SIZE + 2];

static int
open_log(void **state)
{
	struct log_client client = { .level = LOG_LEVEL_INFO,
				     .name = "worker 1" };

	(void)state;
	assert_int_equal(log_pair(logger), 0);
	client.fd = logger[1];
	log_init(&client);
	return 0;
}

static int
close_log(void **state)
{
	(void)state;
	log_init(&(struct log_client){ .fd = -1, .level = LOG_LEVEL_INFO });
	close(logger[0]);
	close(logger[1]);
	return 0;
}

/* The next line, from its event on; "" where there is none. */
static const char *
next_line(void)
{
	ssize_t n = recv(logger[0], line, sizeof(line) - 1, MSG_DONTWAIT);

	line[n > 0 ? n : 0] = '\0';
	const char *event = strstr(line, "]: ");
	return event != NULL ? event + 3 : "";
}

static struct smtp_refusal
refusal(enum reply reply)
{
	return (struct smtp_refusal){
		.helo = VIEW("c.example"), .sender = VIEW("a@b.example"),
		.recipient = VIEW("x@y.example"), .code = reply_code(reply),
		.words = reply_words(reply) };
}

static void
a_refusal_is_one_line(void **state)
{
	struct smtp_refusal r = refusal(REPLY_NOT_OUR_DOMAIN);

	(void)state;
	mail_log_refusal(&one, 0xabc, &r);
	assert_string_equal(next_line(),
		"refused session=0000000000000abc client=192.0.2.7 "
		"helo=c.example from=a@b.example to=x@y.example "
		"reply=\"550 5.7.1\" "
		"reason=\"We do not take mail for that domain\"\n");
}

static void
a_refused_message_has_id_and_recipients(void **state)
{
	struct recipient second = { .address = VIEW("d@e.example") };
	struct recipient first = { .address = VIEW("j\xc3\xb6rg@b.example"),
				   .next = &second };
	struct message m = { .envelope = { .first = &first,
					   .recipients = 2 } };
	struct smtp_refusal r = refusal(REPLY_TOO_BIG);

	(void)state;
	r.message = &m;
	r.is_message = true;
	mail_log_refusal(&(struct address){ .len = 4, .is_local = true }, 1,
			 &r);
	const char *text = next_line();
	assert_non_null(strstr(text, "refused id="));
	assert_non_null(strstr(text, "0000 session="));
	assert_non_null(strstr(text, " client=\"unix socket\" "));
	assert_non_null(strstr(text,
			       " to=j\xc3\xb6rg@b.example,d@e.example "));
	assert_non_null(strstr(text, " reply=\"552 5.3.4\" "));
}

static void
a_mail_names_its_recipients(void **state)
{
	static struct recipient many[100];
	struct message m = { .id = "0123", .client = one,
			     .message_id = "<1@b.example>",
			     .verdict = VERDICT_STORED };

	(void)state;
	for (size_t i = 0; i < 100; i++)
		many[i] = (struct recipient){
			.address = VIEW("0123456789@example.com"),
			.next = i < 99 ? &many[i + 1] : NULL };
	m.envelope = (struct envelope){ .sender = VIEW("a@b.example"),
					.first = many, .recipients = 100 };
	mail_log_verdict(&m);
	const char *text = next_line();
	/* 1024 bytes hold 44 of 22 with their commas. */
	assert_non_null(strstr(text, ",0123456789@example.com and 56 more\""));
	assert_non_null(strstr(text, " recipients=100 "
				     "message_id=<1@b.example> bytes=0 "
				     "verdict=stored receive_ms="));
	assert_null(strstr(text, "tls="));
	assert_null(strstr(text, "error="));
	assert_null(strstr(text, "client_gone"));
	assert_null(strstr(text, "reply="));

	m.envelope.recipients = 1;
	many[0].next = NULL;
	m.verdict = VERDICT_HEADER_CHECK;
	m.error = 1146;
	atomic_store(&m.is_abandoned, true);
	mail_log_verdict(&m);
	text = next_line();
	assert_non_null(strstr(text, " to=0123456789@example.com "));
	assert_non_null(strstr(text, " verdict=\"refused: header check\" "
				     "reply=\"554 5.7.1\" error=1146 "));
	assert_non_null(strstr(text, " client_gone=yes\n"));
}

static void
many_of_a_kind_are_counted(void **state)
{
	struct refusal_log *l = refusal_log_new();
	struct smtp_refusal foreign = refusal(REPLY_NOT_OUR_DOMAIN);
	struct smtp_refusal unknown = refusal(REPLY_UNKNOWN_RECIPIENT);

	(void)state;
	for (int i = 0; i < 25; i++)
		assert_int_equal(refusal_log_may(l, &one, &foreign, 1000),
				 i < 10);
	assert_true(refusal_log_may(l, &one, &unknown, 1000));
	for (int i = 0; i < 12; i++)
		assert_int_equal(refusal_log_may(l, i % 2 ? &six : &same_net,
						 &foreign, 1000), i < 10);
	refusal_log_sweep(l, 60999);
	assert_string_equal(next_line(), "");
	refusal_log_sweep(l, 61000);
	assert_string_equal(next_line(),
		"refused: more of the same client=192.0.2.7 "
		"reply=\"550 5.7.1\" reason=\"We do not take mail for that "
		"domain\" times=15\n");
	assert_non_null(strstr(next_line(), " times=2\n"));
	assert_string_equal(next_line(), "");
	assert_true(refusal_log_may(l, &one, &foreign, 61000));

	/* The minute is over before anybody has swept. */
	for (int i = 0; i < 10; i++)
		refusal_log_may(l, &one, &foreign, 61000);
	assert_true(refusal_log_may(l, &one, &foreign, 200000));
	assert_non_null(strstr(next_line(), " times=1\n"));
	refusal_log_free(&l);
	assert_null(l);
	assert_string_equal(next_line(), "");
}

/* More clients than are watched: each has its lines, none is forgotten. */
static void
many_clients_are_counted(void **state)
{
	struct refusal_log *l = refusal_log_new();
	struct smtp_refusal foreign = refusal(REPLY_NOT_OUR_DOMAIN);
	int lines = 0;

	(void)state;
	for (uint8_t c = 0; c < 200; c++) {
		struct address a = { .bytes = { 10, 0, 0, c }, .len = 4 };
		for (int i = 0; i < 11; i++)
			assert_int_equal(refusal_log_may(l, &a, &foreign,
							 1000 + c), i < 10);
	}
	refusal_log_free(&l);
	while (strstr(next_line(), " times=1\n") != NULL)
		lines++;
	assert_int_equal(lines, 200);
}

static void
ids_are_version_7_and_rise(void **state)
{
	(void)state;
	char id[MAIL_ID_LEN + 1], later[MAIL_ID_LEN + 1];

	/* RFC 9562 A.6: 2022-02-22 19:22:22 UTC is 017f22e279b0. */
	message_id_make(1645557742000 * 1000 + 500, id);
	assert_int_equal(strlen(id), MAIL_ID_LEN);
	assert_memory_equal(id, "017f22e279b07800", 16);
	assert_non_null(strchr("89ab", id[16]));
	assert_string_equal(id + 28, "0000");
	message_id_make(1645557742000 * 1000 + 501, later);
	assert_true(strcmp(id, later) < 0);
	message_id_make(1645557742000 * 1000 + 500, later);
	assert_string_not_equal(id, later);
}

int
main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, open_log, close_log)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_are_version_7_and_rise),
		TEST(a_refusal_is_one_line),
		TEST(a_refused_message_has_id_and_recipients),
		TEST(a_mail_names_its_recipients),
		TEST(many_of_a_kind_are_counted),
		TEST(many_clients_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
