/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A header field's value: decoded it is one line of valid text that fits
 * three times its length; and the first address in it is a part of it. */
#include "mime/encoded_word.h"
#include "mime/gmime_text.h"
#include "mime/mailbox.h"

#include "base/utf8.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
decode(struct charsets *sets, enum charset hint, struct view value)
{
	size_t room = 3 * value.len;
	struct text text = { malloc(room + 1), 0, room, false };

	encoded_word_decode(sets, value, hint, &text);
	assert(!text.is_full);
	assert(utf8_is_valid((struct view){ text.at, text.len }));
	for (size_t i = 0; i < text.len; i++)
		assert((unsigned char)text.at[i] >= ' ' &&
		       text.at[i] != 0x7f);
	free(text.at);
}

static void
parse(struct view value)
{
	char *where = malloc(value.len + 1);
	bool has_domain = false;
	size_t n = mailbox_first(value, where, &has_domain);

	assert(n <= value.len);
	assert(!has_domain || memchr(where, '@', n) != NULL);
	free(where);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct charsets *sets;

	if (size == 0)
		return 0;
	if (sets == NULL)
		sets = charsets_new();
	gmime_open();
	struct view value = { (const char *)data + 1, size - 1 };
	decode(sets, (enum charset)(data[0] % CHARSETS), value);
	parse(value);
	return 0;
}
