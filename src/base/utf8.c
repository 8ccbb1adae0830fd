/* SPDX-License-Identifier: GPL-3.0-or-later */
/* UTF-8 as RFC 3629 has it. Everything foreign passes through here before it
 * reaches the database, which takes surrogates and cuts anywhere. */
#include "base/utf8.h"

#include <assert.h>
#include <string.h>

/* How many bytes at the front of v could belong to one character, and
 * whether they do. At least 1 for what is not empty. The second byte has a
 * range for each first one (RFC 3629 section 4), the others 80..BF. */
static size_t
measure(struct view v, bool *whole_out)
{
	const unsigned char *at = (const unsigned char *)v.at;
	unsigned char c = at[0];

	*whole_out = c < 0x80;
	if (c < 0xc2 || c > 0xf4 || v.len < 2)
		return 1;
	unsigned char low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
	unsigned char high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
	if (at[1] < low || at[1] > high)
		return 1;
	size_t whole = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	size_t n = 2;
	while (n < whole && n < v.len && (at[n] & 0xc0) == 0x80)
		n++;
	*whole_out = n == whole;
	return n;
}

static size_t
char_len(struct view v)
{
	bool is_whole = false;

	if (v.len == 0)
		return 0;
	size_t n = measure(v, &is_whole);
	return is_whole ? n : 0;
}

size_t
utf8_decode(struct view v, uint32_t *code_out)
{
	static const unsigned char bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	size_t n = char_len(v);

	if (n == 0)
		return 0;
	uint32_t code = (unsigned char)v.at[0] & bits[n];
	for (size_t i = 1; i < n; i++)
		code = code << 6 | ((unsigned char)v.at[i] & 0x3f);
	*code_out = code;
	return n;
}

size_t
utf8_encode(uint32_t code, char *where)
{
	size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 :
		code < 0x10000 ? 3 : 4;
	static const unsigned char marks[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	assert(code <= 0x10ffff);
	for (size_t i = len - 1; i > 0; i--) {
		where[i] = (char)(0x80 | (code & 0x3f));
		code >>= 6;
	}
	where[0] = (char)(marks[len] | code);
	return len;
}

size_t
utf8_graphic_len(struct view v)
{
	uint32_t code;

	if (v.len > 0 && v.at[0] >= ' ' && v.at[0] <= '~')
		return 1;
	size_t len = utf8_decode(v, &code);
	return len > 1 && code >= 0xa0 ? len : 0;
}

/* Length of the run of ASCII at the front, eight bytes a step. */
static size_t
ascii_run(struct view v)
{
	size_t n = 0;
	uint64_t word;

	while (v.len - n >= sizeof(word)) {
		memcpy(&word, v.at + n, sizeof(word));
		if ((word & UINT64_C(0x8080808080808080)) != 0)
			break;
		n += sizeof(word);
	}
	while (n < v.len && (unsigned char)v.at[n] < 0x80)
		n++;
	return n;
}

bool
utf8_is_ascii(struct view v)
{
	return ascii_run(v) == v.len;
}

static size_t
valid_len(struct view v)
{
	const unsigned char *at = (const unsigned char *)v.at;
	size_t done = 0;

	while (done < v.len) {
		/* Most of what is not ASCII has two bytes. */
		if (at[done] >= 0xc2 && at[done] < 0xe0 && done + 1 < v.len &&
		    (at[done + 1] & 0xc0) == 0x80) {
			done += 2;
			continue;
		}
		struct view rest = view_slice(v, done, v.len);
		size_t n = at[done] < 0x80 ? ascii_run(rest) : char_len(rest);
		if (n == 0)
			break;
		done += n;
	}
	return done;
}

bool
utf8_is_valid(struct view v)
{
	return valid_len(v) == v.len;
}

size_t
utf8_mend(struct view v, char *where)
{
	char *to = where;

	while (v.len > 0) {
		/* Copied without its NULs; the ranges may overlap. */
		struct view good = view_slice(v, 0, valid_len(v));
		v = view_slice(v, good.len, v.len);
		while (good.len > 0) {
			size_t n = view_find(good, '\0');
			memmove(to, good.at, n);
			to += n;
			while (n < good.len && good.at[n] == '\0')
				n++;
			good = view_slice(good, n, good.len);
		}
		for (bool is_whole = false; v.len > 0; ) {
			size_t n = measure(v, &is_whole);
			if (is_whole)
				break;
			memcpy(to, "\xef\xbf\xbd", 3);
			to += 3;
			v = view_slice(v, n, v.len);
		}
	}
	return (size_t)(to - where);
}

/* Length of the character at the front, 1 for an ill-formed byte. */
static size_t
step(struct view v)
{
	size_t n = char_len(v);

	return n > 0 ? n : 1;
}

size_t
utf8_chars(struct view v)
{
	size_t count = 0;

	while (v.len > 0) {
		size_t n = step(v);
		v = view_slice(v, n, v.len);
		count++;
	}
	return count;
}

size_t
utf8_cut_chars(struct view v, size_t chars)
{
	size_t at = 0;

	/* A character has at least one byte, most have no more. */
	if (v.len <= chars)
		return v.len;
	while (at < v.len && chars > 0) {
		at += step(view_slice(v, at, v.len));
		chars--;
	}
	return at;
}

size_t
utf8_cut_bytes(struct view v, size_t bytes)
{
	if (v.len <= bytes)
		return v.len;
	size_t at = bytes;
	while (at > 0 && bytes - at < 3 &&
	       ((unsigned char)v.at[at] & 0xc0) == 0x80)
		at--;
	/* Bytes that follow no first byte stand each alone. */
	if (char_len(view_slice(v, at, v.len)) <= bytes - at)
		at = bytes;
	return at;
}

bool
utf8_is_bmp(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if ((unsigned char)v.at[i] >= 0xf0)
			return false;
	return true;
}

size_t
utf8_to_bmp(char *at, size_t len)
{
	struct view v = { at, len };
	char *to = at;

	while (v.len > 0) {
		size_t n = step(v);
		if (n == 4)
			memcpy(to, "\xef\xbf\xbd", 3);
		else
			memmove(to, v.at, n);
		to += n == 4 ? 3 : n;
		v = view_slice(v, n, v.len);
	}
	return (size_t)(to - at);
}
