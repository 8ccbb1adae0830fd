/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Command lines, whole, byte by byte and cut at every position. */
#include "smtp/command_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char long_line[] =
	"0123456789012345678901234567890123456789012345678901234567890123";

/* What the lines of one input are, as text: "W[one] B L P", F for an
 * LF alone. */
static void
read_all(struct view input, size_t cut, struct buf *seen)
{
	static const char kinds[] = "PFWBL";
	struct command_line l = { .is_begun = false };
	size_t used = 0;

	seen->len = 0;
	while (used < input.len) {
		size_t end = used < cut ? cut : input.len;
		struct view line;
		enum command_line_kind kind;
		used += command_line_feed(&l, view_slice(input, used, end),
					  &line, &kind);
		if (kind == COMMAND_LINE_PARTIAL)
			continue;
		buf_append_byte(seen, kinds[kind]);
		if (kind == COMMAND_LINE_BARE_LF)
			continue;
		if (kind == COMMAND_LINE_WHOLE) {
			buf_append_byte(seen, '[');
			buf_append(seen, line);
			buf_append_byte(seen, ']');
		}
		command_line_forget(&l);
		assert_null(l.kept.at);
	}
	if (l.is_begun)
		buf_append_byte(seen, 'P');
	command_line_forget(&l);
}

static void
read_by_bytes(struct view input, struct buf *seen)
{
	static const char kinds[] = "PFWBL";
	struct command_line l = { .is_begun = false };

	seen->len = 0;
	for (size_t i = 0; i < input.len; i++) {
		struct view line;
		enum command_line_kind kind;
		assert_int_equal(command_line_feed(&l,
						   view_slice(input, i, i + 1),
						   &line, &kind),
				 1);
		if (kind == COMMAND_LINE_PARTIAL)
			continue;
		buf_append_byte(seen, kinds[kind]);
		if (kind == COMMAND_LINE_BARE_LF)
			continue;
		if (kind == COMMAND_LINE_WHOLE)
			buf_printf(seen, "[%.*s]", (int)line.len, line.at);
		command_line_forget(&l);
	}
	if (l.is_begun)
		buf_append_byte(seen, 'P');
	command_line_forget(&l);
}

static void
only_crlf_ends_a_line(void **state)
{
	static const struct { struct view in; const char *out; } cases[] = {
		{ VIEW("NOOP\r\n"), "W[NOOP]" },
		{ VIEW("\r\n"), "W[]" },
		{ VIEW("a\r\nb\r\nc"), "W[a]W[b]P" },
		{ VIEW("a\r"), "P" },
		{ VIEW("a\n"), "FP" },
		{ VIEW("a\nb\r\nc\r\n"), "FBW[c]" },
		{ VIEW("a\nb\n\nc\r\n"), "FFFB" },
		{ VIEW("a\rb\r\nc\r\n"), "BW[c]" },
		{ VIEW("a\r\r\nc\r\n"), "BW[c]" },
		{ VIEW("a\n\r\nc\r\n"), "FBW[c]" },
		{ VIEW("\n\r\n"), "FB" },
		{ VIEW("\r\r\n"), "B" },
		{ VIEW("\r\r\r\r\n\r\n"), "BW[]" },
		{ VIEW("a\0b\r\nc\r\n"), "BW[c]" },
		{ VIEW("\0\r\n"), "B" },
		{ VIEW(" \t\r\n"), "W[ \t]" },
		{ VIEW("\xff\xfe\r\n"), "W[\xff\xfe]" },
	};
	struct buf seen = BUF(10000);
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct view want = view_of(cases[i].out);
		for (size_t cut = 0; cut <= cases[i].in.len; cut++) {
			read_all(cases[i].in, cut, &seen);
			assert_true(view_equal(buf_view(&seen), want));
		}
		read_by_bytes(cases[i].in, &seen);
		assert_true(view_equal(buf_view(&seen), want));
	}
	buf_release(&seen);
}

static void
the_longest_line_is_1024_octets(void **state)
{
	struct buf in = BUF(4000), seen = BUF(4000), want = BUF(4000);
	(void)state;

	for (size_t len = 1018; len < 1028; len++) {
		in.len = want.len = 0;
		while (in.len < len)
			buf_append_text(&in, long_line);
		in.len = len;
		if (len + 2 <= COMMAND_LINE_MAX_BYTES)
			buf_printf(&want, "W[%.*s]", (int)len, in.at);
		else
			buf_append_byte(&want, 'L');
		buf_append_text(&in, "\r\nx\r\n");
		buf_append_text(&want, "W[x]");
		for (size_t cut = 0; cut <= in.len; cut++) {
			read_all(buf_view(&in), cut, &seen);
			assert_true(view_equal(buf_view(&seen),
					       buf_view(&want)));
		}
		read_by_bytes(buf_view(&in), &seen);
		assert_true(view_equal(buf_view(&seen), buf_view(&want)));
	}
	buf_release(&in);
	buf_release(&seen);
	buf_release(&want);
}

static void
endless_lines_cost_no_more_than_one(void **state)
{
	struct command_line l = { .is_begun = false };
	struct view line;
	enum command_line_kind kind;
	(void)state;

	for (int i = 0; i < 100000; i++) {
		command_line_feed(&l, view_of(i % 3 ? long_line : "\r\r"),
				  &line, &kind);
		assert_int_equal(kind, COMMAND_LINE_PARTIAL);
		command_line_feed(&l, VIEW("x\n"), &line, &kind);
		assert_int_equal(kind, COMMAND_LINE_BARE_LF);
		assert_true(l.kept.size <= COMMAND_LINE_MAX_BYTES);
	}
	command_line_forget(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_crlf_ends_a_line),
		cmocka_unit_test(the_longest_line_is_1024_octets),
		cmocka_unit_test(endless_lines_cost_no_more_than_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
