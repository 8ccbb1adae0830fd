/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What our code knows of GMime, GLib and iconv and guards against: each case
 * fails where a newer library mends a fault, or a wall of ours falls. */
#include "base/arena.h"
#include "mime/charset.h"
#include "mime/content_rewrite.h"
#include "mime/encoded_word.h"
#include "mime/gmime_text.h"
#include "mime/mailbox.h"
#include "mime/row.h"
#include "mime/transfer.h"
#include "support/charset_fixture.h"

#include <gmime/gmime.h>
#include <iconv.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void
a_word_that_ends_in_padding_hides_the_next(void **state)
{
	static const char words[] = "=?UTF-8?B?0YI=?= =?UTF-8?B?0YI=?=";
	char room[3 * sizeof(words)];
	struct text out = { room, 0, sizeof(room), false };

	(void)state;
	char *theirs = g_mime_utils_header_decode_text(NULL, words);
	assert_string_not_equal(theirs, "\xd1\x82\xd1\x82");
	g_free(theirs);
	encoded_word_decode(sets, view_of(words), CHARSET_UNKNOWN, &out);
	assert_true(view_equal((struct view){ room, out.len },
			       VIEW("\xd1\x82\xd1\x82")));
}

static size_t
decode_by_gmime(GMimeContentEncoding how, struct view in, char *out)
{
	GMimeEncoding encoding;

	g_mime_encoding_init_decode(&encoding, how);
	return g_mime_encoding_flush(&encoding, in.at, in.len, out);
}

static size_t
decode_by_us(enum transfer_encoding how, struct view in, char *out)
{
	struct transfer t;

	transfer_init(&t, how);
	size_t len = transfer_decode(&t, &in, out, 2 * TRANSFER_ROOM);
	return len + transfer_finish(&t, out + len);
}

static void
base64_ends_at_its_first_padding(void **state)
{
	char out[3 * TRANSFER_ROOM];
	struct view joined = VIEW("aGVsbG8=\nIQ==\n");

	(void)state;
	assert_int_equal(decode_by_gmime(GMIME_CONTENT_ENCODING_BASE64, joined,
					 out), 5);
	assert_int_equal(decode_by_us(TRANSFER_BASE64, joined, out), 6);
	/* What lacks its padding is lost. */
	assert_int_equal(decode_by_gmime(GMIME_CONTENT_ENCODING_BASE64,
					 VIEW("aGVsbG8"), out), 3);
	assert_int_equal(decode_by_us(TRANSFER_BASE64, VIEW("aGVsbG8"), out),
			 5);
}

static void
quoted_printable_loses_text(void **state)
{
	char out[3 * TRANSFER_ROOM];

	(void)state;
	assert_int_equal(decode_by_gmime(
		GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE, VIEW("a= \nb"), out),
		5);
	assert_int_equal(decode_by_us(TRANSFER_QUOTED, VIEW("a= \nb"), out),
			 2);
	assert_int_equal(decode_by_gmime(
		GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE, VIEW("a=4"), out), 1);
	assert_int_equal(decode_by_us(TRANSFER_QUOTED, VIEW("a=4"), out), 3);
}

