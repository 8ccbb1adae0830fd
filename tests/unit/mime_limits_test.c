/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each limit is met, named, and leaves the row with what came before it; a
 * large message gives the same row however little of it is read. */
#include "mime/row.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct read {
	struct message message;
	struct arena arena;
	struct mail mail;
};

static void
add(struct chain *raw, const char *text, size_t times)
{
	for (size_t i = 0; i < times; i++)
		(void)chain_append(raw, view_of(text));
}

static void
read_with(struct read *r, const struct mime_settings *settings)
{
	struct mime *mime = mime_new(settings);

	r->message.envelope.sender = VIEW("e@example.net");
	mime_read(mime, &r->message, &r->arena, &r->mail);
	mime_free(&mime);
}

static void
forget(struct read *r)
{
	arena_free(&r->arena);
	chain_free(&r->message.raw);
	*r = (struct read){ 0 };
}

#define assert_view(v, literal) \
	assert_true(view_equal((v), VIEW(literal)))

static void
header_lines_are_limited(void **state)
{
	(void)state;
	struct mime_settings settings = row_settings;
	struct read r = { 0 };

	settings.header_lines = 5;
	add(&r.message.raw, "From: a@b\r\nTo: x@elsewhere\r\n", 1);
	add(&r.message.raw, "X: y\r\n", 4);
	add(&r.message.raw, "Subject: late\r\n\r\nbody", 1);
	read_with(&r, &settings);
	assert_int_equal(r.mail.limits_met, MIME_LIMIT_HEADER_LINES);
	assert_view(r.mail.from, "a@b");
	assert_view(r.mail.subject, "");
	assert_view(r.mail.body, "body");
	/* What could not be seen may have been ours. */
	assert_int_equal(r.mail.addressed, ADDRESSED_UNKNOWN);
	forget(&r);
}

static void
header_bytes_and_fields_are_limited(void **state)
{
	(void)state;
	struct mime_settings settings = row_settings;
	struct read r = { 0 };

	settings.header_bytes = 1000;
	settings.header_field = 100;
	add(&r.message.raw, "From: a@b\r\nSubject: ", 1);
	add(&r.message.raw, "0123456789", 30);
	add(&r.message.raw, "\r\nMessage-ID: <1@x>\r\n", 1);
	add(&r.message.raw, "X: 0123456789\r\n", 100);
	add(&r.message.raw, "Sender: late\r\n\r\nbody", 1);
	read_with(&r, &settings);
	assert_int_equal(r.mail.limits_met, MIME_LIMIT_HEADER_FIELD |
			 MIME_LIMIT_HEADER_BYTES);
	assert_int_equal(r.mail.subject.len, 100);
	assert_view(r.mail.message_id, "<1@x>");
	assert_view(r.mail.sender, "");
	assert_view(r.mail.body, "body");
	forget(&r);
}

static void
a_subject_is_not_cut_inside_an_encoded_word(void **state)
{
	(void)state;
	/* The cut at 4,000 falls into the last word at each of its bytes. */
	for (size_t more = 0; more < 20; more++) {
		struct read r = { 0 };
		add(&r.message.raw, "Subject: ", 1);
		add(&r.message.raw, "x", 3980 + more);
		add(&r.message.raw, " =?utf-8?q?=41=42?= y\r\n\r\n", 1);
		read_with(&r, &row_settings);
		size_t left = view_find(r.mail.subject, '=');
		assert_int_equal(left, r.mail.subject.len);
		assert_int_equal(r.mail.subject.len, 3980 + more +
				 (more <= 1 ? 3 : 0));
		forget(&r);
	}
}

static void
colons_are_limited(void **state)
{
	(void)state;
	struct read r = { 0 };

	add(&r.message.raw, "From: ", 1);
	add(&r.message.raw, "a:", 501);
	add(&r.message.raw, "a@b;\r\n\r\n", 1);
	read_with(&r, &row_settings);
	assert_int_equal(r.mail.limits_met, MIME_LIMIT_HEADER_COLONS);
	assert_view(r.mail.from, "e@example.net");
	forget(&r);
	add(&r.message.raw, "From: ", 1);
	add(&r.message.raw, "a:", 500);
	add(&r.message.raw, "a@b;\r\n\r\n", 1);
	read_with(&r, &row_settings);
	assert_int_equal(r.mail.limits_met, 0);
	assert_view(r.mail.from, "a@b");
	forget(&r);
}

