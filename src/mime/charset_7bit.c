/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Escape sequences of 7-bit East Asian charsets. The state is small: which
 * set is in use, and how much of an escape has been seen. */
#include "mime/charset_7bit.h"

/* HZ: bit 0: between ~{ and ~}; bit 1: a tilde was seen. */
enum { HZ_WIDE = 1, HZ_TILDE = 2 };

static size_t
after_tilde(unsigned *state, char c, char *out)
{
	*state &= ~(unsigned)HZ_TILDE;
	switch (c) {
	case '{':
		*state |= HZ_WIDE;
		return 0;
	case '}':
		*state &= ~(unsigned)HZ_WIDE;
		return 0;
	case '\n':
		return 0;
	case '~':
		out[0] = '~';
		return 1;
	default:
		out[0] = '~';
		out[1] = c;
		return 2;
	}
}

size_t
charset_7bit_from_hz(unsigned *state, struct view bytes, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < bytes.len; i++) {
		char c = bytes.at[i];
		if ((*state & HZ_TILDE) != 0) {
			n += after_tilde(state, c, out + n);
		} else if (c == '~') {
			*state |= HZ_TILDE;
		} else {
			/* A wide stretch ends with its line at the latest. */
			if (c == '\n')
				*state = 0;
			if ((*state & HZ_WIDE) != 0 && c > ' ')
				c = (char)(c | 0x80);
			out[n++] = c;
		}
	}
	return n;
}

/* JIS: the low bits name the set, the others what of an escape was seen. */
enum jis_set { JIS_ASCII, JIS_KANA, JIS_WIDE, JIS_SUPPLEMENT };
enum { JIS_SET = 3, JIS_SECOND = 4, JIS_SHIFT = 8,
       SEEN_ESC = 1, SEEN_DOLLAR = 2, SEEN_PAREN = 3, SEEN_DOLLAR_PAREN = 4 };

/* One byte of an escape: what is seen then, 0 at its end. */
static unsigned
in_escape(unsigned seen, char c, unsigned *set)
{
	if (seen == SEEN_ESC)
		return c == '$' ? SEEN_DOLLAR : c == '(' ? SEEN_PAREN : 0;
	if (seen == SEEN_DOLLAR && c == '(')
		return SEEN_DOLLAR_PAREN;
	if (seen == SEEN_PAREN)
		*set = c == 'I' ? JIS_KANA : JIS_ASCII;
	else if (seen == SEEN_DOLLAR_PAREN && c == 'D')
		*set = JIS_SUPPLEMENT;
	else
		*set = JIS_WIDE;
	return 0;
}

static size_t
put_jis(unsigned *state, char c, char *out)
{
	unsigned set = *state & JIS_SET;
	size_t n = 0;

	if (c <= ' ' || c == 0x7f || set == JIS_ASCII) {
		/* Every line begins in ASCII. */
		if (c == '\n')
			set = JIS_ASCII;
		*state = set;
		out[0] = c;
		return 1;
	}
	/* No kana there: one fault, not two. */
	if (set == JIS_KANA && c > 0x5f) {
		out[0] = (char)0xff;
		return 1;
	}
	if (set == JIS_KANA)
		out[n++] = (char)0x8e;
	if (set == JIS_SUPPLEMENT && (*state & JIS_SECOND) == 0)
		out[n++] = (char)0x8f;
	out[n++] = (char)(c | 0x80);
	if (set != JIS_KANA)
		*state ^= JIS_SECOND;
	return n;
}

size_t
charset_7bit_from_jis(unsigned *state, struct view bytes, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < bytes.len; i++) {
		char c = bytes.at[i];
		unsigned seen = *state / JIS_SHIFT;
		unsigned set = *state & JIS_SET;
		if (c == '\x1b') {
			*state = set + SEEN_ESC * JIS_SHIFT;
		} else if (seen != 0) {
			seen = in_escape(seen, c, &set);
			*state = set + seen * JIS_SHIFT;
		} else {
			n += put_jis(state, c, out + n);
		}
	}
	return n;
}