/* Whether a process that does it ends well. */
static bool
is_survived(void (*act)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		if (freopen("/dev/null", "w", stderr) == NULL)
			_exit(2);
		act();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

enum { GROUPS = 500000 };

static char *
nested_groups(void)
{
	char *value = malloc(2 * GROUPS + 1);

	/* GMime passes over colons that follow each other. */
	for (size_t i = 0; i < GROUPS; i++)
		memcpy(value + 2 * i, "a:", 2);
	value[2 * GROUPS] = '\0';
	return value;
}

static void
give_groups_to_gmime(void)
{
	(void)internet_address_list_parse(NULL, nested_groups());
}

static void
give_groups_to_us(void)
{
	char *value = nested_groups();
	char *where = malloc(2 * GROUPS);
	bool has_domain;

	(void)mailbox_first(view_of(value), where, &has_domain);
	(void)mailbox_names_any(view_of(value));
}

static void
nested_groups_overflow_the_stack(void **state)
{
	(void)state;
	assert_false(is_survived(give_groups_to_gmime));
	assert_true(is_survived(give_groups_to_us));
}

static const char *const open_comments[] = {
	"a@[1.2.3.4] (c", "a@[1.2.3.4] (c (d)", "a@[1.2.3.4] (c \\)",
	"G: a@[1.2.3.4](",
};

static void
give_comments_to_gmime(void)
{
	for (size_t i = 0; i < sizeof(open_comments) / sizeof(char *); i++) {
		InternetAddressList *list = internet_address_list_parse(
			NULL, open_comments[i]);
		if (list != NULL)
			g_object_unref(list);
	}
#ifdef __SANITIZE_ADDRESS__
	if (__lsan_do_recoverable_leak_check() == 0)
		return;
#endif
	_exit(1);
}

static void
a_comment_that_stays_open_leaks_its_address(void **state)
{
	char where[64];
	bool has_domain;

	(void)state;
	assert_false(is_survived(give_comments_to_gmime));
	/* What leaks here the sanitizer tells at the end. */
	for (size_t i = 0; i < sizeof(open_comments) / sizeof(char *); i++) {
		assert_int_equal(mailbox_first(view_of(open_comments[i]), where,
					       &has_domain), 11);
		assert_memory_equal(where, "a@[1.2.3.4]", 11);
		assert_true(mailbox_names_any(view_of(open_comments[i])));
	}
}

static void
charset_names_are_kept_for_ever(void **state)
{
	char first[] = "x-never-seen-1", again[] = "x-never-seen-1";
	struct text out = { NULL, 0, CONTENT_MOST_SEEN, false };
	char copy[CONTENT_MOST_SEEN + 1];

	(void)state;
	const char *kept = g_mime_charset_iconv_name(first);
	assert_ptr_equal(kept, g_mime_charset_iconv_name(again));
	assert_ptr_not_equal(kept, first);
	/* So it never sees one of a message. */
	out.at = copy;
	const char *seen = content_rewrite(VIEW("a/b; charset=x; "
		"name*=x-evil''a; filename==?x-evil?q?b?=; "
		"boundary*1*=x-evil''c; boundary*0*=x-evil''d"), &out, true);
	assert_null(strstr(seen, "x-evil''"));
	assert_null(strstr(seen, "=?"));
	assert_non_null(strstr(seen, "name*=\"UTF-8''a\""));
}

static void
a_blank_first_line_gives_no_message(void **state)
{
	static const char text[] = "\nFrom: a@b.example\n\ntext\n";

	(void)state;
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(
		text, sizeof(text) - 1);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
	bool has_from = message != NULL &&
		internet_address_list_length(
			g_mime_message_get_from(message)) > 0;
	assert_false(has_from);
	if (message != NULL)
		g_object_unref(message);
	g_object_unref(parser);
	g_object_unref(stream);
}

static void
iconv_passes_what_is_no_utf8(void **state)
{
	char in[] = "\0\xf4\x90\x80\x80", out[16];
	char *from = in, *to = out;
	size_t left = sizeof(in) - 1, room = sizeof(out);
	char made[3 * sizeof(in)];
	struct text text = { made, 0, sizeof(made), false };
	iconv_t cd = iconv_open("UTF-8", "UTF-8");

	(void)state;
	(void)iconv(cd, &from, &left, &to, &room);
	iconv_close(cd);
	assert_true(room < sizeof(out) && out[0] == '\0');
	convert_text(sets, CHARSET_UTF_8, (struct view){ in, sizeof(in) - 1 },
		     &text);
	assert_null(memchr(made, '\0', text.len));
	assert_int_equal(memcmp(made, "\xef\xbf\xbd", 3), 0);
}

static void
iconv_lacks_names_that_mail_has(void **state)
{
	static const char *const labels[] = {
		"ks_c_5601-1987", "iso-8859-8-i", "x-euc-tw",
		"unicode-1-1-utf-7", "x-sjis", "x-mac-cyrillic", "hz-gb-2312",
		"cp-850",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		enum charset charset = charset_named(view_of(labels[i]));
		if (charset == CHARSET_UNKNOWN)
			fail_msg("%s", labels[i]);
		if (iconv_open("UTF-8", labels[i]) != (iconv_t)-1)
			fail_msg("iconv knows %s", labels[i]);
	}
}

/* GMime takes these for the same; our bytes come back as they were. */
static void
any_bytes_go_there_and_back(void **state)
{
	char bytes[256], copy[1024], back[256];
	struct text out = { copy, 0, sizeof(copy) - 1, false };

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)i;
	memcpy(bytes + 1, "=?xn--=?=", 9);
	gmime_text_put(&out, (struct view){ bytes, sizeof(bytes) });
	const char *seen = gmime_text_end(&out);
	assert_int_equal(strlen(seen), out.len);
	assert_true(g_utf8_validate(seen, -1, NULL));
	assert_null(strstr(seen, "=?"));
	assert_null(strstr(seen, "xn--"));
	assert_int_equal(gmime_text_bytes(seen, back, sizeof(back)), 256);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bool is_control = (unsigned char)bytes[i] < ' ' ||
				  bytes[i] == 0x7f;
		assert_int_equal(back[i], is_control ? ' ' : bytes[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_word_that_ends_in_padding_hides_the_next),
		cmocka_unit_test(base64_ends_at_its_first_padding),
		cmocka_unit_test(quoted_printable_loses_text),
		cmocka_unit_test(nested_groups_overflow_the_stack),
		cmocka_unit_test(a_comment_that_stays_open_leaks_its_address),
		cmocka_unit_test(charset_names_are_kept_for_ever),
		cmocka_unit_test(a_blank_first_line_gives_no_message),
		cmocka_unit_test(iconv_passes_what_is_no_utf8),
		cmocka_unit_test(iconv_lacks_names_that_mail_has),
		cmocka_unit_test(any_bytes_go_there_and_back),
	};

	return cmocka_run_group_tests(tests, charset_fixture_open,
				      charset_fixture_close);
}
