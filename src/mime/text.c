/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text being made. */
#include "mime/text.h"

#include "base/utf8.h"

#include <string.h>

static void
put_valid(struct text *t, struct view v)
{
	if (t->is_full)
		return;
	if (v.len > t->room - t->len) {
		t->is_full = true;
		v.len = utf8_cut_bytes(v, t->room - t->len);
	}
	if (v.len > 0)
		memcpy(t->at + t->len, v.at, v.len);
	t->len += v.len;
}

void
text_put(struct text *t, struct view bytes)
{
	enum { STEP = 1024 };
	char mended[3 * STEP];

	while (bytes.len > 0 && !t->is_full) {
		size_t n = utf8_valid_len(bytes);
		struct view good = view_slice(bytes, 0, n);
		if (n > 0 && memchr(good.at, '\0', n) == NULL) {
			put_valid(t, good);
			bytes = view_slice(bytes, n, bytes.len);
			continue;
		}
		/* Mend a stretch that does not end inside a character. */
		n = bytes.len < STEP ? bytes.len : STEP;
		if (n < bytes.len)
			n -= text_open_tail(view_slice(bytes, 0, n));
		struct view v = { mended, utf8_mend(view_slice(bytes, 0, n),
						    mended) };
		put_valid(t, v);
		bytes = view_slice(bytes, n, bytes.len);
	}
}

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
