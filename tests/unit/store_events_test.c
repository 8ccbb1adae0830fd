/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arrival events: their JSON, how it is cut, and sockets that do not take
 * them. */
#include "base/utf8.h"
#include "store/events.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static struct message message;
static struct recipient recipients[2];
static struct mail mail;

static void
make_mail(struct view subject)
{
	recipients[0] = (struct recipient){
		.next = &recipients[1], .key = VIEW("you@example.com"),
		.address = VIEW("You+tag@Example.com"),
	};
	recipients[1] = (struct recipient){
		.key = VIEW("b@example.com"), .address = VIEW("b@example.com"),
	};
	message = (struct message){ .complete_wall_us = 1769850000999999 };
	strcpy(message.id, "019c12345678700080000000abcd0000");
	message.raw.len = 4711;
	message.envelope.first = &recipients[0];
	message.envelope.last = &recipients[1];
	message.envelope.recipients = 2;
	mail = (struct mail){ .message = &message, .subject = subject,
			      .from = VIEW("me@example.org") };
}

static struct view
make_event(struct view subject, char at[EVENT_BYTES])
{
	struct row row;

	make_mail(subject);
	row_make(&row, &mail, &recipients[0], 1);
	return (struct view){ at, event_make(&row, at) };
}

static void
a_row_becomes_json(void **state)
{
	static const char expected[] =
		"{\"id\":\"019c12345678700080000000abcd0000\","
		"\"hash\":\"019c12345678700080000000abcd0001\","
		"\"to\":\"you@example.com\","
		"\"recipient\":\"You+tag@Example.com\","
		"\"from\":\"me@example.org\","
		"\"subject\":\"a \\\"b\\\" \\\\ \\u0009\xc3\xbc\\u202e "
		"\xf0\x9f\x98\x80\\ufffd.\","
		"\"size\":4711,\"date\":\"2026-01-31T09:00:00Z\"}";
	char at[EVENT_BYTES];

	(void)state;
	struct view event = make_event(
		VIEW("a \"b\" \\ \t\xc3\xbc\xe2\x80\xae \xf0\x9f\x98\x80\xff."),
		at);
	assert_int_equal(event.len, sizeof(expected) - 1);
	assert_memory_equal(event.at, expected, event.len);
}

static void
a_long_one_is_cut_on_a_character(void **state)
{
	static const char *const characters[] = {
		"x", "\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\"",
		"\t", "ab\"", "\xff"
	};
	char at[EVENT_BYTES], text[3 * EVENT_BYTES];

	(void)state;
	for (size_t c = 0; c < sizeof(characters) / sizeof(*characters); c++)
		for (size_t shift = 0; shift < 7; shift++) {
			size_t len = shift, n = strlen(characters[c]);
			memset(text, 'y', shift);
			for (; len + n <= sizeof(text); len += n)
				memcpy(text + len, characters[c], n);
			struct view e = make_event((struct view){ text, len },
						   at);
			assert_true(e.len <= EVENT_BYTES);
			assert_true(e.len > EVENT_BYTES - 200);
			assert_true(utf8_is_valid(e));
			assert_memory_equal(e.at + e.len - 2, "\"}", 2);
			assert_non_null(memmem(e.at, e.len,
					       "\",\"size\":4711,", 14));
		}
}

static void
a_long_sender_leaves_room_for_the_subject(void **state)
{
	char at[EVENT_BYTES], text[EVENT_BYTES];
	struct row row;

	(void)state;
	memset(text, 'f', sizeof(text));
	make_mail(VIEW("hello"));
	mail.from = (struct view){ text, sizeof(text) };
	row_make(&row, &mail, &recipients[0], 0);
	size_t len = event_make(&row, at);
	assert_non_null(memmem(at, len, "f\",\"subject\":\"hello\",", 20));
}

/* ---- Sockets ------------------------------------------------------------- */

struct world {
	char folder[32];
	char path[64];
	char other[64];
	const char *paths[2];
	struct store_settings settings;
	struct events *events;
};

static int
bind_reader(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	unlink(path);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static size_t
drain(int fd)
{
	char at[EVENT_BYTES + 1];
	size_t n = 0;

	for (ssize_t len; (len = recv(fd, at, sizeof(at), 0)) > 0; n++)
		assert_memory_equal(at, "{\"id\":\"", 7);
	return n;
}

static void
set_up(struct world *w)
{
	memset(w, 0, sizeof(*w));
	strcpy(w->folder, "/tmp/events-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	snprintf(w->path, sizeof(w->path), "%s/a", w->folder);
	snprintf(w->other, sizeof(w->other), "%s/b", w->folder);
	w->paths[0] = w->path;
	w->paths[1] = w->other;
	w->settings.event_sockets = (struct strings){ w->paths, 2 };
	w->settings.event_socket = events_socket();
	w->events = events_new(&w->settings, NULL);
	assert_non_null(w->events);
	make_mail(VIEW("hello"));
}

static void
tear_down(struct world *w)
{
	events_free(&w->events);
	assert_null(w->events);
	close(w->settings.event_socket);
	unlink(w->path);
	unlink(w->other);
	rmdir(w->folder);
}

static void
tell(struct world *w, size_t count)
{
	struct mail *mails[100];

	for (size_t i = 0; i < count; i++)
		mails[i] = &mail;
	events_tell(w->events, mails, count);
}

static void
each_socket_gets_each_stored_row(void **state)
{
	struct world w;

	(void)state;
	set_up(&w);
	int a = bind_reader(w.path), b = bind_reader(w.other);
	message.verdict = VERDICT_STORED;
	tell(&w, 1);
	assert_int_equal(drain(a), 2);
	assert_int_equal(drain(b), 2);
	recipients[0].is_discarded = true;
	tell(&w, 1);
	assert_int_equal(drain(a), 1);
	message.verdict = VERDICT_NONE;
	tell(&w, 1);
	message.verdict = VERDICT_SPOOLED;
	tell(&w, 1);
	assert_int_equal(drain(a), 0);
	close(a);
	close(b);
	tear_down(&w);
}

static void
one_that_is_away_or_full_harms_no_other(void **state)
{
	struct world w;

	(void)state;
	set_up(&w);
	message.verdict = VERDICT_STORED;
	tell(&w, 100);
	int b = bind_reader(w.other);
	tell(&w, 1);
	assert_int_equal(drain(b), 2);
	int a = bind_reader(w.path);
	for (int i = 0; i < 20; i++) {
		tell(&w, 100);
		drain(b);
	}
	/* Full, not blocked; what it has is whole. */
	assert_true(drain(a) < 4000);
	tell(&w, 1);
	assert_int_equal(drain(a), 2);
	close(a);
	tell(&w, 1);
	a = bind_reader(w.path);
	tell(&w, 1);
	assert_int_equal(drain(a), 2);
	close(a);
	close(b);
	tear_down(&w);
}

static void
nobody_is_told_where_no_socket_is_named(void **state)
{
	const struct store_settings settings = { .event_socket = -1 };
	struct events *e = events_new(&settings, NULL);

	(void)state;
	assert_null(e);
	events_tell(e, NULL, 0);
	events_free(&e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_becomes_json),
		cmocka_unit_test(a_long_one_is_cut_on_a_character),
		cmocka_unit_test(a_long_sender_leaves_room_for_the_subject),
		cmocka_unit_test(each_socket_gets_each_stored_row),
		cmocka_unit_test(one_that_is_away_or_full_harms_no_other),
		cmocka_unit_test(nobody_is_told_where_no_socket_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
