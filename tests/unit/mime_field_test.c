/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables of what stands in header fields: encoded words, Content-* values,
 * addresses; and of the little HTML. Each value runs whole and cut at each
 * position; tests/mime/ has more of them. */
#include "base/memory.h"
#include "mime/part.h"
#include "mime/convert.h"
#include "mime/encoded_word.h"
#include "mime/html.h"
#include "mime/mailbox.h"
#include "support/charset_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* ---- encoded words: what the corpus does not say ---- */

static const struct {
	struct view in;
	struct view out;
} values[] = {
	{ VIEW(""), VIEW("") },
	{ VIEW("=?utf-8?q?=41=?="), VIEW("A=") },
	{ VIEW("=?utf-8?b?QQ==?=\r\n =?utf-8?q?B?="), VIEW("AB") },
	{ VIEW("=?utf-8?b?QUI?= =?utf-8?b?Q0Q=?="), VIEW("ABCD") },
	{ VIEW("=?utf-8?b?QUJDRA=?="), VIEW("ABCD") },
	{ VIEW("=?utf-8?b?Q Q = =?="), VIEW("A") },
	{ VIEW("(=?utf-8?q?a?=)"), VIEW("(a)") },
	{ VIEW("=?utf-8?q?a?==?utf-8?q?b?="), VIEW("ab") },
	{ VIEW("=? =?= =?utf-8?= =?utf-8?q?="),
	  VIEW("=? =?= =?utf-8?= =?utf-8?q?=") },
	{ VIEW("=?us-ascii?q?=C3=A9?="), VIEW("\xc3\xa9") },
	{ VIEW("=?us-ascii?q?=E9?="), VIEW("\xc3\xa9") },
	{ VIEW("=?utf-8?q?=00=1B=C2=85x=E2=80=A8?="), VIEW("x") },
	{ VIEW("a\tb\r\n\tc\x7f\x01"), VIEW("a b c") },
	{ VIEW("  a  "), VIEW("a") },
};

static void
encoded_words_are_decoded(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		struct view in = values[i].in;
		char *room = malloc(3 * in.len + 1);
		struct text out = { room, 0, 3 * in.len, false };
		encoded_word_decode(sets, in, CHARSET_UNKNOWN, &out);
		if (!view_equal((struct view){ out.at, out.len },
				values[i].out))
			fail_msg("%.*s: %.*s", (int)in.len, in.at,
				 (int)out.len, out.at);
		for (size_t cut = 0; cut < in.len; cut++) {
			out.len = 0;
			encoded_word_decode(sets, view_slice(in, 0, cut),
					    charset_named(VIEW("big5")), &out);
			assert_false(out.is_full);
		}
		free(room);
	}
}

/* ---- Content-Type and Content-Disposition ---- */

/* 124 letters: with "a/b" 127. */
#define LETTERS_31 "abcdefghijklmnopqrstuvwxyzabcde"
#define LONG_TYPE LETTERS_31 LETTERS_31 LETTERS_31 LETTERS_31

