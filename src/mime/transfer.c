/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base64 and quoted-printable. Written here because the library's base64
 * ends at the first '=', where mail made of joined pieces goes on. */
#include "mime/transfer.h"

#include "mime/byte.h"
#include "mime/mime_parameter.h"

#include <string.h>

enum transfer_encoding
transfer_named(struct view value)
{
	struct view word = mime_parameter_take_word(&value);

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

/* The line that was held is data. */
static size_t
accept_line(struct transfer *t, char *out)
{
	size_t len = 0;

	for (unsigned i = 0; i < t->held_len; i++)
		len += take_digit(t, digit_of[(unsigned char)t->held[i]],
				  out + len);
	t->held_len = 0;
	return len;
}

/* One byte after padding: another base64 text may follow, or a mailing list's
 * footer in clear. So a line is held until it is seen to be digits; one with
 * anything else ends the data. */
static size_t
after_padding(struct transfer *t, unsigned char c, char *out)
{
	unsigned digit = digit_of[c];
	size_t len = 0;

	if (digit < 64 && !t->is_accepted) {
		t->held[t->held_len++] = (char)c;
		if (t->held_len < sizeof(t->held))
			return 0;
		t->is_accepted = true;
		return accept_line(t, out);
	}
	if (digit < 64)
		return take_digit(t, digit, out);
	if (digit == OTHER) {
		t->is_ended = true;
		t->held_len = 0;
		t->digits = 0;
		return 0;
	}
	if (c != '\n' && digit != PAD)
		return 0;
	len = accept_line(t, out);
	if (digit == PAD)
		len += flush_digits(t, out + len);
	t->is_accepted = false;
	return len;
}

static void
skip_others(struct view *in)
{
	size_t n = 0;

	while (n < in->len && digit_of[(unsigned char)in->at[n]] >= 64 &&
	       in->at[n] != '=')
		n++;
	*in = view_slice(*in, n, in->len);
}

static size_t
decode_base64(struct transfer *t, struct view *in, char *out, size_t room)
{
	size_t len = 0;

	while (in->len > 0 && room - len >= TRANSFER_ROOM && !t->is_ended) {
		if (t->digits == 0 && !t->is_padded)
			len += decode_groups(in, (unsigned char *)out + len,
					     room - len);
		if (in->len == 0 || room - len < TRANSFER_ROOM)
			break;
		unsigned char c = (unsigned char)in->at[0];
		unsigned digit = digit_of[c];
		*in = view_slice(*in, 1, in->len);
		if (t->is_padded) {
			len += after_padding(t, c, out + len);
		} else if (digit < 64) {
			len += take_digit(t, digit, out + len);
		} else if (digit == PAD) {
			len += flush_digits(t, out + len);
			t->is_padded = true;
		} else {
			skip_others(in);
		}
	}
	if (t->is_ended)
		in->len = 0;
	return len;
}

/* Blanks between '=' and the end of its line; bytes of codes at a time. */
enum { MOST_BLANKS = 64, MOST_CODES = 100 };

/* Values of hexadecimal digits and one more; 0 for all else. */
static const unsigned char hex_of[256] = {
	['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5, ['5'] = 6,
	['6'] = 7, ['7'] = 8, ['8'] = 9, ['9'] = 10, ['A'] = 11, ['B'] = 12,
	['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16, ['a'] = 11,
	['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

/* Length of the codes at the front of v, and what it makes: nothing (a soft
 * line break), a byte, or itself where it is none. 0 where v ends before
 * that is known. */
static size_t
code_len(struct view v, char *out, size_t *len)
{
	const unsigned char *at = (const unsigned char *)v.at;
	size_t n = 1;

	/* Codes come in groups: a letter has two or three. */
	while (n + 2 <= v.len && n < MOST_CODES && at[n - 1] == '=' &&
	       hex_of[at[n]] != 0 && hex_of[at[n + 1]] != 0) {
		out[(*len)++] = (char)((hex_of[at[n]] - 1) * 16 +
				       hex_of[at[n + 1]] - 1);
		n += 3;
	}
	if (n > 1)
		return n - 1;
	while (n < v.len && n < MOST_BLANKS &&
	       (at[n] == ' ' || at[n] == '\t' || at[n] == '\r'))
		n++;
	if (n < v.len && at[n] == '\n')
		return n + 1;
	if (n == v.len || (n == 1 && v.len == 2 && hex_of[at[1]] != 0))
		return 0;
	out[(*len)++] = '=';
	return 1;
}

/* Takes one byte behind what is held, which begins with '='. */
static size_t
take_behind(struct transfer *t, char c, char *out)
{
	size_t len = 0;

	t->held[t->held_len++] = c;
	size_t n = code_len((struct view){ t->held, t->held_len }, out, &len);
	if (n == 0)
		return 0;
	/* All behind a '=' that is no code stands for itself, but for another
	 * one at the end. */
	size_t rest = t->held_len - n;
	bool is_next = rest > 0 && c == '=';
	rest -= is_next ? 1 : 0;
	memcpy(out + len, t->held + n, rest);
	t->held_len = is_next ? 1 : 0;
	return len + rest;
}

/* Bytes before the next '='; the next few are the likeliest place. */
static size_t
clear_len(struct view v)
{
	size_t n = 0;

	while (n < v.len && n < 8)
		if (v.at[n++] == '=')
			return n - 1;
	return n + view_find(view_slice(v, n, v.len), '=');
}

static size_t
decode_quoted(struct transfer *t, struct view *in, char *out, size_t room)
{
	size_t len = 0;

	while (in->len > 0 && room - len >= TRANSFER_ROOM) {
		if (t->held_len > 0) {
			len += take_behind(t, in->at[0], out + len);
			*in = view_slice(*in, 1, in->len);
			continue;
		}
		size_t n = clear_len(*in);
		if (n > room - len - TRANSFER_HELD)
			n = room - len - TRANSFER_HELD;
		memcpy(out + len, in->at, n);
		len += n;
		*in = view_slice(*in, n, in->len);
		if (in->len == 0 || in->at[0] != '=')
			continue;
		n = code_len(*in, out, &len);
		if (n == 0)
			t->held[t->held_len++] = '=';
		*in = view_slice(*in, n > 0 ? n : 1, in->len);
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
	if (t->encoding == TRANSFER_BASE64) {
		size_t len = accept_line(t, out);
		return len + flush_digits(t, out + len);
	}
	size_t n = t->held_len;
	t->held_len = 0;
	if (n < 2 || byte_hex(t->held[1]) < 0)
		return 0;
	memcpy(out, t->held, n);
	return n;
}
