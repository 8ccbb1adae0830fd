/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which characters a character set of the database has. */
#include "store/charset_map.h"

#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

enum { REPLACEMENT = 0xfffd };

bool
charset_map_has(const struct charset_map *m, uint32_t code)
{
	return code < CHARSET_MAP_CHARS &&
	       (m->bits[code / 8] >> (code % 8) & 1) != 0;
}

void
charset_map_init(struct charset_map *m, struct view name)
{
	memset(m, 0, sizeof(*m));
	snprintf(m->name, sizeof(m->name), "%.*s", (int)name.len, name.at);
	memset(m->bits, 0xff, 0x80 / 8);
}

void
charset_map_learn(struct charset_map *m, struct view sent,
		  struct view came_back)
{
	uint32_t a = 0;
	uint32_t b = 0;

	while (sent.len > 0 && came_back.len > 0) {
		size_t n = utf8_decode(sent, &a);
		size_t k = utf8_decode(came_back, &b);
		if (n == 0 || k == 0)
			return;
		if (a == b && a < CHARSET_MAP_CHARS)
			m->bits[a / 8] |= (uint8_t)(1u << (a % 8));
		sent = view_slice(sent, n, sent.len);
		came_back = view_slice(came_back, k, came_back.len);
	}
}

bool
charset_map_covers(const struct charset_map *m, struct view utf8)
{
	uint32_t code = 0;

	for (size_t i = 0; i < utf8.len;) {
		unsigned char c = (unsigned char)utf8.at[i];
		size_t n = 1;
		if (c >= 0x80) {
			n = utf8_decode(view_slice(utf8, i, utf8.len), &code);
			if (n == 0 || !charset_map_has(m, code))
				return false;
		}
		i += n;
	}
	return true;
}

size_t
charset_map_apply(const struct charset_map *m, char *utf8, size_t len)
{
	uint32_t mark = charset_map_has(m, REPLACEMENT) ? REPLACEMENT : '?';
	uint32_t code = 0;
	size_t out = 0;

	for (size_t i = 0; i < len;) {
		struct view rest = { utf8 + i, len - i };
		size_t n = utf8_decode(rest, &code);
		if (n == 0)             /* cannot be: utf8 is valid */
			n = 1;
		if (code < 0x80 || charset_map_has(m, code)) {
			memmove(utf8 + out, utf8 + i, n);
			out += n;
		} else if (n >= 3 || mark == '?') {
			out += utf8_encode(mark, utf8 + out);
		} else {
			utf8[out++] = '?';
		}
		i += n;
	}
	return out;
}
