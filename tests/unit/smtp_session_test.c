/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the caller of a session relies on: how much it takes, holds and says,
 * who owns the message, what it counts. The dialogues test the rest. */
#include "smtp/session.h"

#include "smtp/session_state.h"

#include "support/smtp_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
an_idle_session_is_small(void **state)
{
	struct world *w = *state;

	assert_true(sizeof(struct session) <= 256);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(w->f.budget.used, 0);
		assert_null(w->s->line.kept.at);
		assert_null(w->s->message);
		say(w, envelope);
		say(w, "DATA\r\nhello\r\n.\r\n");
		struct message *m = session_take_message(w->s);
		message_free(&m);
		session_delivered(w->s, VERDICT_STORED, "id", &w->out);
		w->out.len = 0;
	}
	say(w, "half a li");
	assert_non_null(w->s->line.kept.at);
	say(w, "ne\r\n");
	assert_null(w->s->line.kept.at);
}

/* RFC 2920 3.1: the client may send far more than it reads. */
static void
replies_nobody_reads_are_bounded(void **state)
{
	struct world *w = *state;
	struct view v = VIEW("HELP\r\nEHLO a\r\nEHLO b\r\nNOOP\r\n");
	size_t used = 0, all = 0;

	for (int i = 0; i < 100000; i++) {
		size_t n = session_feed(w->s, view_slice(v, used, v.len),
					&w->out);
		all += n;
		used = (used + n) % v.len;
		assert_true(w->out.len < SESSION_OUT_HIGH + 1024);
		if (w->out.len < SESSION_OUT_HIGH)
			continue;
		assert_int_equal(session_feed(w->s, VIEW("NOOP\r\n"),
					      &w->out), 0);
		assert_int_equal(session_want(w->s), SESSION_WANTS_INPUT);
	}
	assert_true(all < 10000);
	w->out.len = 0;
	assert_true(session_feed(w->s, VIEW("NOOP\r\n"), &w->out) > 0);
}

static void
the_longest_answers_fit(void **state)
{
	struct world *w = *state;
	char host[256];

	memset(host, 'h', 255);
	host[255] = '\0';
	w->f.settings.hostname = host;
	w->f.settings.errors = 1;
	w->f.state.max_message_bytes = SIZE_MAX;
	session_allow_xclient(w->s);
	struct view line = VIEW("EHLO a\r\nFOO\r\n");
	while (w->out.len < SESSION_OUT_HIGH - 1)
		buf_append_byte(&w->out, 'x');
	assert_int_equal(session_feed(w->s, line, &w->out), 8);
	assert_true(w->out.len < SESSION_OUT_CEILING);
	w->out.len = SESSION_OUT_HIGH - 1;
	assert_int_equal(session_feed(w->s, VIEW("FOO\r\n"), &w->out), 5);
	assert_int_equal(session_want(w->s), SESSION_WANTS_CLOSE);
	assert_true(w->out.len < SESSION_OUT_CEILING);
}

/* The message is the caller's; what the session does then is its own. */
static void
a_message_is_handed_over(void **state)
{
	struct world *w = *state;

	session_tls_started(w->s, VIEW("TLSv1.3 X"));
	say(w, envelope);
	assert_true(session_is_in_transaction(w->s));
	assert_false(session_is_in_data(w->s));
	say(w, "DATA\r\nhel");
	assert_true(session_is_in_data(w->s));
	assert_int_equal(session_message_bytes(w->s), 3);
	assert_int_equal(session_feed(w->s, VIEW("lo\r\n.\r\nNOOP\r\n"),
				      &w->out), 7);
	assert_int_equal(session_want(w->s), SESSION_WANTS_DELIVERY);
	assert_int_equal(session_feed(w->s, VIEW("NOOP\r\n"), &w->out), 0);
	struct message *m = session_take_message(w->s);
	assert_int_equal(session_message_bytes(w->s), 0);
	session_give_up_message(w->s);
	session_end(w->s, SESSION_END_STOPPING, &w->out);
	session_delivered(w->s, VERDICT_STORED, "id", &w->out);
	session_free(&w->s);
	assert_int_equal(m->raw.len, 7);
	assert_true(view_equal(m->helo, VIEW("c.example")));
	assert_true(view_equal(m->protocol, VIEW("ESMTPS")));
	assert_true(view_equal(m->tls, VIEW("TLSv1.3 X")));
	assert_true(view_equal(m->envelope.sender, VIEW("a@b.example")));
	assert_int_equal(m->envelope.recipients, 1);
	assert_int_equal(m->client.bytes[3], 7);
	message_free(&m);
	assert_null(m);
	message_free(&m);
}

