/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables of transfer encodings and charsets. Each case runs whole and in
 * steps of any size, and cut at each position. */
#include "base/utf8.h"
#include "mime/convert.h"
#include "mime/transfer.h"
#include "support/charset_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* ---- transfer ---- */

static const struct {
	const char *what;
	enum transfer_encoding encoding;
	struct view in;
	struct view out;
} transfers[] = {
	{ "plain", TRANSFER_PLAIN, VIEW("a=41\n"), VIEW("a=41\n") },
	{ "empty", TRANSFER_BASE64, VIEW(""), VIEW("") },
	{ "one line", TRANSFER_BASE64, VIEW("aGVsbG8="), VIEW("hello") },
	{ "lines", TRANSFER_BASE64, VIEW("aGVs\r\nbG8=\r\n"), VIEW("hello") },
	{ "no padding", TRANSFER_BASE64, VIEW("aGVsbG8"), VIEW("hello") },
	{ "one digit", TRANSFER_BASE64, VIEW("aGVsb"), VIEW("hel") },
	{ "junk within", TRANSFER_BASE64, VIEW("aG!Vs\0-bG8="),
	  VIEW("hello") },
	{ "joined", TRANSFER_BASE64, VIEW("aGVsbG8=\nIQ==\nIQ==\n"),
	  VIEW("hello!!") },
	{ "joined on a line", TRANSFER_BASE64, VIEW("IQ==IQ=="),
	  VIEW("!!") },
	{ "joined, long line", TRANSFER_BASE64,
	  VIEW("IQ==\nYWJjZGVmYWJjZGVmYWJjZGVmYWJjZGVmYWJjZGVmYWJjZGVmYWJjZGVm"
	       "YWJjZGVmYWJjZGVmYWJjZGVmYWJjZGVmYWJjZGVm"),
	  VIEW("!abcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdef"
	       "abcdefabcdef") },
	{ "footer", TRANSFER_BASE64, VIEW("IQ==\r\n--\r\nlist\r\n"),
	  VIEW("!") },
	{ "footer that looks like it", TRANSFER_BASE64,
	  VIEW("IQ==\nlist of x\n"), VIEW("!\x96+-\xa1\xfc") },
	{ "only padding", TRANSFER_BASE64, VIEW("===="), VIEW("") },
	{ "uuencode", TRANSFER_UUENCODE,
	  VIEW("text\nbegin 644 x.txt\n#0V%T\n`\nend\n"), VIEW("Cat") },
	{ "uuencode, CRLF", TRANSFER_UUENCODE,
	  VIEW("begin 644 x\r\n\"0V$\r\n#0V%T\r\n`\r\nend\r\n"),
	  VIEW("CaCat") },
	{ "uuencode, short line", TRANSFER_UUENCODE,
	  VIEW("begin 644 x\n$0V%T\n#0V%T\n`\nend\n"), VIEW("CatCat") },
	{ "no uuencode", TRANSFER_UUENCODE, VIEW("began 644 x\n#0V%T\n"),
	  VIEW("") },
	{ "codes", TRANSFER_QUOTED, VIEW("=41=c3=A9="), VIEW("A\xc3\xa9") },
	{ "soft break", TRANSFER_QUOTED, VIEW("a=\r\nb=\nc"), VIEW("abc") },
	{ "blanks before it", TRANSFER_QUOTED, VIEW("a= \t\r\nb"),
	  VIEW("ab") },
	{ "no break", TRANSFER_QUOTED, VIEW("a= b"), VIEW("a= b") },
	{ "no codes", TRANSFER_QUOTED, VIEW("=G1 =1G =\rx ==41"),
	  VIEW("=G1 =1G =\rx =A") },
	{ "cut code", TRANSFER_QUOTED, VIEW("a=4"), VIEW("a=4") },
	{ "blanks kept", TRANSFER_QUOTED, VIEW("a \r\nb"), VIEW("a \r\nb") },
};

static struct view
undo(enum transfer_encoding encoding, struct view in, size_t step, char *out)
{
	struct transfer t;
	size_t len = 0;

	transfer_init(&t, encoding);
	for (; in.len > 0; in = view_slice(in, step, in.len)) {
		struct view part = view_slice(in, 0, step);
		while (part.len > 0)
			len += transfer_decode(&t, &part, out + len,
					       TRANSFER_ROOM);
	}
	return (struct view){ out, len + transfer_finish(&t, out + len) };
}

