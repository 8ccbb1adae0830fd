/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Transfer encodings. GMime decodes base64 and uuencode; it ends a base64
 * text at its first '=', where mail made of joined pieces goes on: then it
 * begins anew. Quoted-printable is decoded here: GMime takes a '=' with blanks
 * behind it at the end of a line for text, drops a code that is cut off at the
 * end, and takes four times as long. */
#include "mime/transfer.h"

#include "mime/byte.h"

#include <assert.h>
#include <gmime/gmime.h>
#include <string.h>

enum transfer_encoding
transfer_named(struct view value)
{
	char name[32] = "";
	struct view v = value;
	size_t n = 0;

	/* The first word, without quotes and comments around it. */
	while (v.len > 0 && (byte_is_space(v.at[0]) || v.at[0] == '(')) {
		n = v.at[0] == '(' ? byte_comment_len(v) : 1;
		v = view_slice(v, n > 0 ? n : v.len, v.len);
	}
	for (n = 0; n < v.len && !byte_is_one_of(v.at[n], ";(, \t\r\n");)
		n++;
	struct view word = byte_trim(view_slice(v, 0, n), "\"");
	if (word.len < sizeof(name))
		memcpy(name, word.at, word.len);
	switch (g_mime_content_encoding_from_string(name)) {
	case GMIME_CONTENT_ENCODING_BASE64:
		return TRANSFER_BASE64;
	case GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE:
		return TRANSFER_QUOTED;
	case GMIME_CONTENT_ENCODING_UUENCODE:
		return TRANSFER_UUENCODE;
	case GMIME_CONTENT_ENCODING_DEFAULT:
	case GMIME_CONTENT_ENCODING_7BIT:
	case GMIME_CONTENT_ENCODING_8BIT:
	case GMIME_CONTENT_ENCODING_BINARY:
		break;
	}
	return TRANSFER_PLAIN;
}

void
transfer_init(struct transfer *t, enum transfer_encoding encoding)
{
	*t = (struct transfer){ .encoding = encoding };
}

/* Lets GMime decode; writes at most 3 bytes more than it is given. */
static size_t
step(struct transfer *t, struct view in, char *out)
{
	GMimeEncoding work = {
		.encoding = t->encoding == TRANSFER_BASE64 ?
				    GMIME_CONTENT_ENCODING_BASE64 :
				    GMIME_CONTENT_ENCODING_UUENCODE,
		.state = t->state, .save = t->bits,
	};

	size_t len = g_mime_encoding_step(&work, in.at, in.len, out);
	t->state = work.state;
	t->bits = work.save;
	return len;
}

/* What was held behind padding is another base64 text. */
static size_t
begin_anew(struct transfer *t, char *out)
{
	size_t n = t->held_len;

	t->state = 0;
	t->bits = 0;
	t->is_padded = false;
	t->held_len = 0;
	return step(t, (struct view){ t->held, n }, out);
}

/* One byte after padding: another base64 text may follow, or a mailing list's
 * footer in clear. So a line is held until it is seen to be digits; one with
 * anything else ends the data. */
static size_t
after_padding(struct transfer *t, char c, char *out)
{
	if (ascii_is_alnum(c) || c == '+' || c == '/') {
		t->held[t->held_len++] = c;
		return t->held_len < sizeof(t->held) ? 0 : begin_anew(t, out);
	}
	if (!byte_is_space(c) && c != '=') {
		t->is_ended = true;
		t->held_len = 0;
		return 0;
	}
	if (t->held_len == 0 || (c != '\n' && c != '='))
		return 0;
	if (c == '=')
		t->held[t->held_len++] = c;
	size_t len = begin_anew(t, out);
	t->is_padded = c == '=';
	return len;
}

static size_t
decode_base64(struct transfer *t, struct view *in, char *out, size_t room)
{
	size_t len = 0;

	while (in->len > 0 && room - len >= TRANSFER_ROOM && !t->is_ended) {
		size_t n = 1;
		if (t->is_padded) {
			len += after_padding(t, in->at[0], out + len);
		} else {
			struct view part = view_slice(*in, 0, room - len - 3);
			n = view_find(part, '=');
			t->is_padded = n < part.len;
			n += t->is_padded ? 1 : 0;
			len += step(t, view_slice(part, 0, n), out + len);
		}
		*in = view_slice(*in, n, in->len);
	}
	if (t->is_ended)
		in->len = 0;
	return len;
}

/* Line by line: what is left of a short one would be missing in the next. */
static size_t
decode_uuencode(struct transfer *t, struct view *in, char *out, size_t room)
{
	enum { OF_LINE = 0xffff };      /* of GMime's state */
	static const struct view begin = VIEW("begin ");
	size_t len = 0;

	/* All up to the end of the line "begin <mode> <name>". */
	while (in->len > 0 && !t->is_begun) {
		char c = in->at[0];
		*in = view_slice(*in, 1, in->len);
		if (t->held_len < begin.len)
			t->held[t->held_len++] = c;
		if (c != '\n')
			continue;
		t->is_begun = t->held_len == begin.len &&
			      memcmp(t->held, begin.at, begin.len) == 0;
		t->held_len = 0;
	}
	while (in->len > 0 && room - len >= TRANSFER_ROOM) {
		struct view part = view_slice(*in, 0, room - len - 3);
		size_t n = view_find(part, '\n');
		len += step(t, view_slice(part, 0, n), out + len);
		if (n < part.len) {
			t->state &= ~OF_LINE;
			t->bits = 0;
			n++;
		}
		*in = view_slice(*in, n, in->len);
	}
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

	assert(t->held_len < sizeof(t->held) && t->held[0] == '=');
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
		size_t n = 0;
		/* The next few are the likeliest place of the next '='. */
		while (n < in->len && n < 8 && in->at[n] != '=')
			n++;
		if (n == 8)
			n += view_find(view_slice(*in, n, in->len), '=');
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

	assert(room >= TRANSFER_ROOM);
	switch (t->encoding) {
	case TRANSFER_BASE64:
		return decode_base64(t, in, out, room);
	case TRANSFER_QUOTED:
		return decode_quoted(t, in, out, room);
	case TRANSFER_UUENCODE:
		return decode_uuencode(t, in, out, room);
	case TRANSFER_PLAIN:
		n = in->len < room ? in->len : room;
		memcpy(out, in->at, n);
		*in = view_slice(*in, n, in->len);
		break;
	}
	return n;
}

size_t
transfer_finish(struct transfer *t, char *out)
{
	size_t n = t->held_len;

	assert(n <= sizeof(t->held));
	if (t->encoding == TRANSFER_BASE64) {
		n = n > 0 ? begin_anew(t, out) : 0;
		/* GMime writes what less than four digits hold where they are
		 * padded; one lone digit holds nothing. */
		if (!t->is_padded && t->state > 0)
			n += step(t, VIEW("="), out + n);
		return n;
	}
	t->held_len = 0;
	/* A '=' at the very end is a soft break whose line was cut off. */
	if (t->encoding != TRANSFER_QUOTED || n < 2 ||
	    byte_hex(t->held[1]) < 0)
		return 0;
	memcpy(out, t->held, n);
	return n;
}
