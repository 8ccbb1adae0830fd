/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables of what stands in header fields: encoded words, parameters,
 * addresses; and of the little HTML. Each value runs whole and cut at each
 * position; tests/mime/ has more of them. */
#include "base/memory.h"
#include "mime/convert.h"
#include "mime/encoded_word.h"
#include "mime/html.h"
#include "mime/mailbox.h"
#include "mime/mime_parameter.h"
#include "support/charset_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
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

/* ---- parameters ---- */

static const struct {
	const char *value;
	const char *name;
	const char *found;      /* NULL: there is none */
} parameters[] = {
	{ "a/b; charset=x", "charset", "x" },
	{ "a/b;CharSet = \"x y\" ; z", "charset", "x y" },
	{ "a/b charset=x", "charset", "x" },
	{ "a/b; charset=x (comment)", "charset", "x" },
	{ "a/b; (charset=no) charset=x", "charset", "x" },
	{ "a/b; charset=\"x", "charset", "x" },
	{ "a/b; charset=\"x; name=y", "name", "y" },
	{ "a/b; charset=\"a\\\"b\"", "charset", "a\"b" },
	{ "a/b; boundary=one two;x=y", "boundary", "one two" },
	{ "a/b; boundary=\"\"", "boundary", "" },
	{ "a/b; name*=utf-8'en'%41%zz", "name", "A%zz" },
	{ "a/b; name*0=one; name*1=two", "name", "onetwo" },
	{ "a/b; name*1=two; name*0*=x''%31", "name", "1two" },
	{ "a/b; name*1=two", "name", NULL },
	{ "a/b; names=x; name*x=y", "name", NULL },
	{ "a/b", "name", NULL },
	{ "", "name", NULL },
	{ ";;;=;\"x\"=;name=z", "name", "z" },
};

static void
parameters_are_found(void **state)
{
	char found[16];

	(void)state;
	for (size_t i = 0; i < COUNT(parameters); i++) {
		struct view value = view_of(parameters[i].value);
		struct view name = view_of(parameters[i].name);
		struct text text = { found, 0, sizeof(found), false };
		(void)mime_parameter_take_word(&value);
		bool is_found = mime_parameter_find(value, name, &text);
		if (is_found != (parameters[i].found != NULL) ||
		    (is_found && !view_equal((struct view){ found, text.len },
					     view_of(parameters[i].found))))
			fail_msg("%s", parameters[i].value);
		for (size_t cut = 0; cut < value.len; cut++)
			(void)mime_parameter_find(view_slice(value, 0, cut),
						  name, &text);
	}
}

static void
parameters_are_cut_to_the_room(void **state)
{
	(void)state;
	char found[3];
	struct text text = { found, 0, sizeof(found), false };

	assert_true(mime_parameter_find(VIEW(";a=12345"), VIEW("a"), &text));
	assert_int_equal(text.len, 3);
	assert_true(text.is_full);
}

/* ---- addresses ---- */

static void
domains_are_taken_one_by_one(void **state)
{
	static const char *const expected[] = { "a.example", "b.example",
						"[192.0.2.1]", "c" };
	struct view rest = VIEW("\"x@a.example\" <y@ b.example.>, "
				"z@[192.0.2.1] @, q@c");
	struct view domain;
	size_t n = 0;

	(void)state;
	while (mailbox_next_domain(&rest, &domain)) {
		assert_true(n < COUNT(expected));
		assert_true(view_equal(domain, view_of(expected[n])));
		n++;
	}
	assert_int_equal(n, COUNT(expected));
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
		cmocka_unit_test(parameters_are_found),
		cmocka_unit_test(parameters_are_cut_to_the_room),
		cmocka_unit_test(domains_are_taken_one_by_one),
		cmocka_unit_test(hostile_addresses_end),
		cmocka_unit_test(html_is_empty_without_text),
	};

	return cmocka_run_group_tests(tests, charset_fixture_open,
				      charset_fixture_close);
}