static void
transfer_encodings_are_undone(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(transfers); i++) {
		struct view in = transfers[i].in;
		char *out = malloc(in.len + TRANSFER_ROOM);
		for (size_t step = 1; step <= in.len + 1; step++)
			if (!view_equal(undo(transfers[i].encoding, in, step,
					     out), transfers[i].out))
				fail_msg("%s, steps of %zu",
					 transfers[i].what, step);
		for (size_t cut = 0; cut < in.len; cut++)
			assert_true(undo(transfers[i].encoding,
					 view_slice(in, 0, cut), 3, out).len <=
				    in.len);
		free(out);
	}
}

static void
transfer_encodings_have_names(void **state)
{
	(void)state;
	assert_int_equal(transfer_named(VIEW("base64")), TRANSFER_BASE64);
	assert_int_equal(transfer_named(VIEW(" (x) BASE64 ; y")),
			 TRANSFER_BASE64);
	assert_int_equal(transfer_named(VIEW("\"Quoted-Printable\"")),
			 TRANSFER_QUOTED);
	assert_int_equal(transfer_named(VIEW("x-uuencode")),
			 TRANSFER_UUENCODE);
	assert_int_equal(transfer_named(VIEW("x-base64")), TRANSFER_PLAIN);
	assert_int_equal(transfer_named(VIEW("8bit")), TRANSFER_PLAIN);
	assert_int_equal(transfer_named(VIEW("")), TRANSFER_PLAIN);
}

/* ---- charsets ---- */

#define BAD "\xef\xbf\xbd"

static const struct {
	const char *label;
	struct view in;
	struct view out;
} charsets[] = {
	{ "us-ascii", VIEW("plain"), VIEW("plain") },
	{ "utf-8", VIEW("\xc3\xa9\xf0\x9f\x98\x80"),
	  VIEW("\xc3\xa9\xf0\x9f\x98\x80") },
	{ "utf-8", VIEW("a\xe2\x82"), VIEW("a" BAD) },
	{ "ISO-8859-1", VIEW("\xe9\x80\x81"),
	  VIEW("\xc3\xa9\xe2\x82\xac" BAD) },
	{ "iso-8859-15", VIEW("\xa4"), VIEW("\xe2\x82\xac") },
	{ "windows-1251", VIEW("\xcf"), VIEW("\xd0\x9f") },
	{ "koi8-r", VIEW("\xf0"), VIEW("\xd0\x9f") },
	{ "gb2312", VIEW("\xc4\xe3\xe9\x46"),
	  VIEW("\xe4\xbd\xa0\xe9\x95\x95") },
	{ "big5", VIEW("\xa7\x41\xff" "a"), VIEW("\xe4\xbd\xa0" BAD "a") },
	{ "ks_c_5601-1987", VIEW("\x8c\x63"), VIEW("\xeb\x98\xa0") },
	{ "x-sjis", VIEW("\x87\x40\xb1"), VIEW("\xe2\x91\xa0\xef\xbd\xb1") },
	{ "euc-jp", VIEW("\xa4\xb3\x8e\xb1\xad\xa1"),
	  VIEW("\xe3\x81\x93\xef\xbd\xb1\xe2\x91\xa0") },
	{ "iso-2022-jp", VIEW("a\x1b$B$3-!\x1b(I1\x1b(Bz\n"),
	  VIEW("a\xe3\x81\x93\xe2\x91\xa0\xef\xbd\xb1z\n") },
	{ "iso-2022-jp", VIEW("\x1b(Iaa1"), VIEW(BAD BAD "\xef\xbd\xb1") },
	{ "iso-2022-kr", VIEW("\x1b$)C\x0e>H\x0f."),
	  VIEW("\xec\x95\x88.") },
	{ "hz-gb-2312", VIEW("a~{<:~}~~b~\nc~{<:\nd"),
	  VIEW("a\xe5\xb7\xb1~bc\xe5\xb7\xb1\nd") },
	{ "utf-7", VIEW("+AOk-a"), VIEW("\xc3\xa9" "a") },
	{ "utf-16be", VIEW("\0a\xd8\x3d\xde\0\xd8\0\0b"),
	  VIEW("a\xf0\x9f\x98\x80" BAD "b") },
	{ "windows-1258", VIEW("a\xec"), VIEW("\xc3\xa1") },
	{ "tis-620", VIEW("\xa1"), VIEW("\xe0\xb8\x81") },
	{ "ibm437", VIEW("\x81"), VIEW("\xc3\xbc") },
	{ "macintosh", VIEW("\x8e"), VIEW("\xc3\xa9") },
	{ "iso-8859-8-i", VIEW("\xe0"), VIEW("\xd7\x90") },
};

