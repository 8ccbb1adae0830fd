/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Encoded words. Written here because the library drops the words after one
 * that ends in '='. Words of one charset are joined as bytes before they are
 * converted, since mailers cut in the middle of a character. */
#include "mime/encoded_word.h"

#include "base/utf8.h"
#include "mime/byte.h"
#include "mime/transfer.h"

#include <assert.h>
#include <string.h>

/* Longer fields are cut before they come here. */
enum { MOST_BYTES = 4096 };

bool
encoded_word_at(struct view v, struct encoded_word *word_out)
{
	if (v.len < 8 || v.at[0] != '=' || v.at[1] != '?')
		return false;
	struct view rest = view_slice(v, 2, v.len);
	size_t n = view_find(rest, '?');
	struct view label = view_slice(rest, 0, n);
	if (n == 0 || n + 3 > rest.len || rest.at[n + 2] != '?')
		return false;
	for (size_t i = 0; i < n; i++)
		if (byte_is_space(label.at[i]) || label.at[i] == '=')
			return false;
	char form = ascii_lower(rest.at[n + 1]);
	if (form != 'b' && form != 'q')
		return false;
	rest = view_slice(rest, n + 3, rest.len);
	size_t end = view_find(rest, '?');
	while (end + 1 < rest.len && rest.at[end + 1] != '=')
		end += 1 + view_find(view_slice(rest, end + 1, rest.len), '?');
	if (end + 1 >= rest.len)
		return false;
	/* RFC 2231 5: =?charset*language?... */
	label = view_slice(label, 0, view_find(label, '*'));
	word_out->charset = charset_named(label);
	word_out->is_base64 = form == 'b';
	word_out->text = view_slice(rest, 0, end);
	word_out->len = (size_t)(rest.at - v.at) + end + 2;
	return true;
}

static size_t
decode_q(struct view text, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];
		int high = i + 2 < text.len ? byte_hex(text.at[i + 1]) : -1;
		int low = i + 2 < text.len ? byte_hex(text.at[i + 2]) : -1;
		if (c == '_') {
			c = ' ';
		} else if (c == '=' && high >= 0 && low >= 0) {
			c = (char)(high * 16 + low);
			i += 2;
		}
		out[n++] = c;
	}
	return n;
}

/* What is being decoded: bytes of one charset that wait for more. */
struct decoding {
	struct charsets *sets;
	struct text *out;
	enum charset hint;
	enum charset charset;
	bool is_declared;
	size_t len;
	struct transfer base64; /* digits left of the word before */
	char bytes[MOST_BYTES + TRANSFER_ROOM];
};

/* Writes what base64 held back. */
static void
end_base64(struct decoding *d)
{
	d->len += transfer_finish(&d->base64, d->bytes + d->len);
	transfer_init(&d->base64, TRANSFER_BASE64);
}

static void
flush(struct decoding *d)
{
	end_base64(d);
	assert(d->len <= sizeof(d->bytes));
	struct view bytes = { d->bytes, d->len };
	enum charset charset = d->charset;
	if (!d->is_declared || charset == CHARSET_UNKNOWN ||
	    charset == CHARSET_US_ASCII) {
		if (memchr(bytes.at, '\x1b', bytes.len) != NULL &&
		    convert_is_clean(d->sets, CHARSET_ISO_2022_JP, bytes))
			charset = CHARSET_ISO_2022_JP;
		else if (utf8_is_valid(bytes))
			charset = CHARSET_UTF_8;
		else if (d->hint > CHARSET_UTF_8 &&
			 convert_is_clean(d->sets, d->hint, bytes))
			charset = d->hint;
		else
			charset = CHARSET_WINDOWS_1252;
	}
	convert_text(d->sets, charset, bytes, d->out);
	d->len = 0;
	d->charset = CHARSET_UNKNOWN;
	d->is_declared = false;
}

