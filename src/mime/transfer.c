/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base64 and quoted-printable. Written here because the library's base64
 * ends at the first '=', where mail made of joined pieces goes on. */
#include "mime/transfer.h"

#include "mime/parameter.h"

#include <string.h>

enum transfer_encoding
transfer_named(struct view value)
{
	struct view word = parameter_take_word(&value);

	if (word.len > 1 && word.at[0] == '"')
		word = view_slice(word, 1, word.len - 1);
	if (view_equal_nocase(word, VIEW("base64")))
		return TRANSFER_BASE64;
	if (view_equal_nocase(word, VIEW("quoted-printable")))
		return TRANSFER_QUOTED;
	return TRANSFER_PLAIN;
}

void
transfer_init(struct transfer *t, enum transfer_encoding encoding)
{
	*t = (struct transfer){ .encoding = encoding };
}

enum { SPACE = 64, PAD = 65, OTHER = 66 };

#define X4 OTHER, OTHER, OTHER, OTHER
#define X16 X4, X4, X4, X4
#define X64 X16, X16, X16, X16

static const unsigned char digit_of[256] = {
	OTHER, X4, X4, SPACE, SPACE, OTHER, OTHER, SPACE, OTHER, OTHER,
	X16, SPACE, OTHER, OTHER, OTHER, X4, OTHER, OTHER, OTHER, 62, OTHER,
	OTHER, OTHER, 63, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, OTHER,
	OTHER, OTHER, PAD, OTHER, OTHER, OTHER, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
	10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, OTHER,
	OTHER, OTHER, OTHER, OTHER, OTHER, 26, 27, 28, 29, 30, 31, 32, 33, 34,
	35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51,
	X4, OTHER, X64, X64
};

/* Whole groups of four digits, as long as nothing else comes. */
static size_t
decode_groups(struct view *in, unsigned char *out, size_t room)
{
	const unsigned char *at = (const unsigned char *)in->at;
	size_t groups = in->len / 4 < room / 3 ? in->len / 4 : room / 3;
	size_t done = 0;

	for (; done < groups; done++, at += 4, out += 3) {
		unsigned a = digit_of[at[0]], b = digit_of[at[1]];
		unsigned c = digit_of[at[2]], d = digit_of[at[3]];
		if ((a | b | c | d) >= 64)
			break;
		out[0] = (unsigned char)(a << 2 | b >> 4);
		out[1] = (unsigned char)(b << 4 | c >> 2);
		out[2] = (unsigned char)(c << 6 | d);
	}
	*in = view_slice(*in, done * 4, in->len);
	return done * 3;
}

/* Writes what less than four digits hold; a lone digit holds nothing. */
static size_t
flush_digits(struct transfer *t, char *out)
{
	size_t n = t->digits >= 2 ? t->digits - 1 : 0;

	if (n > 0)
		out[0] = (char)(t->bits >> (t->digits == 2 ? 4 : 10));
	if (n > 1)
		out[1] = (char)(t->bits >> 2);
	t->bits = 0;
	t->digits = 0;
	return n;
}

static size_t
take_digit(struct transfer *t, unsigned digit, char *out)
{
	t->bits = t->bits << 6 | digit;
	if (++t->digits < 4)
		return 0;
	out[0] = (char)(t->bits >> 16);
	out[1] = (char)(t->bits >> 8);
	out[2] = (char)t->bits;
	t->bits = 0;
	t->digits = 0;
	return 3;
}

/* After padding another base64 text may follow, or a mailing list's footer
 * in clear: a line with anything but digits ends the data, and what it gave
 * is taken back. */
static size_t
decode_base64(struct transfer *t, struct view *in, char *out, size_t room)
{
	size_t len = 0;

	t->line_start = 0;
	while (in->len > 0 && room - len >= 3 && !t->is_ended) {
		if (t->digits == 0) {
			len += decode_groups(in, (unsigned char *)out + len,
					     room - len);
			if (in->len == 0 || room - len < 3)
				break;
		}
		unsigned char c = (unsigned char)in->at[0];
		unsigned digit = digit_of[c];
		*in = view_slice(*in, 1, in->len);
		if (digit < 64) {
			len += take_digit(t, digit, out + len);
		} else if (digit == PAD) {
			len += flush_digits(t, out + len);
			t->is_padded = true;
			t->line_start = len;
		} else if (c == '\n') {
			t->line_start = len;
		} else if (digit == OTHER && t->is_padded) {
			len = t->line_start;
			t->digits = 0;
			t->is_ended = true;
		}
	}
	if (t->is_ended)
		in->len = 0;
	return len;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What is held turned out to be no code: it stands for itself. */
static size_t
release(struct transfer *t, char *out)
{
	size_t n = t->held_len;

	memcpy(out, t->held, n);
	t->held_len = 0;
	return n;
}

/* Takes one byte behind a held '='. Returns what is written; *used_out tells
 * whether the byte belongs to the code. */
static size_t
take_code(struct transfer *t, char c, char *out, bool *used_out)
{
	bool is_blank = c == ' ' || c == '\t' || c == '\r';
	char last = t->held[t->held_len - 1];

	*used_out = true;
	if (c == '\n' && (t->held_len == 1 || hex_value(last) < 0)) {
		t->held_len = 0;        /* a soft line break */
		return 0;
	}
	if (t->held_len == 2 && hex_value(last) >= 0 && hex_value(c) >= 0) {
		out[0] = (char)(hex_value(last) * 16 + hex_value(c));
		t->held_len = 0;
		return 1;
	}
	if ((t->held_len == 1 && (is_blank || hex_value(c) >= 0)) ||
	    (is_blank && hex_value(last) < 0 &&
	     t->held_len < sizeof(t->held))) {
		t->held[t->held_len++] = c;
		return 0;
	}
	*used_out = false;
	return release(t, out);
}

static size_t
decode_quoted(struct transfer *t, struct view *in, char *out, size_t room)
{
	size_t len = 0;
	bool is_used;

	while (in->len > 0 && room - len >= sizeof(t->held)) {
		if (t->held_len > 0) {
			len += take_code(t, in->at[0], out + len, &is_used);
			if (is_used)
				*in = view_slice(*in, 1, in->len);
			continue;
		}
		size_t n = view_find(*in, '=');
		if (n > room - len)
			n = room - len;
		memcpy(out + len, in->at, n);
		len += n;
		*in = view_slice(*in, n, in->len);
		if (in->len > 0 && in->at[0] == '=') {
			t->held[t->held_len++] = '=';
			*in = view_slice(*in, 1, in->len);
		}
	}
	return len;
}

size_t
transfer_decode(struct transfer *t, struct view *in, char *out, size_t room)
{
	size_t n = 0;

	switch (t->encoding) {
	case TRANSFER_BASE64:
		return decode_base64(t, in, out, room);
	case TRANSFER_QUOTED:
		return decode_quoted(t, in, out, room);
	case TRANSFER_PLAIN:
		n = in->len < room ? in->len : room;
		memcpy(out, in->at, n);
		*in = view_slice(*in, n, in->len);
		break;
	}
	return n;
}

/* A '=' at the very end is a soft break whose line was cut off. */
size_t
transfer_finish(struct transfer *t, char *out)
{
	if (t->encoding == TRANSFER_BASE64)
		return flush_digits(t, out);
	if (t->held_len == 0)
		return 0;
	if (t->held_len == 1 || hex_value(t->held[1]) < 0) {
		t->held_len = 0;
		return 0;
	}
	return release(t, out);
}