static const struct {
	const char *value;
	const char *type;
	const char *charset;
	const char *boundary;
	bool has_name;
} types[] = {
	{ "a/b; charset=x", "a/b", "x", "", false },
	{ "A/B;CharSet = \" x-y \" ; z", "a/b", "x-y", "", false },
	{ "a/b charset=x", "a/b", "x", "", false },
	{ "a/b charset=x name=y boundary=\"z\"", "a/b", "x", "z", true },
	{ "a/b; charset=x (comment)", "a/b", "x", "", false },
	{ "a/b; (charset=no) charset=x", "a/b", "x", "", false },
	{ "a / b; charset=x (open", "a/b", "x", "", false },
	{ "a/b; charset=\"x", "a/b", "x", "", false },
	{ "a/b; charset=\"x; name=y", "a/b", "x", "", true },
	{ "a/b; charset=x y", "a/b", "x", "", false },
	{ LONG_TYPE "a/b; charset=x", LONG_TYPE "a/b", "x", "", false },
	{ LONG_TYPE "aa/b; charset=x", "application/octet-stream", "x", "",
	  false },
	{ "a/b; charset=x; charset=y", "a/b", "x", "", false },
	{ "a/b; charset=\xe9", "a/b", "", "", false },
	{ "a/b; boundary=\"a\\\"b\\\\c\"", "a/b", "", "a\"b\\c", false },
	{ "a/b; boundary=\"a\\", "a/b", "", "a\\", false },
	{ "a/b; boundary=one two;name=y", "a/b", "", "one two", true },
	{ "a/b; boundary=\"one\r\n two \"", "a/b", "", "one two", false },
	{ "a/b; boundary=\"\"", "a/b", "", "", false },
	{ "a/b; boundary=\"=?utf-8?q?=41?=\"", "a/b", "", "=?utf-8?q?=41?=",
	  false },
	{ "a/b; boundary=\"\xe9\xc3\xa9\"", "a/b", "", "\xe9\xc3\xa9", false },
	{ "a/b; boundary*=utf-8'en'%41%zz", "a/b", "", "A%zz", false },
	{ "a/b; boundary*=''%41", "a/b", "", "A", false },
	{ "a/b; boundary*=%41", "a/b", "", "A", false },
	{ "a/b; boundary*=koi8-r''a'%62", "a/b", "", "a'b", false },
	{ "a/b; boundary*=x-unknown''a%62", "a/b", "", "ab", false },
	{ "a/b; boundary*0=one; boundary*1=two", "a/b", "", "onetwo", false },
	{ "a/b; boundary*1=two; boundary*0*=x''%31", "a/b", "", "1two",
	  false },
	{ "a/b; boundary*0*=x'y'%31; boundary*1*=2'z'; boundary*2=%33",
	  "a/b", "", "12'z'%33", false },
	{ "a/b; boundary=x; boundary*0=one", "a/b", "", "x", false },
	{ "a/b; names=x; name*x=y; name*99=y", "a/b", "", "", false },
	{ "a/b; name=\"\"", "a/b", "", "", false },
	{ "a/b; name*=utf-8''", "a/b", "", "", false },
	{ "a/b; name*=iso-8859-1''%E9", "a/b", "", "", true },
	{ "a/b; name=\"=?x-evil?q?=41?=\"", "a/b", "", "", true },
	{ "a/b; name=\xe9", "a/b", "", "", true },
	{ "a/b", "a/b", "", "", false },
	{ "", "text/plain", "", "", false },
	{ "text", "text/plain", "", "", false },
	{ "text/", "text/plain", "", "", false },
	{ "/plain; name=x", "text/plain", "", "", true },
	{ "text; charset=x", "text/plain", "x", "", false },
	{ ";;;=;\"x\"=;name=z", "text/plain", "", "", true },
};

static bool
is_text(struct view v, const char *text)
{
	return view_equal(v, view_of(text));
}

static void
content_types_are_read(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(types); i++) {
		struct view value = view_of(types[i].value);
		struct content_value v = content_type_read(value, &arena);
		if (!is_text(v.word, types[i].type) ||
		    !is_text(v.charset, types[i].charset) ||
		    !is_text(v.boundary, types[i].boundary) ||
		    v.has_name != types[i].has_name)
			fail_msg("%s: %.*s, %.*s, %.*s, %d", types[i].value,
				 (int)v.word.len, v.word.at,
				 (int)v.charset.len, v.charset.at,
				 (int)v.boundary.len, v.boundary.at,
				 v.has_name);
		for (size_t cut = 0; cut < value.len; cut++) {
			struct view part = view_slice(value, 0, cut);
			(void)content_type_read(part, &arena);
			(void)content_disposition_read(part, &arena);
		}
	}
	arena_free(&arena);
}

static void
dispositions_are_read(void **state)
{
	struct arena arena = { 0 };
	struct content_value v;

	(void)state;
	v = content_disposition_read(VIEW(" Attachment"), &arena);
	assert_true(is_text(v.word, "attachment") && !v.has_name);
	v = content_disposition_read(VIEW("\"inline\" filename=x"), &arena);
	assert_true(is_text(v.word, "inline") && v.has_name);
	v = content_disposition_read(VIEW("(x)form-data; filename*0=\"\"; "
					  "filename*1*=%31"), &arena);
	assert_true(is_text(v.word, "form-data") && v.has_name);
	v = content_disposition_read(VIEW(""), &arena);
	assert_true(!is_text(v.word, "attachment") && !v.has_name);
	arena_free(&arena);
}

