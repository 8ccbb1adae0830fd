/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every tests/mime/NAME.eml gives the row in NAME.expect: with LF and with
 * CRLF, in one piece and in pieces of any size; and cut anywhere it gives a
 * row of valid text. Each pair is a case of its own; a new case is a pair. */
#include "mime/row.h"

#include "base/memory.h"
#include "base/utf8.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct mime *mime;

/* A message in pieces of one size. */
static struct message
cut_into_pieces(struct view bytes, size_t size)
{
	struct message message = {
		.envelope.sender = VIEW("Envelope@Example.NET") };
	struct piece **end = &message.raw.first;

	for (size_t at = 0; at < bytes.len; at += size) {
		struct view part = view_slice(bytes, at, at + size);
		struct piece *p = memory_resize(NULL, sizeof(*p) + part.len);
		*p = (struct piece){ NULL, part.len, part.len };
		memcpy(p->bytes, part.at, part.len);
		*end = message.raw.last = p;
		end = &p->next;
		message.raw.len += part.len;
	}
	return message;
}

static void
check_text(struct view v, bool is_line)
{
	assert_true(utf8_is_valid(v));
	for (size_t i = 0; i < v.len; i++) {
		assert_int_not_equal(v.at[i], 0);
		if (is_line && ((unsigned char)v.at[i] < ' ' ||
				v.at[i] == 0x7f))
			fail_msg("control character in a line");
	}
}

static char *
row_of(struct view bytes, size_t piece)
{
	struct message message = cut_into_pieces(bytes, piece);
	struct mail mail = { .message = &message };
	struct arena arena = { 0 };
	char *text = NULL;
	size_t len = 0;

	mime_read(mime, &message, &arena, &mail);
	check_text(mail.from, true);
	check_text(mail.subject, true);
	check_text(mail.message_id, true);
	check_text(mail.reply_to, true);
	check_text(mail.sender, true);
	check_text(mail.charset, true);
	check_text(mail.content_type, true);
	check_text(mail.body, false);
	FILE *out = open_memstream(&text, &len);
	row_print(out, &mail);
	fclose(out);
	mime_read_plain(&message, &arena, &mail);
	check_text(mail.subject, true);
	check_text(mail.from, true);
	arena_free(&arena);
	chain_free(&message.raw);
	return text;
}

static char *
read_file(const char *path, size_t *len_out)
{
	struct message file;

	if (!row_load(path, &file))
		fail_msg("cannot read %s", path);
	char *bytes = memory_new(1, file.raw.len + 1);
	*len_out = chain_copy(&file.raw, 0, file.raw.len, bytes);
	chain_free(&file.raw);
	return bytes;
}

static char *
with_crlf(struct view bytes, size_t *len_out)
{
	char *out = memory_new(2, bytes.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < bytes.len; i++) {
		if (bytes.at[i] == '\n' && (i == 0 || bytes.at[i - 1] != '\r'))
			out[n++] = '\r';
		out[n++] = bytes.at[i];
	}
	*len_out = n;
	return out;
}

static void
expect(const char *what, struct view bytes, size_t piece, const char *expected)
{
	char *row = row_of(bytes, piece);

	if (strcmp(row, expected) != 0)
		fail_msg("%s, pieces of %zu:\n%s--- expected:\n%s", what, piece,
			 row, expected);
	free(row);
}

static void
gives_its_row(void **state)
{
	const char *path = *state;
	char expected_path[512];
	size_t len, expected_len, crlf_len;

	snprintf(expected_path, sizeof(expected_path), "%.*s.expect",
		 (int)(strlen(path) - 4), path);
	char *expected = read_file(expected_path, &expected_len);
	char *bytes = read_file(path, &len);
	char *crlf = with_crlf((struct view){ bytes, len }, &crlf_len);
	static const size_t pieces[] = { SIZE_MAX / 2, 1, 2, 3, 7, 64, 500 };
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		expect(path, (struct view){ bytes, len }, pieces[i], expected);
		expect(path, (struct view){ crlf, crlf_len }, pieces[i],
		       expected);
	}
	for (size_t cut = 0; cut < crlf_len && crlf_len < 8192; cut++)
		free(row_of((struct view){ crlf, cut }, 100));
	free(crlf);
	free(bytes);
	free(expected);
}

int
main(void)
{
	glob_t found = { 0 };

	mime = mime_new(&row_settings);
	if (glob("tests/mime/*.eml", 0, NULL, &found) != 0)
		return 1;
	struct CMUnitTest *tests = memory_new(found.gl_pathc, sizeof(*tests));
	for (size_t i = 0; i < found.gl_pathc; i++)
		tests[i] = (struct CMUnitTest){
			.name = found.gl_pathv[i],
			.test_func = gives_its_row,
			.initial_state = found.gl_pathv[i],
		};
	int failed = _cmocka_run_group_tests("mime corpus", tests,
					     found.gl_pathc, NULL, NULL);
	free(tests);
	globfree(&found);
	mime_free(&mime);
	return failed;
}
