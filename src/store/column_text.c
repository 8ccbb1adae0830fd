/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text as one column can hold it. In strict mode a server refuses what does
 * not fit, so it is made to fit here; other modes would corrupt it. */
#include "store/column_text.h"

#include "base/utf8.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { REPLACEMENT = 0xfffd };

bool
column_text_is_converted(const struct table_column *c)
{
	return c->family == FAMILY_TEXT &&
	       (c->charset == CHARSET_OTHER ||
		(c->charset == CHARSET_LATIN1 &&
		 c->known->kind != VALUE_RAW));
}

/* Whether the column's character set lacks something of valid text. */
static bool
lacks(const struct table_column *c, struct view v)
{
	if (c->charset == CHARSET_UTF8MB3)
		return !utf8_is_bmp(v);
	if (!column_text_is_converted(c))
		return false;
	return c->map != NULL ? !charset_map_covers(c->map, v) :
				!utf8_is_ascii(v);
}

/* Puts marks in place of what it lacks. */
static size_t
replace(const struct table_column *c, char *at, size_t len)
{
	static const struct charset_map ascii_only = { .name = "ascii" };

	if (c->charset == CHARSET_UTF8MB3)
		return utf8_to_bmp(at, len);
	if (!column_text_is_converted(c))
		return len;
	return charset_map_apply(c->map != NULL ? c->map : &ascii_only, at,
				 len);
}

size_t
column_text_scratch(const struct table_column *c, struct view v)
{
	if (c->family == FAMILY_BYTES)
		return 0;
	if (!utf8_is_valid(v))
		return 3 * v.len;
	return lacks(c, v) ? v.len : 0;
}

bool
column_text_fit(const struct table_column *c, struct view v, char **scratch,
		struct view *out)
{
	struct view fitted = v;

	if (scratch != NULL && c->known->is_key)
		return false;
	if (scratch != NULL) {
		fitted = (struct view){ *scratch, utf8_mend(v, *scratch) };
		fitted.len = replace(c, *scratch, fitted.len);
		*scratch += fitted.len;
	}
	if (fitted.len > c->max_bytes)
		fitted.len = utf8_cut_bytes(fitted, c->max_bytes);
	if (c->family == FAMILY_TEXT && fitted.len > c->max_chars)
		fitted.len = utf8_cut_chars(fitted, c->max_chars);
	assert(fitted.len <= c->max_bytes);
	*out = fitted;
	return !c->known->is_key || out->len == v.len;
}

size_t
column_text_raw(const struct table_column *mail, struct view v, char *where)
{
	size_t len = utf8_mend(v, where);

	return replace(mail, where, len);
}

/* ---- What a character set has ------------------------------------------- */

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
	uint32_t a = 0, b = 0;
	size_t n, k;

	while ((n = utf8_decode(sent, &a)) > 0 &&
	       (k = utf8_decode(came_back, &b)) > 0) {
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

	for (size_t i = 0, n = 1; i < utf8.len; i += n, n = 1) {
		if ((unsigned char)utf8.at[i] < 0x80)
			continue;
		n = utf8_decode(view_slice(utf8, i, utf8.len), &code);
		if (n == 0 || !charset_map_has(m, code))
			return false;
	}
	return true;
}

size_t
charset_map_apply(const struct charset_map *m, char *utf8, size_t len)
{
	uint32_t mark = charset_map_has(m, REPLACEMENT) ? REPLACEMENT : '?';
	uint32_t code = 0;
	size_t out = 0;

	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_decode((struct view){ utf8 + i, len - i }, &code);
		assert(n > 0);
		if (code < 0x80 || charset_map_has(m, code)) {
			memmove(utf8 + out, utf8 + i, n);
			out += n;
		} else {
			/* No longer than what it stands for. */
			out += utf8_encode(n >= 3 ? mark : '?', utf8 + out);
		}
	}
	assert(out <= len);
	return out;
}
