/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes of a charset to UTF-8. iconv does the tables; what it gives is
 * checked again, since it lets U+110000 and NUL through. HZ, which it does
 * not know, and ISO-2022-JP with vendors' characters, which it refuses, are
 * turned into the 8-bit form of the same sets first. */
#include "mime/convert.h"

#include "base/memory.h"
#include "base/utf8.h"

#include <assert.h>
#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT VIEW("\xef\xbf\xbd")

/* After so many faults a text is not what it says: the rest is kept where it
 * is ASCII, without asking iconv about every byte. */
enum { MOST_ERRORS = 10000, STEP = 1024 };

struct charsets {
	iconv_t at[CHARSETS];   /* NULL: not opened; -1: iconv has it not */
};

/* ---- Text being made ----------------------------------------------------- */

size_t
text_open_tail(struct view v)
{
	for (size_t back = 1; back <= 3 && back <= v.len; back++) {
		unsigned char c = (unsigned char)v.at[v.len - back];
		if (c < 0x80)
			return 0;
		if (c < 0xc0)
			continue;
		size_t whole = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
		return back < whole ? back : 0;
	}
	return 0;
}

/* Appends bytes that should be UTF-8; what is not becomes U+FFFD. */
static void
put(struct text *t, struct view bytes)
{
	char mended[3 * STEP];

	assert(t->len <= t->room);
	while (bytes.len > 0 && !t->is_full) {
		size_t room = t->room - t->len;
		if (bytes.len <= room / 3) {
			t->len += utf8_mend(bytes, t->at + t->len);
			return;
		}
		/* A stretch that does not end inside a character. */
		size_t n = bytes.len < STEP ? bytes.len : STEP;
		if (n < bytes.len)
			n -= text_open_tail(view_slice(bytes, 0, n));
		size_t len = utf8_mend(view_slice(bytes, 0, n), mended);
		if (len > room) {
			t->is_full = true;
			len = utf8_cut_bytes((struct view){ mended, len },
					     room);
		}
		memcpy(t->at + t->len, mended, len);
		t->len += len;
		bytes = view_slice(bytes, n, bytes.len);
	}
}

/* ---- Charsets ------------------------------------------------------------ */

struct charsets *
charsets_new(void)
{
	return memory_new(1, sizeof(struct charsets));
}

void
charsets_free(struct charsets **c)
{
	if (*c == NULL)
		return;
	for (int i = 0; i < CHARSETS; i++)
		if ((*c)->at[i] != NULL && (intptr_t)(*c)->at[i] != -1)
			iconv_close((*c)->at[i]);
	free(*c);
	*c = NULL;
}

/* NULL for those that iconv does not know, or need not decode. */
static iconv_t
descriptor(struct charsets *c, enum charset charset)
{
	const char *name = charset_iconv_name(charset);

	if (name == NULL)
		return NULL;
	if (c->at[charset] == NULL)
		c->at[charset] = iconv_open("UTF-8", name);
	return (intptr_t)c->at[charset] != -1 ? c->at[charset] : NULL;
}

void
charsets_warm_up(void)
{
	/* Never freed: while a descriptor is open its code stays loaded. */
	static struct charsets kept;

	for (int i = 0; i < CHARSETS; i++)
		(void)descriptor(&kept, (enum charset)i);
}

void
converter_init(struct converter *c, struct charsets *sets,
	       enum charset charset, struct text *out)
{
	/* The charset whose tables decode this one. */
	enum charset carrier = charset == CHARSET_HZ ? CHARSET_GB18030 :
			       charset == CHARSET_ISO_2022_JP
				       ? CHARSET_EUC_JP_MS : charset;

	*c = (struct converter){ .cd = descriptor(sets, carrier), .out = out,
				 .charset = charset, .unit = 1 };
	if (c->cd != NULL)
		(void)iconv(c->cd, NULL, NULL, NULL, NULL);
	else
		c->charset = CHARSET_UTF_8;
	if (charset == CHARSET_UTF_16LE || charset == CHARSET_UTF_16BE)
		c->unit = 2;
	if (charset == CHARSET_UTF_32LE || charset == CHARSET_UTF_32BE)
		c->unit = 4;
}

static void
put_ascii_only(struct text *out, struct view bytes)
{
	char made[3 * STEP];

	while (bytes.len > 0 && !out->is_full) {
		struct view step = view_slice(bytes, 0, STEP);
		size_t n = 0;
		for (size_t i = 0; i < step.len; i++) {
			if ((unsigned char)step.at[i] < 0x80) {
				made[n++] = step.at[i];
				continue;
			}
			memcpy(made + n, "\xef\xbf\xbd", 3);
			n += 3;
		}
		put(out, (struct view){ made, n });
		bytes = view_slice(bytes, STEP, bytes.len);
	}
}

