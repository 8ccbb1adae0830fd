/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a message ends: by table, and against a second reading of the rule,
 * one byte at a time, for every text of up to seven of the signs that
 * matter. */
#include "smtp/data.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct outcome {
	struct buf text;
	size_t used;
	bool has_ended;
	bool has_bare_newline;
};

static void
take(struct data *d, struct view bytes, struct outcome *o)
{
	size_t used = 0;

	while (used < bytes.len && d->at != DATA_AT_END) {
		struct view text;
		used += data_next(d, view_slice(bytes, used, bytes.len),
				  &text);
		buf_append(&o->text, text);
	}
	o->used += used;
	o->has_ended = d->at == DATA_AT_END;
	o->has_bare_newline = d->has_bare_newline;
}

/* step 0: byte by byte; else cut there. */
static void
read_data(struct view in, size_t step, struct outcome *o)
{
	struct data d = { .at = DATA_AT_LINE_START };

	*o = (struct outcome){ .text = { .at = o->text.at,
		.size = o->text.size, .ceiling = o->text.ceiling } };
	if (step > 0) {
		take(&d, view_slice(in, 0, step), o);
		take(&d, view_slice(in, step, in.len), o);
		return;
	}
	for (size_t i = 0; i < in.len; i++)
		take(&d, view_slice(in, i, i + 1), o);
}

/* The rule, spelled out: the text up to the first CRLF.CRLF (with a CRLF
 * before it that is DATA's own), lines without their first dot. A CR that is
 * held back at the end of the input is not text yet. */
static void
read_slowly(struct view in, struct outcome *o)
{
	bool at_start = true;
	size_t i = 0;

	o->text.len = 0;
	o->used = in.len;
	o->has_ended = o->has_bare_newline = false;
	while (i < in.len) {
		struct view rest = view_slice(in, i, in.len);
		if (at_start && rest.at[0] == '.') {
			if (view_starts_nocase(rest, VIEW(".\r\n"))) {
				o->used = i + 3;
				o->has_ended = true;
				return;
			}
			at_start = false;
			i++;
			if (rest.len == 2 && rest.at[1] == '\r')
				return;
			continue;
		}
		at_start = view_starts_nocase(rest, VIEW("\r\n"));
		if (!at_start && rest.len > 1 && rest.at[0] == '\r')
			o->has_bare_newline = true;
		if (rest.at[0] == '\n')
			o->has_bare_newline = true;
		buf_append(&o->text, view_slice(rest, 0, at_start ? 2 : 1));
		i += at_start ? 2 : 1;
	}
}

static void
same(const struct outcome *a, const struct outcome *b, struct view in)
{
	if (a->used == b->used && a->has_ended == b->has_ended &&
	    a->has_bare_newline == b->has_bare_newline &&
	    view_equal(buf_view(&a->text), buf_view(&b->text)))
		return;
	fail_msg("used %zu and %zu, ended %d and %d, bare %d and %d of: %.*s",
		 a->used, b->used, a->has_ended, b->has_ended,
		 a->has_bare_newline, b->has_bare_newline, (int)in.len,
		 in.at);
}

/* 4^1 + ... + 4^8 texts, each at every cut and byte by byte. */
static void
every_short_text(void **state)
{
	static const char signs[] = "\r\n.x";
	struct outcome got = { .text = BUF(100) };
	struct outcome want = { .text = BUF(100) };
	char text[8];
	(void)state;

	for (size_t len = 1; len <= sizeof(text); len++)
		for (uint32_t n = 0; n < 1u << (2 * len); n++) {
			for (size_t i = 0; i < len; i++)
				text[i] = signs[n >> (2 * i) & 3];
			struct view in = { text, len };
			read_slowly(in, &want);
			for (size_t cut = 0; cut <= len; cut++) {
				read_data(in, cut, &got);
				same(&got, &want, in);
			}
		}
	buf_release(&got.text);
	buf_release(&want.text);
}

static void
known_texts(void **state)
{
	static const struct {
		struct view in, text;
		size_t left;
		bool bare;
	} cases[] = {
		{ VIEW(".\r\n"), VIEW(""), 0, false },
		{ VIEW("a\r\n.\r\nNOOP\r\n"), VIEW("a\r\n"), 6, false },
		{ VIEW("..\r\n.\r\n"), VIEW(".\r\n"), 0, false },
		{ VIEW(".a\r\n.\r\n"), VIEW("a\r\n"), 0, false },
		{ VIEW("a.\r\n.\r\n"), VIEW("a.\r\n"), 0, false },
		{ VIEW("\r\n.\r\n"), VIEW("\r\n"), 0, false },
		{ VIEW("a\n.\n\r\n.\r\n"), VIEW("a\n.\n\r\n"), 0, true },
		{ VIEW(".\r\r\n.\r\n"), VIEW("\r\r\n"), 0, true },
		{ VIEW("\0.\0\r\n.\r\n"), VIEW("\0.\0\r\n"), 0, false },
	};
	struct outcome got = { .text = BUF(100) };
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (size_t cut = 0; cut <= cases[i].in.len; cut++) {
			read_data(cases[i].in, cut, &got);
			assert_true(got.has_ended);
			assert_int_equal(got.used,
					 cases[i].in.len - cases[i].left);
			assert_int_equal(got.has_bare_newline, cases[i].bare);
			assert_true(view_equal(buf_view(&got.text),
					       cases[i].text));
		}
	buf_release(&got.text);
}

/* All of a chunk is text, dots too; only newlines are looked at. */
static void
chunks_are_only_checked(void **state)
{
	static const struct { struct view in; bool bare, open; } cases[] = {
		{ VIEW(""), false, false },
		{ VIEW("abc"), false, false },
		{ VIEW("a\r\n.\r\n.."), false, false },
		{ VIEW("\r\n\r\n"), false, false },
		{ VIEW("a\nb"), true, false },
		{ VIEW("\n"), true, false },
		{ VIEW("a\rb"), true, false },
		{ VIEW("a\r\r\n"), true, false },
		{ VIEW("a\n\r\n"), true, false },
		{ VIEW("a\r"), false, true },
		{ VIEW("\r\n\r"), false, true },
		{ VIEW("\r\r"), true, true },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (size_t cut = 0; cut <= cases[i].in.len; cut++) {
			struct view in = cases[i].in;
			struct data d = { .at = DATA_AT_LINE_START };
			data_check(&d, view_slice(in, 0, cut));
			data_check(&d, view_slice(in, cut, in.len));
			assert_int_equal(d.has_bare_newline, cases[i].bare);
			assert_int_equal(d.at == DATA_AT_CR, cases[i].open);
		}
}

/* Half a million bare CRs take no more looks than there are bytes: with a
 * search to the end at each this would run for minutes. */
static void
hostile_blocks_are_linear(void **state)
{
	size_t size = 1 << 20;
	char *block = malloc(size);
	(void)state;

	for (int kind = 0; kind < 4; kind++) {
		struct data d = { .at = DATA_AT_TEXT };
		memset(block, kind < 2 ? '\r' : '\n', size);
		for (size_t i = 1; i < size; i += 2)
			block[i] = kind % 2 == 0 ? block[i] : 'x';
		data_check(&d, (struct view){ block, size });
		assert_true(d.has_bare_newline);
	}
	free(block);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_texts),
		cmocka_unit_test(every_short_text),
		cmocka_unit_test(chunks_are_only_checked),
		cmocka_unit_test(hostile_blocks_are_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