static void
parts_and_delimiters_are_limited(void **state)
{
	(void)state;
	struct mime_settings settings = row_settings;
	struct read r = { 0 };

	for (int i = 0; i < 2; i++) {
		settings.mime_parts = i == 0 ? 3 : 1000;
		settings.boundary_lines = i == 0 ? 10000 : 3;
		add(&r.message.raw, "Content-Type: multipart/mixed; "
		    "boundary=b\r\n\r\n--b\r\n\r\none\r\n", 1);
		add(&r.message.raw, "--b\r\nContent-Type: image/png\r\n\r\n"
		    "\r\n", 4);
		read_with(&r, &settings);
		assert_int_equal(r.mail.limits_met, i == 0 ?
				 MIME_LIMIT_PARTS : MIME_LIMIT_BOUNDARY_LINES);
		assert_view(r.mail.body, "one");
		assert_true(r.mail.has_attach);
		forget(&r);
	}
}

static void
multiparts_and_depth_are_limited(void **state)
{
	(void)state;
	struct mime_settings settings = row_settings;
	struct read r = { 0 };

	for (int i = 0; i < 2; i++) {
		settings.multiparts = i == 0 ? 2 : 100;
		settings.mime_depth = i == 0 ? 32 : 2;
		add(&r.message.raw, "Content-Type: multipart/mixed; "
		    "boundary=b1\r\n\r\n--b1\r\n", 1);
		add(&r.message.raw, "Content-Type: multipart/mixed; "
		    "boundary=b2\r\n\r\n--b2\r\n\r\ntwo\r\n--b2\r\n", 1);
		add(&r.message.raw, "Content-Type: multipart/mixed; "
		    "boundary=b3\r\n\r\n--b3\r\nContent-Type: text/html\r\n"
		    "\r\nthree\r\n--b3--\r\n--b2--\r\n--b1--\r\n", 1);
		read_with(&r, &settings);
		assert_int_equal(r.mail.limits_met, i == 0 ?
				 MIME_LIMIT_MULTIPARTS : MIME_LIMIT_DEPTH);
		assert_view(r.mail.body, "two");
		assert_false(r.mail.has_attach);
		forget(&r);
	}
}

static void
messages_in_each_other_end(void **state)
{
	(void)state;
	struct read r = { 0 };

	add(&r.message.raw, "Content-Type: message/rfc822\r\n\r\n", 5000);
	read_with(&r, &row_settings);
	assert_int_equal(r.mail.limits_met, MIME_LIMIT_DEPTH);
	assert_view(r.mail.from, "e@example.net");
	forget(&r);
}

static void
cpu_time_is_limited(void **state)
{
	(void)state;
	struct mime_settings settings = row_settings;
	struct read r = { 0 };

	settings.cpu_us = 1;
	add(&r.message.raw, "Subject: s\r\nContent-Type: multipart/mixed; "
	    "boundary=b\r\n\r\n--b\r\n\r\n", 1);
	add(&r.message.raw, "text and text and text\r\n", 100000);
	add(&r.message.raw, "--b--\r\n", 1);
	read_with(&r, &settings);
	assert_int_equal(r.mail.limits_met, MIME_LIMIT_CPU);
	assert_view(r.mail.subject, "s");
	forget(&r);
}

static const char attachment[] =
	"\r\n--b\r\nContent-Type: application/zip; name=a.zip\r\n"
	"Content-Transfer-Encoding: base64\r\n\r\n";
static const char digits[] =
	"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2"
	"d3h5ejAx\r\n";

static void
begin(struct read *r, const char *body)
{
	add(&r->message.raw, "Content-Type: multipart/mixed; boundary=b\r\n"
	    "\r\n--b\r\nContent-Type: text/plain\r\n\r\n", 1);
	add(&r->message.raw, body, 1);
	add(&r->message.raw, attachment, 1);
	add(&r->message.raw, digits, 40000);
}

static void
a_large_attachment_is_passed_over(void **state)
{
	(void)state;
	struct read r = { 0 };

	begin(&r, "text");
	add(&r.message.raw, "--b--\r\n", 1);
	read_with(&r, &row_settings);
	assert_view(r.mail.body, "text");
	assert_view(r.mail.content_type, "text/plain");
	assert_true(r.mail.has_attach);
	assert_int_equal(r.mail.limits_met, 0);
	forget(&r);
}

static void
a_better_body_behind_it_is_found(void **state)
{
	(void)state;
	struct read r = { 0 };

	begin(&r, "text");
	add(&r.message.raw, "\r\n--b\r\nContent-Type: text/html\r\n\r\n"
	    "<b>html</b>\r\n--b--\r\n", 1);
	read_with(&r, &row_settings);
	assert_view(r.mail.body, "<b>html</b>");
	forget(&r);
	/* Without any body before it nothing is passed over. */
	begin(&r, "");
	add(&r.message.raw, "--b\r\n\r\nlate\r\n", 1);
	add(&r.message.raw, attachment + 2, 1);
	add(&r.message.raw, digits, 40000);
	read_with(&r, &row_settings);
	assert_view(r.mail.body, "late");
	forget(&r);
}