/* Converts what is complete; returns what is left, which is the beginning of
 * one character. */
static struct view
run(struct converter *c, struct view bytes)
{
	char made[4096];
	char *in = (char *)bytes.at;
	size_t left = bytes.len;

	if (c->charset == CHARSET_UTF_8) {
		size_t tail = text_open_tail(bytes);
		put(c->out, view_slice(bytes, 0, bytes.len - tail));
		return view_slice(bytes, bytes.len - tail, bytes.len);
	}
	while (left > 0 && !c->out->is_full) {
		if (c->errors > MOST_ERRORS) {
			put_ascii_only(c->out, (struct view){ in, left });
			return VIEW("");
		}
		char *to = made;
		size_t room = sizeof(made);
		size_t result = iconv(c->cd, &in, &left, &to, &room);
		int error = errno;
		put(c->out, (struct view){ made, (size_t)(to - made) });
		if (result != (size_t)-1 || error == E2BIG)
			continue;
		if (error == EINVAL || left < c->unit)
			break;
		put(c->out, REPLACEMENT);
		c->errors++;
		in += c->unit;
		left -= c->unit;
	}
	return (struct view){ in, c->out->is_full ? 0 : left };
}

/* Converts, holding back what is not complete. */
static void
pass_on(struct converter *c, struct view bytes)
{
	size_t added = 0;

	while (c->held_len > 0 && bytes.len > 0) {
		if (c->held_len == sizeof(c->held)) {
			put(c->out, REPLACEMENT);
			c->held_len -= c->unit;
			memmove(c->held, c->held + c->unit, c->held_len);
		}
		c->held[c->held_len++] = bytes.at[0];
		bytes = view_slice(bytes, 1, bytes.len);
		added++;
		struct view rest = run(c, (struct view){ c->held,
							 c->held_len });
		memmove(c->held, rest.at, rest.len);
		c->held_len = rest.len;
		/* What was held is done: go on without a copy. */
		if (rest.len <= added) {
			bytes = (struct view){ bytes.at - rest.len,
					       bytes.len + rest.len };
			c->held_len = 0;
		}
	}
	if (bytes.len == 0)
		return;
	struct view rest = run(c, bytes);
	while (rest.len > sizeof(c->held)) {
		put(c->out, REPLACEMENT);
		rest = run(c, view_slice(rest, 1, rest.len));
	}
	if (rest.len > 0)
		memcpy(c->held, rest.at, rest.len);
	c->held_len = rest.len;
}

void
converter_feed(struct converter *c, struct view bytes)
{
	char unescaped[2 * STEP];

	if (c->charset != CHARSET_HZ && c->charset != CHARSET_ISO_2022_JP) {
		pass_on(c, bytes);
		return;
	}
	while (bytes.len > 0) {
		struct view step = view_slice(bytes, 0, STEP);
		size_t n = c->charset == CHARSET_HZ
			? charset_from_hz(&c->shift, step, unescaped)
			: charset_from_jis(&c->shift, step, unescaped);
		pass_on(c, (struct view){ unescaped, n });
		bytes = view_slice(bytes, STEP, bytes.len);
	}
}

void
converter_end(struct converter *c)
{
	char made[64];
	char *to = made;
	size_t room = sizeof(made);

	assert(c->held_len <= sizeof(c->held));
	/* UTF-8's own rule: a cut character is one fault. */
	if (c->held_len > 0 && c->charset == CHARSET_UTF_8)
		put(c->out, (struct view){ c->held, c->held_len });
	else if (c->held_len > 0)
		put(c->out, REPLACEMENT);
	c->held_len = 0;
	if (c->charset == CHARSET_UTF_8)
		return;
	/* Charsets with combining characters keep the last base letter
	 * back. */
	(void)iconv(c->cd, NULL, NULL, &to, &room);
	put(c->out, (struct view){ made, (size_t)(to - made) });
}

void
convert_text(struct charsets *sets, enum charset charset, struct view bytes,
	     struct text *out)
{
	struct converter c;

	converter_init(&c, sets, charset, out);
	converter_feed(&c, bytes);
	converter_end(&c);
}

bool
convert_is_clean(struct charsets *sets, enum charset charset,
		 struct view bytes)
{
	char room[256];
	struct converter c;
	struct text out = { room, 0, sizeof(room), false };

	converter_init(&c, sets, charset, &out);
	if (c.charset == CHARSET_UTF_8)
		return false;
	for (; bytes.len > 0; bytes = view_slice(bytes, 32, bytes.len)) {
		out.len = 0;
		converter_feed(&c, view_slice(bytes, 0, 32));
	}
	return c.errors == 0 && c.held_len == 0 && !out.is_full;
}