/* The literals that are not given to GMime mean what it says of them. */
static void
literals_mean_what_gmime_reads(void **state)
{
	static const char *const literals[] = {
		"text/plain", "text/html", "text/plain; charset=utf-8",
		"Text/HTML; charset=UTF-8", "text/html; charset=\"utf-8\"",
		"text/plain; charset=\"utf-8\"", "text/plain; charset=us-ascii",
		"text/plain; charset=ISO-8859-1",
	};
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(literals); i++) {
		char longer[64];
		(void)snprintf(longer, sizeof(longer), "%s ;", literals[i]);
		struct content_value a = content_type_read(view_of(literals[i]),
							   &arena);
		struct content_value b = content_type_read(view_of(longer),
							   &arena);
		assert_true(view_equal(a.word, b.word));
		assert_true(view_equal(a.charset, b.charset));
		assert_int_equal(a.boundary.len + b.boundary.len, 0);
		assert_false(a.has_name || b.has_name);
	}
	arena_free(&arena);
}

/* ---- addresses ---- */

static bool
is_example(void *context, struct view domain)
{
	(void)context;
	return view_equal_nocase(domain, VIEW("ours.example"));
}

static const struct {
	const char *value;
	bool is_ours;
	bool names_any;
} lists[] = {
	{ "you@ours.example", true, true },
	{ "a@b.example, You <you@OURS.example.>", true, true },
	{ "Team: a@b.example, you@ours.example;", true, true },
	{ "A: B: C: you@ours.example;;;", true, true },
	{ "Joe Doe you@ours.example", true, true },
	{ "a@b.example, Joe Doe you@ours.example", true, true },
	{ "you (x) @ ours.example", true, true },
	{ "\"you@ours.example\" <a@b.example>", false, true },
	{ "a@b.example (you@ours.example)", false, true },
	{ "a@ours.example.com", false, true },
	{ "a@xn--ours.example", false, true },
	{ "root", false, true },
	{ "", false, false },
	{ "undisclosed-recipients:;", false, false },
	{ "undisclosed recipients: ;", false, false },
	{ "A: B:;, C:;;", false, false },
	{ "A:;, root", false, true },
};

static void
lists_are_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lists); i++) {
		struct view value = view_of(lists[i].value);
		if (mailbox_has_domain(value, is_example, NULL) !=
			    lists[i].is_ours ||
		    mailbox_names_any(value) != lists[i].names_any)
			fail_msg("%s", lists[i].value);
		for (size_t cut = 0; cut < value.len; cut++) {
			struct view part = view_slice(value, 0, cut);
			(void)mailbox_has_domain(part, is_example, NULL);
			(void)mailbox_names_any(part);
		}
	}
}

static const struct {
	const char *value;
	const char *address;            /* "": GMime's to read */
} plain[] = {
	{ "a@b", "a@b" }, { " <a@b.example>\t", "a@b.example" },
	{ "Joe Doe <joe.doe+x-y_z@b-c.example>",
	  "joe.doe+x-y_z@b-c.example" },
	{ "\"Doe, Joe (c) <x@y>\" <a@b>", "" },
	{ "\"Doe, Joe (c) x@y\" <a@b>", "a@b" }, { "\"\"<a@b>", "a@b" },
	{ "\"a\\\"b\" <a@b>", "" }, { "\"a\" \"b\" <a@b>", "" },
	{ "Joe\r\n Doe <a@b>", "" }, { "J\xc3\xb6 <a@b>", "" },
	{ "J. Doe <a@b>", "" }, { "a@b (c)", "" }, { "a@b, c@d", "" },
	{ "a@b <c@d>", "" }, { "<a@b", "" }, { "<a@b> c", "" }, { "a@", "" },
	{ "@b", "" }, { "a", "" }, { "", "" }, { "<>", "" }, { "<", "" },
	{ "a..b@c", "" }, { ".a@c", "" }, { "a.@c", "" }, { "a@b.", "" },
	{ "a@.b", "" }, { "a@b@c", "" }, { "a@b_c", "" }, { "a b@c", "" },
	{ "<a@b><c@d>", "" }, { "a@[192.0.2.1]", "" }, { "T: a@b;", "" },
	{ "a@xn--bcher-kva.example", "" }, { "a@b.Xn--p1ai", "" },
};

