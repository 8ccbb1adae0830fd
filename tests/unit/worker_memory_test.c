/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is given up where limits.memory is used up: an unfinished message, the
 * largest first, and never one that is complete. */
#include "worker/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { CLIENTS = 3, LIMIT = 1024 * 1024, SECONDS = 10 };

struct room {
	struct worker worker;
	struct worker_settings settings;
	struct listen_settings listener;
	struct client *clients[CLIENTS];
	struct client client[CLIENTS];
	struct buf out;
};

/* Our doubles of A-labels need no IDNA. */
static size_t
as_it_is(struct view domain, char *out, size_t size)
{
	assert_true(domain.len < size);
	memcpy(out, domain.at, domain.len);
	return domain.len;
}

static void
say(struct room *r, size_t i, const char *text)
{
	struct view bytes = view_of(text);
	size_t used = session_feed(r->client[i].session, bytes, &r->out);

	assert_int_equal(used, bytes.len);
	buf_release(&r->out);
}

/* Client i has sent so many bytes of a message, and no end. */
static void
send_message(struct room *r, size_t i, size_t bytes)
{
	char line[] = "0123456789\r\n";

	say(r, i, "EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@example.com>\r\n"
		  "DATA\r\n");
	for (size_t n = 0; n < bytes; n += sizeof(line) - 1)
		say(r, i, line);
}

static void
open_room(struct room *r)
{
	static struct smtp_settings smtp = {
		.hostname = "mail.example.com", .primary_host = "",
		.message_size = LIMIT, .transaction_bytes = LIMIT,
		.recipients = 10, .mails = 10, .errors = 10,
		.domain_to_ascii = as_it_is,
	};

	*r = (struct room){ .out = BUF(SESSION_OUT_CEILING) };
	smtp.domains = domains_new();
	domains_add(smtp.domains, VIEW("example.com"));
	r->settings.smtp = smtp;
	r->listener.name = "test";
	r->worker.settings = &r->settings;
	r->worker.state.max_message_bytes = LIMIT;
	r->worker.state.max_address_chars = 255;
	r->worker.budget.limit = 8 * LIMIT;
	r->worker.clients = r->clients;
	r->worker.client_slots = CLIENTS;
	for (size_t i = 0; i < CLIENTS; i++) {
		r->clients[i] = &r->client[i];
		r->client[i].listener = &r->listener;
		r->client[i].session = session_new(&r->settings.smtp,
			&r->worker.state, &r->worker.budget,
			&(struct address){ .len = 4 });
	}
	alarm(SECONDS);         /* a search without end must fail, not hang */
}

static void
close_room(struct room *r)
{
	alarm(0);
	for (size_t i = 0; i < CLIENTS; i++)
		session_free(&r->client[i].session);
	domains_free(&r->settings.smtp.domains);
	assert_int_equal(r->worker.budget.used, 0);
}

static void
the_largest_goes(void **unused)
{
	struct room r;

	(void)unused;
	open_room(&r);
	send_message(&r, 0, 100000);
	send_message(&r, 1, 400000);
	send_message(&r, 2, 300000);
	r.worker.budget.limit = r.worker.budget.used;
	worker_update_memory(&r.worker);
	assert_true(session_message_bytes(r.client[0].session) >= 100000);
	assert_int_equal(session_message_bytes(r.client[1].session), 0);
	assert_true(session_message_bytes(r.client[2].session) >= 300000);
	close_room(&r);
}

static void
a_complete_one_stays(void **unused)
{
	struct room r;

	(void)unused;
	open_room(&r);
	send_message(&r, 0, 400000);
	say(&r, 0, ".\r\n");
	assert_int_equal(session_want(r.client[0].session),
			 SESSION_WANTS_DELIVERY);
	send_message(&r, 1, 100000);
	r.worker.budget.limit = 400000;
	worker_update_memory(&r.worker);
	assert_true(session_message_bytes(r.client[0].session) >= 400000);
	assert_int_equal(session_message_bytes(r.client[1].session), 0);
	assert_true(r.worker.state.is_memory_tight);
	close_room(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_largest_goes),
		cmocka_unit_test(a_complete_one_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