static void
what_is_counted(void **state)
{
	struct world *w = *state;

	assert_null(w->s->helo);
	say(w, "FOO\r\n");
	say(w, envelope);
	assert_non_null(w->s->helo);
	assert_true(w->s->is_ehlo);
	assert_true(view_equal(view_of(w->s->helo), VIEW("c.example")));
	say(w, "RCPT TO:<b@elsewhere.example>\r\nDATA\r\nx\ny\r\n.\r\n");
	assert_string_equal(session_remark(w->s), "bare CR or LF in data");
	assert_null(session_remark(w->s));
	say(w, envelope);
	say(w, "DATA\r\nx\r\n.\r\n");
	struct message *m = session_take_message(w->s);
	message_free(&m);
	session_delivered(w->s, VERDICT_STORED, "id", &w->out);
	struct session_counts counts = session_counts(w->s);
	assert_int_equal(counts.mails, 1);
	assert_int_equal(session_counts(w->s).mails, 1);
	assert_int_equal(counts.transactions, 2);
	assert_int_equal(counts.errors, 1);
	assert_int_equal(counts.recipients_refused, 1);
	assert_int_equal(counts.mails_refused, 1);
	assert_int_equal(counts.mails_deferred, 0);
	assert_false(session_has_quit(w->s));
	say(w, "HELO h\r\nQUIT\r\n");
	assert_false(w->s->is_ehlo);
	assert_true(session_has_quit(w->s));
}

/* A too big message still counts for how fast the client is. */
static void
dropped_bytes_count_as_data(void **state)
{
	struct world *w = *state;

	say(w, envelope);
	say(w, "DATA\r\n");
	w->s->most_bytes = 10;
	assert_int_equal(session_data_bytes(w->s), 0);
	say(w, "12345\r\n67890\r\n");
	assert_int_equal(session_message_bytes(w->s), 0);
	assert_int_equal(session_data_bytes(w->s), 14);
	assert_int_equal(say(w, ".\r\n"), '5');
	assert_int_equal(session_data_bytes(w->s), 0);
	say(w, envelope);
	say(w, "BDAT 3\r\nabc");
	assert_int_equal(session_data_bytes(w->s), 3);
	say(w, "BDAT 3 LAST\r\nab");
	assert_int_equal(session_data_bytes(w->s), 5);
}

/* What came for nothing, before, makes no later message fast. */
static void
skipped_bytes_are_no_credit(void **state)
{
	struct world *w = *state;

	say(w, "EHLO e\r\nBDAT 5 LAST\r\n12345");
	say(w, envelope);
	say(w, "DATA\r\n");
	assert_int_equal(session_data_bytes(w->s), 0);
}

/* An answer nobody waits for any more changes nothing. */
static void
late_answers_are_ignored(void **state)
{
	struct world *w = *state;

	w->f.settings.has_recipient_query = true;
	say(w, "EHLO c.example\r\nMAIL FROM:<>\r\n");
	session_feed(w->s, VIEW("RCPT TO:<B@Example.com>\r\n"), &w->out);
	assert_int_equal(session_want(w->s), SESSION_WANTS_RECIPIENT);
	assert_true(view_equal(session_recipient(w->s),
			       VIEW("b@example.com")));
	session_domains_known(w->s, &w->out);
	session_delivered(w->s, VERDICT_STORED, "id", &w->out);
	assert_int_equal(session_want(w->s), SESSION_WANTS_RECIPIENT);
	assert_int_equal(w->out.len, 0);
	session_end(w->s, SESSION_END_IDLE, &w->out);
	w->out.len = 0;
	session_recipient_known(w->s, RECIPIENT_KNOWN, &w->out);
	assert_int_equal(w->out.len, 0);
	assert_int_equal(session_recipient(w->s).len, 0);
}

