/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text as one column can hold it. In strict mode a server refuses what does
 * not fit, so it is made to fit here; other modes would corrupt it. */
#include "store/column_text.h"

#include "base/utf8.h"

#include <string.h>

static bool
is_ascii(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if ((unsigned char)v.at[i] >= 0x80)
			return false;
	return true;
}

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
				!is_ascii(v);
}

/* Puts marks in place of what it lacks. */
static size_t
replace(const struct table_column *c, char *at, size_t len)
{
	static const struct charset_map ascii_only = { .name = "ascii" };

	if (c->charset == CHARSET_UTF8MB3)
		return utf8_to_bmp(at, len);
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

static struct view
cut(const struct table_column *c, struct view v)
{
	if (v.len > c->max_bytes)
		v.len = utf8_cut_bytes(v, c->max_bytes);
	if (c->family == FAMILY_TEXT && v.len > c->max_chars)
		v.len = utf8_cut_chars(v, c->max_chars);
	return v;
}

bool
column_text_fit(const struct table_column *c, struct view v, char **scratch,
		struct view *out)
{
	struct view fitted = v;
	bool is_text = c->family != FAMILY_BYTES;

	if (is_text && !utf8_is_valid(v))
		fitted = (struct view){ *scratch, utf8_mend(v, *scratch) };
	if (is_text && lacks(c, fitted)) {
		if (fitted.at != *scratch)
			memcpy(*scratch, fitted.at, fitted.len);
		fitted = (struct view){ *scratch,
					replace(c, *scratch, fitted.len) };
	}
	if (fitted.at == *scratch)
		*scratch += fitted.len;
	*out = cut(c, fitted);
	return !c->known->is_key || view_equal(*out, v);
}

bool
column_text_is_exact(const struct table_column *mail)
{
	return mail->charset == CHARSET_BYTES ||
	       mail->charset == CHARSET_LATIN1;
}

size_t
column_text_raw(const struct table_column *mail, struct view v, char *where)
{
	size_t len = utf8_mend(v, where);
	struct view mended = { where, len };

	return lacks(mail, mended) ? replace(mail, where, len) : len;
}
