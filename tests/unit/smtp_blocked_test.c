/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose mail is unwanted, and what MAIL says then. */
#include "smtp/blocked.h"

#include "support/smtp_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const unwanted[] = {
	"spam@a.example", "b.example", "*.c.example", "[192.0.2.1]",
};

/* With the set of the test in the world's settings. */
static struct domains *
block(struct world *w)
{
	struct domains *set = domains_new();

	for (size_t i = 0; i < sizeof(unwanted) / sizeof(*unwanted); i++)
		assert_true(domains_add(set, view_of(unwanted[i])));
	w->f.settings.blocked_senders = set;
	return set;
}

static void
senders_match(void **state)
{
	static const struct { const char *sender; bool is; } cases[] = {
		{ "spam@a.example", true }, { "SPAM@A.Example.", true },
		{ "\"spam\"@a.example", true },
		{ "\"s\\pam\"@a.example", true },
		{ "ham@a.example", false }, { "spam@b.a.example", false },
		{ "x@b.example", true }, { "x@a.b.example", false },
		{ "x@a.c.example", true }, { "x@b.a.c.example", true },
		{ "x@c.example", false }, { "x@xc.example", false },
		{ "x@[192.0.2.1]", true }, { "x@[192.0.2.2]", false },
		{ "b.example", false }, { "", false }, { "@", false },
		{ "@b.example", false }, { "x@", false },
	};
	struct world *w = *state;
	struct domains *set = block(w);

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (blocked_sender(&w->f.settings, NULL,
				   view_of(cases[i].sender)) != cases[i].is)
			fail_msg("%s", cases[i].sender);
	w->f.settings.blocked_senders = NULL;
	assert_true(blocked_sender(&w->f.settings, set,
				   view_of("spam@a.example")));
	assert_false(blocked_sender(&w->f.settings, NULL,
				    view_of("spam@a.example")));
	domains_free(&set);
}

static void
the_longest_addresses_fit(void **state)
{
	struct world *w = *state;
	char sender[400];
	char key[BLOCKED_KEY_SIZE];

	memset(sender, 'x', sizeof(sender));
	for (int dot = 64; dot < 320; dot += 60)
		sender[dot] = dot == 64 ? '@' : '.';
	sender[318] = '\0';
	struct view found = blocked_key(w->f.settings.domain_to_ascii,
					view_of(sender), key);
	assert_true(found.len == 0 || found.len <= BLOCKED_KEY_SIZE);
	struct domains *set = block(w);
	assert_false(blocked_sender(&w->f.settings, NULL,
				    view_of(sender)));
	domains_free(&set);
	sender[64] = 'x';
	sender[65] = '@';
	assert_int_equal(blocked_key(w->f.settings.domain_to_ascii,
				     view_of(sender), key).len, 0);
}

/* A relay goes on with its next mail, and no error is counted. */
static void
mail_is_refused(void **state)
{
	struct world *w = *state;
	struct domains *set = block(w);

	say(w, "EHLO c.example\r\n");
	for (int i = 0; i < 50; i++)
		assert_int_equal(say(w, "MAIL FROM:<spam@a.example>\r\n"), '5');
	assert_int_equal(session_counts(w->s).errors, 0);
	assert_int_equal(session_counts(w->s).senders_blocked, 50);
	assert_int_equal(session_want(w->s), SESSION_WANTS_INPUT);
	assert_int_equal(say(w, "RCPT TO:<a@example.com>\r\n"), '5');
	assert_int_equal(say(w, "MAIL FROM:<>\r\n"), '2');
	assert_int_equal(say(w, "RSET\r\n"), '2');
	assert_int_equal(say(w, "MAIL FROM:<ham@a.example>\r\n"), '2');
	domains_free(&set);
}

static void
or_gets_no_row(void **state)
{
	struct world *w = *state;
	struct domains *set = block(w);

	w->f.settings.discards_blocked = true;
	say(w, "EHLO c.example\r\nMAIL FROM:<spam@a.example>\r\n"
	       "RCPT TO:<a@example.com>\r\nDATA\r\nhello\r\n.\r\n");
	assert_int_equal(session_want(w->s), SESSION_WANTS_DELIVERY);
	struct message *m = session_take_message(w->s);
	assert_true(m->envelope.is_blocked);
	assert_int_equal(m->envelope.recipients, 1);
	assert_int_equal(message_rows(m), 0);
	session_delivered(w->s, VERDICT_DISCARDED, m->id, &w->out);
	message_free(&m);
	say(w, "MAIL FROM:<ham@a.example>\r\nRCPT TO:<a@example.com>\r\n"
	       "DATA\r\nhello\r\n.\r\n");
	m = session_take_message(w->s);
	assert_false(m->envelope.is_blocked);
	assert_int_equal(message_rows(m), 1);
	message_free(&m);
	domains_free(&set);
}

static void
a_million_are_all_found(void **state)
{
	struct world *w = *state;
	struct domains *set = domains_new();
	char name[64];

	for (int i = 0; i < 1000000; i++) {
		snprintf(name, sizeof(name), "user%d@host%d.example", i,
			 i % 977);
		domains_add(set, view_of(name));
	}
	assert_int_equal(domains_count(set), 1000000);
	w->f.settings.blocked_senders = set;
	for (int i = 0; i < 1000000; i += 101) {
		snprintf(name, sizeof(name), "USER%d@host%d.example", i,
			 i % 977);
		assert_true(blocked_sender(&w->f.settings, NULL,
					   view_of(name)));
		snprintf(name, sizeof(name), "user%d@host%d.example", i,
			 i % 977 + 1);
		assert_false(blocked_sender(&w->f.settings, NULL,
					    view_of(name)));
	}
	domains_free(&set);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, smtp_world_begin, \
						smtp_world_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(senders_match),
		TEST(the_longest_addresses_fit),
		TEST(mail_is_refused),
		TEST(or_gets_no_row),
		TEST(a_million_are_all_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
