/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text as one column can hold it. In strict mode a server refuses what does
 * not fit, so it is made to fit here; other modes would corrupt it. */
#include "store/fit.h"

#include "base/utf8.h"

#include <string.h>

static bool
needs_bmp(const struct column *c, struct view v)
{
	return c->charset == CHARSET_UTF8MB3 && !utf8_is_bmp(v);
}

size_t
fit_scratch(const struct column *c, struct view v)
{
	if (c->family == FAMILY_BYTES)
		return 0;
	if (!utf8_is_valid(v))
		return 3 * v.len;
	return needs_bmp(c, v) ? v.len : 0;
}

static struct view
cut(const struct column *c, struct view v)
{
	if (v.len > c->max_bytes)
		v.len = utf8_cut_bytes(v, c->max_bytes);
	if (c->family == FAMILY_TEXT && v.len > c->max_chars)
		v.len = utf8_cut_chars(v, c->max_chars);
	return v;
}

bool
fit_text(const struct column *c, struct view v, char **scratch,
	 struct view *out)
{
	if (c->family != FAMILY_BYTES && !utf8_is_valid(v)) {
		size_t len = utf8_mend(v, *scratch);
		v = (struct view){ *scratch, len };
		*scratch += len;
		if (needs_bmp(c, v))
			v.len = utf8_to_bmp(*scratch - len, len);
	} else if (c->family != FAMILY_BYTES && needs_bmp(c, v)) {
		memcpy(*scratch, v.at, v.len);
		size_t len = utf8_to_bmp(*scratch, v.len);
		v = (struct view){ *scratch, len };
		*scratch += len;
	}
	*out = cut(c, v);
	return !c->known->is_key || out->len == v.len;
}

bool
fit_is_exact(const struct column *mail)
{
	return mail->charset == CHARSET_BYTES ||
	       mail->charset == CHARSET_LATIN1;
}

size_t
fit_raw(const struct column *mail, struct view v, char *where)
{
	size_t len = utf8_mend(v, where);

	return mail->charset == CHARSET_UTF8MB3 ? utf8_to_bmp(where, len) :
						  len;
}
