/* SPDX-License-Identifier: GPL-3.0-or-later */
/* utf8: what is valid, how the rest is mended, where text may be cut. */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BAD "\xef\xbf\xbd"

static const struct {
	const char *what;
	struct view in;
	struct view mended;
} mendings[] = {
	{ "empty", VIEW(""), VIEW("") },
	{ "ascii", VIEW("plain text, long"), VIEW("plain text, long") },
	{ "two to four", VIEW("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
	  VIEW("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80") },
	{ "nul", VIEW("a\0b\0"), VIEW("ab") },
	{ "latin-1", VIEW("caf\xe9!"), VIEW("caf" BAD "!") },
	{ "overlong slash", VIEW("\xc0\xaf"), VIEW(BAD BAD) },
	{ "overlong of three", VIEW("\xe0\x80\xaf"), VIEW(BAD BAD BAD) },
	{ "surrogate", VIEW("\xed\xa0\x80"), VIEW(BAD BAD BAD) },
	{ "above 10FFFF", VIEW("\xf4\x90\x80\x80"), VIEW(BAD BAD BAD BAD) },
	{ "last one", VIEW("\xf4\x8f\xbf\xbf"), VIEW("\xf4\x8f\xbf\xbf") },
	{ "cut of four", VIEW("\xf0\x9f\x98"), VIEW(BAD) },
	{ "cut then text", VIEW("\xe2\x82xyz"), VIEW(BAD "xyz") },
	{ "lone tail", VIEW("\x80\x80"), VIEW(BAD BAD) },
};

static void
mends_as_unicode_advises(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mendings) / sizeof(mendings[0]); i++) {
		char out[128];
		struct view in = mendings[i].in;
		struct view got = { out, utf8_mend(in, out) };
		if (!view_equal(got, mendings[i].mended))
			fail_msg("%s", mendings[i].what);
		assert_true(utf8_is_valid(got));
		/* In place, from the end of the room. */
		char *room = malloc(3 * in.len + 1);
		memcpy(room + 2 * in.len, in.at, in.len);
		got.at = room;
		got.len = utf8_mend((struct view){ room + 2 * in.len, in.len },
				    room);
		if (!view_equal(got, mendings[i].mended))
			fail_msg("%s, in place", mendings[i].what);
		free(room);
	}
}

static void
every_code_goes_there_and_back(void **state)
{
	(void)state;
	for (uint32_t code = 0; code <= 0x10ffff; code++) {
		char bytes[4];
		uint32_t back = 0;
		struct view v = { bytes, utf8_encode(code, bytes) };
		bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
		if (is_surrogate != (utf8_decode(v, &back) == 0))
			fail_msg("U+%04X", code);
		if (!is_surrogate && (back != code || !utf8_is_valid(v)))
			fail_msg("U+%04X", code);
	}
}

static const struct {
	const char *what;
	struct view text;
	size_t chars;           /* ask for so many characters */
	size_t kept;            /* bytes that stay */
} cuts[] = {
	{ "nothing asked", VIEW("abc"), 0, 0 },
	{ "shorter", VIEW("abc"), 5, 3 },
	{ "exact", VIEW("abc"), 3, 3 },
	{ "two bytes each", VIEW("\xc3\xa9\xc3\xa9\xc3\xa9"), 2, 4 },
	{ "an accent is one more", VIEW("ae\xcc\x81x"), 2, 2 },
	{ "four bytes each", VIEW("\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa\xf0\x9f"
				  "\x87\xab"), 2, 8 },
	{ "ill-formed", VIEW("\x80\x80\x80\x80"), 2, 2 },
	{ "line end", VIEW("ab\r\nc"), 3, 3 },
};

static void
cuts_before_a_character(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++)
		if (utf8_cut_chars(cuts[i].text, cuts[i].chars) !=
		    cuts[i].kept)
			fail_msg("%s", cuts[i].what);
}

static void
cut_of_valid_text_is_valid(void **state)
{
	(void)state;
	struct view text = VIEW("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"
				"e\xcc\x81\xf0\x9f\x91\xa8\xe2\x80\x8d"
				"\xf0\x9f\x91\xa9z\xf0\x9f\x87\xa9"
				"\xf0\x9f\x87\xaa.");
	for (size_t n = 0; n <= text.len + 1; n++) {
		size_t kept = utf8_cut_bytes(text, n);
		assert_true(kept <= n && kept <= text.len);
		assert_true(utf8_is_valid(view_slice(text, 0, kept)));
		kept = utf8_cut_chars(text, n);
		assert_true(utf8_is_valid(view_slice(text, 0, kept)));
		assert_true(utf8_chars(view_slice(text, 0, kept)) <= n);
	}
	assert_int_equal(utf8_cut_bytes(VIEW("\x80\x80\x80\x80\x80"), 3), 3);
	assert_int_equal(utf8_cut_bytes(VIEW("\xe2\x82\xac"), 2), 0);
}

static void
replaces_what_three_bytes_cannot_hold(void **state)
{
	(void)state;
	char text[] = "x\xf0\x9f\x98\x80y\xe2\x82\xac";

	assert_false(utf8_is_bmp(view_of(text)));
	size_t n = utf8_to_bmp(text, strlen(text));
	assert_true(view_equal((struct view){ text, n },
			       VIEW("x" BAD "y\xe2\x82\xac")));
	assert_true(utf8_is_bmp((struct view){ text, n }));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mends_as_unicode_advises),
		cmocka_unit_test(every_code_goes_there_and_back),
		cmocka_unit_test(cuts_before_a_character),
		cmocka_unit_test(cut_of_valid_text_is_valid),
		cmocka_unit_test(replaces_what_three_bytes_cannot_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