static void
a_plain_mailbox_needs_no_reader(void **state)
{
	char where[64];
	bool has_domain;

	(void)state;
	for (size_t i = 0; i < COUNT(plain); i++) {
		struct view value = view_of(plain[i].value);
		struct view address = view_of(plain[i].address);
		if (!view_equal(mailbox_plain(value), address))
			fail_msg("%s", plain[i].value);
		if (address.len == 0)
			continue;
		assert_int_equal(mailbox_first(value, where, &has_domain),
				 address.len);
		assert_memory_equal(where, address.at, address.len);
		assert_true(has_domain);
	}
}

/* Beyond what GMime may see the words count. */
static void
long_lists_are_judged(void **state)
{
	char value[MAILBOX_MOST + 100];
	size_t n = 0;

	(void)state;
	while (n < MAILBOX_MOST)
		n += (size_t)snprintf(value + n, sizeof(value) - n,
				      "a%zu@b.example, ", n);
	n += (size_t)snprintf(value + n, sizeof(value) - n,
			      "\"x\" <you@ours.example>");
	assert_true(mailbox_has_domain((struct view){ value, n }, is_example,
				       NULL));
	for (n = 0; n < 100; n += 2)
		memcpy(value + n, "a:", 2);
	memcpy(value + n, "you@ours.example;", 17);
	assert_true(mailbox_has_domain((struct view){ value, n + 17 },
				       is_example, NULL));
}

static void
hostile_addresses_end(void **state)
{
	static const char shapes[] = "a:(<\"\\@,;>) ";
	char *value = memory_new(1, 100000);
	char *where = memory_new(1, 100000);
	bool has_domain;

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(shapes); i++)
		for (size_t k = 0; k + 1 < sizeof(shapes); k++) {
			for (size_t n = 0; n < 2000; n += 2) {
				value[n] = shapes[i];
				value[n + 1] = shapes[k];
			}
			(void)mailbox_first((struct view){ value, 2000 }, where,
					    &has_domain);
		}
	free(value);
	free(where);
}

/* ---- HTML ---- */

static void
html_is_empty_without_text(void **state)
{
	(void)state;
	assert_true(html_is_empty(VIEW("")));
	assert_true(html_is_empty(VIEW(" <p>\xc2\xa0&nbsp;</p>\r\n")));
	assert_false(html_is_empty(VIEW("<p>x</p>")));
	assert_false(html_is_empty(VIEW("<p")));
	assert_false(html_is_empty(VIEW("&amp;")));
	assert_true(view_equal(html_meta_charset(VIEW(
		"<META charset = 'x'>")), VIEW("x")));
	assert_true(view_equal(html_meta_charset(VIEW(
		"<meta name=a><meta content=\"text/html;charset=y\">")),
		VIEW("y")));
	assert_int_equal(html_meta_charset(VIEW("<meta charset")).len, 0);
	assert_int_equal(html_meta_charset(VIEW("<meta >charset=x")).len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encoded_words_are_decoded),
		cmocka_unit_test(content_types_are_read),
		cmocka_unit_test(dispositions_are_read),
		cmocka_unit_test(literals_mean_what_gmime_reads),
		cmocka_unit_test(lists_are_judged),
		cmocka_unit_test(a_plain_mailbox_needs_no_reader),
		cmocka_unit_test(long_lists_are_judged),
		cmocka_unit_test(hostile_addresses_end),
		cmocka_unit_test(html_is_empty_without_text),
	};

	return cmocka_run_group_tests(tests, charset_fixture_open,
				      charset_fixture_close);
}