static void
take_word(struct decoding *d, const struct encoded_word *word, bool is_next)
{
	bool is_same = is_next && d->is_declared &&
		       d->charset == word->charset &&
		       d->charset != CHARSET_UNKNOWN;

	if (!is_same)
		flush(d);
	d->charset = word->charset;
	d->is_declared = true;
	/* Digits left over from the word before are the beginning of this
	 * one's only where they cannot be the end of a text without padding. */
	const struct transfer *t = &d->base64;
	bool is_cut = t->state == 1 ||
		      (t->state == 2 && (t->bits & 0x0f) != 0) ||
		      (t->state == 3 && (t->bits & 0x03) != 0);
	if (!word->is_base64 || t->is_padded || !is_cut)
		end_base64(d);
	struct view text = word->text;
	if (!word->is_base64 && text.len <= MOST_BYTES - d->len)
		d->len += decode_q(text, d->bytes + d->len);
	while (word->is_base64 && text.len > 0 && d->len < MOST_BYTES) {
		size_t room = sizeof(d->bytes) - d->len;
		d->len += transfer_decode(&d->base64, &text,
					  d->bytes + d->len, room);
	}
}

/* Bytes of the control character that v begins with: C0, DEL, C1, and the
 * line and paragraph separators. */
static size_t
control_len(struct view v)
{
	unsigned char c = (unsigned char)v.at[0];

	if (c < ' ' || c == 0x7f)
		return 1;
	if (c == 0xc2 && v.len > 1 && (unsigned char)v.at[1] < 0xa0)
		return 2;
	if (c == 0xe2 && v.len > 2 && (unsigned char)v.at[1] == 0x80 &&
	    ((unsigned char)v.at[2] == 0xa8 || (unsigned char)v.at[2] == 0xa9))
		return 3;
	return 0;
}

/* Takes control characters out in place: line ends and tabs become one space,
 * others go. Returns the new length; ends are trimmed. */
static size_t
tidy(char *at, size_t len)
{
	size_t n = 0;

	for (size_t i = 0, control; i < len; i += control > 0 ? control : 1) {
		struct view v = { at + i, len - i };
		char c = at[i];
		control = c >= ' ' && c < 0x7f ? 0 : control_len(v);
		/* A line end with the blank that follows it is a fold. */
		if (c == '\t' || ((c == '\n' || control == 3) &&
				  !(v.len > 1 && byte_is_space(v.at[1]))))
			at[n++] = ' ';
		else if (control == 0)
			at[n++] = c;
	}
	while (n > 0 && at[n - 1] == ' ')
		n--;
	size_t blanks = 0;
	while (blanks < n && at[blanks] == ' ')
		blanks++;
	memmove(at, at + blanks, n - blanks);
	return n - blanks;
}

void
encoded_word_decode(struct charsets *sets, struct view value,
		    enum charset hint, struct text *out)
{
	struct decoding d = { .sets = sets, .out = out, .hint = hint,
			      .charset = CHARSET_UNKNOWN };
	transfer_init(&d.base64, TRANSFER_BASE64);
	struct encoded_word word;
	bool is_word, was_word = false;

	value = view_slice(value, 0, MOST_BYTES);
	while (value.len > 0) {
		size_t n = 0, blanks = 0;
		for (is_word = false; !is_word && n < value.len;) {
			n += view_find(view_slice(value, n, value.len), '=');
			is_word = encoded_word_at(
				view_slice(value, n, value.len), &word);
			n += is_word || n == value.len ? 0 : 1;
		}
		/* Blanks between two words only separate them. */
		while (blanks < n && byte_is_space(value.at[blanks]))
			blanks++;
		bool is_next = was_word && is_word && blanks == n;
		if (!is_next) {
			if (d.is_declared)
				flush(&d);
			assert(d.len == 0 && n <= MOST_BYTES);
			memcpy(d.bytes, value.at, n);
			d.len = n;
		}
		value = view_slice(value, n, value.len);
		if (is_word) {
			take_word(&d, &word, is_next);
			value = view_slice(value, word.len, value.len);
		}
		was_word = is_word;
	}
	flush(&d);
	out->len = tidy(out->at, out->len);
}
