/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Transfer decoding and charset conversion: whole or in steps of any size
 * the result is the same, valid, and within its bounds. */
#include "mime/convert.h"
#include "mime/transfer.h"

#include "base/utf8.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t
undo(enum transfer_encoding encoding, struct view in, size_t step, char *out)
{
	struct transfer t;
	size_t len = 0;

	transfer_init(&t, encoding);
	while (in.len > 0) {
		struct view part = view_slice(in, 0, step);
		size_t whole = part.len;
		len += transfer_decode(&t, &part, out + len,
				       TRANSFER_ROOM);
		in = view_slice(in, whole - part.len, in.len);
	}
	return len + transfer_finish(&t, out + len);
}

static struct text
convert(struct charsets *sets, enum charset charset, struct view in,
	size_t step)
{
	struct converter c;
	/* A byte makes at most one character of 3, but for faults in the
	 * three-byte form of the rarest Japanese set. */
	size_t room = 3 * in.len;
	struct text text = { malloc(room + 1), 0, room, false };

	converter_init(&c, sets, charset, &text);
	while (in.len > 0) {
		converter_feed(&c, view_slice(in, 0, step));
		in = view_slice(in, step, in.len);
	}
	converter_end(&c);
	assert(utf8_is_valid((struct view){ text.at, text.len }));
	assert(text.len == 0 || memchr(text.at, 0, text.len) == NULL);
	return text;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct charsets *sets;

	if (size < 3)
		return 0;
	if (sets == NULL)
		sets = charsets_new();
	struct view in = { (const char *)data + 3, size - 3 };
	enum transfer_encoding encoding =
		(enum transfer_encoding)(data[0] % 4);
	enum charset charset = (enum charset)(data[1] % CHARSETS);
	/* glibc's decoder of this one depends on where broken text is cut. */
	if (charset == charset_named(VIEW("iso-2022-cn")))
		return 0;
	size_t step = (size_t)data[2] + 1;
	char *bytes = malloc(size + 2 * TRANSFER_ROOM);
	size_t len = undo(encoding, in, step, bytes);
	assert(len <= in.len);
	struct text whole = convert(sets, charset,
				    (struct view){ bytes, len }, SIZE_MAX / 2);
	struct text parts = convert(sets, charset,
				    (struct view){ bytes, len }, step);
	/* Where a full text is cut depends on what came at once; and glibc's
	 * UTF-7 makes another character of what follows half a surrogate pair
	 * where the text is cut behind it. */
	bool cuts_matter = charset == charset_named(VIEW("utf-7"));
	assert(cuts_matter || whole.is_full == parts.is_full);
	if (!cuts_matter && !whole.is_full) {
		assert(whole.len == parts.len);
		assert(whole.len == 0 ||
		       memcmp(whole.at, parts.at, whole.len) == 0);
	}
	free(whole.at);
	free(parts.at);
	free(bytes);
	return 0;
}