static struct text
converted(enum charset charset, struct view in, size_t step, char *room)
{
	struct text out = { room, 0, 3 * in.len, false };
	struct converter c;

	converter_init(&c, sets, charset, &out);
	for (; in.len > 0; in = view_slice(in, step, in.len))
		converter_feed(&c, view_slice(in, 0, step));
	converter_end(&c);
	assert_false(out.is_full);
	assert_true(utf8_is_valid((struct view){ out.at, out.len }));
	return out;
}

static void
charsets_become_utf8(void **state)
{
	char room[256];

	(void)state;
	for (size_t i = 0; i < COUNT(charsets); i++) {
		struct view label = view_of(charsets[i].label);
		enum charset charset = charset_named(label);
		struct view in = charsets[i].in;
		assert_int_not_equal(charset, CHARSET_UNKNOWN);
		for (size_t step = 1; step <= in.len; step++) {
			struct text out = converted(charset, in, step, room);
			if (!view_equal((struct view){ out.at, out.len },
					charsets[i].out))
				fail_msg("%s, steps of %zu: %.*s",
					 charsets[i].label, step,
					 (int)out.len, out.at);
		}
		for (size_t cut = 0; cut < in.len; cut++)
			(void)converted(charset, view_slice(in, 0, cut), 2,
					room);
	}
}

static void
every_charset_of_the_list_is_there(void **state)
{
	char room[16];

	(void)state;
	charsets_warm_up();
	for (int i = 0; i < CHARSETS; i++) {
		enum charset charset = (enum charset)i;
		struct text out = { room, 0, sizeof(room), false };
		struct converter c;
		converter_init(&c, sets, charset, &out);
		bool is_own = charset == CHARSET_US_ASCII ||
			      charset == CHARSET_UTF_8;
		if (!is_own && c.charset != charset)
			fail_msg("iconv lacks %s", charset_iconv_name(charset));
	}
}

static void
labels_are_loose_and_unknown_ones_are_not_taken(void **state)
{
	(void)state;
	assert_int_equal(charset_named(VIEW("UTF8")), CHARSET_UTF_8);
	assert_int_equal(charset_named(VIEW("Latin 1")), CHARSET_WINDOWS_1252);
	assert_int_equal(charset_named(VIEW("x-gbk")), CHARSET_GB18030);
	assert_int_equal(charset_named(VIEW("cp-850")),
			 charset_named(VIEW("IBM850")));
	assert_string_equal(charset_iconv_name(charset_named(VIEW("cp-850"))),
			    "CP850");
	assert_int_equal(charset_named(VIEW("x-unknown")), CHARSET_UNKNOWN);
	assert_int_equal(charset_named(VIEW("")), CHARSET_UNKNOWN);
	assert_int_equal(charset_named(VIEW("koi8-r\0")), CHARSET_UNKNOWN);
	assert_int_equal(charset_named(VIEW("//TRANSLIT")), CHARSET_UNKNOWN);
	char name[4000];
	memset(name, 'a', sizeof(name));
	assert_int_equal(charset_named((struct view){ name, sizeof(name) }),
			 CHARSET_UNKNOWN);
}

static void
a_full_text_is_cut_at_a_character(void **state)
{
	(void)state;
	char room[8];
	struct text out = { room, 0, 7, false };

	convert_text(sets, charset_named(VIEW("koi8-r")),
		     VIEW("\xf0\xf0\xf0\xf0\xf0"), &out);
	assert_true(out.is_full);
	assert_int_equal(out.len, 6);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(transfer_encodings_are_undone),
		cmocka_unit_test(transfer_encodings_have_names),
		cmocka_unit_test(charsets_become_utf8),
		cmocka_unit_test(every_charset_of_the_list_is_there),
		cmocka_unit_test(
			labels_are_loose_and_unknown_ones_are_not_taken),
		cmocka_unit_test(a_full_text_is_cut_at_a_character),
	};

	return cmocka_run_group_tests(tests, charset_fixture_open,
				      charset_fixture_close);
}
