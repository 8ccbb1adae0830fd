/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file as words, and files cut at each position. */
#include "config/lexer.h"
#include "support/config_files.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct row {
	const char *text;
	const char *tokens;     /* "kind line text|", W word, S string, M mark,
				 * B bad */
};

static const struct row table[] = {
	{ "", "" },
	{ " \t\r\n", "" },
	{ "a = 1\n", "W1 a|M1 =|W1 1|" },
	{ "a=1", "W1 a|M1 =|W1 1|" },
	{ "a+=b", "W1 a|M1 +=|W1 b|" },
	{ "l={a,b,}", "W1 l|M1 =|M1 {|W1 a|M1 ,|W1 b|M1 ,|M1 }|" },
	{ "f(x)", "W1 f|M1 (|W1 x|M1 )|" },
	{ "#\n//\n/**/\n/* * /\n*/a # b", "W5 a|" },
	{ "a#b\nc//d\ne/*f\n*/g", "W1 a|W2 c|W3 e|W4 g|" },
	{ "/a/b/", "W1 /a/b/|" },
	{ "[::1]:25 0.0.0.0:25 -5 1.5 a|b", "W1 [::1]:25|W1 0.0.0.0:25|W1 -5|"
					    "W1 1.5|W1 a|b|" },
	{ "\"a b\" 'c'", "S1 \"a b\"|S1 'c'|" },
	{ "\"a\\\"b\\\\\" x", "S1 \"a\\\"b\\\\\"|W1 x|" },
	{ "'a\\'b\\\\' x", "S1 'a\\'b\\\\'|W1 x|" },
	{ "'a\"b' \"c'd\"", "S1 'a\"b'|S1 \"c'd\"|" },
	{ "\"a\nb\" c", "S1 \"a\nb\"|W2 c|" },
	{ "\"# // /* ${A:-}}\"", "S1 \"# // /* ${A:-}}\"|" },
	{ "${A} x", "W1 ${A}|W1 x|" },
	{ "\"$a {\"", "S1 \"$a {\"|" },
	{ "\"\\${\"", "S1 \"\\${\"|" },
	{ "'${'", "S1 '${'|" },
	{ "\"${a\"", "B1 \"${\" without \"}\" in a string; single quotes "
		     "keep it as it is|" },
	{ "\"${a\n}\"", "B1 \"${\" without \"}\" in a string; single quotes "
			"keep it as it is|" },
	{ "${a", "B1 \"${\" without \"}\"|" },
	{ "\n\"a", "B2 a string is not closed|" },
	{ "'a\\'", "B1 a string is not closed|" },
	{ "\"a\\", "B1 a string is not closed|" },
	{ "a\n/* b", "W1 a|B2 a comment is not closed|" },
	{ "/*/", "B1 a comment is not closed|" },
	{ "a + b", "W1 a|B1 a character that needs quotes|" },
	{ "*", "B1 a character that needs quotes|" },
};

static void
words_are_those_of_libconfuse(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct scanner s = { view_of(table[i].text), 1 };
		struct buf got = BUF(4096);
		for (;;) {
			struct token t = token_next(&s);
			if (t.kind == TOKEN_END)
				break;
			buf_printf(&got, "%c%u %.*s|", " WSMB"[t.kind],
				   t.line, (int)t.text.len, t.text.at);
			if (t.kind == TOKEN_BAD)
				break;
		}
		buf_append_byte(&got, '\0');
		if (strcmp(got.at, table[i].tokens) != 0)
			fail_msg("%s\n%s\n%s", table[i].text, got.at,
				 table[i].tokens);
		buf_release(&got);
	}
}

static void
a_nul_byte_is_bad(void **state)
{
	static const char *const texts[] = { "\0", "a\0b", "\"a\0\"", "'\0'" };
	static const size_t lengths[] = { 1, 3, 4, 3 };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct scanner s = { { texts[i], lengths[i] }, 1 };
		struct token t = token_next(&s);
		if (t.kind == TOKEN_WORD)
			t = token_next(&s);
		assert_int_equal(t.kind, TOKEN_BAD);
		assert_int_equal(token_next(&s).kind, TOKEN_BAD);
	}
}

static const char whole[] =
"hostname = \"mail.example.com\" # \xc3\xa9\n"
"domains = {\"example.com\", '*.example.net',}\n"
"/* two\n lines */ domains += {\"[192.0.2.1]\"}\n"
"listen \"127.0.0.1:25\" { proxy_protocol = yes }\n"
"listen 'unix:/run/x' { mode = 0600 }\n"
"limits { memory = 1G } limits { mails = 3 }\n"
"mysql { hosts = {\"db1\", \"[::1]:3307\"} password = 'a\\'${b}'\n"
"table = \"\\x41${HOME:-x}\" }\n"
"recipient_query = 'SELECT 1\nFROM users WHERE address = ?'\n";

/* Faults if and only if there is no configuration, whatever is cut off at
 * the end, at the front, or left out in the middle. */
static void
a_cut_file_has_a_fault_or_none(void **state)
{
	size_t good = 0;

	for (size_t i = 0; i < sizeof(whole) * 3; i++) {
		char text[sizeof(whole)];
		size_t at = i / 3;
		memcpy(text, whole, sizeof(whole));
		if (i % 3 == 0)
			text[at] = '\0';
		else if (i % 3 == 1)
			memmove(text, whole + at, sizeof(whole) - at);
		else if (at + 1 < sizeof(whole))
			memmove(text + at, whole + at + 1,
				sizeof(whole) - at - 1);
		struct buf faults = BUF(1024 * 1024);
		struct config *c = config_files_read(*state, text, &faults);
		assert_true((c == NULL) == (faults.at[0] != '\0'));
		good += c != NULL;
		config_free(&c);
		buf_release(&faults);
	}
	assert_true(good > 10);
}

static int
make_files(void **state)
{
	static struct config_files files;

	config_files_init(&files);
	*state = &files;
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_those_of_libconfuse),
		cmocka_unit_test(a_nul_byte_is_bad),
		cmocka_unit_test(a_cut_file_has_a_fault_or_none),
	};

	return cmocka_run_group_tests(tests, make_files,
				      config_files_tear_down);
}
