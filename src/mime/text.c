/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text being made. */
#include "mime/text.h"

#include "base/utf8.h"

#include <string.h>

/* Bytes mended at a time where the end of the room is near. */
enum { STEP = 1024 };

static void
put_valid(struct text *t, struct view v)
{
	if (v.len > t->room - t->len) {
		t->is_full = true;
		v.len = utf8_cut_bytes(v, t->room - t->len);
	}
	memcpy(t->at + t->len, v.at, v.len);
	t->len += v.len;
}

void
text_put(struct text *t, struct view bytes)
{
	char mended[3 * STEP];

	while (bytes.len > 0 && !t->is_full) {
		if (bytes.len <= (t->room - t->len) / 3) {
			t->len += utf8_mend(bytes, t->at + t->len);
			return;
		}
		/* A stretch that does not end inside a character. */
		size_t n = bytes.len < STEP ? bytes.len : STEP;
		if (n < bytes.len)
			n -= text_open_tail(view_slice(bytes, 0, n));
		size_t len = utf8_mend(view_slice(bytes, 0, n), mended);
		put_valid(t, (struct view){ mended, len });
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