static void
a_large_body_is_read_whole(void **state)
{
	(void)state;
	struct read r = { 0 };

	add(&r.message.raw, "Content-Type: text/html; charset=iso-8859-1\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n", 1);
	add(&r.message.raw, "=E9=\r\n", 500000);
	read_with(&r, &row_settings);
	assert_int_equal(r.mail.body.len, 1000000);
	assert_memory_equal(r.mail.body.at + 999998, "\xc3\xa9", 2);
	forget(&r);
}

static void
an_undeclared_large_body_is_judged_whole(void **state)
{
	(void)state;
	struct read r = { 0 };

	add(&r.message.raw, "Subject: x\r\n\r\n", 1);
	add(&r.message.raw, "na\xc3\xafve\r\n", 50000);
	read_with(&r, &row_settings);
	assert_view(r.mail.charset, "utf-8");
	assert_int_equal(r.mail.body.len, 400000);
	forget(&r);
	add(&r.message.raw, "Subject: x\r\n\r\n", 1);
	add(&r.message.raw, "na\xc3\xafve\r\n", 50000);
	add(&r.message.raw, "\xe9", 1);
	read_with(&r, &row_settings);
	assert_view(r.mail.charset, "windows-1252");
	forget(&r);
}

static void
bodies_that_are_not_taken_cost_no_memory(void **state)
{
	(void)state;
	struct budget budget = { .limit = SIZE_MAX };
	struct read r = { .arena.budget = &budget };

	add(&r.message.raw, "Content-Type: multipart/mixed; boundary=b\r\n"
	    "\r\n", 1);
	for (int i = 0; i < 20; i++) {
		add(&r.message.raw, "--b\r\nContent-Type: text/html\r\n"
		    "Content-Transfer-Encoding: quoted-printable\r\n\r\n", 1);
		add(&r.message.raw, "<br/>=20=\r\n", 50000);
	}
	add(&r.message.raw, "--b\r\n\r\ntext\r\n--b--\r\n", 1);
	read_with(&r, &row_settings);
	assert_view(r.mail.body, "text");
	/* One of them at a time, in room for three bytes of each; twenty would
	 * be 33 MB. */
	assert_true(budget.used < 4 * 1024 * 1024);
	forget(&r);
}

static void
nothing_hosted_is_known_without_a_list(void **state)
{
	(void)state;
	struct mime_settings settings = row_settings;
	struct read r = { 0 };

	settings.is_hosted = NULL;
	add(&r.message.raw, "To: a@example.com\r\n\r\n", 1);
	read_with(&r, &settings);
	assert_int_equal(r.mail.addressed, ADDRESSED_UNKNOWN);
	forget(&r);
}

static void
a_plain_scan_takes_what_is_plain(void **state)
{
	(void)state;
	struct read r = { .message.envelope.sender = VIEW("E@\xe9") };
	struct mime *mime = mime_new(&row_settings);

	add(&r.message.raw, "subject:  =?utf-8?q?x?= \xe9\x01\r\n"
	    "Message-ID: <1>\r\n\r\nMessage-ID: <2>\r\n", 1);
	mime_read_plain(&r.message, &r.arena, &r.mail);
	assert_view(r.mail.subject, "=?utf-8?q?x?= \xef\xbf\xbd");
	assert_view(r.mail.message_id, "<1>");
	assert_view(r.mail.from, "e@\xef\xbf\xbd");
	assert_view(r.mail.body, "");
	assert_int_equal(r.mail.addressed, ADDRESSED_UNKNOWN);
	mime_free(&mime);
	assert_null(mime);
	mime_free(&mime);
	forget(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_lines_are_limited),
		cmocka_unit_test(header_bytes_and_fields_are_limited),
		cmocka_unit_test(a_subject_is_not_cut_inside_an_encoded_word),
		cmocka_unit_test(colons_are_limited),
		cmocka_unit_test(parts_and_delimiters_are_limited),
		cmocka_unit_test(multiparts_and_depth_are_limited),
		cmocka_unit_test(messages_in_each_other_end),
		cmocka_unit_test(cpu_time_is_limited),
		cmocka_unit_test(a_large_attachment_is_passed_over),
		cmocka_unit_test(a_better_body_behind_it_is_found),
		cmocka_unit_test(a_large_body_is_read_whole),
		cmocka_unit_test(an_undeclared_large_body_is_judged_whole),
		cmocka_unit_test(bodies_that_are_not_taken_cost_no_memory),
		cmocka_unit_test(nothing_hosted_is_known_without_a_list),
		cmocka_unit_test(a_plain_scan_takes_what_is_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