/* One hundred recipients must be taken (RFC 5321 4.5.3.1.8), and refused ones
 * cost no memory however many there are. */
static void
refused_recipients_leave_nothing(void **state)
{
	struct world *w = *state;
	char line[64];

	say(w, envelope);
	w->f.settings.has_recipient_query = true;
	for (int i = 0; i < 99; i++) {
		snprintf(line, sizeof(line), "RCPT TO:<u%d@example.com>\r\n",
			 i);
		session_feed(w->s, view_of(line), &w->out);
		session_recipient_known(w->s, RECIPIENT_KNOWN, &w->out);
		assert_int_equal(w->out.at[0], '2');
		w->out.len = 0;
	}
	size_t used = w->f.budget.used;
	w->f.settings.errors = 5000;
	for (int i = 0; i < 5000; i++) {
		snprintf(line, sizeof(line), "RCPT TO:<v%d@%s>\r\n", i,
			 i % 2 ? "example.com" : "elsewhere.example");
		assert_int_equal(say(w, line), i % 2 ? '4' : '5');
	}
	assert_int_equal(w->f.budget.used, used);
}

static size_t conversions;

static size_t
count_conversion(struct view domain, char *out, size_t size)
{
	(void)domain;
	(void)size;
	conversions++;
	memcpy(out, "example.com", 11);
	return 11;
}

/* A-labels are dear: whether a recipient is named twice must not make one of
 * each that was named before. */
static void
many_recipients_make_none_dearer(void **state)
{
	struct world *w = *state;
	char line[64];

	say(w, envelope);
	w->f.settings.domain_to_ascii = count_conversion;
	for (int i = 0; i < 50; i++) {
		conversions = 0;
		snprintf(line, sizeof(line), "RCPT TO:<same@%d.example>\r\n",
			 i);
		assert_int_equal(say(w, line), '2');
		assert_true(conversions <= 1);
	}
}

static void
undecided_recipients_leave_next_to_nothing(void **state)
{
	struct world *w = *state;

	say(w, envelope);
	w->f.settings.has_recipient_query = true;
	size_t used = w->f.budget.used;
	for (int i = 0; i < 40; i++) {
		session_feed(w->s, VIEW("RCPT TO:<other@example.com>\r\n"),
			     &w->out);
		session_recipient_known(w->s, RECIPIENT_UNDECIDED, &w->out);
		w->out.len = 0;
	}
	assert_int_equal(w->f.budget.used, used);
}

/* What came in clear behind STARTTLS never comes back. */
static void
nothing_in_clear_survives_starttls(void **state)
{
	struct world *w = *state;
	struct view v = VIEW("EHLO a\r\nSTARTTLS\r\nMAIL FROM:<>\r\nNO");

	assert_int_equal(session_feed(w->s, v, &w->out), v.len);
	assert_int_equal(session_want(w->s), SESSION_WANTS_TLS);
	assert_int_equal(session_feed(w->s, VIEW("QUIT\r\n"), &w->out), 6);
	assert_int_equal(session_want(w->s), SESSION_WANTS_TLS);
	session_tls_started(w->s, VIEW("TLSv1.2 Y"));
	assert_false(session_is_mid_command(w->s));
	assert_null(w->s->helo);
	w->out.len = 0;
	assert_int_equal(say(w, "OP\r\n"), '5');
}

int
main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, \
				smtp_world_begin, smtp_world_end)
	const struct CMUnitTest tests[] = {
		TEST(an_idle_session_is_small),
		TEST(replies_nobody_reads_are_bounded),
		TEST(the_longest_answers_fit),
		TEST(a_message_is_handed_over),
		TEST(what_is_counted),
		TEST(dropped_bytes_count_as_data),
		TEST(skipped_bytes_are_no_credit),
		TEST(many_recipients_make_none_dearer),
		TEST(late_answers_are_ignored),
		TEST(refused_recipients_leave_nothing),
		TEST(undecided_recipients_leave_next_to_nothing),
		TEST(nothing_in_clear_survives_starttls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
