/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a session tells beside its replies: whom it refused, and what began. */
#include "smtp/session.h"

#include "support/smtp_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What settings->refused was told, one line each. */
static void
write_refusal(void *owner, const struct smtp_refusal *r)
{
	char line[200];
	int len = snprintf(line, sizeof(line), "%.*s <%.*s> <%.*s>%s\n",
			   (int)r->code.len, r->code.at,
			   (int)r->sender.len, r->sender.at,
			   (int)r->recipient.len, r->recipient.at,
			   r->is_message ? " whole" : "");

	assert_true(r->helo.len > 0 && r->words.len > 0);
	assert_int_equal(r->is_message && r->message == NULL, false);
	assert_int_equal(buf_append(owner, (struct view){ line,
							  (size_t)len }), 0);
}

static void
refusals_are_told(void **state)
{
	struct world *w = *state;
	struct buf told = BUF(4096);

	w->f.settings.refused = write_refusal;
	w->f.settings.has_recipient_query = true;
	w->f.settings.recipients = 1;
	session_set_owner(w->s, &told);
	say(w, "EHLO c.example\r\nMAIL FROM:<a@b.example> SIZE=99999\r\n"
	       "MAIL FROM:<a@b.example> X=1\r\nMAIL FROM:<a@b.example>\r\n"
	       "RCPT TO:<b@other.example>\r\nRCPT TO: nothing\r\n"
	       "RCPT TO:<no@example.com>\r\n");
	session_recipient_known(w->s, RECIPIENT_UNKNOWN, &w->out);
	say(w, "RCPT TO:<late@example.com>\r\n");
	session_recipient_known(w->s, RECIPIENT_UNDECIDED, &w->out);
	say(w, "RCPT TO:<b@example.com>\r\n");
	session_recipient_known(w->s, RECIPIENT_KNOWN, &w->out);
	say(w, "RCPT TO:<c@example.com>\r\nDATA\r\na\nb\r\n.\r\n");
	assert_int_equal(buf_append(&told, VIEW("\0")), 0);
	assert_string_equal(told.at,
		"552 5.3.4 <a@b.example> <>\n"
		"555 5.5.4 <a@b.example> <>\n"
		"550 5.7.1 <a@b.example> <b@other.example>\n"
		"501 5.5.4 <a@b.example> <TO: nothing>\n"
		"550 5.1.1 <a@b.example> <no@example.com>\n"
		"451 4.4.3 <a@b.example> <late@example.com>\n"
		"452 4.5.3 <a@b.example> <c@example.com>\n"
		"550 5.6.0 <a@b.example> <> whole\n");
	buf_release(&told);
}

static void
events_are_told_once(void **state)
{
	struct world *w = *state;

	assert_int_equal(session_events(w->s), 0);
	say(w, envelope);
	assert_int_equal(session_events(w->s),
			 SESSION_NEW_LINE | SESSION_NEW_TRANSACTION);
	assert_int_equal(session_events(w->s), 0);
	say(w, "NOO");
	assert_int_equal(session_events(w->s), 0);
	say(w, "P\r\nRSET\r\nMAIL FROM:<>\r\nDA");
	assert_int_equal(session_events(w->s),
			 SESSION_NEW_LINE | SESSION_NEW_TRANSACTION);
}

int
main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, \
				smtp_world_begin, smtp_world_end)
	const struct CMUnitTest tests[] = {
		TEST(refusals_are_told),
		TEST(events_are_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
